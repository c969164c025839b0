"""What has no data: a constant that fills much of the volume, and where a mask is 0."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.viewer import Viewer
from qtpy.QtCore import QTimer
from supervox.features import AUTO, NOTHING, mask_has_data
from supervox.napari_plugin.layers.make_layers import (
    MASK,
    insert_above,
    make_mask,
    note_mask,
    record_of,
    role_of,
)
from supervox.napari_plugin.layers.source import finest_data
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report, Task
from supervox.parameters import change_entry
from supervox.project import Mask
from supervox.segmentation import SegmentationParameters
from supervox.volumes import VolumeError, open_volume, times

from .working_image import WorkingImage

SETTLE_MS = 1000  # after the last stroke on the mask
SLAB_VOXELS = 2**24


class Masking:
    """Chooses what has no data. A mask is a layer of labels, read anew when it is painted on.

    Parameters
    ----------
    viewer : Viewer
    volume : WorkingImage
        Gets the mask.
    parameters : callable
        Returns those that are chosen.
    choose : callable
        Changes them.

    Attributes
    ----------
    layer : Labels or None
        That the mask was read from.
    reading : BackgroundTask
    """

    def __init__(
        self,
        viewer: Viewer,
        volume: WorkingImage,
        parameters: Callable[[], SegmentationParameters],
        choose: Callable[[SegmentationParameters], None],
    ) -> None:
        self._viewer, self._volume = viewer, volume
        self._parameters, self._choose = parameters, choose
        self.layer: Labels | None = None
        self._read: Labels | None = None  # that is being read; None for a file
        self._heard: tuple[Labels, ...] = ()  # tell when they are painted on
        self.reading = BackgroundTask()
        self.reading.succeeded.connect(self._on_read)
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._read_again)
        volume.watched.connect(self._on_image)

    def leave_fill_out(self, on: bool) -> None:
        """Take a constant that fills much of the volume for no data, or for data."""
        self._choose(change_entry(self._parameters(), ("no_data",), AUTO if on else NOTHING))

    @property
    def is_changing(self) -> bool:
        """Whether the mask isn't yet what it will be."""
        return self.reading.is_running or self._timer.isActive()

    def layers(self) -> list[Labels]:
        """Return the layers that can be the mask: labels, but for those that we made."""
        return [
            layer
            for layer in self._viewer.layers
            if isinstance(layer, Labels) and role_of(layer) in (None, "labels", MASK)
        ]

    def choose_layer(self, layer: Labels | None) -> None:
        """Leave out where a layer is 0, or nothing."""
        if layer is None:
            self.reading.cancel()
            self._timer.stop()
            self._follow(None)
            self._volume.set_mask(None)
        else:
            self._start(layer, finest_data(layer), layer.name)

    def forget_layer(self, layer: Layer) -> None:
        """Leave nothing out any more where that was the layer that was removed."""
        if layer is self.layer:
            self.choose_layer(None)

    def choose_file(self, path: str) -> None:
        """Leave out where a file is 0, which gets a layer."""
        self._start(None, Path(path), Path(path).name)

    def restore(self, mask: Mask | None) -> None:
        """Go on with the mask of a project, or of a dock before.

        A layer that shows it stays what is heeded, and holds from when it is read.
        """
        image = self._volume.image
        if mask is None or image is None or self.layer is not None:
            return
        self._volume.set_mask(mask)
        if self._layer_of(image) is None:
            self._show(image, mask)

    def _start(self, layer: Labels | None, values: Any, name: str) -> None:
        image = self._volume.image
        if image is not None:
            self._read = layer
            self._listen(self.layer, layer)
            task = _reading(values, name, tuple(finest_data(image).shape))
            self.reading.run(task, "Reading the mask", shown=True)

    def _on_read(self, mask: Mask) -> None:
        image = self._volume.image
        if image is None:
            return
        if self._read is None:
            self._show(image, mask)
        elif self._read in self._viewer.layers:
            self._follow(self._read)
        else:
            return  # it was removed meanwhile
        self._volume.set_mask(mask)

    def _show(self, image: Image, mask: Mask) -> None:
        """Add a layer for a mask that has none."""
        layer = make_mask(image, np.array(mask.voxels[:]), mask.reference.name)
        insert_above(self._viewer, image, layer)
        self._follow(layer)

    def _follow(self, layer: Labels | None) -> None:
        """Read a layer again when it changes, from now on."""
        old, self.layer = self.layer, layer
        self._listen(layer)
        if old is not None:
            note_mask(old, None)
        if layer is not None:
            note_mask(layer, self._volume.image)

    def _listen(self, *layers: Labels | None) -> None:
        """Notice when some layers change, one that is only being read as well."""
        before, self._heard = self._heard, tuple(k for k in layers if k is not None)
        for layer in before:
            for event in (layer.events.paint, layer.events.data, layer.events.set_data):
                event.disconnect(self._on_layer)
        for layer in self._heard:
            for event in (layer.events.paint, layer.events.data, layer.events.set_data):
                event.connect(self._on_layer)

    def _on_layer(self, event: Any) -> None:
        """Wait until nothing happens to the layer any more; a new slice of it is no change."""
        is_edited = self._viewer.layers.selection.active is event.source  # as by undo
        if event.type != "set_data" or is_edited:
            self._timer.start()

    def _read_again(self) -> None:
        layer = self._read if self.reading.is_running else self.layer
        if layer is not None:
            self.choose_layer(layer)

    def _on_image(self, image: Image | None) -> None:
        """Let go of the mask of the image before; find that of this one, as of a dock before."""
        self.reading.cancel()
        self.layer = None
        self._timer.stop()
        self._listen()
        if image is not None and (found := self._layer_of(image)) is not None:
            self.choose_layer(found)

    def _layer_of(self, image: Image) -> Labels | None:
        """Return the layer that was the mask of an image last."""
        mine = str(image.unique_id)
        found = (layer for layer in self.layers() if record_of(layer).get("masks") == mine)
        return next(found, None)


def _reading(values: Any, name: str, shape: tuple[int, ...]) -> Task:
    """Return the task that reads a mask of an image from a layer's voxels, or from a file."""

    def read(report: Report) -> Mask:
        if not isinstance(values, Path):
            return _copy(values, name, shape, report)
        with open_volume(values) as volume:
            data = volume.data
            is_flat = len(shape) == 2 and volume.shape[0] == 1
            return _copy(data[:][0] if is_flat else data, name, shape, report)

    return read


def _copy(values: Any, name: str, shape: tuple[int, ...], report: Report) -> Mask:
    """Copy what is to be a mask: a layer may be painted on."""
    if tuple(values.shape) != shape:
        raise VolumeError(
            f"{name}: has {times(values.shape)} voxels, the image {times(shape)}; a mask must have "
            "a voxel for each of the image's"
        )
    if np.dtype(values.dtype).kind not in "buif":
        raise VolumeError(f"{name}: holds {values.dtype}, but a mask is of numbers (0 = no data)")
    voxels = np.empty(shape, np.uint8)
    copying, looking = report.run.steps([1, 1])
    rows = max(1, SLAB_VOXELS // max(1, int(np.prod(shape[1:]))))
    for start in range(0, shape[0], rows):
        copying.check_stop()
        voxels[start : start + rows] = mask_has_data(np.asarray(values[start : start + rows]))
        copying.report(min(start + rows, shape[0]), shape[0])
    return Mask.of(voxels.reshape((-1, *shape[-2:])), name, run=looking)
