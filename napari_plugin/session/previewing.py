"""Looks at the slice in view, before anything is prepared."""

from __future__ import annotations

from collections.abc import Callable

from supervox.napari_plugin.tasks.preview import Preview
from supervox.segmentation import SegmentationParameters

from .working_image import WorkingImage


class Previewing:
    """Shows supervoxels, or a feature, as they would be there.

    Parameters
    ----------
    preview : Preview
    volume : WorkingImage
    parameters : callable
        Returns the parameters that are chosen.
    """

    def __init__(
        self,
        preview: Preview,
        volume: WorkingImage,
        parameters: Callable[[], SegmentationParameters],
    ) -> None:
        self._preview, self._volume, self._parameters = preview, volume, parameters

    def show_supervoxels(self) -> None:
        """Show the outlines that supervoxels would have on the slice in view."""
        image, source, at = self._volume.image, self._volume.source, self._volume.slice_in_view()
        if image is not None and source is not None and at is not None:
            self._preview.show_supervoxels(image, source, at, self._parameters())

    def show_feature(self, channel: str) -> None:
        """Show a single feature on the slice in view."""
        image, source, at = self._volume.image, self._volume.source, self._volume.slice_in_view()
        if image is not None and source is not None and at is not None:
            self._preview.show_feature(image, source, at, self._parameters(), channel)
