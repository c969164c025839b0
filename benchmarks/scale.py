"""Scale: time, memory and disk of whole runs against the volume's size; ``make bench-scale``."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .report import ROOT, Target, commit, table
from .scale_stage import WARM_SHAPE
from .timing import median, say

SHAPES = {edge: (edge, edge, edge) for edge in (64, 128, 256, 512)} | {1000: (600, 1000, 1000)}
LARGEST, QUICK_SHAPE = 256, (44, 44, 44)
BUDGET = 8e9
LIVE, SINGLE, FINAL, PAINT = "live", "live, one thread", "final", "painting"
DASK_ONE, DASK_TWO = "live, one Dask worker", "live, two Dask workers"
# Partitions, threads, and Dask workers.
KINDS = {LIVE: (1, 2, 0), SINGLE: (1, 1, 0), FINAL: (4, 2, 0)}
DASK_KINDS = {DASK_ONE: (1, 1, 1), DASK_TWO: (1, 1, 2)}
SAME_PACE, REFERENCE = 0.15, 128**3
IN_VIEW, WHOLE = 1.0, 5.0  # seconds from a stroke to labels
# The machine's other work comes and goes: the best of some runs, and no comparisons of large ones.
ROUNDS, REPEATED, COMPARED = 3, 256**3, 512**3
BUSY = 2.0  # load average of a machine that has other work; our own runs before leave nearly that
COLOURS = {LIVE: "#0072b2", SINGLE: "#56b4e9", FINAL: "#d55e00"}


def measure(
    quick: bool,
    largest: int = LARGEST,
    known: Sequence[dict[str, Any]] = (),
    again: bool = False,
    keep: Callable[[dict[str, Any]], None] = lambda _: None,
) -> dict[str, Any]:
    """Make volumes up to a size, and run each kind on each in a process of its own.

    Parameters
    ----------
    quick : bool
        One tiny volume, without Dask.
    largest : int
        Key of `SHAPES`.
    known : sequence of dict
        Runs of an earlier time, which are not made again ...
    again : bool
        ... unless this says so.
    keep : callable
        Gets the results after each run.
    """
    shapes = [QUICK_SHAPE] if quick else [SHAPES[edge] for edge in SHAPES if edge <= largest]
    runs = {(run["kind"], tuple(run["shape"])): run for run in known}
    if again:
        runs = {key: run for key, run in runs.items() if key[1] not in shapes}
    with tempfile.TemporaryDirectory() as name:
        warm = Path(name) / "warm"
        _call("inputs", warm, *(QUICK_SHAPE if quick else WARM_SHAPE))
        for shape in shapes:
            missing = [kind for kind in _kinds(shape, quick) if (kind, shape) not in runs]
            if not missing:
                continue
            folder = Path(name) / "volume"
            _call("inputs", folder, *shape)
            for _ in range(ROUNDS if not quick and math.prod(shape) <= REPEATED else 1):
                for kind in missing:
                    before = runs.get((kind, shape))
                    runs[kind, shape] = _better(before, _run(kind, folder, warm))
            keep({"runs": _in_order(runs.values()), "budget": BUDGET})
            shutil.rmtree(folder)
    return {"runs": _in_order(runs.values()), "budget": BUDGET}


def _kinds(shape: tuple[int, int, int], quick: bool) -> list[str]:
    """Return what is run on a volume."""
    if quick:
        return [*KINDS, PAINT]
    if math.prod(shape) <= COMPARED:
        return [*KINDS, *DASK_KINDS, PAINT]
    return [LIVE, PAINT, FINAL]


def _run(kind: str, folder: Path, warm: Path) -> dict[str, Any]:
    """Run one kind on one volume."""
    load = os.getloadavg()[0]
    if kind == PAINT:
        found = json.loads(_call("paint", folder, warm))
        told = f"{max(found['whole']):.2f} s to the labels of the whole volume"
    else:
        found = json.loads(_call("run", folder, warm, *(KINDS | DASK_KINDS)[kind], BUDGET))
        told = f"{found['seconds']['total']:.1f} s, {found['peak'] / 1e9:.2f} GB"
    say(f"scale: {_times(found['shape'])}, {kind}: {told}")
    return {"kind": kind, "load": round(load, 1), "commit": commit(), **found}


def _better(one: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    """Return the run that prepared in less time; of painting the newer one."""
    if one is None or one["kind"] == PAINT:
        return other
    return min(one, other, key=lambda run: float(run["seconds"]["prepare"]))


def _in_order(runs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    kinds = [*KINDS, *DASK_KINDS, PAINT]
    return sorted(runs, key=lambda run: (run["voxels"], kinds.index(run["kind"])))


def _call(what: str, folder: Path, *more: object) -> str:
    command = [sys.executable, "-m", "benchmarks.scale_stage", what, folder, *more]
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout


def _pace(run: dict[str, Any]) -> float:
    """Return the voxels a second of a preparation."""
    pace: float = run["voxels"] / run["seconds"]["prepare"]
    return pace


def _of(results: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [run for run in results["runs"] if run["kind"] == kind]


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    live = {run["voxels"]: run for run in _of(results, LIVE)}
    largest = live[max(live)]
    name = _times(largest["shape"])
    if REFERENCE in live and largest["voxels"] > REFERENCE:
        change = _pace(largest) / _pace(live[REFERENCE]) - 1
        yield Target(
            f"scale: {name} prepared, voxels a second against 128³",
            f"at most {SAME_PACE:.0%} slower",
            f"{change:+.0%} ({_pace(largest) / 1e6:.1f} M voxels/s)",
            change >= -SAME_PACE,
        )
    yield Target(
        f"scale: {name} prepared and labelled from one partition",
        "peak below 8 GB",
        f"{largest['peak'] / 1e9:.2f} GB, {largest['seconds']['prepare']:.0f} s to prepare",
        largest["peak"] < BUDGET,
    )
    yield from _painting_targets(results)
    alone = [run for run in results["runs"] if run["kind"] in KINDS]
    # of small volumes, the peak is what the warm-up has left
    alone = [run for run in alone if run["voxels"] >= REFERENCE] or alone
    worst = max(alone, key=lambda run: run["peak"] / run["estimated_bytes"])
    yield Target(
        "scale: peak against what was estimated before the run, the worst of all",
        "at most 1.1 times",
        f"{worst['peak'] / worst['estimated_bytes']:.2f} times ({_times(worst['shape'])}, "
        f"{worst['kind']})",
        worst["peak"] <= 1.1 * worst["estimated_bytes"],
    )


def _painting_targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare what a stroke took on the largest volume."""
    run = max(_of(results, PAINT), key=lambda run: int(run["voxels"]))
    for what, key, limit in (
        ("slice in view", "in_view", IN_VIEW),
        ("whole volume", "whole", WHOLE),
    ):
        seconds = median(run[key])
        yield Target(
            f"scale: {_times(run['shape'])}, a stroke to labels of the {what}",
            f"below {limit:g} s",
            f"{seconds:.2f} s",
            seconds < limit,
        )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Scale"
    yield ""
    budget = f"{results['budget'] / 1e9:.0f}GB"
    yield f"`supervox segment --memory {budget}` on phantoms of 32-bit floats in MRC files, each"
    yield "run in a process of its own, after one on a small one. *Live* has one partition and no"
    yield "edge refinement, *final* four and edges, both to a label file. Peak is resident memory,"
    yield "of everything but Dask's workers; scratch is on the disk while the run lasts."
    yield f"Up to {REPEATED} voxels each is the best of {ROUNDS} runs in turn."
    yield "`make bench-scale LARGEST=1000` goes on to 512³ and 600 x 1000 x 1000 voxels; runs that"
    yield "are known are kept, unless `AGAIN=1` is given."
    busy = [run for run in results["runs"] if run["load"] > BUSY]
    if busy:
        yield ""
        most = max(run["load"] for run in busy)
        yield f"**Before {len(busy)} of {len(results['runs'])} runs the machine had other work (a"
        yield f"load of up to {most}): times and gains say little then, memory does.**"
    yield ""
    yield "![Time and memory against the number of voxels](images/scale.png)"
    yield ""
    rows = [
        [
            _times(run["shape"]),
            run["kind"],
            run["supervoxels"],
            f"{run['seconds']['prepare']:.1f}",
            f"{_pace(run) / 1e6:.1f}",
            f"{run['seconds']['total']:.1f}",
            f"{run['peak'] / 1e9:.2f}",
            f"{run['estimated_bytes'] / 1e9:.2f}",
            f"{run['scratch_bytes'] / 1e9:.2f}",
            f"{run['label_bytes'] / 1e6:.1f}",
            run["load"],
            f"`{run['commit']}`",
        ]
        for run in results["runs"]
        if run["kind"] != PAINT
    ]
    header = ("voxels", "run", "supervoxels", "preparing, s", "M voxels/s", "all, s")
    memory = ("peak, GB", "estimated, GB", "scratch, GB", "label file, MB", "load before", "commit")
    yield from table((*header, *memory), rows)
    yield ""
    yield "Painting on a volume that is prepared and in memory: from the end of a stroke to labels"
    yield "of the slice in view, and to a class for every supervoxel of the volume; medians of"
    yield "strokes, and the slowest:"
    yield ""
    painting = [
        [
            _times(run["shape"]),
            run["supervoxels"],
            *(f"{median(run[key]):.2f} ({max(run[key]):.2f})" for key in ("in_view", "whole")),
            f"{run['peak'] / 1e9:.2f}",
        ]
        for run in _of(results, PAINT)
    ]
    yield from table(
        ("voxels", "supervoxels", "slice in view, s", "whole volume, s", "peak, GB"), painting
    )
    yield ""
    yield from _gain(results, SINGLE, LIVE, "Two threads against one")
    yield from _gain(results, DASK_ONE, DASK_TWO, "Two Dask workers against one (processes here)")


def _gain(results: dict[str, Any], one: str, two: str, name: str) -> Iterator[str]:
    """Yield how much faster a preparation is with twice the processors."""
    slow = {run["voxels"]: run["seconds"]["prepare"] for run in _of(results, one)}
    gains = [
        f"{slow[run['voxels']] / run['seconds']['prepare']:.2f}x at {_times(run['shape'])}"
        for run in _of(results, two)
        if run["voxels"] in slow
    ]
    if gains:
        yield f"{name}, preparing: {', '.join(gains)}."
        yield ""


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw time and memory against the number of voxels."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (time, memory) = pyplot.subplots(1, 2, figsize=(8.5, 3.7))
    for kind, colour in COLOURS.items():
        runs = _of(results, kind)
        voxels = [run["voxels"] for run in runs]
        seconds = [run["seconds"]["total"] for run in runs]
        time.plot(voxels, seconds, "-o", color=colour, markersize=4, label=kind)
        peak = [run["peak"] / 1e9 for run in runs]
        memory.plot(voxels, peak, "-o", color=colour, markersize=4, label=kind)
        estimated = [run["estimated_bytes"] / 1e9 for run in runs]
        memory.plot(voxels, estimated, ":", color=colour)
    largest = _of(results, LIVE)[-1]
    ends = [_of(results, LIVE)[0]["voxels"], largest["voxels"]]
    per_voxel = largest["seconds"]["total"] / largest["voxels"]
    line = [per_voxel * value for value in ends]
    time.plot(ends, line, "--", color="#999999", label="linear in the voxels")
    for axis, title in ((time, "seconds, all"), (memory, "peak memory, GB (dotted: estimated)")):
        axis.set(xscale="log", yscale="log", xlabel="voxels", title=title)
        axis.grid(alpha=0.3)
    time.legend(fontsize=8)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _times(shape: list[int]) -> str:
    return f"{shape[0]}³" if math.prod(shape) == shape[0] ** 3 else " x ".join(map(str, shape))
