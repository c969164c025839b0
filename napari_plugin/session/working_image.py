"""The image that is worked on: which layer, how large its voxels are, which part of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from napari.layers import Image, Layer
from napari.viewer import Viewer
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.io.layer_fields import length_of
from supervox.napari_plugin.io.readers import MOST_SHOWN
from supervox.napari_plugin.layers.make_layers import address_of, record_of, role_of
from supervox.napari_plugin.layers.source import (
    Box,
    Source,
    finest_data,
    placement,
    spacing_of,
    unusable,
    world_steps,
)
from supervox.project import Mask
from supervox.segmentation import Strokes
from supervox.volumes import Address, Triple

CONTRAST = (1.0, 99.0)  # percentiles
# events after which voxels may differ, or look different
_PLACES = ("scale", "rotate", "shear", "affine", "units", "contrast_limits")


class WorkingImage:
    """What there is to segment in a viewer, and what of it was chosen.

    Parameters
    ----------
    viewer : Viewer

    Attributes
    ----------
    image : Image or None
    box : tuple of 3 slice or None
        The part to work in; None for the whole volume.
    mask : Mask or None
        Where it has no data.
    uses_channels : bool
        Whether the other channels of the file are used as well.
    """

    changed = Signal()
    watched = Signal(object)  # another image, or None
    data_changed = Signal()  # other voxels, and maybe more or fewer of them

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.image: Image | None = None
        self.box: Box | None = None
        self.mask: Mask | None = None
        self.uses_channels = True
        self._data_version = 0
        self._spacing: tuple[Triple, str | None] | None = None  # asked for at every step
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        """Where the file of the image is, or of the one before: dialogs begin there."""
        return self._folder or Path.cwd()

    def images(self) -> list[Image]:
        """Return the layers that can be segmented."""
        return [
            layer
            for layer in self.viewer.layers
            if isinstance(layer, Image) and role_of(layer) is None and unusable(layer) is None
        ]

    def channel_layers(self) -> list[Image]:
        """Return the other channels of the file that the image is of, in their order."""
        image = self.image
        group = None if image is None else record_of(image).get("group")
        if image is None or group is None:
            return []
        shape = finest_data(image).shape
        found = [
            layer
            for layer in self.viewer.layers
            if isinstance(layer, Image) and layer is not image
            if record_of(layer).get("group") == group and finest_data(layer).shape == shape
        ]
        return sorted(found, key=lambda layer: int(record_of(layer)["channel"]))

    def use_channels(self, on: bool) -> None:
        """Use the other channels of the file as well, or the image alone; show what is used.

        Of many, the first few are shown, as when they are opened.
        """
        self.uses_channels = on
        for layer in self.channel_layers():
            layer.visible = on and int(record_of(layer)["channel"]) < MOST_SHOWN
        self.changed.emit()

    def watch(self, image: Image | None) -> None:
        """Follow changes of another image, or of none."""
        self.uses_channels = True
        old, self.image, self.box, self.mask = self.image, image, None, None
        self._spacing = None
        if old is not None:
            old.events.data.disconnect(self._on_data)
            for name in _PLACES:
                old.events[name].disconnect(self._emit_changed)
        if image is not None and (address := address_of(image)) is not None:
            self._folder = Address.parse(address).path.absolute().parent
        if image is not None:
            image.events.data.connect(self._on_data)
            for name in _PLACES:
                image.events[name].connect(self._emit_changed)
        self.watched.emit(image)

    def go_on(self, then: Source, *, uses_channels: bool) -> bool:
        """Work on the same part of the image as another time, in the same channels.

        Parameters
        ----------
        then : Source
            What was worked on.
        uses_channels : bool

        Returns
        -------
        bool
            Whether the image still has the voxels that it had.
        """
        assert self.image is not None
        is_same = finest_data(self.image) is then.volume
        self._data_version = then.version + (not is_same)
        if is_same:
            self.box = then.box
        if not uses_channels and self.channel_layers():
            self.use_channels(False)
        self.changed.emit()
        return is_same

    def _emit_changed(self, *_: object) -> None:
        self._spacing = None
        self.changed.emit()

    def set_spacing(self, spacing: Sequence[float], unit: str | None) -> None:
        """Correct the voxel size: of the image, and of all layers that lie on it."""
        if self.image is None:
            return
        ndim = self.image.ndim
        seen = self._seen()
        units = tuple(unit or "pixel" for _ in range(ndim))
        ours = [layer for layer in self.viewer.layers if self._lies_on_image(layer)]
        origin = np.zeros(ndim)
        starts = [self.image.world_to_data(layer.data_to_world(origin)) for layer in ours]
        lengths = [length_of(step) for step in world_steps(self.image)]
        factor = np.asarray(spacing[-ndim:]) / lengths
        self.image.translate = self.image.translate * factor
        self.image.scale = self.image.scale * factor
        self.image.units = units
        for layer in self.channel_layers():
            layer.translate, layer.scale = self.image.translate, self.image.scale
            layer.units = units
        for layer, start in zip(ours, starts, strict=True):
            layer.scale = layer.scale * factor
            layer.translate = placement(self.image, start)["translate"]
            layer.units = units
        self._see(seen)
        self.viewer.canvas.overlays.scale_bar.visible = unit is not None
        self.changed.emit()

    def _seen(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return the voxel of the slices in view and the one in the middle, and the zoom.

        The zoom is in pixels of the screen for a voxel along the last axis.
        """
        image, viewer = self.image, self.viewer
        assert image is not None
        point = np.asarray(viewer.dims.point, float)
        middle = point.copy()
        shown = list(viewer.dims.displayed)
        middle[shown] = np.asarray(viewer.scene.camera.center, float)[-len(shown) :]
        length = length_of(world_steps(image)[-1])
        zoom = float(viewer.scene.camera.zoom) * length
        here, there = (np.asarray(image.world_to_data(at), float) for at in (point, middle))
        return here, there, zoom

    def _see(self, seen: tuple[NDArray[np.float64], NDArray[np.float64], float]) -> None:
        """Show voxels of the image as they were before its voxels got another size."""
        image, viewer = self.image, self.viewer
        assert image is not None
        point, middle, zoom = seen
        first = viewer.dims.ndim - image.ndim
        for axis, value in enumerate(image.data_to_world(point), first):
            viewer.dims.set_point(axis, float(value))
        center = np.asarray(viewer.scene.camera.center, float)
        world = np.concatenate([np.zeros(first), image.data_to_world(middle)])
        shown = list(viewer.dims.displayed)
        center[-len(shown) :] = world[shown]
        viewer.scene.camera.center = tuple(center)
        viewer.scene.camera.zoom = zoom / length_of(world_steps(image)[-1])

    def _lies_on_image(self, layer: Layer) -> bool:
        assert self.image is not None
        return record_of(layer).get("of") == str(self.image.unique_id)

    def set_box(self, box: Box | None) -> None:
        """Work in a part of the volume, or in all of it."""
        if box != self.box:
            self.box = box
            self.changed.emit()

    def set_mask(self, mask: Mask | None) -> None:
        """Take what a mask leaves out for no data."""
        if mask != self.mask:
            self.mask = mask
            self.changed.emit()

    @property
    def source(self) -> Source | None:
        """What would be prepared now."""
        if self.image is None:
            return None
        if self._spacing is None:
            self._spacing = spacing_of(self.image)
        spacing, unit = self._spacing
        channels = self.channel_layers() if self.uses_channels else []
        return Source(
            str(self.image.unique_id),
            finest_data(self.image),
            self._data_version,
            spacing,
            unit,
            self.box,
            self.mask,
            tuple(finest_data(layer) for layer in channels),
            tuple(address_of(layer) or "" for layer in channels),
        )

    def _on_data(self) -> None:
        self.data_changed.emit()
        self._data_version += 1
        self.changed.emit()

    def show_plane_of(self, strokes: Strokes) -> None:
        """Go to the slice with most of the strokes, where none are in view."""
        image, dims = self.image, self.viewer.dims
        if image is None or image.ndim < 3 or dims.ndisplay != 2 or not strokes.voxels.size:
            return
        axis = dims.not_displayed[-1]
        across = axis - (dims.ndim - 3)
        shape = finest_data(image).shape
        counts = np.bincount(np.unravel_index(strokes.voxels, shape)[across])
        place = np.asarray(image.world_to_data(dims.point), float)[-3:]
        here = round(float(place[across]))
        if not (0 <= here < counts.size and counts[here]):
            place[across] = counts.argmax()
            dims.set_point(axis, float(image.data_to_world(place)[across]))

    def show_plane(self, axis: int, at: int) -> None:
        """Go to a plane of the image across one of its last three axes."""
        image, dims = self.image, self.viewer.dims
        if image is None or image.ndim < 3:
            return
        place = np.asarray(image.world_to_data(dims.point), float)[-3:]
        place[axis] = at
        dims.set_point(dims.ndim - 3 + axis, float(image.data_to_world(place)[axis]))

    def axis_across(self) -> int:
        """Return the axis of the volume that is not displayed; the planes' own in 3D."""
        image, dims = self.image, self.viewer.dims
        if image is None or image.ndim < 3 or dims.ndisplay != 2:
            return 0
        if not dims.not_displayed:
            return 0  # the viewer is empty by now
        axis: int = dims.not_displayed[-1] - (dims.ndim - 3)
        return axis

    def set_contrast(self, limits: tuple[float, float]) -> None:
        """Show the image between two limits."""
        if self.image is not None:
            self.image.contrast_limits = limits

    def find_contrast(self) -> None:
        """Find limits for the slice in view: a voxel in a hundred is black, one is white."""
        image = self.image
        if image is None:
            return
        part = self.slice_in_view()
        source = self.source
        if part is None or source is None:
            image.reset_contrast_limits()
            return
        low, high = np.nanpercentile(source.work_volume()[part], CONTRAST)
        if high > low:
            ends = image.contrast_limits_range
            image.contrast_limits_range = [min(low, ends[0]), max(high, ends[1])]
            self.set_contrast((float(low), float(high)))

    def slice_in_view(self) -> Box | None:
        """Return the slice that is shown, in voxels of the part to work in.

        Returns
        -------
        tuple of 3 slice or None
            One voxel thick along the axis that is not displayed. None in 3D, or if the slice lies
            outside of that part (a hint says so).
        """
        source, dims, image = self.source, self.viewer.dims, self.image
        if source is None or image is None or dims.ndisplay != 2:
            return None
        if source.is_flat:
            return slice(0, 1), slice(0, source.shape[1]), slice(0, source.shape[2])
        place = np.round(np.asarray(image.world_to_data(dims.point))).astype(int)
        displayed = {axis - (dims.ndim - 3) for axis in dims.displayed}
        parts = []
        for axis in range(3):
            at = int(place[axis]) - source.start[axis]
            if axis in displayed:
                parts.append(slice(0, source.shape[axis]))
            elif 0 <= at < source.shape[axis]:
                parts.append(slice(at, at + 1))
            else:
                return None
        return parts[0], parts[1], parts[2]
