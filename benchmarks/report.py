"""JSON for every benchmark, and the page that is made of the JSON files."""

from __future__ import annotations

import datetime
import importlib
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NAMES = (
    "accuracy",
    "correction",
    "classifiers",
    "fill",
    "supervoxel_quality",
    "feature_speed",
    "preparation_speed",
    "roofline",
    "device",
    "refinement_speed",
    "objects",
    "between_slices",
    "putting_right",
    "by_hand",
    "live_update",
    "application",
    "large",
    "visit",
    "project",
    "memory",
    "scale",
)
PACKAGES = (
    "numpy",
    "scipy",
    "scikit-image",
    "scikit-learn",
    "skops",
    "numba",
    "SimpleITK",
    "supervox",
)


@dataclass(frozen=True)
class Target:
    """Something that was promised, and what was measured.

    Attributes
    ----------
    what, target, measured : str
    met : bool
    """

    what: str
    target: str
    measured: str
    met: bool


def machine() -> dict[str, Any]:
    """Describe the machine."""
    import psutil

    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "load_at_start": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = {}
    if cpuinfo.exists():
        lines = (line.partition(":") for line in cpuinfo.read_text().splitlines())
        found = {key.strip(): value.strip() for key, _, value in lines}
    name = found.get("model name") or platform.processor() or platform.machine()
    features = found.get("flags", "").split()
    widest = next((kind for kind in ("avx512f", "avx2", "avx") if kind in features), "")
    return f"{name} ({widest})" if widest else name


def versions() -> dict[str, str]:
    """List the versions of what takes part."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def commit() -> str:
    """Return the commit, with a plus sign if files have changed since."""

    def git(*words: str) -> str:
        run = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return run.stdout.strip()

    rooms = [path.parent.name for path in ROOT.glob("*/__init__.py")]
    changed = git("status", "--porcelain", "--untracked-files=no", "--", *rooms)
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def write_json(folder: Path, name: str, content: dict[str, Any]) -> None:
    """Write what a benchmark measured."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    (folder / f"{name}.json").write_text(text)


def describe_run(quick: bool) -> dict[str, Any]:
    """Return what every JSON file says besides the results."""
    return {
        "quick": quick,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": versions(),
    }


def write_page(folder: Path, page: Path) -> None:
    """Make the page of all the JSON files in a folder."""
    runs = {
        name: json.loads((folder / f"{name}.json").read_text())
        for name in NAMES
        if (folder / f"{name}.json").exists()
    }
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(_page(runs)) + "\n")


def _page(runs: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield "# Benchmarks"
    yield ""
    yield "Made by `make bench` from the files in `benchmarks/results`; don't edit it by hand."
    yield "`make bench BENCH=accuracy` measures one part again."
    if any(run["quick"] for run in runs.values()):
        yield ""
        yield "**A quick run on tiny volumes: it shows that the benchmarks work, and no more.**"
    done = {name: run for name, run in runs.items() if "results" in run}
    yield ""
    yield "## Targets"
    yield ""
    targets = [
        target
        for name, run in done.items()
        for target in importlib.import_module(f"benchmarks.{name}").targets(run["results"])
    ]
    yield from table(
        ("what", "target", "measured", "met"),
        [(t.what, t.target, t.measured, "yes" if t.met else "**no**") for t in targets],
    )
    for name in NAMES:
        yield ""
        if name in done:
            yield from importlib.import_module(f"benchmarks.{name}").section(done[name]["results"])
        elif name in runs:
            yield f"## {name.replace('_', ' ').capitalize()}"
            yield ""
            yield f"Not measured: {runs[name]['skipped']}"
        else:
            yield f"## {name.replace('_', ' ').capitalize()}"
            yield ""
            yield "Not measured yet."
    yield ""
    yield from _provenance(runs)


def _provenance(runs: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Say where and with what the numbers were measured."""
    yield "## Machine and versions"
    yield ""
    yield from table(
        ("benchmark", "date (UTC)", "commit", "took", "machine", "load at start"),
        [
            (
                name,
                run["date"][:16].replace("T", " "),
                f"`{run['commit']}`",
                f"{run['seconds']:.0f} s",
                "{processor}, {cores} cores, {memory_gb} GB".format(**run["machine"]),
                run["machine"]["load_at_start"],
            )
            for name, run in runs.items()
        ],
    )
    for used in {json.dumps(run["versions"]): run["versions"] for run in runs.values()}.values():
        yield ""
        yield ", ".join(f"{name} {number}" for name, number in used.items()) + "."
    if any(run["commit"].endswith("+") for run in runs.values()):
        yield ""
        yield "A plus sign behind a commit: with changes that were not committed yet."


def table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| " + " | ".join(map(str, header)) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(map(str, row)) + " |"
