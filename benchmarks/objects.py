"""Objects: splitting against components and a distance watershed, and the speed of all measures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage
from supervox.objects import (
    Boundaries,
    Split,
    find_objects,
    match_objects,
    objects_of_ids,
    split_objects,
)

from .datasets import data_folder
from .report import Target, table
from .timing import THREADS, say

# What is split how: the foreground is that of the truth, or the whole volume where cells fill it.
CASES: tuple[tuple[str, Split | None, Boundaries], ...] = (
    ("sxt_objects_figure_3a", None, "bright"),
    ("nuclei_stardist_3d", "round", "bright"),
    ("cells_ovule_sample", "image", "bright"),
    ("cells_ovule_1135", "image", "dark"),
)
MEMBRANES = "labels_membranes_tf1"
MOST_SECONDS, MOST_GB = 10.0, 2.0
BALLS = 22  # along each axis: 10,648 of them
QUICK_BALLS = 2

Ids = NDArray[np.integer[Any]]


def measure(quick: bool) -> dict[str, Any]:
    """Score the ways to split on real objects, then time everything on many."""
    names = [] if quick else [case for case in CASES if (data_folder() / case[0]).is_dir()]
    splits = [_score_splits(*case) for case in names]
    volumes = [f"balls={QUICK_BALLS if quick else BALLS}"]
    if not quick and (data_folder() / MEMBRANES).is_dir():
        volumes.append(MEMBRANES)
    return {"splits": splits, "speed": [_time(name) for name in volumes]}


def _score_splits(name: str, how: Split | None, boundaries: Boundaries) -> dict[str, Any]:
    """Return F1 at an IoU of 0.5 of each way, by foreground."""
    truth = tifffile.imread(data_folder() / name / "instances.tif")
    image_file = data_folder() / name / "image.tif"
    image = tifffile.imread(image_file) if image_file.exists() else None
    foregrounds = {"truth": truth > 0}
    if how == "image":
        foregrounds["whole volume"] = np.ones(truth.shape, np.bool_)
    found: dict[str, dict[str, list[float]]] = {}
    for foreground, inside in foregrounds.items():
        plain = find_objects(inside.astype(np.uint8), workers=THREADS)
        ways: dict[str, Callable[[], Ids]] = {
            "components": lambda plain=plain: plain.ids,  # type: ignore[misc]
            "distance watershed": lambda inside=inside: _distance_watershed(inside),  # type: ignore[misc]
        }
        if how is not None:
            ways[how] = lambda plain=plain: (
                split_objects(  # type: ignore[misc]
                    plain, how, image=image, boundaries=boundaries, workers=THREADS
                ).ids
            )
        found[foreground] = {way: _f1(split(), truth) for way, split in ways.items()}
        say(f"{name}, {foreground}: {found[foreground]}")
    return {"name": name, "how": how or "components", "scores": found}


def _f1(ids: Ids, truth: Ids) -> list[float]:
    """Return F1, and how many objects were found and are there, where the truth says something."""
    one = objects_of_ids(np.where(truth > 0, ids, 0).astype(np.uint32))
    other = objects_of_ids(truth)
    matched = len(match_objects(one, other))
    return [2 * matched / (one.number + other.number), one.number, other.number]


def _distance_watershed(inside: NDArray[np.bool_]) -> Ids:
    """Flood the distance map from its local maxima, as scikit-image's example does it."""
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    away = ndimage.distance_transform_edt(inside)
    if not np.isfinite(away).all() or inside.all():
        return inside.astype(np.int32)
    smooth = ndimage.gaussian_filter(away, 1)
    peaks = peak_local_max(
        smooth, min_distance=3, labels=inside.astype(np.int32), exclude_border=False
    )
    seeds = np.zeros(inside.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    found: Ids = watershed(-away, seeds, mask=inside)
    return found


def _time(name: str) -> dict[str, Any]:
    """Time finding and measuring objects in a process of its own, for its peak of memory."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.objects_stage", name],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    say(f"{name}: {found}")
    return found


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    wanted = {"sxt_objects_figure_3a": 0.95, "nuclei_stardist_3d": 0.97}
    for item in results["splits"]:
        name, how = item["name"], item["how"]
        for foreground, scores in item["scores"].items():
            ours = scores[how][0]
            if name in wanted:
                yield Target(
                    f"objects, {name}: F1 of {how}",
                    f"at least {wanted[name]}",
                    f"{ours:.3f}",
                    ours >= wanted[name],
                )
                continue
            peer = max(scores["components"][0], scores["distance watershed"][0])
            yield Target(
                f"objects, {name}, foreground: {foreground}: F1 of {how}",
                f"above {peer:.3f} of components and distance watershed",
                f"{ours:.3f}",
                ours > peer,
            )
    for item in results["speed"]:
        seconds = item["objects_seconds"] + item["measures_seconds"]
        yield Target(
            f"objects, {item['name']}: {item['voxels'] / 1e6:.0f} M voxels, "
            f"{item['objects']:,} objects, found and measured",
            f"{MOST_SECONDS:g} s, {MOST_GB:g} GB beyond the labels",
            f"{seconds:.1f} s, {item['gigabytes']:.2f} GB",
            seconds < MOST_SECONDS and item["gigabytes"] < MOST_GB,
        )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Objects"
    yield ""
    yield "F1 of objects at an IoU of 0.5, and how many were found and are there. The foreground is"
    yield "that of the truth, or the whole volume, as where cells fill it; then only what the truth"
    yield "numbers counts. `cells_ovule_1135` shows nuclei that hardly touch, in a dim stain."
    yield ""
    rows = [
        (item["name"], foreground, way, f"{score:.3f}", f"{found:.0f} of {there:.0f}")
        for item in results["splits"]
        for foreground, scores in item["scores"].items()
        for way, (score, found, there) in scores.items()
    ]
    yield from table(("volume", "foreground", "way", "F1", "found"), rows)
    yield ""
    yield f"Seconds on {THREADS} threads, and memory beyond labels and image, of a process of its"
    yield "own. Measures are all of size, shape, place and contacts, and an image's values;"
    yield "distances are those of all objects to one class."
    yield ""
    yield from table(
        ("volume", "million voxels", "objects", "found", "measured", "distances", "GB"),
        [
            (
                item["name"],
                f"{item['voxels'] / 1e6:.0f}",
                f"{item['objects']:,}",
                f"{item['objects_seconds']:.1f} s",
                f"{item['measures_seconds']:.1f} s",
                f"{item['distance_seconds']:.1f} s",
                f"{item['gigabytes']:.2f}",
            )
            for item in results["speed"]
        ],
    )
