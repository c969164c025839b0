"""Memory: peak resident memory of each stage against the volume's size."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .memory_stage import STAGES
from .report import ROOT, Target, table
from .timing import THREADS, say

EDGES, QUICK_EDGES = (64, 128, 192, 256, 384), (44, 48)
QUICK_STAGES = ("features",)
WARM_EDGE = 40
MEGABYTE = 1e6
TABLE_COLUMNS, CHANNELS = 74, 37
# Of a supervoxel: a row of the table, and exact sums and sums of squares of all channels.
ROW_BYTES = 4 * TABLE_COLUMNS + 2 * 8 * CHANNELS
# Of features' working set between the two largest volumes. More than 1: only from three blocks an
# edge on (384) is there one with a halo on all sides.
GROWTH = 1.25


def measure(quick: bool) -> dict[str, Any]:
    """Run every stage on every size in a process of its own, and a reference process beside."""
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        warm = Path(name) / "warm"
        _inputs(warm, WARM_EDGE)
        for edge in QUICK_EDGES if quick else EDGES:
            folder = Path(name) / str(edge)
            _inputs(folder, edge)
            what: dict[str, Any] = {"edge": edge, "supervoxels": len(np.load(folder / "size.npy"))}
            for stage in QUICK_STAGES if quick else STAGES:
                runs.append(what | {"stage": stage} | _measure_stage(stage, folder, warm))
                say(f"memory: {stage} of {edge}^3: {runs[-1]['extra'] / MEGABYTE:.0f} MB")
            shutil.rmtree(folder)
    return {"runs": runs}


def _inputs(folder: Path, edge: int) -> None:
    folder.mkdir()
    _run("inputs", str(folder), "--edge", str(edge))


def _measure_stage(stage: str, folder: Path, warm: Path) -> dict[str, int]:
    reference = json.loads(_run(stage, str(folder), str(warm), "--reference"))
    found = json.loads(_run(stage, str(folder), str(warm)))
    return {
        "peak": found["peak"],
        "reference": reference["peak"],
        "loaded": found["loaded"],
        "extra": found["peak"] - reference["peak"],
    }


def _run(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.memory_stage", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def _beyond_table(results: dict[str, Any]) -> dict[int, int]:
    """Return by the volume's edge what features take beyond the table and its sums."""
    runs = [run for run in results["runs"] if run["stage"] == "features"]
    return {run["edge"]: run["extra"] - run["supervoxels"] * ROW_BYTES for run in runs}


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    beyond = _beyond_table(results)
    small, large = sorted(beyond)[-2:]
    yield Target(
        f"features: memory beyond volume, ids and table at {large}³ against {small}³ voxels"
        f" ({(large / small) ** 3:.1f} times as many)",
        f"independent of the size (at most {GROWTH:g} times)",
        f"{beyond[large] / MEGABYTE:.0f} against {beyond[small] / MEGABYTE:.0f} MB",
        beyond[large] <= GROWTH * beyond[small],
    )
    worst = max(results["runs"], key=_beyond_ids)
    yield Target(
        f"memory beyond volume and ids, the stage that takes most ({worst['stage']})",
        "at most 2 GB",
        f"{_beyond_ids(worst) / 1e9:.2f} GB at {worst['edge']}³ voxels",
        _beyond_ids(worst) <= 2e9,
    )


def _beyond_ids(run: dict[str, Any]) -> int:
    """Return a stage's extra memory; the ids that supervoxels give are not counted."""
    extra: int = run["extra"]
    return extra - 4 * run["edge"] ** 3 if run["stage"] == "supervoxels" else extra


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    edges = sorted({run["edge"] for run in results["runs"]})
    extra = {(run["stage"], run["edge"]): run["extra"] / MEGABYTE for run in results["runs"]}
    count = {run["edge"]: run["supervoxels"] for run in results["runs"]}
    yield "## Memory"
    yield ""
    yield "Peak resident memory of each stage in MB, beyond that of a process which imports the"
    yield "same, holds the same volume, ids and tables, and has run the stage on a tiny volume."
    yield f"Phantoms of 16-bit voxels, one partition, default parameters, {THREADS} threads."
    yield "Supervoxels count their result, the ids (4 bytes a voxel); features count the"
    yield "table and the sums behind it. They work on blocks of at most 128³ voxels, one for"
    yield "each thread: their memory grows until a volume has three blocks along every edge"
    yield "(384³), where the first has a halo on all sides, and from there only by the table."
    yield ""
    stages = dict.fromkeys(run["stage"] for run in results["runs"])
    rows = [[stage, *(f"{extra[stage, edge]:.0f}" for edge in edges)] for stage in stages]
    ids = [4 * edge**3 / MEGABYTE for edge in edges]
    sums = [count[edge] * ROW_BYTES / MEGABYTE for edge in edges]
    rows.append(["*the volume itself*", *(f"{value / 2:.0f}" for value in ids)])
    rows.append(["*ids, in supervoxels*", *(f"{value:.0f}" for value in ids)])
    rows.append(["*table and sums, in features*", *(f"{value:.0f}" for value in sums)])
    yield from table(("stage", *(f"{edge}³" for edge in edges)), rows)
