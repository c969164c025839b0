"""Work by hand in a real window: corrections, rows of the table of objects, and large steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .report import Target, table
from .timing import median, say
from .window import run_window

SHAPE, QUICK_SHAPE = (300, 600, 600), (48, 96, 96)
ROUNDS, QUICK_ROUNDS = 12, 2
CORRECTION, ROW, WHEEL, GAP = 0.05, 0.2, 0.05, 0.1


def measure(quick: bool) -> dict[str, Any]:
    """Run the window, and then napari alone, each in a process of its own."""
    shape, rounds = (QUICK_SHAPE, QUICK_ROUNDS) if quick else (SHAPE, ROUNDS)
    say(f"by hand: {' x '.join(map(str, shape))} voxels")
    found = run_window("by_hand_window", "ours", *shape, rounds)
    return found | {"napari": run_window("by_hand_window", "napari", *shape, rounds)}


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.{0 if seconds >= 0.01 else 1}f} ms"


def _drawn(pairs: list[list[float]]) -> float:
    return median([drawn for _, drawn in pairs])


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    size = " x ".join(map(str, results["shape"]))
    objects = f"{results['objects']:,} rows"
    gaps = [longest for longest, _ in results["large"].values()]
    large = f"{results['large_voxels'] / 1e6:.0f} M voxels corrected, undone and redone"
    for what, seconds, limit in (
        ("end of a correcting stroke to the picture", _drawn(results["correction"]), CORRECTION),
        (f"a click on one of {objects} to its picture", _drawn(results["row"]), ROW),
        (f"the table of {objects} goes on by three", median(results["wheel"]), WHEEL),
        (f"longest time without an answer, {large}", max(gaps), GAP),
    ):
        yield Target(
            f"by hand, {size}: {what}",
            f"below {_milliseconds(limit)}",
            _milliseconds(seconds),
            seconds < limit,
        )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    size = " x ".join(map(str, results["shape"]))
    alone = results["napari"]
    yield "## By hand"
    yield ""
    yield "napari with the dock in a window of 1280 x 800 under software OpenGL, final labels of"
    yield f"{size} voxels with {results['objects']:,} objects; beside it napari alone, with an"
    yield "image and three layers of labels that are plain arrays. Until the call of the mouse is"
    yield "done, and until napari has drawn its canvas after it; medians."
    yield ""
    rows = [
        (what, *(_milliseconds(median(list(side))) for side in zip(*pairs, strict=True)))
        for what, pairs in (
            ("end of a correcting stroke", results["correction"]),
            ("a click on a row", results["row"]),
        )
    ]
    rows += [
        (what, "", _milliseconds(median(seconds)))
        for what, seconds in (
            ("a move of the brush", results["brush"]),
            ("the same in napari alone", alone["brush"]),
            ("a step through the slices", results["step"]),
            ("the same in napari alone", alone["step"]),
            ("the table goes on by three rows", results["wheel"]),
        )
    ]
    yield from table(("", "call", "drawn"), rows)
    yield ""
    yield f"Steps of {results['large_voxels'] / 1e6:.0f} M voxels (*Accept*, undo, redo): the"
    yield "longest time in which the window didn't answer, and until all was done."
    yield ""
    yield from table(
        ("", "longest without an answer", "done"),
        [
            (name, _milliseconds(gap), f"{done:.1f} s")
            for name, (gap, done) in results["large"].items()
        ],
    )
