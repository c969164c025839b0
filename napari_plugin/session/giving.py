"""Objects that become another class, or what is around them: as corrections of their labels.

Two steps of the journal belong together: a correction of the labels, and the edit. The correction
makes the labels right at once, wherever they are shown, measured or exported, and obeys locks. The
edit says that it was meant for the object: rules leave that alone, and in new labels the object is
of that class also where it grew around the correction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.accepting import FoundChange
from supervox.napari_plugin.tasks.jobs import Report
from supervox.napari_plugin.tasks.measuring import FoundObjects
from supervox.objects import Give, GiveKind, Voxel, class_around

from .correcting import Correcting
from .object_edits import ObjectEdits
from .object_voxels import anchor_of, class_of, number_at, voxels_of

AROUND = 0  # stands for what is most around an object


@dataclass(frozen=True, eq=False)
class GiveOrder:
    """Objects, and what is to become of them.

    Attributes
    ----------
    found : FoundObjects
        Among which they are.
    to : mapping of int to int
        From objects to classes, or `AROUND`.
    kind : GiveKind
    what : str
        Words for a person, like "given to mitochondria".
    """

    found: FoundObjects
    to: Mapping[int, int]
    kind: GiveKind
    what: str


@dataclass(frozen=True, eq=False)
class Given:
    """What an order means.

    Attributes
    ----------
    order : GiveOrder
    obstacle : str
        Why it can't be carried out; empty if it can.
    edit : Give or None
    change : FoundChange or None
    """

    order: GiveOrder
    obstacle: str = ""
    edit: Give | None = None
    change: FoundChange | None = None


class Giving:
    """Finds what an order means on a thread, and carries it out.

    Parameters
    ----------
    painting : Painting
    correcting : Correcting
        Changes the labels.
    edits : ObjectEdits
        Writes the edit down.
    """

    hint = Signal(str)

    def __init__(self, painting: Painting, correcting: Correcting, edits: ObjectEdits) -> None:
        self._painting, self._correcting, self._edits = painting, correcting, edits
        edits.gathering.succeeded.connect(self._carry_out)

    def begin(self, order: GiveOrder) -> None:
        """Carry an order out, as soon as it is found what it means."""
        labels, tools = self._correcting.shown.now(), self._correcting.tools
        if labels is not None and tools.can(order.what):
            task = partial(self._find, order, labels.as_now())
            number = "1 object" if len(order.to) == 1 else f"{len(order.to):,} objects"
            self._edits.gathering.run(task, f"Gathering {number}", shown=True)

    def _find(self, order: GiveOrder, labels: Corrected, report: Report) -> Given:
        """Find what is to change; on a thread."""
        found, n = order.found, len(order.to)
        to = dict(order.to)
        for done, number in enumerate(to):
            report.run.check_stop()
            if to[number] == AROUND:
                to[number] = _around(found, number, labels)
            report.progress(done, 2 * n)
        if not all(to.values()):
            why = "There is nothing around it that it could become: give it to a class"
            return Given(order, why)
        of = {number: class_of(found, number) for number in to}
        touched = {*of.values(), *to.values()}
        classes = self._painting.classes
        locked = [item.name for item in classes if item.locked and item.id in touched]
        if locked:
            return Given(order, f"{', '.join(locked)} locked: unlock to change its objects")
        chosen = [number for number in to if of[number] != to[number]]
        if not chosen:
            return Given(order, "They are of that class already")
        voxels, anchors = list[NDArray[np.int64]](), list[Voxel]()
        for done, number in enumerate(chosen):
            report.run.check_stop()
            voxels.append(self._voxels(found, number))
            anchors.append(anchor_of(found, number))
            report.progress(n + done, 2 * n)
        edit = Give(
            tuple(of[k] for k in chosen),
            tuple(anchors),
            tuple(to[k] for k in chosen),
            in_labels=True,
            settles=self._edited_in(found, {*chosen}),
            kind=order.kind,
        )
        values = [np.full(v.size, to[k], np.uint8) for k, v in zip(chosen, voxels, strict=True)]
        every = np.concatenate(voxels)
        ascending = np.argsort(every)
        report.run.check_stop()
        change = self._correcting.tools.find(every[ascending], np.concatenate(values)[ascending])
        return Given(order, "", edit, change)

    def _carry_out(self, given: Given) -> None:
        order, edit, change = given.order, given.edit, given.change
        if edit is None or change is None:
            self.hint.emit(given.obstacle)
        elif self._edits.ready() is not order.found:
            self.hint.emit("The objects were changed meanwhile: nothing else is")
        else:
            n = len(edit.anchors)
            things = "1 object" if n == 1 else f"{n:,} objects"
            if self._correcting.tools.make(change, f"{things} {order.what}"):
                self._edits.make(edit)

    def _edited_in(self, found: FoundObjects, numbers: Collection[int]) -> tuple[Voxel, ...]:
        """Return the voxels by which earlier edits find some objects."""
        anchors = (anchor for edit in self._edits.steps.edits for anchor in edit.anchors)
        settled = {voxel: None for voxel, _ in anchors if number_at(found, voxel) in numbers}
        return tuple(settled)

    def _voxels(self, found: FoundObjects, number: int) -> NDArray[np.int64]:
        """Return the voxels of an object, as raster indices in the whole image."""
        first, mask = voxels_of(found, [number])
        start = found.order.of.source.start
        places = [at + k + s for at, k, s in zip(np.nonzero(mask), first, start, strict=True)]
        found_at: NDArray[np.int64] = np.ravel_multi_index(places, self._painting.planes.shape)
        return found_at


def _around(found: FoundObjects, number: int, labels: Corrected) -> int:
    """Return the class that is most around an object; 0 if there is none."""
    first, mask = voxels_of(found, [number])
    low = [max(0, k - 1) for k in first]
    edges = zip(first, mask.shape, labels.shape, strict=True)
    high = [min(n, k + edge + 1) for k, edge, n in edges]
    part = np.asarray(labels[tuple(map(slice, low, high))])
    before = [k - a for k, a in zip(first, low, strict=True)]
    after = [m - n - b for m, n, b in zip(part.shape, mask.shape, before, strict=True)]
    inside = np.pad(mask, list(zip(before, after, strict=True)))
    return class_around(part, inside)
