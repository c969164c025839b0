"""Which part of the volume is worked in: a box that is ready in seconds first, then the whole."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from supervox.napari_plugin.layers.source import Box, Source, finest_data

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer
    from supervox.napari_plugin.tasks.preparing import Needs, Prepared

    from .session import Session

# Voxels of the box around the view: across the slices, and along their edges.
ACROSS, LEAST_ALONG, MOST_ALONG = 200, 200, 400
LONG_SECONDS = 30.0  # of preparing, for which nobody likes to wait


class Extent:
    """Prepares what is in view, and the whole volume behind a box that is worked in.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._whole: Source | None = None  # asked for while a box is worked in

    @property
    def is_worth_a_box(self) -> bool:
        """Whether all of the volume takes long, or more memory than there is."""
        session = self._session
        if session.image is None or session.source is None or session.source.is_flat:
            return False
        return self.is_too_large or self.whole_needs().seconds > LONG_SECONDS

    @property
    def is_box_next(self) -> bool:
        """Whether a box is what to begin with: nothing is prepared or chosen as yet."""
        session = self._session
        is_begun = session.box is not None or session.preparation.prepared is not None
        return not is_begun and self.is_worth_a_box

    @property
    def is_too_large(self) -> bool:
        """Whether all of the volume needs more memory, or disk, than there is."""
        return bool(self.whole_needs().refusal)

    @property
    def is_box_ready(self) -> bool:
        """Whether the box that is chosen is prepared, and the whole volume isn't."""
        prepared, source = self._session.preparation.prepared, self._session.source
        return bool(source and source.box and prepared and prepared.source == source)

    @property
    def is_widening(self) -> bool:
        """Whether the whole volume is being prepared behind a box."""
        return self._whole is not None and self._session.preparation.is_running

    def whole_needs(self) -> Needs:
        """Return what preparing the whole volume needs."""
        session = self._session
        assert session.source is not None
        whole = replace(session.source, box=None)
        return session.preparation.needs(whole, session.parameters)

    def prepare_view(self) -> None:
        """Work in a box around what is in view from now on, and prepare it."""
        box = self.box_in_view()
        if box is not None:
            self._session.set_box(box)
            self._session.prepare()

    def prepare_whole(self) -> None:
        """Prepare the whole volume; until it is done, the box is worked in."""
        session = self._session
        if session.source is not None:
            self._whole = replace(session.source, box=None)
            session.preparation.start(self._whole, session.parameters)

    def forget_whole(self) -> None:
        """Prepare something else."""
        self._whole = None

    def follow(self, prepared: Prepared) -> None:
        """Work in the whole volume, if that is what was prepared and asked for."""
        if self._whole is not None and prepared.source == self._whole:
            self._session.set_box(None)
            self._session.hint("The whole volume is prepared: all strokes count")
        self._whole = None

    def box_in_view(self) -> Box | None:
        """Return a box in the middle of what is in view, small enough to be prepared in seconds."""
        session = self._session
        image, source, dims = session.image, session.source, session.viewer.dims
        if image is None or source is None:
            return None
        point = [0.0] * 3
        point[3 - image.ndim :] = image.world_to_data(dims.point)[-image.ndim :]
        displayed = {axis - (dims.ndim - 3) for axis in dims.displayed}
        corners, parts = seen_corners(session.viewer, image), []
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
