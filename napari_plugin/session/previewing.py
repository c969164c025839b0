"""What preparing would give on the slice in view."""

from __future__ import annotations

from collections.abc import Callable

from supervox.napari_plugin.tasks.preview import Preview
from supervox.segmentation import SegmentationParameters

from .working_image import WorkingImage


class Previewing:
    """Shows the outlines of supervoxels, or a feature, on the slice in view.

    Parameters
    ----------
    volume : WorkingImage
    parameters : callable
        Returns those that are chosen.

    Attributes
    ----------
    preview : Preview
    """

    def __init__(
        self, volume: WorkingImage, parameters: Callable[[], SegmentationParameters]
    ) -> None:
        self._volume, self._parameters = volume, parameters
        self.preview = Preview(volume.viewer)

    def show_supervoxels(self) -> None:
        """Show the outlines that supervoxels would have on the slice in view."""
        image, source, at = self._volume.image, self._volume.source, self._volume.slice_in_view()
        if image is not None and source is not None and at is not None:
            self.preview.show_supervoxels(image, source, at, self._parameters())

    def show_feature(self, channel: str) -> None:
        """Show a single feature on the slice in view."""
        image, source, at = self._volume.image, self._volume.source, self._volume.slice_in_view()
        if image is not None and source is not None and at is not None:
            self.preview.show_feature(image, source, at, self._parameters(), channel)
