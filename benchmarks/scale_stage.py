"""One size, and one run on it in a process of its own: ``python -m benchmarks.scale_stage ...``.

``inputs FOLDER Z Y X`` makes a volume. ``run FOLDER WARM PARTITIONS THREADS DASK BYTES`` segments
it as the command line does, after the small one in WARM, so that compiled code is in memory, and
prints seconds, peak memory, and what was estimated before, as JSON; DASK is a number of workers, or
0.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.cli.results import ResultFiles
from supervox.cli.segment_request import SegmentRequest
from supervox.cli.segment_run import run as segment
from supervox.execution.connect_cluster import local_cluster
from supervox.sample_data import Phantom, PhantomParameters, stroke_planes
from supervox.segmentation import (
    InView,
    SegmentationParameters,
    Segmenter,
    Strokes,
    find_strokes,
)
from supervox.segmentation.preparation.memory_plan import Workload, plan_memory
from supervox.volumes import create_volume, open_volume

from .memory_stage import peak_bytes

TILE = 256  # edge of a phantom that is made, at most
PLANES, STROKES = 64, 4
ROUNDS, PER_ROUND = 5, 5  # of strokes that are added, and supervoxels that each touches
# Several blocks: parts of arrays are of another type to compiled code than whole ones.
WARM_SHAPE = (44, 200, 300)
VOLUME, PAINTED, LABELS = "volume.mrc", "strokes.h5", "labels.tif"


def make_inputs(folder: Path, shape: tuple[int, int, int]) -> None:
    """Write an image of 32-bit floats, and strokes on it: a phantom, mirrored until it is large."""
    parts = [-(-edge // TILE) for edge in shape]
    z, y, x = (-(-edge // n) for edge, n in zip(shape, parts, strict=True))
    phantom = Phantom(PhantomParameters(shape=(z, y, x)))
    tile = np.empty(phantom.shape, np.uint16)
    phantom.fill_image(tile)
    planes, rows, columns = (
        _mirrored(n, edge) for n, edge in zip(shape, phantom.shape, strict=True)
    )
    painted = dict(stroke_planes(phantom, STROKES))
    folder.mkdir()
    with (
        create_volume(
            str(folder / VOLUME), shape, np.float32, spacing=phantom.spacing, unit="nm"
        ) as image,
        create_volume(str(folder / PAINTED), shape, np.uint8, kind="labels") as strokes,
    ):
        for start in range(0, shape[0], PLANES):
            slab = slice(start, min(start + PLANES, shape[0]))
            image[slab] = tile[np.ix_(planes[slab], rows, columns)].astype(np.float32)
            marks = np.zeros((slab.stop - start, *shape[1:]), np.uint8)
            for plane in painted.keys() & set(range(start, min(slab.stop, z))):
                marks[plane - start, :y, :x] = painted[plane]
            strokes[slab] = marks


def _mirrored(n: int, edge: int) -> NDArray[np.int64]:
    """Return where n voxels along an axis are in a tile, which every other time is mirrored."""
    there = np.concatenate([np.arange(edge), np.arange(edge)[::-1]])
    return np.resize(there, n)


def run(
    folder: Path, partitions: int, threads: int, budget: float, scheduler: str | None
) -> dict[str, Any]:
    """Segment as the command line does: one partition as for live work, or all with edges."""
    parameters = SegmentationParameters(partitions=partitions, edge_refinement=partitions > 1)
    labels = folder / LABELS
    request = SegmentRequest(
        volume=str(folder / VOLUME),
        annotations=str(folder / PAINTED),
        files=ResultFiles(str(labels)),
        change=lambda _: parameters,
        workers=threads,
        memory=budget,
        scheduler=scheduler,
        device="cpu",
    )
    report = segment(request)
    z, y, x = report["shape"]
    classes = len(report["classes"])
    plan = plan_memory(
        Workload((z, y, x), 4, parameters, tuple(report["spacing"]), 1, classes, threads), budget
    )
    return {
        "shape": [z, y, x],
        "voxels": math.prod(report["shape"]),
        "supervoxels": report["supervoxels"][0],
        "partitions": partitions,
        "threads": threads,
        "seconds": report["seconds"],
        "estimated_bytes": round(plan.bytes),
        "scratch_bytes": round(plan.disk_bytes),
        "label_bytes": labels.stat().st_size,
    }


def paint(folder: Path) -> dict[str, Any]:
    """Prepare one partition, and add strokes one after the other."""
    with open_volume(folder / PAINTED) as file, open_volume(folder / VOLUME) as volume:
        strokes, spacing, image = find_strokes(file.data), volume.spacing, volume.data[:]
    parameters = SegmentationParameters(partitions=1, edge_refinement=False)
    segmenter = Segmenter(image, spacing=spacing, parameters=parameters, workers=2)
    segmenter.prepare()
    (partition,) = segmenter.partitions
    plane = partition.ids[strokes.voxels[0] // math.prod(image.shape[1:])]
    moments: list[float] = []

    def show(part: InView) -> None:
        table = np.zeros(partition.graph.n_supervoxels, np.uint16)
        table[part.supervoxels] = part.class_ids
        table[plane]
        moments.append(time.perf_counter())

    owners = partition.ids.reshape(-1)[strokes.voxels]
    painted, updates = np.random.default_rng(0).permutation(np.unique(owners)), []
    for missing in range(ROUNDS, -1, -1):  # the first round loads what is needed
        known = ~np.isin(owners, painted[: missing * PER_ROUND])
        some = Strokes(strokes.voxels[known], strokes.classes[known])
        started = time.perf_counter()
        segmenter.segment(some, in_view=plane, on_view=show)
        updates.append((moments[-1] - started, time.perf_counter() - started))
    in_view, whole = zip(*updates[1:], strict=True)
    return {
        "shape": list(image.shape),
        "voxels": image.size,
        "supervoxels": partition.graph.n_supervoxels,
        "in_view": in_view,
        "whole": whole,
    }


def main() -> None:
    """Do what the arguments say."""
    what, folder, *rest = sys.argv[1:]
    if what == "inputs":
        z, y, x = map(int, rest)
        make_inputs(Path(folder), (z, y, x))
        return
    warm = Path(rest[0])
    if what == "paint":
        paint(warm)
        forget_peak()
        print(json.dumps(paint(Path(folder)) | {"peak": peak_bytes()}))
        return
    budget = float(rest[4])
    partitions, threads, dask = map(int, rest[1:4])
    with ExitStack() as stack:
        scheduler = stack.enter_context(_cluster(dask)) if dask else None
        run(warm, partitions, threads, budget, scheduler)
        forget_peak()
        found = run(Path(folder), partitions, threads, budget, scheduler)
    print(json.dumps(found | {"peak": peak_bytes()}))


def forget_peak() -> None:
    """Have the peak of this process's memory begin anew, where the system can: on Linux."""
    resets = Path("/proc/self/clear_refs")
    if resets.exists():
        resets.write_text("5")


@contextmanager
def _cluster(n_workers: int) -> Iterator[str]:
    """Start a cluster of processes with one thread each; give its address."""
    from distributed import Client

    with local_cluster(n_workers) as address:
        with Client(address) as client:
            client.run(_warm_up)  # every worker, however few blocks the small volume has
        yield address


def _warm_up() -> None:
    """Load the compiled code of a preparation."""
    tiny = np.random.default_rng(0).normal(size=WARM_SHAPE).astype(np.float32)
    Segmenter(tiny, parameters=SegmentationParameters(partitions=1), workers=1).prepare()


if __name__ == "__main__":
    main()
