"""A look at what supervoxels or a feature would be like on the slice in view."""

from __future__ import annotations

from collections.abc import Callable

from napari.viewer import Viewer
from supervox.napari_plugin.tasks.preview import Preview
from supervox.segmentation import SegmentationParameters

from .working_image import WorkingImage


class PreviewInView(Preview):
    """Shows previews of what is chosen now.

    Parameters
    ----------
    viewer : Viewer
    volume : WorkingImage
    parameters : callable
        Returns those that are chosen.
    """

    def __init__(
        self,
        viewer: Viewer,
        volume: WorkingImage,
        parameters: Callable[[], SegmentationParameters],
    ) -> None:
        super().__init__(viewer)
        self._volume, self._parameters = volume, parameters

    def show_slice(self) -> None:
        """Show the outlines that supervoxels would have on the slice in view."""
        image, source, at = self._volume.image, self._volume.source, self._volume.slice_in_view()
        if image is not None and source is not None and at is not None:
            self.show_supervoxels(image, source, at, self._parameters())

    def show_channel(self, channel: str) -> None:
        """Show a single feature on the slice in view."""
        image, source, at = self._volume.image, self._volume.source, self._volume.slice_in_view()
        if image is not None and source is not None and at is not None:
            self.show_feature(image, source, at, self._parameters(), channel)
