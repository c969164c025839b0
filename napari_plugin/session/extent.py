"""Which part of the volume is worked in: a box that is ready in seconds first, then the whole."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from napari.layers import Image
from napari.viewer import Viewer
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.layers.source import Box, Source, finest_data
from supervox.napari_plugin.tasks.preparing import Needs, Preparation, Prepared
from supervox.segmentation import SegmentationParameters

from .working_image import WorkingImage

# Voxels of the box around the view: across the slices, and along their edges.
ACROSS, LEAST_ALONG, MOST_ALONG = 200, 200, 400
LONG_SECONDS = 30.0  # of preparing, for which nobody likes to wait


class Extent:
    """Prepares what is chosen, what is in view, and the whole volume behind a box.

    Parameters
    ----------
    volume : WorkingImage
    preparation : Preparation
    parameters : callable
        Returns the parameters that are chosen.
    is_automatic : bool
        Whether what takes seconds is prepared without being asked.

    Attributes
    ----------
    began_by_itself : bool
        Whether the preparation at work, or the last one, was not asked for.
    """

    hint = Signal(str)

    def __init__(
        self,
        volume: WorkingImage,
        preparation: Preparation,
        parameters: Callable[[], SegmentationParameters],
        is_automatic: bool = False,
    ) -> None:
        self.volume, self.preparation, self.parameters = volume, preparation, parameters
        self._is_automatic, self.began_by_itself = is_automatic, False
        self._whole: Source | None = None  # asked for while a box is worked in

    @property
    def is_worth_a_box(self) -> bool:
        """Whether all of the volume takes long, or more memory than there is."""
        source = self.volume.source
        if source is None or source.is_flat:
            return False
        return self.is_too_large or self.whole_needs().seconds > LONG_SECONDS

    @property
    def is_box_next(self) -> bool:
        """Whether a box is what to begin with: nothing is prepared or chosen as yet."""
        is_begun = self.volume.box is not None or self.preparation.prepared is not None
        return not is_begun and self.is_worth_a_box

    @property
    def is_too_large(self) -> bool:
        """Whether all of the volume needs more memory, or disk, than there is."""
        return bool(self.whole_needs().refusal)

    @property
    def is_box_ready(self) -> bool:
        """Whether the box that is chosen is prepared, and the whole volume isn't."""
        prepared, source = self.preparation.prepared, self.volume.source
        return bool(source and source.box and prepared and prepared.source == source)

    @property
    def is_widening(self) -> bool:
        """Whether the whole volume is being prepared behind a box."""
        return self._whole is not None and self.preparation.is_running

    @property
    def is_out_of_date(self) -> bool:
        """Whether what is prepared is not what is chosen now."""
        prepared, source = self.preparation.prepared, self.volume.source
        if prepared is None or source is None:
            return False
        return not prepared.is_for(source, self.parameters())

    def part_in_view(self) -> Box | None:
        """Return the slice that is shown, of what is prepared; None if none of it is."""
        prepared = self.preparation.prepared
        is_current = prepared is not None and prepared.source == self.volume.source
        return self.volume.slice_in_view() if is_current else None

    def needs(self) -> Needs:
        """Return what preparing for live work will need."""
        source = self.volume.source
        assert source is not None
        return self.preparation.needs(source, self.parameters())

    def whole_needs(self) -> Needs:
        """Return what preparing the whole volume needs."""
        source = self.volume.source
        assert source is not None
        return self.preparation.needs(replace(source, box=None), self.parameters())

    def set_spacing(self, spacing: tuple[float, float, float], unit: str | None) -> None:
        """Correct the voxel size, and prepare with it again what takes seconds."""
        self.volume.set_spacing(spacing, unit)
        if self.preparation.prepared is not None or self.preparation.is_running:
            self.prepare_if_quick()

    def prepare_if_quick(self) -> None:
        """Prepare without being asked, where a person wants that, and it takes seconds."""
        source = self.volume.source
        if not self._is_automatic or source is None or self._is_ready(source):
            return
        needs = self.needs()
        if not needs.refusal and needs.seconds <= LONG_SECONDS:
            self.prepare()
            self.began_by_itself = True

    def _is_ready(self, source: Source) -> bool:
        prepared = self.preparation.prepared
        return prepared is not None and prepared.is_for(source, self.parameters())

    def prepare(self) -> None:
        """Prepare the volume as it is chosen now."""
        source = self.volume.source
        self.began_by_itself = False
        if source is not None:
            self._whole = None
            self.preparation.start(source, self.parameters())

    def prepare_view(self) -> None:
        """Work in a box around what is in view from now on, and prepare it."""
        box = self.box_in_view()
        if box is not None:
            self.volume.set_box(box)
            self.prepare()

    def prepare_whole(self) -> None:
        """Prepare the whole volume; until it is done, the box is worked in."""
        source = self.volume.source
        if source is not None:
            self._whole = replace(source, box=None)
            self.preparation.start(self._whole, self.parameters())

    def follow(self, prepared: Prepared) -> None:
        """Work in the whole volume, if that is what was prepared and asked for."""
        if self._whole is not None and prepared.source == self._whole:
            self.volume.set_box(None)
            self.hint.emit("The whole volume is prepared: all strokes count")
        self._whole = None

    def box_in_view(self) -> Box | None:
        """Return a box in the middle of what is in view, small enough to be prepared in seconds."""
        image, source, viewer = self.volume.image, self.volume.source, self.volume.viewer
        dims = viewer.dims
        if image is None or source is None:
            return None
        point = [0.0] * 3
        point[3 - image.ndim :] = image.world_to_data(dims.point)[-image.ndim :]
        displayed = {axis - (dims.ndim - 3) for axis in dims.displayed}
        corners, parts = seen_corners(viewer, image), []
        for axis, size in enumerate(source.full_shape):
            middle, edge = point[axis], float(ACROSS)
            if dims.ndisplay == 2 and axis in displayed:
                low, high = corners[:, axis - 3 + image.ndim]
                middle = (low + high) / 2
                edge = min(max(high - low, LEAST_ALONG), MOST_ALONG)
            parts.append(_around(middle, edge, size))
        return parts[0], parts[1], parts[2]


def seen_corners(viewer: Viewer, image: Image) -> NDArray[np.float64]:
    """Return where what is in view begins and ends, in voxels of the finest level, (2, ndim).

    The camera tells; the ``corner_pixels`` of an image of several resolutions are of the tile that
    napari has loaded. In 3D all of the image is in view.
    """
    dims, camera = viewer.dims, viewer.scene.camera
    shape = np.asarray(finest_data(image).shape[: image.ndim], float)
    if dims.ndisplay == 3:
        return np.stack([np.zeros(image.ndim), shape])
    half = np.asarray(viewer.canvas.viewbox_size(viewer.layers)) / 2 / camera.zoom
    points = np.tile(np.asarray(dims.point), (4, 1))
    signs = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])  # all four: the image may be rotated
    points[:, list(dims.displayed)] = np.asarray(camera.center)[-2:] + signs * half
    corners = np.array([image.world_to_data(point)[-image.ndim :] for point in points]) + 0.5
    ends = np.stack([np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))])
    return ends.clip(0, shape)


def _around(middle: float, edge: float, size: int) -> slice:
    """Return voxels around a place along an axis, moved to where there are as many."""
    length = min(math.ceil(edge), size)
    first = min(max(0, round(middle - length / 2)), size - length)
    return slice(first, first + length)
