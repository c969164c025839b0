"""The stroke journal: what a stroke costs its painter, what it takes on the disk, and opening."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.project import AnnotationStore, VoxelChange

from .report import Target, table
from .timing import median, say, timed

SHAPE, QUICK_SHAPE = (200, 700, 715), (16, 64, 128)
STROKES, QUICK_STROKES = 10_000, 50
ROUNDS = 3
RADIUS, LONGEST = 8, 80  # of a stroke, in voxels: a disc that is dragged along a row
OPEN_SECONDS, PAINTER_SECONDS = 3.0, 0.02


def measure(quick: bool) -> dict[str, Any]:
    """Paint, save, and open again with and without the snapshot."""
    shape = QUICK_SHAPE if quick else SHAPE
    strokes = QUICK_STROKES if quick else STROKES
    folder = Path(tempfile.mkdtemp(prefix="supervox-"))
    try:
        store = AnnotationStore.create(folder, shape)
        painter = [_paint(store, np.random.default_rng(seed)) for seed in range(strokes)]
        flush = timed(store.flush)[1]
        say(f"project: {strokes} strokes painted")
        snapshot = timed(store.snapshot)[1]
        results = {
            "shape": list(shape),
            "strokes": strokes,
            "painted": int(np.count_nonzero(store.voxels)),
            "journal_bytes": store.journal.size,
            "painter": {
                "median": median(painter),
                "p99": float(np.percentile(painter, 99)),
                "most": max(painter),
            },
            "flush": flush,
            "snapshot": snapshot,
        }
        store.close()
        results["open"] = _open(folder)
        for part in (folder / "annotations").glob("snapshot-*"):
            shutil.rmtree(part)
        results["replay"] = _open(folder)
        return results
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _paint(store: AnnotationStore, chance: np.random.Generator) -> float:
    """Paint a stroke; return the seconds that the painter had to wait."""
    planes, rows, columns = store.voxels.shape
    offset = np.arange(-RADIUS, RADIUS + 1)
    length = int(chance.integers(0, min(LONGEST, columns - 2 * RADIUS - 2)))
    z = int(chance.integers(planes))
    y = int(chance.integers(RADIUS, rows - RADIUS))
    x = int(chance.integers(RADIUS, columns - RADIUS - length))
    half = np.sqrt(RADIUS**2 - offset**2).astype(int)
    spans = [
        np.arange(x - reach, x + length + reach + 1) + (z * rows + y + dy) * columns
        for dy, reach in zip(offset, half, strict=True)
    ]
    voxels: NDArray[np.int64] = np.concatenate(spans).astype(np.int64)
    old = store.voxels.reshape(-1)[voxels]
    new = np.full(voxels.size, chance.integers(1, 7), np.uint8)
    change = VoxelChange(voxels, old, new)
    return timed(lambda: store.apply(change))[1]


def _open(folder: Path) -> list[float]:
    """Return the seconds of several openings that change nothing."""
    seconds = []
    for _ in range(ROUNDS):
        store, taken = timed(lambda: AnnotationStore.open(folder, read_only=True))
        assert not store.findings
        store.close()
        seconds.append(taken)
        say(f"project: opened in {taken:.2f} s")
    return seconds


def _size(results: dict[str, Any]) -> str:
    return f"{np.prod(results['shape']) / 1e6:.0f} M voxels, {results['strokes']:,} strokes"


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    size = _size(results)
    slowest = median(results["replay"])
    yield Target(
        f"{size}: opened, even without a snapshot",
        f"below {OPEN_SECONDS:g} s",
        f"{slowest:.2f} s (with a snapshot {median(results['open']):.2f} s)",
        slowest < OPEN_SECONDS,
    )
    painter = results["painter"]
    yield Target(
        f"{size}: saving a stroke, on the painter's thread",
        f"below {1000 * PAINTER_SECONDS:g} ms",
        f"{1000 * painter['median']:.2f} ms (the slowest {1000 * painter['most']:.1f} ms)",
        painter["most"] < PAINTER_SECONDS,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    shape = " x ".join(map(str, results["shape"]))
    journal = results["journal_bytes"]
    painter = results["painter"]
    yield "## Project"
    yield ""
    yield f"{results['strokes']:,} strokes in {shape} voxels, one after the other without a pause;"
    yield f"each a disc of radius {RADIUS} dragged along up to {LONGEST} voxels. They cover"
    yield f"{results['painted'] / 1e6:.2f} M voxels. Their journal takes {journal / 1e6:.1f} MB,"
    yield f"{journal / results['strokes']:.0f} bytes a stroke. Files are in the system's cache."
    yield ""
    rows = [
        ("a stroke, on the painter's thread: median", f"{1000 * painter['median']:.3f} ms"),
        ("99 % of the strokes within", f"{1000 * painter['p99']:.3f} ms"),
        ("the slowest", f"{1000 * painter['most']:.1f} ms"),
        ("until all are on the disk, after the last", f"{results['flush']:.3f} s"),
        ("snapshot", f"{results['snapshot']:.2f} s"),
        ("open, with a snapshot", " ".join(f"{value:.2f}" for value in results["open"]) + " s"),
        ("open, journal alone", " ".join(f"{value:.2f}" for value in results["replay"]) + " s"),
    ]
    yield from table(("what", "measured"), rows)
