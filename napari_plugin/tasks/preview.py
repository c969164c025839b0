"""A look at one slice before the whole volume is computed: outlines, or a single feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.viewer import Viewer
from numpy.typing import NDArray
from supervox.features import FeatureBank
from supervox.napari_plugin.layers.make_layers import (
    PREVIEW,
    insert_above,
    metadata,
    outline_colormap,
)
from supervox.napari_plugin.layers.outlines import OutlineVolume
from supervox.napari_plugin.layers.source import Box, CroppedVolume, Source, placement
from supervox.segmentation import (
    SegmentationParameters,
    SupervoxelParameters,
    compute_supervoxels,
    look_at,
)

from .jobs import BackgroundTask, Report, Task

OUTLINES = "preview of regions"


@dataclass(frozen=True, eq=False)
class SlicePreview:
    """Something computed for one slice.

    Attributes
    ----------
    name : str
    values : int32 or float32, (Z, Y, X)
        One plane thick along the axis that is not displayed; supervoxel ids, or a feature.
    start : tuple of 3 int
        Its first voxel in the image.
    """

    name: str
    values: NDArray[np.int32] | NDArray[np.float32]
    start: tuple[int, int, int]


class Preview(BackgroundTask):
    """Computes what is to be seen of one slice, and shows it in a layer of its own."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._layer: Layer | None = None
        self._image: Image | None = None
        self.succeeded.connect(self._show)

    def show_supervoxels(
        self, image: Image, source: Source, at: Box, parameters: SegmentationParameters
    ) -> None:
        """Compute the supervoxels around a slice.

        Parameters
        ----------
        image : Image
        source : Source
        at : tuple of 3 slice
            The slice, in voxels of the part to work in.
        parameters : SegmentationParameters
        """
        self._image = image
        self.run(_supervoxel_task(source, at, parameters), "Previewing the regions", shown=True)

    def show_feature(
        self,
        image: Image,
        source: Source,
        at: Box,
        parameters: SegmentationParameters,
        channel: str,
    ) -> None:
        """Compute one channel of the feature bank on a slice."""
        self._image = image
        self.run(_feature_task(source, at, parameters, channel), f"Computing {channel}", shown=True)

    def clear(self) -> None:
        """Remove the layer."""
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    @property
    def is_shown(self) -> bool:
        """Whether there is something to remove."""
        return self._layer is not None and self._layer in self._viewer.layers

    def _show(self, preview: SlicePreview) -> None:
        image = self._image
        if image is None or image not in self._viewer.layers:
            return
        self.clear()
        values = preview.values[0] if image.ndim == 2 else preview.values
        common = {
            "name": preview.name,
            "metadata": metadata(PREVIEW, image),
            **placement(image, preview.start),
        }
        layer: Layer
        if preview.name == OUTLINES:
            outlines = OutlineVolume(values.astype(np.int32, copy=False))
            layer = Labels(outlines, colormap=outline_colormap(), opacity=0.35, **common)
            layer.editable = False
        else:
            low, high = (float(v) for v in np.percentile(values, (1, 99)))
            layer = Image(values, contrast_limits=(low, high if high > low else low + 1), **common)
        insert_above(self._viewer, image, layer)
        self._layer = layer


def _supervoxel_task(source: Source, at: Box, chosen: SegmentationParameters) -> Task:
    """Cut a slab of a few cells around the slice: assignment is local, so the middle is right."""
    parameters = chosen.supervoxels

    def compute(report: Report) -> SlicePreview:
        volume, intensity = look_at(source.work_volume(), chosen.no_data, source.work_mask())
        halo = [
            0 if part.stop - part.start == n else _halo(parameters, source, axis)
            for axis, (part, n) in enumerate(zip(at, source.shape, strict=True))
        ]
        slab = _grown(at, halo, source.shape)
        ids = compute_supervoxels(
            CroppedVolume(volume, slab),
            parameters.size_voxels,
            spacing=source.spacing,
            compactness=parameters.compactness,
            iterations=parameters.iterations,
            smoothing=parameters.smoothing_voxels,
            intensity=intensity,
            workers=report.run,
        )
        inner = tuple(
            slice(part.start - grown.start, part.stop - grown.start)
            for part, grown in zip(at, slab, strict=True)
        )
        return SlicePreview(OUTLINES, np.ascontiguousarray(ids[inner]), _start(source, at))

    return compute


def _halo(parameters: SupervoxelParameters, source: Source, axis: int) -> int:
    """Return two cells along an axis, in voxels."""
    ratio = source.spacing[axis] / min(source.spacing)
    return 2 * max(1, round(parameters.size_voxels / ratio))


def _feature_task(
    source: Source, at: Box, parameters: SegmentationParameters, channel: str
) -> Task:
    def compute(report: Report) -> SlicePreview:
        volume, intensity = look_at(source.work_volume(), parameters.no_data, source.work_mask())
        report.run.check_stop()
        values = FeatureBank(parameters.features).compute_channel(
            volume, channel, region=at, spacing=source.spacing, intensity=intensity
        )
        return SlicePreview(channel, values, _start(source, at))

    return compute


def _grown(at: Box, halo: list[int], shape: tuple[int, int, int]) -> Box:
    z, y, x = (
        slice(max(part.start - pad, 0), min(part.stop + pad, n))
        for part, pad, n in zip(at, halo, shape, strict=True)
    )
    return z, y, x


def _start(source: Source, at: Box) -> tuple[int, int, int]:
    z, y, x = (first + part.start for first, part in zip(source.start, at, strict=True))
    return z, y, x
