"""Labels from elsewhere as strokes: which values there are, and which class each becomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.notifications import show_warning
from napari.viewer import Viewer
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.io.layer_fields import classes_of_layer
from supervox.napari_plugin.layers.make_layers import (
    INSTANCES,
    SUPERVOXELS,
    record_of,
    role_of,
)
from supervox.napari_plugin.layers.source import finest_data
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report, Task
from supervox.project import MAX_ID
from supervox.volumes import VolumeClass, VolumeError, open_labels

from .class_list import ClassError, ClassList
from .many_strokes import FindVoxels, FoundStrokes, ManyStrokes
from .stroke_layer import Painting

MOST_VALUES = 64  # more are objects, counted and not named
EVERYTHING = -1  # stands for all values, where they are too many
MOST_VOXELS = 2**26
SLAB_VOXELS = 2**24


@dataclass(frozen=True)
class Found:
    """What labels hold.

    Attributes
    ----------
    name : str
        Of the file or the layer.
    labels : array-like of integers, (Z, Y, X) or (Y, X)
    counts : dict of int to int
        Voxels by value, 0 left out; `EVERYTHING` alone if there are more than `MOST_VALUES`.
    classes : tuple of VolumeClass
        Names and colours that came with them.
    turned : str or None
        As in `supervox.volumes.Volume`, of a file.
    """

    name: str
    labels: Any = field(repr=False)
    counts: dict[int, int]
    classes: tuple[VolumeClass, ...]
    turned: str | None = ""

    def suggest(self, classes: ClassList) -> dict[int, int | None]:
        """Return a class for each value: that of its name, else of its id; None for a new one."""
        names = {item.name: item.id for item in classes}
        known = {item.value: item.name for item in self.classes}
        return {
            value: names.get(known[value])
            if value in known
            else (value if value in classes else None)
            for value in self.counts
        }


class Importing:
    """Reads labels, and paints with them what a person chose.

    Parameters
    ----------
    viewer : Viewer
        Whose layers can be read.
    painting : Painting
    classes : ClassList
    """

    found = Signal(Found)  # what is to be chosen from
    failed = Signal(Exception)
    changed = Signal()

    def __init__(self, viewer: Viewer, painting: Painting, classes: ClassList) -> None:
        self._viewer = viewer
        self._painting, self._classes = painting, classes
        self._strokes = ManyStrokes(painting)
        self._strokes.painted.connect(self._on_painted)
        self.reading, self.placing = BackgroundTask(), self._strokes.finding
        self.reading.succeeded.connect(self._on_found)
        for stage in (self.reading, self.placing):
            stage.failed.connect(self.failed.emit)
            stage.changed.connect(self.changed.emit)

    def layers(self) -> list[Labels]:
        """Return the layers of labels that could become strokes."""
        shape = self._shape
        return [
            layer
            for layer in self._viewer.layers
            if isinstance(layer, Labels)
            and layer is not self._painting.layer
            and role_of(layer) not in (SUPERVOXELS, INSTANCES)
            and tuple(finest_data(layer).shape) == shape
        ]

    def read_layer(self, layer: Labels) -> None:
        """Look at the values of a layer of the viewer."""
        classes = classes_of_layer({"metadata": layer.metadata}) or ()
        self.read(layer.name, finest_data(layer), classes)

    def read(self, name: str, labels: Any, classes: tuple[VolumeClass, ...]) -> None:
        """Look at the values of labels of the image's shape."""
        if (shape := self._shape) is not None:
            self.reading.run(_look_task(name, labels, classes, shape), "Reading labels", shown=True)

    def read_file(self, path: str) -> None:
        """Look at the values in a file."""
        if (shape := self._shape) is not None:
            self.reading.run(_file_task(path, shape), "Reading labels", shown=True)

    def paint(self, found: Found, chosen: Mapping[int, int | None], *, over: bool) -> None:
        """Paint strokes of what was found, in one step that can be undone.

        Parameters
        ----------
        found : Found
        chosen : mapping of int to int or None
            Class of each value; None for a new class. Values that are missing are left out.
        over : bool
            Whether strokes that are there already are painted over.
        """
        voxels = self._painting.voxels
        if voxels is None:
            return
        try:
            target = {
                value: self._new_class(found, value) if class_id is None else class_id
                for value, class_id in chosen.items()
            }
        except ClassError as error:
            self.failed.emit(error)
            return
        self._strokes.paint(_placing(found, target, voxels, over), "Painting strokes")

    def cancel(self) -> None:
        """Stop what is running."""
        self.reading.cancel()
        self.placing.cancel()

    @property
    def _shape(self) -> tuple[int, ...] | None:
        voxels = self._painting.voxels
        return None if voxels is None else voxels.shape

    def _on_found(self, found: Found) -> None:
        """Tell what was found, and whether it may be mirrored against the image."""
        strokes = self._painting.layer
        of = None if strokes is None else record_of(strokes).get("of")
        for layer in self._viewer.layers:
            if str(layer.unique_id) == of:
                _warn_if_turned(layer.name, record_of(layer).get("turned", ""), found)
        self.found.emit(found)

    def _new_class(self, found: Found, value: int) -> int:
        """Add a class for a value, with its own id if that is free, its name and its colour."""
        given = {item.value: item for item in found.classes}.get(value)
        free = [k for k in range(1, MAX_ID + 1) if k not in self._classes]
        if not free:
            raise ClassError(f"there are {MAX_ID} classes, and no more are possible: delete one")
        class_id = value if value in free else free[0]
        name = given.name if given is not None else f"class {class_id}"
        colour = None if given is None else given.colour
        self._classes.adopt([VolumeClass(class_id, name, colour)])
        return class_id

    def _on_painted(self, found: FoundStrokes) -> None:
        if found.kept:
            self._painting.hint.emit(found.kept_words)
        elif not found.change.voxels.size:
            self._painting.hint.emit("Nothing was painted: all of it is painted already")


def _warn_if_turned(name: str, turned: str | None, found: Found) -> None:
    """Warn where only one of two files says how it lies in space, and that one is turned."""
    for one, other, how in ((turned, found.turned, name), (found.turned, turned, found.name)):
        if one and other is None:
            show_warning(
                f"{how}: {one}, for it says how it lies in space, and the other file doesn't: they "
                f"may be mirrored against each other. '{how}::orientation=stored' opens it as it is"
            )


def _file_task(path: str, shape: tuple[int, ...]) -> Task:
    def look(report: Report) -> Found:
        with open_labels(path) as volume:
            labels = volume.data[:]
            name, classes, turned = volume.path.name, volume.classes, volume.turned
        if len(shape) == 2 and labels.shape[0] == 1:
            labels = labels[0]
        return replace(_look(report, name, labels, classes, shape), turned=turned)

    return look


def _look_task(
    name: str, labels: Any, classes: tuple[VolumeClass, ...], shape: tuple[int, ...]
) -> Task:
    return lambda report: _look(report, name, labels, classes, shape)


def _look(
    report: Report,
    name: str,
    labels: Any,
    classes: tuple[VolumeClass, ...],
    shape: tuple[int, ...],
) -> Found:
    """Count the values of labels, slab by slab."""
    if tuple(labels.shape) != shape:
        sizes = [" × ".join(str(n) for n in of) for of in (labels.shape, shape)]
        raise VolumeError(
            f"{name}: has {sizes[0]} voxels, the image {sizes[1]}; choose labels of this image"
        )
    if np.dtype(labels.dtype).kind not in "bui":
        raise VolumeError(f"{name}: holds {labels.dtype}, but labels are integers")
    counts: dict[int, int] = {}
    for slab in _slabs(report, shape):
        values, n = np.unique(np.asarray(labels[slab]), return_counts=True)
        for value, count in zip(values.tolist(), n.tolist(), strict=True):
            counts[int(value)] = counts.get(int(value), 0) + count
    counts.pop(0, None)
    if not counts:
        raise VolumeError(f"{name}: every voxel is 0; there is nothing to import")
    if len(counts) > MOST_VALUES:
        counts = {EVERYTHING: sum(counts.values())}
    return Found(name, labels, dict(sorted(counts.items())), classes)


def _placing(
    found: Found, target: Mapping[int, int], voxels: NDArray[np.uint8], over: bool
) -> FindVoxels:
    """Return what finds the voxels of each class."""

    def place(report: Report) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        wanted = sum(found.counts[value] for value in target)
        if wanted > MOST_VOXELS:
            raise VolumeError(
                f"{found.name}: {wanted:,} voxels are too many for strokes; leave the largest "
                "classes out, a few strokes of each are enough"
            )
        places, classes = list[NDArray[np.int64]](), list[NDArray[np.uint8]]()
        plane = int(np.prod(found.labels.shape[1:]))
        for slab in _slabs(report, found.labels.shape):
            labels = np.asarray(found.labels[slab]).reshape(-1)
            new = np.zeros(labels.size, np.uint8)
            for value, class_id in target.items():
                new[(labels != 0) if value == EVERYTHING else (labels == value)] = class_id
            if not over:
                new[voxels[slab].reshape(-1) != 0] = 0
            here = np.flatnonzero(new)
            places.append(here + slab.start * plane)
            classes.append(new[here])
        return np.concatenate(places), np.concatenate(classes)

    return place


def _slabs(report: Report, shape: tuple[int, ...]) -> Iterator[slice]:
    """Go through the first axis in slabs that are read at once; stopping works between them."""
    step = max(1, SLAB_VOXELS // max(1, int(np.prod(shape[1:]))))
    for start in range(0, shape[0], step):
        report.run.check_stop()
        report.progress(start, shape[0])
        yield slice(start, min(start + step, shape[0]))
