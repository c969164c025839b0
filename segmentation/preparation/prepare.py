"""The preparation of a volume: its partitions, stage by stage, each kept as soon as it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from supervox.execution import Run, VolumeLike, Workspace
from supervox.features import IntensityRange
from supervox.segmentation.graph.partition import (
    FEATURES,
    GRAPH,
    SUPERVOXELS,
    Channel,
    NoStore,
    Partition,
    Piece,
    PreparationStore,
)
from supervox.segmentation.parameters import SegmentationParameters

from .stages import PreparationStages

Kind = TypeVar("Kind")


def prepare_partitions(
    volume: VolumeLike,
    shifts: Sequence[tuple[float, float, float]],
    parameters: SegmentationParameters,
    *,
    spacing: tuple[float, float, float],
    intensity: IntensityRange,
    channels: Sequence[Channel] = (),
    done: Sequence[Partition] = (),
    store: PreparationStore | None = None,
    workspace: Workspace | None = None,
    run: Run = Run(),
) -> list[Partition]:
    """Compute supervoxels, features and region graphs of a volume.

    Parameters
    ----------
    volume : array-like, (Z, Y, X)
    shifts : sequence of tuples of 3 float
        Shift of each partition's grid of seeds, as fractions of a cell.
    parameters : SegmentationParameters
    spacing : tuple of 3 float
    intensity : IntensityRange
    channels : sequence of Channel
        Further images whose features join the table; supervoxels and graphs are those of `volume`.
    done : sequence of Partition
        The first partitions, where they are known.
    store : PreparationStore, optional
        Gets every piece as soon as it is finished; what it has is not computed. A stage that it
        knows as begun goes on behind its last finished block.
    workspace : Workspace, optional
        All in memory and at once by default.
    run : Run
        On the cluster of the workspace, if there is one.

    Returns
    -------
    list of Partition
        One for each shift. Each image is filtered once for all of them, if the workspace allows.
    """
    workspace = workspace or Workspace()
    missing = range(len(done), len(shifts))
    store = store or NoStore()
    found = {k: store.load_pieces(k, workspace, run=run.silent()) for k in missing}
    work = PreparationStages(
        volume,
        shifts,
        parameters,
        spacing,
        intensity,
        channels,
        workspace,
        store,
    )
    groups = work.groups(found)
    blockwise = workspace.releasing(run if workspace.cluster is None else run.on(workspace.cluster))
    steps = iter(blockwise.steps(work.costs(found, groups)))

    def keep(k: int, name: str, piece: Piece) -> None:
        setattr(found[k], name, piece)
        store.save_piece(k, piece, run=workspace.releasing(run.silent()))

    for k in missing:
        if found[k].ids is None:
            with work.stage(SUPERVOXELS, [k], next(steps)) as stage:
                keep(k, "ids", work.cut(k, stage))
    for group in groups:
        with work.stage(FEATURES, group, next(steps)) as stage:
            tables = work.pool([_there(found[k].ids) for k in group], stage)
            for k, table in zip(group, tables, strict=True):
                if found[k].table is None:
                    keep(k, "table", table)
    for k in missing:
        if found[k].graph is None:
            with work.stage(GRAPH, [k], next(steps)) as stage:
                size = len(_there(found[k].table).counts)
                keep(k, "graph", work.connect(_there(found[k].ids), size, stage))
    store.end()
    partitions = [
        Partition(_there(part.ids), _there(part.table), _there(part.graph))
        for part in found.values()
    ]
    if partitions:  # no stroke waits for them
        run.parallel(lambda part: part.adjacency, partitions)
    return [*done, *partitions]


def _there(piece: Kind | None) -> Kind:
    """Return a piece that has been made."""
    assert piece is not None
    return piece
