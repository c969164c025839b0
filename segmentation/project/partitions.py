"""Partitions of a volume as parts of a project: written and read block by block."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.features import FeatureBank, FeatureTable, Progress, ShouldStop
from supervox.segmentation.graph import RegionGraph
from supervox.segmentation.partition import Partition

from .documents import digest_of
from .parts import Part, PartDamaged, PartWriter
from .settings import Settings

SCHEMA = 1  # raised when supervoxels, features or graph are computed in another way
TABLES = {
    "table": (np.float32, 2),
    "counts": (np.int64, 1),
    "edges": (np.int32, 2),
    "area": (np.float64, 1),
    "boundary_intensity": (np.float64, 1),
    "boundary_contrast": (np.float64, 1),
    "size": (np.int64, 1),
    "mean_intensity": (np.float64, 1),
}
OF_FEATURES = ("table", "counts")  # the rest is the region graph


def partition_origin(settings: Settings, k: int) -> str:
    """Return the fingerprint of what partition k is made from."""
    parameters = settings.parameters
    return digest_of(
        {
            "schema": SCHEMA,
            "volume": settings.volume.fingerprint,
            "box": settings.box,
            "spacing": settings.spacing,
            "supervoxels": asdict(parameters.supervoxels),
            "features": asdict(parameters.features),
            "shift": parameters.shifts[k],
        }
    )


def fill_partition(
    writer: PartWriter,
    partition: Partition,
    progress: Progress | None,
    should_stop: ShouldStop | None,
) -> None:
    """Write a partition into a part."""
    writer.write("ids", partition.ids, progress=progress, should_stop=should_stop)
    for name, values in _tables_of(partition).items():
        writer.write(name, values, should_stop=should_stop)


def read_partition(
    part: Part,
    settings: Settings,
    progress: Progress | None,
    should_stop: ShouldStop | None,
) -> Partition:
    """Read what `fill_partition` wrote.

    Raises
    ------
    PartDamaged
        If it isn't a partition of this volume.
    """
    names = FeatureBank(settings.parameters.features).column_names
    tables: dict[str, NDArray[Any]] = {
        name: part.read(name, dtype, (None,) * ndim) for name, (dtype, ndim) in TABLES.items()
    }
    n, edges = tables["counts"].size, tables["edges"]
    if tables["table"].shape != (n, len(names)):
        raise PartDamaged("its features are not those of this version")
    if any(tables[name].size != n for name in ("size", "mean_intensity")):
        raise PartDamaged("its tables do not fit each other")
    along = ("area", "boundary_intensity", "boundary_contrast")
    if edges.shape[1] != 2 or any(tables[name].size != len(edges) for name in along):
        raise PartDamaged("its graph is damaged")
    ids = part.read("ids", np.int32, settings.shape, progress=progress, should_stop=should_stop)
    for values in (ids, edges):
        if values.size and not 0 <= int(values.min()) <= int(values.max()) < n:
            raise PartDamaged("its supervoxels do not fit its tables")
    return Partition(
        ids,
        FeatureTable(tables["table"], names, tables["counts"]),
        RegionGraph(**{name: tables[name] for name in TABLES if name not in OF_FEATURES}),
    )


def _tables_of(partition: Partition) -> dict[str, NDArray[Any]]:
    graph = partition.graph
    found: dict[str, NDArray[Any]]
    found = {name: getattr(graph, name) for name in TABLES if name not in OF_FEATURES}
    return found | {"table": partition.table.values, "counts": partition.table.counts}
