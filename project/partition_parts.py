"""Partitions of a volume as parts of a project, a part for each piece, read block by block."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, Workspace
from supervox.features import FeatureBank, FeatureTable, column_names
from supervox.segmentation import FEATURES, GRAPH, SUPERVOXELS, Piece, Pieces, RegionGraph

from .array_parts import Part, PartDamaged, PartWriter
from .documents import digest_of
from .settings import PreparedFrom

SCHEMA = 2  # raised when supervoxels, features or graph are computed in another way
OF_FEATURES = {"table": (np.float32, 2), "counts": (np.int64, 1)}
# Projects of earlier versions also have statistics of the boundaries, which nothing reads.
OF_GRAPH = {
    "edges": (np.int32, 2),
    "area": (np.float64, 1),
    "size": (np.int64, 1),
    "mean_intensity": (np.float64, 1),
}


@dataclass(frozen=True)
class Reading:
    """How pieces are read.

    Attributes
    ----------
    origin : PreparedFrom
    workspace : Workspace
        Where supervoxel ids go.
    run : Run
        Shows progress and stops.
    """

    origin: PreparedFrom
    workspace: Workspace
    run: Run = Run()


def kind_of(piece: Piece) -> str:
    """Return the kind of a piece, which names its part."""
    if isinstance(piece, FeatureTable):
        return FEATURES
    return GRAPH if isinstance(piece, RegionGraph) else SUPERVOXELS


def piece_origin(made_from: PreparedFrom, kind: str, k: int) -> str:
    """Return the fingerprint of what a piece of partition k is made from."""
    parameters = made_from.parameters
    origin = {
        "schema": SCHEMA,
        "volume": made_from.fingerprint,
        "box": made_from.box,
        "spacing": made_from.spacing,
        "no_data": parameters.no_data,
        "supervoxels": asdict(parameters.supervoxels),
        "shift": parameters.shifts[k],
    }
    if made_from.mask is not None:  # what was made before there were masks stays true
        origin["mask"] = made_from.mask
    if kind == FEATURES:  # the other pieces stay true when these change
        origin["features"] = asdict(parameters.features)
        if made_from.channels:  # of a single image, it is as it ever was
            origin["channels"] = made_from.channels
    return digest_of(origin)


def fill_piece(writer: PartWriter, piece: Piece, run: Run) -> None:
    """Write a piece into a part."""
    arrays: dict[str, NDArray[Any]]
    if isinstance(piece, FeatureTable):
        arrays = {"table": piece.values, "counts": piece.counts}
    elif isinstance(piece, RegionGraph):
        arrays = {name: getattr(piece, name) for name in OF_GRAPH}
    else:
        arrays = {"ids": piece}
    for name, values in arrays.items():
        writer.write(name, values, run=run)


def read_piece(part: Part, kind: str, how: Reading) -> Piece:
    """Read what `fill_piece` wrote.

    Raises
    ------
    PartDamaged
        If it isn't a piece of this volume.
    """
    if kind == FEATURES:
        return _read_table(part, how)
    return _read_graph(part) if kind == GRAPH else _read_ids(part, how)


def fit_together(pieces: Pieces, how: Reading) -> bool:
    """Tell whether pieces can be of the same partition."""
    sizes = set()
    if pieces.table is not None:
        sizes.add(pieces.table.counts.size)
    if pieces.graph is not None:
        sizes.add(pieces.graph.n_supervoxels)
    if pieces.ids is None or len(sizes) != 1:
        return len(sizes) < 2
    (n,) = sizes
    for plane in pieces.ids:  # no more than that needs to be in memory
        how.run.check_stop()
        if not 0 <= int(plane.min()) <= int(plane.max()) < n:
            return False
        how.workspace.release()
    return True


def _read_table(part: Part, how: Reading) -> FeatureTable:
    found = _read_tables(part, OF_FEATURES)
    bank = FeatureBank(how.origin.parameters.features)
    names = column_names(bank, 1 + len(how.origin.channels))
    if found["table"].shape != (found["counts"].size, len(names)):
        raise PartDamaged("its features are not those of this version")
    return FeatureTable(found["table"], names, found["counts"])


def _read_graph(part: Part) -> RegionGraph:
    found = _read_tables(part, OF_GRAPH)
    n, edges = found["size"].size, found["edges"]
    if found["mean_intensity"].size != n:
        raise PartDamaged("its tables do not fit each other")
    if edges.shape[1] != 2 or found["area"].size != len(edges):
        raise PartDamaged("its graph is damaged")
    if edges.size and not 0 <= int(edges.min()) <= int(edges.max()) < n:
        raise PartDamaged("its supervoxels do not fit its tables")
    return RegionGraph(**found)


def _read_ids(part: Part, how: Reading) -> NDArray[np.int32]:
    return part.read(
        "ids",
        np.int32,
        how.origin.shape,
        empty=how.workspace.empty,
        run=how.workspace.releasing(how.run),
    )


def _read_tables(part: Part, kinds: dict[str, tuple[Any, int]]) -> dict[str, NDArray[Any]]:
    return {name: part.read(name, dtype, (None,) * ndim) for name, (dtype, ndim) in kinds.items()}
