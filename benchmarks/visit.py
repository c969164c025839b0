"""A visit: a person at the real window, on real volumes, by mouse and keys.

What must hold is that nothing moves under her mouse, and that *Finish* gives what she was shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .datasets import REAL, data_folder
from .report import Target, table
from .timing import say
from .window import run_window

PLATES = "plates"
SIZES = ((1280, 800), (1920, 1080))
THEMES = ("dark", "light")
STROKES, CORRECTIONS = 6, 8  # at first, or two a class; and after that
QUICK_STROKES, QUICK_CORRECTIONS = 2, 1
MOST_CHANGED = 0.01  # of the voxels of the slice in view


def measure(
    quick: bool, keep: Callable[[dict[str, Any]], None] = lambda found: None
) -> dict[str, Any]:
    """Visit each volume at both sizes, in both themes, each in a process of its own."""
    names = [name for name in REAL if (data_folder() / name).is_dir()]
    if quick or not names:
        names = [PLATES]
    visits = []
    for name in names:
        for size in SIZES[: 1 if quick else None]:
            for theme in THEMES[: 1 if quick else None]:
                numbers = (QUICK_STROKES, QUICK_CORRECTIONS) if quick else (STROKES, CORRECTIONS)
                found = run_window("visit_window", name, *size, theme, *numbers)
                say(f"visit: {found['final']:.3f}, {len(found['moved'])} moved")
                visits.append(found)
                keep({"visits": visits})
    return {"visits": visits}


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    visits = results["visits"]
    moved = [move for visit in visits for move in visit["moved"]]
    yield Target(
        "visits to the window: buttons that moved under the mouse, or within a second of a click",
        "none",
        str(len(moved)) if moved else "none",
        not moved,
    )
    changed = max(visit["changed_at_finish"] for visit in visits)
    yield Target(
        "visits to the window: voxels of the slice in view that Finish changed",
        f"below {MOST_CHANGED:.0%}",
        f"{changed:.2%}",
        changed < MOST_CHANGED,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Visit"
    yield ""
    yield "A robot at the real window: it opens the file, names the classes, paints two strokes a"
    yield "class and then over the largest mistakes of the planes that it looks at, and finishes,"
    yield "by mouse and keys. *Moved*: buttons and sliders that moved while a button of the mouse"
    yield "was down, or within a second before they were clicked. *Changed*: voxels of the slice in"
    yield "view whose label is another one after *Finish*."
    yield ""
    rows = [
        (
            visit["volume"],
            " x ".join(map(str, visit["size"])),
            visit["theme"],
            visit["strokes"],
            f"{visit['dice'][0]:.3f} to {visit['dice'][-1]:.3f}",
            f"{visit['final']:.3f}",
            len(visit["moved"]),
            f"{visit['changed_at_finish']:.2%}",
        )
        for visit in results["visits"]
    ]
    head = ("volume", "window", "theme", "strokes", "live Dice", "final", "moved", "changed")
    yield from table(head, rows)
