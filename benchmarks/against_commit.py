"""The working tree against another commit: the same labels, byte for byte, and how fast.

    python -m benchmarks.against_commit REVISION

Both trees segment the built-in sample and the real volumes (with their strokes of 4, 12 and 36 a
class), in turns, each in a process of its own. With ``--bench NAME`` both run a benchmark in turns
as well, and its JSON files of each round are kept beside the result.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from .datasets import REAL, data_folder
from .report import ROOT, describe_run, table, write_json
from .timing import median, say, timed

STROKES = ("04_0", "12_0", "36_0")
RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True)
class Tree:
    """A working tree that can be run without being installed.

    Attributes
    ----------
    folder : Path
    links : Path
        Folder with ``supervox/ROOM``, links to its rooms.
    command : str
        Module that has the command's `main`.
    """

    folder: Path
    links: Path
    command: str

    @classmethod
    def at(cls, folder: Path, links: Path) -> Tree:
        """Link the rooms that a tree's ``pyproject.toml`` lists."""
        setup = tomllib.loads((folder / "pyproject.toml").read_text())
        (links / "supervox").mkdir(parents=True)
        for room in setup["tool"]["setuptools"]["package-dir"].values():
            if "/" not in room:
                (links / "supervox" / room).symlink_to(folder / room)
        return cls(folder, links, setup["project"]["scripts"]["supervox"].partition(":")[0])

    def run(self, words: Sequence[str], cwd: Path | None = None) -> None:
        """Run Python with this tree's packages."""
        path = os.pathsep.join(filter(None, [str(self.links), os.environ.get("PYTHONPATH")]))
        subprocess.run(
            [sys.executable, *words],
            cwd=cwd or self.links,
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def supervox(self, *words: str | Path) -> None:
        """Run the command ``supervox``."""
        code = f"import sys; from {self.command} import main; sys.exit(main())"
        self.run(["-c", code, *map(str, words)])


def jobs(folder: Path, trees: dict[str, Tree]) -> Iterator[tuple[str, Path, Path]]:
    """Yield the name, the volume and the strokes of each segmentation."""
    for name, tree in trees.items():
        tree.supervox("sample", folder / name)
    for file in ("volume.tif", "strokes.tif"):
        before, now = (tifffile.imread(folder / name / file) for name in trees)
        assert np.array_equal(before, now), f"the samples differ in {file}"
    yield "sample", folder / "now" / "volume.tif", folder / "now" / "strokes.tif"
    for name in REAL:
        place = data_folder() / name
        for strokes in STROKES if place.is_dir() else ():
            yield f"{name} {strokes}", place / "image.tif", place / f"strokes_{strokes}.tif"


def compare(trees: dict[str, Tree], rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Segment everything with both trees, in turns."""
    found = []
    for name, volume, strokes in jobs(folder, trees):
        more: list[str] = []
        info = volume.parent / "info.json"
        if info.exists():
            more = ["--spacing", *map(str, json.loads(info.read_text())["spacing_zyx"])]
        digests: dict[str, set[str]] = {label: set() for label in trees}
        seconds: dict[str, list[float]] = {label: [] for label in trees}
        for _ in range(rounds):
            for label, tree in trees.items():
                output = folder / f"{label}.tif"
                words: list[str | Path] = ["segment", volume, "--annotations", strokes, *more]
                words += ["--output", output]
                seconds[label].append(timed(partial(tree.supervox, *words))[1])
                digests[label].add(blake2b(tifffile.imread(output).tobytes()).hexdigest())
        same = digests["before"] == digests["now"] and len(digests["now"]) == 1
        ratio = median(seconds["now"]) / median(seconds["before"])
        say(f"{name}: {'the same bytes' if same else 'DIFFERENT LABELS'}, time x {ratio:.2f}")
        found.append({"name": name, "same": same, "seconds": seconds, "ratio": ratio})
    return found


def run_benchmarks(
    trees: dict[str, Tree], names: Sequence[str], rounds: int, quick: bool, results: Path
) -> None:
    """Run benchmarks of both trees in turns; their JSON files go to folders of their own."""
    for name in names:
        for number in range(rounds):
            for label, tree in trees.items():
                place = results / f"{label}-{number}"
                words = ["-m", "benchmarks", name, "--results", str(place)]
                tree.run([*words, *(["--quick"] if quick else [])], cwd=tree.folder)
                say(f"{name}, round {number + 1}, {label}: {place}")


def main(arguments: list[str] | None = None) -> int:
    """Compare; return 1 if any labels differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against_commit")
    parser.add_argument("revision", help="of git: what is compared with")
    parser.add_argument("--rounds", type=int, default=1, help="of each; 1 by default")
    parser.add_argument("--bench", action="append", default=[], metavar="NAME")
    parser.add_argument("--bench-only", action="store_true", help="compare no labels")
    parser.add_argument("--quick", action="store_true", help="tiny benchmarks")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        old = folder / "tree"
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", str(old), options.revision],
            cwd=ROOT,
            check=True,
        )
        try:
            trees = {
                "before": Tree.at(old, folder / "links" / "before"),
                "now": Tree.at(ROOT, folder / "links" / "now"),
            }
            rows = [] if options.bench_only else compare(trees, options.rounds, folder)
            run_benchmarks(
                trees, options.bench, options.rounds, options.quick, options.results / "against"
            )
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(old)], cwd=ROOT, check=True)
    if rows:
        content = describe_run(quick=False) | {"revision": options.revision, "results": rows}
        write_json(options.results, "against_commit", content)
        header = ("volume and strokes", "labels", "time, now / before")
        lines = [(r["name"], "same" if r["same"] else "differ", f"{r['ratio']:.2f}") for r in rows]
        print("\n".join(table(header, lines)))
    return int(not all(row["same"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
