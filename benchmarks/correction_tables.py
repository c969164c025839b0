"""What the page says about sessions of correcting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .datasets import REAL
from .report import Target, table

COLOURS = {"random": "#7f8c8d", "error": "#c0392b", "pairs": "#2471a3", "rings": "#1e8449"}
COSTS = (0.02, 0.05)
ALLOWED_SHARE = 0.03
LAST = 3
WORTH = 0.03
GIVEN = (*REAL, "phantom")

Volume = dict[str, Any]


class Summary(NamedTuple):
    """What a curve comes to, or several.

    Attributes
    ----------
    mean, middle, end : float
        Over the curve; of the three strokes about its middle; of the last three.
    costly, very_costly : float
        Share of the strokes that cost more than .02, and than .05.
    worst : float
        The most that a stroke cost; 0 if none did.
    """

    mean: float
    middle: float
    end: float
    costly: float
    very_costly: float
    worst: float


def summarise(curves: Iterable[Sequence[float]]) -> Summary:
    """Summarise the curves of several sessions, of mean Dice after each stroke."""
    known = [np.array(curve) for curve in curves]
    falls = np.concatenate([-np.diff(curve) for curve in known])
    half = [(curve.size - LAST) // 2 for curve in known]
    return Summary(
        float(np.mean([curve.mean() for curve in known])),
        float(np.mean([c[h : h + LAST].mean() for c, h in zip(known, half, strict=True)])),
        float(np.mean([curve[-LAST:].mean() for curve in known])),
        float(np.mean(falls > COSTS[0])),
        float(np.mean(falls > COSTS[1])),
        max(float(falls.max(initial=0)), 0.0),
    )


def describe(session: dict[str, Any]) -> str:
    """Return a session in one line."""
    found = summarise([session["live"]])
    line = (
        f"mean {found.mean:.3f} middle {found.middle:.3f} end {found.end:.3f}  "
        f"> .02 {found.costly:4.0%}  > .05 {found.very_costly:4.0%}  worst {found.worst:.3f}"
    )
    for strokes, value in session.get("final", {}).items():
        line += f"  final {strokes}: {value:.3f}"
    for strokes, tried in session.get("slider", {}).items():
        kind = "final" if "final" in tried else "live"
        line += f"  slider {strokes}: {tried[kind][0]:.3f} > {tried[kind][1]:.3f}"
    if "rings" in session:
        line += "  {1} of {0} rings right".format(*session["rings"])
    return line


def _curves(volume: Volume, robot: str, kind: str = "robots") -> list[list[float]]:
    return [session["live"] for session in volume[kind].get(robot, {}).values()]


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    volumes = results["volumes"]
    for robot in ("error", "pairs", "rings"):
        found = summarise([c for v in volumes for c in _curves(v, robot)])
        yield Target(
            f"correcting ({robot}): strokes that cost more than .02 / .05, worst fall",
            f"at most {ALLOWED_SHARE:.0%} / none",
            f"{found.costly:.1%} / {found.very_costly:.1%}, {found.worst:.3f}",
            found.costly <= ALLOWED_SHARE and found.very_costly == 0,
        )
    gains = {
        v["name"]: summarise(_curves(v, "error")).mean - summarise(_curves(v, "random")).mean
        for v in volumes
    }
    yield Target(
        "correcting the largest error minus random strokes, mean over the curve",
        "above 0 on every volume",
        ", ".join(f"{name} {gain:+.3f}" for name, gain in gains.items()),
        min(gains.values()) > 0,
    )
    late = {
        f"{v['name']} ({robot})": found.end - found.middle
        for v in volumes
        for robot in v["robots"]
        for found in [summarise(_curves(v, robot))]
    }
    worst = min(late, key=lambda name: late[name])
    yield Target(
        "correcting: the end of the curve minus its middle",
        "never below 0",
        f"{late[worst]:+.3f} ({worst})",
        late[worst] >= 0,
    )
    yield from _slider_target(volumes)


def _slider_target(volumes: list[Volume]) -> Iterator[Target]:
    known = [v for v in volumes if v["fixed"] and v["name"] in GIVEN]
    if known:
        gain = float(np.mean([_gain(v["fixed"].values()) for v in known]))
        yield Target(
            "the slider by three planes, 12 fixed strokes a class, mean of given volumes",
            f"at least +{WORTH:g} Dice",
            f"{gain:+.3f}",
            gain >= WORTH,
        )


def _gain(tried: Iterable[dict[str, Any]]) -> float:
    return float(np.mean([one["final"][1] - one["final"][0] for one in tried]))


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Correction"
    yield ""
    yield "Robots paint correct strokes, one at a time; mean Dice of the whole volume, without"
    yield "painted voxels, is taken after each. All begin with two strokes a class at random"
    yield "places and paint to 40 in all, three seeds. *Random*: so on, classes in turn. *Error*:"
    yield "a stroke of the true class along the largest wrong patch in four planes. *Pairs*: as"
    yield "*error*, then a stroke where the class that was wrongly given is right, nearest to"
    yield "there. *Rings*: as *error*, then the region that the window rings, if it is of the class"
    yield "that is asked for. The curves are of live labels: one partition, no edges. *Cost* are"
    yield "the strokes after which mean Dice is lower by more than .02 and .05 than before, *worst*"
    yield "is the largest such fall; *middle* and *end* are means of three strokes."
    yield "*Bodies*, *plates*, *textures* are made (`benchmarks/made_volumes.py`). The voxel forest"
    yield "is that of *Accuracy*, grown anew at each stroke; seed 0, scored on ten planes. Final"
    yield "labels and the slider are of seed 0."
    if results["missing"]:
        yield f"Missing here: {', '.join(results['missing'])}."
    yield ""
    yield "![Mean Dice after each stroke](images/correction.png)"
    yield ""
    yield from table(
        (
            "volume",
            "robot",
            "mean",
            "middle",
            "end",
            "cost > .02",
            "> .05",
            "worst",
            "final labels",
        ),
        [row for volume in results["volumes"] for row in _rows(volume)],
    )
    yield ""
    yield "The slider of every class set by eye, nine positions for each class in turn, judged on"
    yield "three planes as *Compare planes* shows them: mean Dice of the whole volume without and"
    yield "with it."
    yield ""
    yield from table(
        ("volume", "strokes", "live", "final"),
        [row for volume in results["volumes"] for row in _slider_rows(volume)],
    )


def _rows(volume: Volume) -> Iterator[tuple[str, ...]]:
    for kind, suffix in (("robots", ""), ("peer", ", voxel forest")):
        for robot in volume[kind]:
            found = summarise(_curves(volume, robot, kind))
            finals = [s["final"] for s in volume[kind][robot].values() if s.get("final")]
            means = [f"{n}: {np.mean([f[n] for f in finals]):.3f}" for n in (finals or [{}])[0]]
            yield (
                volume["name"],
                robot + suffix,
                *(f"{value:.3f}" for value in found[:3]),
                *(f"{value:.0%}" for value in found[3:5]),
                f"{found.worst:.3f}",
                ", ".join(means),
            )


def _slider_rows(volume: Volume) -> Iterator[tuple[str, ...]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for robot, sessions in volume["robots"].items():
        for session in sessions.values():
            for n, tried in session["slider"].items():
                groups.setdefault(f"{n} in all, {robot}", []).append(tried)
    if volume["fixed"]:
        groups["12 a class, fixed"] = list(volume["fixed"].values())
    for name, several in groups.items():
        means = [np.mean([one[kind] for one in several], axis=0) for kind in ("live", "final")]
        yield (volume["name"], name, *(f"{a:.3f} → {b:.3f} ({b - a:+.3f})" for a, b in means))


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw mean Dice after each stroke, one panel for each volume; dashed is the voxel forest."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    volumes = results["volumes"]
    columns = min(4, len(volumes))
    lines = -(-len(volumes) // columns)
    size = max(3.1 * columns, 6), 2.9 * lines + 0.8
    figure, axes = pyplot.subplots(lines, columns, figsize=size, squeeze=False)
    for axis in axes.flat[len(volumes) :]:
        axis.remove()
    for axis, volume in zip(axes.flat, volumes, strict=False):
        _draw_panel(axis, volume)
    for row in axes:
        row[0].set_ylabel("mean Dice")
    shown = dict(zip(*reversed(axes[0][0].get_legend_handles_labels()), strict=True))
    figure.legend(shown.values(), shown.keys(), loc="lower center", ncols=len(shown), fontsize=9)
    figure.tight_layout(rect=(0, 0.25 / size[1], 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _draw_panel(axis: Any, volume: Volume) -> None:
    """Draw the means over seeds, thin lines for single seeds, dots for final labels."""
    for robot, colour in COLOURS.items():
        curves = np.array(_curves(volume, robot))
        strokes = volume["start"] + np.arange(curves.shape[1])
        axis.plot(strokes, curves.T, color=colour, linewidth=0.5, alpha=0.35)
        axis.plot(strokes, curves.mean(axis=0), color=colour, label=robot)
        finals = [session["final"] for session in volume["robots"][robot].values()]
        finals = [final for final in finals if final]  # not every seed has them
        if finals:
            values = [np.mean([final[n] for final in finals]) for n in finals[0]]
            axis.plot([int(n) for n in finals[0]], values, "o", color=colour, markersize=4)
        if peers := _curves(volume, robot, "peer"):
            mean = np.mean(peers, axis=0)
            axis.plot(
                strokes, mean, "--", color=colour, linewidth=1, label=f"{robot}, voxel forest"
            )
    axis.set_title(volume["name"].replace("_", " "), fontsize=10)
    axis.set_xlabel("strokes in all")
    axis.grid(alpha=0.3)
