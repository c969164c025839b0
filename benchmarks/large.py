"""A file of full size in the window: opened, a box prepared, painted, then the whole volume."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from .report import Target, table
from .timing import median, say
from .window import run_window

SHAPE, QUICK_SHAPE = (600, 1000, 1000), (160, 320, 320)
ROUNDS, QUICK_ROUNDS = 5, 1
IN_VIEW, WHOLE, SCROLL, OURS, MEMORY = 1.0, 5.0, 0.1, 0.05, 8e9
NOTES = (
    ("open", "the file is opened and shown"),
    ("prepare_box", "a box of what is in view is prepared"),
    ("prepare_whole", "the whole volume is prepared, behind the box"),
    ("change_over", "its labels are there"),
    ("finish", "*Finish*: four partitions and edges"),
)


def measure(quick: bool) -> dict[str, Any]:
    """Run the window in a process of its own, on a display of its own where there is none."""
    shape, rounds = (QUICK_SHAPE, QUICK_ROUNDS) if quick else (SHAPE, ROUNDS)
    say(f"large: {' x '.join(map(str, shape))} voxels")
    with tempfile.TemporaryDirectory() as folder:
        return run_window("large_window", folder, ".mrc", *shape, rounds)


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    size = " x ".join(map(str, results["shape"]))
    for name, index, what, limit in (
        ("in_box", 0, "a stroke to the slice in view, in a box", IN_VIEW),
        ("in_whole", 0, "a stroke to the slice in view, whole volume", IN_VIEW),
        ("in_whole", 1, "a stroke to the whole volume", WHOLE),
    ):
        seconds = median([pair[index] for pair in results[name]])
        yield Target(
            f"large, {size}: {what}", f"below {limit:g} s", f"{seconds:.2f} s", seconds < limit
        )
    seconds = median(results["scroll_labelled"])
    yield Target(
        f"large, {size}: a step through the slices, with labels",
        f"below {1000 * SCROLL:.0f} ms",
        f"{1000 * seconds:.0f} ms",
        seconds < SCROLL,
    )
    yield Target(
        f"large, {size}: longest time of ours on the GUI thread",
        f"at most {1000 * OURS:.0f} ms",
        f"{1000 * results['longest_block']:.0f} ms",
        results["longest_block"] <= OURS,
    )
    yield Target(
        f"large, {size}: peak memory of the window, before *Finish*",
        f"below {MEMORY / 1e9:g} GB",
        f"{results['peak'] / 1e9:.1f} GB",
        results["peak"] < MEMORY,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    shape = " x ".join(map(str, results["shape"]))
    yield "## A large file in the window"
    yield ""
    yield f"napari with the dock, 1280 x 800, software OpenGL; an MRC file of {shape} voxels,"
    yield f"float32; {results['supervoxels']} supervoxels, {results['classes']} classes. A box"
    yield "around the view is prepared and painted in; then the whole volume is prepared behind it,"
    yield "while strokes go on. Peak memory is that of the process so far, with pages of the file."
    yield ""
    rows = [
        (what, f"{results[name]:.1f} s", f"{results['peaks'][name] / 1e9:.2f} GB")
        for name, what in NOTES
    ]
    yield from table(("", "time", "peak memory"), rows)
    yield ""
    yield "From the end of a stroke, with the pause that waits for the next one; median, seconds:"
    yield ""
    strokes = [
        (what, *(f"{median([pair[k] for pair in results[name]]):.2f}" for k in (0, 1)))
        for name, what in (
            ("in_box", "in the box"),
            ("meanwhile", "in the box, while the whole volume is prepared"),
            ("in_whole", "in the whole volume"),
            ("contradicting", "in the whole volume, strokes of all classes across each other"),
        )
    ]
    yield from table(("", "slice in view", "all that is prepared"), strokes)
    yield ""
    yield f"Another strength to the whole volume: {median(results['strength']):.2f} s."
    yield f"A step through the slices: {1000 * median(results['scroll']):.0f} ms at first,"
    yield f"{1000 * median(results['scroll_labelled']):.0f} ms with labels of the whole volume."
    yield "Longest time on the GUI thread in a call of the plugin:"
    yield f"{1000 * results['longest_block']:.0f} ms of work"
    yield f"({results['longest_block_in'] or 'nothing above a millisecond'})."
