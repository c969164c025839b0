"""Objects as a project keeps them, so that they needn't be found again.

What they follow from has a digest: labels with corrections, edits, how they are found and split,
names of classes and voxel size. Rules are no part of it: they are carried out on the measures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike, read_block, split_blocks

from .by_hand import Edited, EditState
from .by_steps import FoundBySteps, sorted_by_rules
from .checks import slab_shape
from .edits import Anchor, edit_to_json
from .instances import Instances
from .measures import Measured, MeasureRequest
from .parents_file import NO_PARENTS, OpenedParents
from .scale import Calibrated
from .steps import ObjectSteps, Search
from .table import Column, ObjectTable
from .totals import class_totals

MEASURES = 3  # counts up when a measure is computed in another way: kept ones are found anew
Read = Callable[[str, Any, tuple[int | None, ...]], NDArray[Any]]
KINDS = {"whole": np.int64, "real": np.float64, "text": np.int32}


@dataclass(frozen=True, eq=False)
class FromSearch:
    """What a search for all objects tells, and an edit of some doesn't.

    Attributes
    ----------
    contacts : ObjectTable
    states : tuple of EditState
        Of each edit.
    missing : tuple of tuple of (voxel, int)
        For each edit, where it found no object.
    parents : mapping of int to int
        Voxels of each parent.
    """

    contacts: ObjectTable
    states: tuple[EditState, ...]
    missing: tuple[tuple[Anchor, ...], ...]
    parents: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class KeptObjects:
    """Objects and their measures, before rules.

    Attributes
    ----------
    ids : uint16 or int32, (Z, Y, X)
        Numbers of the table, which have gaps after edits; 0 = no object.
    table : ObjectTable
    origin : tuple of 3 float
        Place of the first voxel, from which centres are measured.
    channels : tuple of str
        Images that were measured.
    by_hand, reshaped : frozenset of int
        Objects that no rule changes, and those that were cut, separated or merged.
    missing : tuple of (voxel, int)
        Where edits found no object any more.
    search : FromSearch or None
        None if they were edited since all were looked for.
    """

    ids: NDArray[Any] = field(repr=False)
    table: ObjectTable = field(repr=False)
    origin: tuple[float, float, float]
    channels: tuple[str, ...]
    by_hand: frozenset[int] = frozenset()
    reshaped: frozenset[int] = frozenset()
    missing: tuple[Anchor, ...] = ()
    search: FromSearch | None = field(default=None, repr=False)

    def as_found(
        self, steps: ObjectSteps, request: MeasureRequest, scale: Calibrated
    ) -> FoundBySteps | None:
        """Return them as `measure_by_steps` does; None if they were edited since."""
        if self.search is None:
            return None
        chosen = [np.isin(self.table["id"], list(of)) for of in (self.by_hand, self.reshaped)]
        edited = Edited(
            Instances(self.ids.astype(np.uint32), self.table["class"].astype(np.int32)),
            self.search.states,
            self.search.missing,
            chosen[0],
            chosen[1],
        )
        parents = self.search.parents
        classes = class_totals(self.table, scale, parents)
        measured = Measured(self.table, self.search.contacts, classes, scale, parents)
        return sorted_by_rules(edited, measured, steps, request)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what JSON can hold, and the arrays by name."""
        tables = {"objects": self.table}
        about: dict[str, Any] = {
            "ids": self.ids.dtype.name,
            "origin": list(self.origin),
            "channels": list(self.channels),
            "by_hand": sorted(self.by_hand),
            "reshaped": sorted(self.reshaped),
            "missing": self.missing,
            "search": None,
        }
        if self.search is not None:
            tables["contacts"] = self.search.contacts
            about["search"] = {
                "states": [str(state) for state in self.search.states],
                "missing": self.search.missing,
                "parents": list(self.search.parents.items()),
            }
        arrays = {"ids": self.ids}
        for name, table in tables.items():
            about[name], more = _table_parts(name, table)
            arrays |= more
        return json.loads(json.dumps(about)), arrays

    @classmethod
    def from_parts(cls, about: Mapping[str, Any], read: Read) -> KeptObjects:
        """Make them of what was kept.

        Parameters
        ----------
        about : mapping
        read : callable
            Returns an array by name, type and shape.

        Raises
        ------
        KeyError, TypeError, ValueError
            If that isn't what `to_parts` gives.
        """
        search = None
        if (told := about["search"]) is not None:
            search = FromSearch(
                _table_of("contacts", about, read),
                tuple(map(EditState, told["states"])),
                tuple(map(_anchors, told["missing"])),
                {int(k): int(voxels) for k, voxels in told.get("parents", ())},
            )
        z, y, x = map(float, about["origin"])
        return cls(
            read("ids", np.dtype(about["ids"]), (None, None, None)),
            _table_of("objects", about, read),
            (z, y, x),
            tuple(about["channels"]),
            frozenset(about["by_hand"]),
            frozenset(about["reshaped"]),
            _anchors(about["missing"]),
            search,
        )


def what_objects_follow_from(
    labels: VolumeLike,
    steps: ObjectSteps,
    search: Search,
    names: Mapping[int, str],
    scale: Calibrated,
    start: Sequence[int],
    *,
    parents: OpenedParents = NO_PARENTS,
    run: Run = Run(),
) -> dict[str, Any]:
    """Return what JSON can hold, and is the same only where the same objects would be found.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X)
        With corrections; their digest is taken.
    steps : ObjectSteps
    search : Search
    names : mapping of int to str
        Of the classes: columns are called after them.
    scale : Calibrated
        Its origin doesn't count.
    start : sequence of 3 int
        Place of the first voxel in the whole image, in which the edits are.
    parents : OpenedParents
        What was found of those that the steps ask for.
    run : Run

    Raises
    ------
    Cancelled
        If the run is to stop.
    """
    lie_in = {"parents": parents.digest} if steps.asked.parents else {}
    digest, blocks = blake2b(digest_size=16), split_blocks(labels.shape, slab_shape(labels.shape))
    for done, block in enumerate(blocks, 1):
        run.check_stop()
        digest.update(np.ascontiguousarray(read_block(labels, block.core), np.uint16).tobytes())
        run.report(done, len(blocks))
    return (
        steps.asked.distances
        | lie_in
        | {
            "measures": MEASURES,
            "labels": digest.hexdigest(),
            "shape": list(labels.shape),
            "classes": list(search.classes),
            "connectivity": search.connectivity,
            "splits": [list(split) for split in search.splits_by(steps)],
            "boundaries": search.boundaries,
            "edits": [edit_to_json(edit) for edit in steps.edits],
            "names": {str(k): names[k] for k in sorted(names)},
            "spacing": list(scale.spacing),
            "unit": scale.unit,
            "start": [int(k) for k in start],
        }
    )


def _anchors(told: Sequence[Any]) -> tuple[Anchor, ...]:
    return tuple(((int(z), int(y), int(x)), int(of)) for (z, y, x), of in told)


def _table_parts(
    name: str, table: ObjectTable
) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """Return what columns are, and their values: an array for each kind of values."""
    about: list[dict[str, Any]] = []
    values: dict[str, list[NDArray[Any]]] = {kind: [] for kind in KINDS}
    for column in table.columns:
        kind = {"f": "real", "O": "text", "U": "text"}.get(column.values.dtype.kind, "whole")
        entry: dict[str, Any] = column.as_json() | {"kind": kind}
        found = column.values
        if kind == "text":  # few are different
            texts, found = np.unique(found.astype(str), return_inverse=True)
            entry["texts"] = texts.tolist()
        about.append(entry)
        values[kind].append(found)
    arrays = {
        f"{name}-{kind}": np.stack(columns, 1).astype(KINDS[kind])
        for kind, columns in values.items()
        if columns
    }
    return about, arrays


def _table_of(name: str, about: Mapping[str, Any], read: Read) -> ObjectTable:
    """Make a table of what `_table_parts` gave."""
    entries, columns = about[name], []
    kinds = [entry["kind"] for entry in entries]
    values = {
        kind: iter(read(f"{name}-{kind}", np.dtype(KINDS[kind]), (None, kinds.count(kind))).T)
        for kind in set(kinds)
    }
    for entry in entries:
        found = next(values[entry["kind"]]).copy()
        if entry["kind"] == "text":
            found = np.array(entry["texts"], object)[found]
        told = (entry["name"], found, entry["unit"], entry["definition"], entry.get("source", ""))
        columns.append(Column(*told))
    return ObjectTable(tuple(columns))
