"""Scale: time, memory and disk of whole runs against the volume's size; ``make bench-scale``."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .report import ROOT, Target, table
from .scale_stage import WARM_SHAPE
from .timing import say

SHAPES = {edge: (edge, edge, edge) for edge in (64, 128, 256, 512)} | {1000: (600, 1000, 1000)}
LARGEST, QUICK_SHAPE = 256, (44, 44, 44)
BUDGET = 8e9
LIVE, SINGLE, FINAL = "live", "live, one thread", "final"
DASK_ONE, DASK_TWO = "live, one Dask worker", "live, two Dask workers"
# Partitions, threads, and Dask workers.
KINDS = {LIVE: (1, 2, 0), SINGLE: (1, 1, 0), FINAL: (4, 2, 0)}
DASK_KINDS = {DASK_ONE: (1, 1, 1), DASK_TWO: (1, 1, 2)}
SAME_PACE, REFERENCE = 0.15, 128**3
BUSY = 1.0  # load average of a machine that has other work
COLOURS = {LIVE: "#0072b2", SINGLE: "#56b4e9", FINAL: "#d55e00"}


def measure(quick: bool, largest: int = LARGEST) -> dict[str, Any]:
    """Make volumes up to a size, and run each kind on each in a process of its own."""
    shapes = [shape for edge, shape in SHAPES.items() if edge <= largest]
    load, runs = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory() as name:
        warm = Path(name) / "warm"
        _call("inputs", warm, *(QUICK_SHAPE if quick else WARM_SHAPE))
        for shape in [QUICK_SHAPE] if quick else shapes:
            folder = warm if quick else Path(name) / "volume"
            if not quick:
                _call("inputs", folder, *shape)
            for kind, words in (KINDS if quick else KINDS | DASK_KINDS).items():
                found = json.loads(_call("run", folder, warm, *words, BUDGET))
                runs.append({"kind": kind} | found)
                took, peak = found["seconds"]["total"], found["peak"] / 1e9
                say(f"scale: {shape}, {kind}: {took:.1f} s, {peak:.2f} GB")
            shutil.rmtree(folder)
    return {"runs": runs, "budget": BUDGET, "load": round(load, 1)}


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


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Scale"
    yield ""
    budget = f"{results['budget'] / 1e9:.0f}GB"
    yield f"`supervox segment --memory {budget}` on phantoms of 32-bit floats in MRC files, each"
    yield "run in a process of its own, after one on a small one. *Live* has one partition and no"
    yield "edge refinement, *final* four and edges, both to a label file. Peak is resident memory,"
    yield "of everything but Dask's workers; scratch is on the disk while the run lasts."
    yield "`make bench-scale LARGEST=1000` goes on to 512³ and 600 x 1000 x 1000 voxels."
    if results["load"] > BUSY:
        yield ""
        load = results["load"]
        yield f"**The machine had other work (a load of {load} before the first run): times and"
        yield "gains say little here, memory does.**"
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
        ]
        for run in results["runs"]
    ]
    header = ("voxels", "run", "supervoxels", "preparing, s", "M voxels/s", "all, s")
    memory = ("peak, GB", "estimated, GB", "scratch, GB", "label file, MB")
    yield from table((*header, *memory), rows)
    yield ""
    yield from _gain(results, SINGLE, LIVE, "Two threads against one")
    yield from _gain(results, DASK_ONE, DASK_TWO, "Two Dask workers against one (processes here)")


def _gain(results: dict[str, Any], one: str, two: str, name: str) -> Iterator[str]:
    """Yield how much faster a preparation is with twice the processors."""
    pairs = list(zip(_of(results, one), _of(results, two), strict=True))
    gains = [
        f"{slow['seconds']['prepare'] / fast['seconds']['prepare']:.2f}x at {_times(fast['shape'])}"
        for slow, fast in pairs
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
    ends = [min(voxels), max(voxels)]
    per_voxel = _of(results, LIVE)[-1]["seconds"]["total"] / max(voxels)
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
