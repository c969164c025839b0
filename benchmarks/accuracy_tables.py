"""What the page says about accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .report import Target, table

# DESIGN section 6: mean Dice at 4, 12 and 36 strokes a class. Its synthetic tomogram was another
# one than the phantom.
BEST_TOOL = {
    "fly_nerve_cord": (0.49, 0.53, 0.54),
    "mouse_mitochondria": (0.65, 0.68, 0.73),
    "cryo_sxt_mitochondria": (0.76, 0.78, 0.81),
}
BEST_ROW = {
    "fly_nerve_cord": (0.61, 0.68, 0.69),
    "mouse_mitochondria": (0.73, 0.75, 0.78),
    "cryo_sxt_mitochondria": (0.78, 0.81, 0.84),
}
BUDGETS = (4, 12, 36)
ALLOWED_COST = 0.01


def run_dice(volume: dict[str, Any], method: str, key: str) -> float:
    """Return the mean over the scored classes of one run ("budget/seed")."""
    dice = volume["dice"][method][key]
    return float(np.mean([dice[label] for label in volume["scored"]]))


def mean_dice(volume: dict[str, Any], method: str, budget: int, label: str | None = None) -> float:
    """Return the mean over seeds, of one class or of those that are scored."""
    runs = volume["dice"][method]
    keys = [key for key in runs if int(key.partition("/")[0]) == budget]
    values = [runs[key][label] if label else run_dice(volume, method, key) for key in keys]
    return float(np.mean(values))


def wins(volume: dict[str, Any]) -> tuple[int, int]:
    """Count the runs in which Supervox beats the voxel forest, and all runs."""
    keys = volume["dice"]["supervox"]
    won = [run_dice(volume, "supervox", k) > run_dice(volume, "voxel forest", k) for k in keys]
    return sum(won), len(won)


def gains(volume: dict[str, Any]) -> Iterator[tuple[float, str, int]]:
    """Yield what refinement adds to a class (negative: costs), the class, the budget."""
    for label, name in volume["classes"].items():
        for budget in volume["budgets"]:
            with_it = mean_dice(volume, "supervox", budget, label)
            yield with_it - mean_dice(volume, "no refinement", budget, label), name, budget


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    for volume in results["volumes"]:
        name, budgets = volume["name"], volume["budgets"]
        voxels = [mean_dice(volume, "voxel forest", budget) for budget in budgets]
        yield _above(volume, "the voxel forest's", voxels, 1e-9)
        if name in BEST_TOOL and budgets == list(BUDGETS):
            yield _above(volume, "the best existing tool's", BEST_TOOL[name], 1e-9)
            yield _above(volume, "the design's best", BEST_ROW[name], -ALLOWED_COST)
        gain, label, budget = min(gains(volume))
        yield Target(
            f"{name}: what refinement costs the class that suffers most",
            f"at most {ALLOWED_COST} Dice",
            f"{max(-gain, 0):.3f} ({label}, {budget} strokes)" if gain < 0 else "nothing",
            gain >= -ALLOWED_COST,
        )
        if {12, 36} <= set(budgets):
            few = mean_dice(volume, "supervox", 12)
            many = mean_dice(volume, "voxel forest", 36)
            yield Target(
                f"{name}: with 12 strokes a class what the voxel forest reaches with 36",
                f"{many:.3f}",
                f"{few:.3f}",
                few >= many,
            )


def _above(volume: dict[str, Any], what: str, others: Sequence[float], lowest: float) -> Target:
    """Compare the mean Dice at every budget with others'."""
    ours = [mean_dice(volume, "supervox", budget) for budget in volume["budgets"]]
    margins = [a - b for a, b in zip(ours, others, strict=True)]
    return Target(
        f"{volume['name']}: mean Dice minus {what}",
        "above 0 at every budget" if lowest > 0 else f"at least {lowest:g} at every budget",
        ", ".join(f"{margin:+.3f}" for margin in margins),
        min(margins) >= lowest,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Accuracy"
    yield ""
    yield "Mean Dice over classes and seeds; voxels without a truth and painted voxels don't count."
    yield "The voxel forest is what ilastik-like tools do: a random forest of 100 trees on the same"
    yield "features of single voxels, trained on every painted voxel. *No refinement* is Supervox"
    yield "at strength 0; *one partition* is it with refinement, and neither votes nor edges."
    yield "*Membranes* are those between the bodies of `fly_neuropil`, about four voxels thick."
    if results["missing"]:
        yield f"Missing here: {', '.join(results['missing'])}."
    yield ""
    yield "![Dice against the number of strokes per class](images/accuracy.png)"
    budgets = sorted({b for volume in results["volumes"] for b in volume["budgets"]})
    methods = list(results["volumes"][0]["dice"])
    rows = []
    for volume in results["volumes"]:
        won, runs = wins(volume)
        cells = [
            " / ".join(f"{mean_dice(volume, method, b):.3f}" for b in volume["budgets"])
            for method in methods
        ]
        best = BEST_ROW.get(volume["name"])
        reference = " / ".join(f"{value:.2f}" for value in best) if best else ""
        rows.append((volume["name"], *cells, reference, f"{won} of {runs}"))
    yield ""
    yield f"At {' / '.join(map(str, budgets))} strokes per class:"
    yield ""
    yield from table(("volume", *methods, "design, best", "wins against the voxel forest"), rows)
    yield ""
    yield "What refinement adds to each class (mean over seeds), and the class's Dice with it:"
    yield ""
    yield from table(("volume", "class", "added", "Dice"), list(_class_rows(results)))


def _class_rows(results: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for volume in results["volumes"]:
        for label, name in volume["classes"].items():
            added, dice = [], []
            for budget in volume["budgets"]:
                value = mean_dice(volume, "supervox", budget, label)
                dice.append(f"{value:.3f}")
                added.append(f"{value - mean_dice(volume, 'no refinement', budget, label):+.3f}")
            scored = "" if label in volume["scored"] else " (not in the mean)"
            yield volume["name"], name + scored, " / ".join(added), " / ".join(dice)
