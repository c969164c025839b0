"""Objects of the final labels, found and measured; and their table as a file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike
from supervox.napari_plugin.layers.corrected import Corrected, Overlay
from supervox.napari_plugin.layers.source import Source
from supervox.objects import (
    REMOVED,
    Anchor,
    Column,
    FromSearch,
    MeasureRequest,
    ObjectSteps,
    ObjectTable,
    OpenedParents,
    Rule,
    Search,
    apply_rules,
    measure_by_steps,
    open_parents,
    with_classes,
    write_with_provenance,
)
from supervox.segmentation import versions
from supervox.volumes import writing

from .jobs import BackgroundTask, Report, Task

BY_HAND = "1 if it was given to its class, or marked as right, by hand, else 0"


@dataclass(frozen=True, eq=False)
class FinalLabels:
    """What objects are found in.

    Attributes
    ----------
    source : Source
        What the labels are of.
    labels : uint8, (Z, Y, X)
        Without corrections.
    class_ids : tuple of int
        Classes that they can have, by corrections as well.
    is_current : bool
        Whether they are those of the strokes and choices of now.
    over : Overlay or None
        The corrections of now, which lie over them.
    corrections : int
        Their state: the same where they are the same.
    """

    source: Source
    labels: NDArray[np.uint8] = field(repr=False)
    class_ids: tuple[int, ...]
    is_current: bool
    over: Overlay | None = field(default=None, repr=False)
    corrections: int = 0

    def corrected(self) -> NDArray[np.uint8]:
        """Return the labels with the corrections over them, which may take a copy."""
        if self.over is None or self.over.is_blank:
            return self.labels
        return np.asarray(Corrected(self.labels, self.over))

    def is_like(self, other: FinalLabels) -> bool:
        """Tell whether others have the same labels, corrections over them."""
        return self.labels is other.labels and self.corrections == other.corrections


@dataclass(frozen=True, eq=False)
class MeasureOrder:
    """What to find and measure.

    Attributes
    ----------
    of : FinalLabels
    class_id : int
        Whose objects; 0 for those of all classes.
    names : mapping of int to str
        Of the classes.
    channels : tuple of str
        Names of the image and of its further channels.
    origin : tuple of 3 float
        Place of the first voxel of the part to work in, in the unit of the voxel size.
    steps : ObjectSteps
        Edits by hand, rules, how objects are split, and what is measured besides.
    folder : Path or None
        Where the file of the image is; None if it is in none.
    """

    of: FinalLabels
    class_id: int
    names: Mapping[int, str]
    channels: tuple[str, ...]
    origin: tuple[float, float, float]
    steps: ObjectSteps = field(default_factory=ObjectSteps)
    folder: Path | None = None

    @property
    def search(self) -> Search:
        """Which objects are looked for."""
        return Search((self.class_id,) if self.class_id else ())

    def images(self) -> dict[str, VolumeLike]:
        """Return the image and its further channels by name, within the part to work in."""
        source = self.of.source
        images = source.work_volume(), *source.work_channels()
        return dict(zip(self.channels, images, strict=True))

    def parents(self, run: Run) -> AbstractContextManager[OpenedParents]:
        """Open the labels of what objects lie in, if that is asked for."""
        source = self.of.source
        of = self.steps.asked.parents, source.full_shape, source.box, self.folder
        return open_parents(*of, run.silent())

    def about(self, image: str) -> dict[str, Any]:
        """Return what is measured; `image` is the address of the image, or its name."""
        source = self.of.source
        known = source.voxel_size.known
        return {
            "labels": "final labels in the window",
            "image": image,
            "channels": list(self.channels),
            "shape": list(source.shape),
            "first_voxel": list(source.start),
            "spacing": None if known is None else list(known),
            "unit": source.unit,
        }

    def finds_like(self, other: MeasureOrder) -> bool:
        """Tell whether another one finds the same objects in the same labels, before rules."""
        a, b = (
            (order.class_id, dict(order.names), order.channels, order.steps.asked)
            for order in (self, other)
        )
        return a == b and self.steps.edits == other.steps.edits


@dataclass(frozen=True, eq=False)
class FoundObjects:
    """Objects and their measures.

    Attributes
    ----------
    order : MeasureOrder
    ids : uint16 or int32, (Z, Y, X)
        0 = no object; others are the numbers in the table, which have gaps after edits.
    measured : ObjectTable
        A row for each object, by number, in the classes that they were found in, or given to;
        without a column where there are none.
    by_hand : frozenset of int
        Objects that were given to a class or marked as right: no rule changes them.
    reshaped : frozenset of int
        Objects that are no connected pieces of a class, as they were cut or merged by hand.
    missing : tuple of (voxel, int)
        Where edits found no object any more of the class that they were made on.
    search : FromSearch or None
        What the search for all tells besides; None after edits.
    parents_from : str
        Address of the labels of what objects lie in; empty if that wasn't measured.
    no_parents : str
        Why that wasn't measured, though it is asked for; empty otherwise.
    """

    order: MeasureOrder
    ids: NDArray[Any] = field(repr=False)
    measured: ObjectTable = field(repr=False)
    by_hand: frozenset[int] = frozenset()
    reshaped: frozenset[int] = frozenset()
    missing: tuple[Anchor, ...] = ()
    search: FromSearch | None = field(default=None, repr=False)
    parents_from: str = ""
    no_parents: str = ""

    @cached_property
    def ruled(self) -> tuple[ObjectTable, tuple[int | None, ...], str]:
        """The table after the rules, how many objects each rule caught, and what is wrong.

        A rule that can't be carried out caught None.
        """
        rules, names = self.order.steps.rules, dict(self.order.names)
        if not self.measured.columns:
            return self.measured, tuple(0 for _ in rules), ""
        for rule in rules:
            names.setdefault(rule.to_class, f"class {rule.to_class}")
        kept = np.isin(self.measured["id"], list(self.by_hand))
        nameless = [self.why_nameless(rule) for rule in rules]
        sound = [rule for rule, why in zip(rules, nameless, strict=True) if not why]
        ruled = apply_rules(self.measured, sound, names, kept, leave_out=True)
        marked = Column("by_hand", kept.astype(np.int64), "", BY_HAND)
        table = with_classes(self.measured, ruled.class_of, names) if rules else self.measured
        table = ObjectTable((*table.columns, marked)).where(ruled.class_of != REMOVED)
        counts = iter(ruled.changed)
        changed = tuple(None if why else next(counts) for why in nameless)
        return table, changed, next(filter(None, (*ruled.refused, *nameless)), "")

    def why_nameless(self, rule: Rule) -> str:
        """Say that a rule asks for a class by a name that no class has; empty if it doesn't."""
        there = {*self.order.names.values(), *self.measured["class_name"].tolist()}
        there |= {f"class {other.to_class}" for other in self.order.steps.rules}
        unknown = [name for name in rule.class_names if name not in there]
        return f"{rule.condition!r}: no class is called {unknown[0]!r}" if unknown else ""

    @property
    def table(self) -> ObjectTable:
        """A row for each object that no rule removes, in the class that rules give it."""
        return self.ruled[0]

    @property
    def is_empty(self) -> bool:
        """Whether none were found, whatever rules say."""
        return not len(self.measured)

    def row_of(self, number: int) -> int | None:
        """Return the row of the table that an object has; None if it has none."""
        numbers = self.table["id"] if self.number else np.zeros(0, np.int64)
        row = int(np.searchsorted(numbers, number))
        return row if row < numbers.size and numbers[row] == number else None

    def with_steps(self, steps: ObjectSteps) -> FoundObjects:
        """Return the same objects with other rules."""
        return replace(self, order=replace(self.order, steps=steps))

    @property
    def number(self) -> int:
        """How many objects there are."""
        return len(self.table)

    @cached_property
    def class_ids(self) -> tuple[int, ...]:
        """Ids of the classes that objects were found of."""
        return tuple(np.unique(self.measured["class"]).tolist()) if len(self.measured) else ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes that have objects, by the ids of the classes."""
        if not self.number:
            return ()
        names = self.order.names
        return tuple(names.get(k, f"class {k}") for k in np.unique(self.table["class"]).tolist())

    def about(self, image: str) -> dict[str, Any]:
        """Return what the table was made from; `image` is the address of the image, or its name."""
        order = self.order
        return order.about(image) | {
            "objects_are": "connected components",
            "connectivity": Search().connectivity,
            "of_classes": [order.class_id] if order.class_id else "all",
            "split": order.steps.asked.split,
            "distance_to": list(order.steps.asked.distance_to),
            "depth_below": list(order.steps.asked.depth_below),
            "parents": self.parents_from or None,
            "by_hand": {"done": order.steps.text, "no longer found": len(self.missing)},
            "rules": [
                {"rule": rule.text, "changed": changed}
                for rule, changed in zip(order.steps.rules, self.ruled[1], strict=True)
            ],
            "versions": versions(),
        }


class Measuring(BackgroundTask):
    """Finds and measures objects; succeeds with `FoundObjects`."""

    def start(self, order: MeasureOrder) -> None:
        """Begin."""
        self.run(_task(order), "Finding and measuring objects", shown=True)


def _task(order: MeasureOrder) -> Task:
    def measure(report: Report) -> FoundObjects:
        with order.parents(report.run) as parents:
            return found_with(parents, report)

    def found_with(parents: OpenedParents, report: Report) -> FoundObjects:
        final, source = order.of, order.of.source
        found = measure_by_steps(
            final.corrected(),
            order.steps,
            MeasureRequest(order.names, order.images(), parents=parents.labels),
            order.search,
            start=source.start,
            spacing=source.spacing,
            unit=source.unit,
            origin=order.origin,
            workers=report.run,
        )
        lie_in = parents.address, parents.why_not
        edited = found.edited
        instances, missing = edited.instances, edited.lost
        if not instances.number:
            none = FoundObjects(order, instances.ids, ObjectTable(()), missing=missing)
            return replace(none, no_parents=parents.why_not)
        is_small = instances.number <= np.iinfo(np.uint16).max  # as a texture takes them
        ids = instances.ids.astype(np.uint16) if is_small else instances.signed
        by_hand = frozenset((np.flatnonzero(edited.by_hand) + 1).tolist())
        reshaped = frozenset((np.flatnonzero(edited.reshaped) + 1).tolist())
        measured = found.measured
        search = FromSearch(measured.contacts, edited.states, edited.missing, measured.parents)
        told = by_hand, reshaped, missing, search, *lie_in
        return FoundObjects(order, ids, measured.objects, *told)

    return measure


class SavingTable(BackgroundTask):
    """Writes a table; succeeds with its path."""

    def start(
        self, path: Path, table: ObjectTable, about: Mapping[str, Any], what: str = "objects"
    ) -> None:
        """Begin; see `write_with_provenance`."""

        def write(_: Report) -> Path:
            with writing(path, "a table"):
                write_with_provenance(path, table, what, about)
            return path

        self.run(write, f"Writing {path.name}")
