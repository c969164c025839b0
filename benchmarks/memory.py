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
GROWTH = 0.25  # bytes per voxel that features may grow by, beyond the table: a 24th of the input


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


def _growth(results: dict[str, Any]) -> float:
    """Return the bytes per voxel that features' extra memory grows by, beyond the table."""
    small, large = [run for run in results["runs"] if run["stage"] == "features"][-2:]
    beyond = [int(run["extra"]) - run["supervoxels"] * ROW_BYTES for run in (small, large)]
    more: int = large["edge"] ** 3 - small["edge"] ** 3
    return float(beyond[1] - beyond[0]) / more


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    edges = sorted({run["edge"] for run in results["runs"]})
    yield Target(
        f"features: growth of extra memory from {edges[-2]}³ to {edges[-1]}³ voxels, table aside",
        f"none (below {GROWTH:g} bytes a voxel)",
        f"{_growth(results):.2f} bytes a voxel",
        _growth(results) < GROWTH,
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
    yield "table and the sums behind it."
    yield ""
    stages = dict.fromkeys(run["stage"] for run in results["runs"])
    rows = [[stage, *(f"{extra[stage, edge]:.0f}" for edge in edges)] for stage in stages]
    ids = [4 * edge**3 / MEGABYTE for edge in edges]
    sums = [count[edge] * ROW_BYTES / MEGABYTE for edge in edges]
    rows.append(["*the volume itself*", *(f"{value / 2:.0f}" for value in ids)])
    rows.append(["*ids, in supervoxels*", *(f"{value:.0f}" for value in ids)])
    rows.append(["*table and sums, in features*", *(f"{value:.0f}" for value in sums)])
    yield from table(("stage", *(f"{edge}³" for edge in edges)), rows)
