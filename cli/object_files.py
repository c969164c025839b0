"""What ``supervox objects`` writes: tables, what they were made from, and instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.objects import (
    Instances,
    ObjectTable,
    check_table_name,
    provenance_name,
    write_with_provenance,
)
from supervox.segmentation import versions
from supervox.volumes import Address, VolumeClass, VolumeError, create_volume, format_of

from .labels_in import OpenedLabels
from .outputs import Outputs

_SLAB_VOXELS = 2**24
_MOST_NAMED = 1000  # objects whose names stand in the header of a file


@dataclass(frozen=True)
class ObjectFiles:
    """Where to write what; None for what isn't wanted.

    Attributes
    ----------
    table, contacts, classes, profile : Path, optional
    instances : str, optional
        Address.
    """

    table: Path | None = None
    contacts: Path | None = None
    classes: Path | None = None
    profile: Path | None = None
    instances: str | None = None

    @property
    def tables(self) -> dict[str, Path]:
        """The tables that are wanted, by what they hold."""
        paths = {
            "objects": self.table,
            "contacts": self.contacts,
            "classes": self.classes,
            "profile": self.profile,
        }
        return {name: path for name, path in paths.items() if path is not None}

    @property
    def folder(self) -> Path:
        """Where files may lie meanwhile: beside the first that is wanted."""
        files = [*self.tables.values(), *([Path(self.instances)] if self.instances else [])]
        return files[0].absolute().parent if files else Path(gettempdir())

    def plan(self, outputs: Outputs, shape: tuple[int, ...]) -> ObjectFiles:
        """Find out whether all can be written; return the places to write to meanwhile."""
        places: dict[str, Path] = {}
        for name, path in self.tables.items():
            check_table_name(path)
            places[name] = outputs.plan_file(path)
            outputs.plan_file(path.with_name(provenance_name(path)))
        instances = self.instances and outputs.plan_volume(self.instances, shape, np.uint16)
        return ObjectFiles(
            places.get("objects"),
            places.get("contacts"),
            places.get("classes"),
            places.get("profile"),
            instances,
        )


def write_tables(
    places: ObjectFiles, tables: Mapping[str, ObjectTable], about: Mapping[str, Any]
) -> None:
    """Write the tables that are wanted, and beside each what it was made from."""
    for name, path in places.tables.items():
        write_with_provenance(path, tables[name], name, dict(about) | {"versions": versions()})


def write_instances(address: str, instances: Instances, labels: OpenedLabels, run: Run) -> None:
    """Write the ids of objects, in any format of labels; those of class 0 were removed.

    In a mesh each object is a part of its own, named after its class.
    """
    ids, kept = instances.ids, instances.class_of > 0
    small = instances.number <= np.iinfo(np.uint16).max
    table = np.where(np.r_[False, kept], np.arange(instances.number + 1), 0)
    table = table.astype(np.uint16 if small else np.uint32)
    names, entry = labels.names, format_of(Address.parse(address))
    if table.dtype.name not in entry.dtypes:
        raise VolumeError(
            f"{address}: {entry.name} can't number {instances.number:,} objects, but 65,535 at "
            "most; give another ending, such as .tif or .zarr"
        )
    colours = {item.value: item.colour for item in labels.classes}
    classes = [
        VolumeClass(k, f"{names.get(value, f'class {value}')} {k}", colours.get(value))
        for k, value in enumerate(instances.class_of.tolist(), 1)
        if value and (instances.number <= _MOST_NAMED or entry.is_mesh)
    ]
    shape = (ids.shape[0], ids.shape[1], ids.shape[2])
    step = max(1, _SLAB_VOXELS // (shape[1] * shape[2]))
    with create_volume(
        address,
        shape,
        table.dtype,
        spacing=labels.known,
        unit=labels.unit,
        origin=labels.origin,
        classes=classes,
    ) as writer:
        for start in range(0, shape[0], step):
            run.check_stop()
            slab: NDArray[Any] = table[ids[start : start + step]]
            writer[start : start + len(slab)] = slab
            run.report(start + len(slab), shape[0])
