"""The application: painting, updating and scrolling in a real window, as a person would feel it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .report import Target, table
from .timing import median, say
from .window import run_window

SHAPE, QUICK_SHAPE = (300, 1000, 1000), (40, 64, 64)
ROUNDS, QUICK_ROUNDS = 7, 1
STAMPS, IN_VIEW, WHOLE, SCROLL, STRENGTH, OURS = 20.0, 1.0, 3.0, 0.06, 0.5, 0.05


def measure(quick: bool) -> dict[str, Any]:
    """Run the window in a process of its own, on a display of its own where there is none."""
    shape, rounds = (QUICK_SHAPE, QUICK_ROUNDS) if quick else (SHAPE, ROUNDS)
    say(f"application: {' x '.join(map(str, shape))} voxels")
    return run_window("application_window", json.dumps(shape), rounds)


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    size = " x ".join(map(str, results["shape"]))
    stamps = results["stamps_per_second"]
    yield Target(
        f"application, {size}: painting while an update runs",
        f"above {STAMPS:g} stamps a second",
        f"{stamps:.0f} (alone {results['stamps_per_second_alone']:.0f})",
        stamps > STAMPS,
    )
    for name, what, limit in (
        ("stroke_to_view", "end of a stroke to the slice in view", IN_VIEW),
        ("stroke_to_whole", "end of a stroke to the whole volume", WHOLE),
        ("contradiction_to_whole", "a stroke over one of another class to the whole volume", WHOLE),
        ("scroll", "a step through the slices, all layers on", SCROLL),
        ("scroll_during", "a step through the slices while an update runs", SCROLL),
        ("strength_to_view", "another strength to the slice in view", STRENGTH),
    ):
        seconds = median(results[name])
        yield Target(
            f"application, {size}: {what}",
            f"below {limit:g} s",
            f"{seconds:.2f} s" if limit >= STRENGTH else f"{1000 * seconds:.0f} ms",
            seconds < limit,
        )
    longest = results["longest_block"]
    yield Target(
        f"application, {size}: longest time of ours on the GUI thread",
        f"at most {1000 * OURS:.0f} ms",
        f"{1000 * longest:.0f} ms",
        longest <= OURS,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    shape = " x ".join(map(str, results["shape"]))
    yield "## Application"
    yield ""
    yield "napari with the dock in a window of 1280 x 800 under software OpenGL, a phantom of"
    yield f"{shape} voxels, {results['supervoxels']} supervoxels, {results['classes']} classes;"
    yield f"prepared in {results['prepared']:.0f} s. Mouse events go through the canvas. The time"
    yield f"from the end of a stroke includes the pause of {results['delay_ms']} ms that waits for"
    yield "the next one. Seconds:"
    yield ""
    rows = [
        (what, f"{median(results[name]):.3f}", " ".join(f"{value:.2f}" for value in results[name]))
        for name, what in (
            ("stroke_to_view", "end of a stroke to the slice in view"),
            ("stroke_to_whole", "end of a stroke to the whole volume"),
            ("contradiction_to_whole", "a stroke over one of another class to the whole volume"),
            ("strength_to_view", "another strength to the slice in view"),
            ("strength_to_whole", "another strength to the whole volume"),
            ("scroll", "a step through the slices"),
            ("scroll_during", "a step through the slices while an update runs"),
        )
    ]
    yield from table(("", "median", "each run"), rows)
    yield ""
    yield f"Stamps of the brush a second: {results['stamps_per_second_alone']:.0f} alone,"
    yield f"{results['stamps_per_second']:.0f} while an update runs. Longest time on the GUI thread"
    yield f"in a call of the plugin: {1000 * results['longest_block']:.0f} ms of work"
    yield f"({results['longest_block_in'] or 'nothing above a millisecond'}),"
    yield f"{1000 * results['longest_wait']:.0f} ms on the clock."
