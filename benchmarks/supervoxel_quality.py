"""Supervoxels: quality and speed against scikit-image's and SimpleITK's SLIC."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.features import IntensityRange
from supervox.segmentation import SupervoxelParameters, compute_supervoxels

from .datasets import data_folder, load_neuropil, mirror_to
from .partition_scores import score_partition
from .report import Target, table
from .timing import THREADS, Skipped, median, say, take_turns

SIZE = 8
ITERATIONS = SupervoxelParameters.iterations
SMOOTHING = SupervoxelParameters.smoothing_voxels
COMPACTNESS = (1.0, 2.0, 4.0)  # in units of intensities whose percentiles lie 10 apart
SHAPES = {"250 x 250 x 250": (250, 250, 250), "128 x 256 x 256": (128, 256, 256)}
ROUNDS = {"supervox": 5, "SimpleITK": 3, "scikit-image": 3}
FACTORS = {"scikit-image": (8, 15), "SimpleITK": (3, 5)}  # issue, design

Image = NDArray[np.float32]
Method = Callable[[Image, float], NDArray[Any]]


def supervox(image: Image, compactness: float) -> NDArray[Any]:
    """Ours, smoothing included."""
    return compute_supervoxels(
        image,
        SIZE,
        compactness=compactness,
        iterations=ITERATIONS,
        smoothing=SMOOTHING,
        workers=THREADS,
    )


def scikit_image(image: Image, compactness: float) -> NDArray[Any]:
    """scikit-image's, which smooths by itself and maps the intensities to 0..1."""
    from skimage.segmentation import slic

    labels: NDArray[Any] = slic(
        image,
        n_segments=round(image.size / SIZE**3),
        compactness=compactness / float(np.ptp(image)),
        max_num_iter=ITERATIONS,
        sigma=SMOOTHING,
        channel_axis=None,
        start_label=0,
    )
    return labels


def simple_itk(image: Image, compactness: float) -> NDArray[Any]:
    """ITK's, after ITK's recursive Gaussian."""
    sitk: Any = importlib.import_module("SimpleITK")  # which has no types
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    smooth = sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(image), SMOOTHING)
    labels: NDArray[Any] = sitk.GetArrayFromImage(
        sitk.SLIC(
            smooth,
            superGridSize=[SIZE] * 3,
            spatialProximityWeight=compactness,
            maximumNumberOfIterations=ITERATIONS,
        )
    )
    return labels


METHODS: dict[str, Method] = {
    "supervox": supervox,
    "SimpleITK": simple_itk,
    "scikit-image": scikit_image,
}


def measure(quick: bool) -> dict[str, Any]:
    """Score all methods on real instances, then time each at its best compactness."""
    image, instances = _load(quick)
    scores: dict[str, dict[str, dict[str, float]]] = {name: {} for name in METHODS}
    best: dict[str, float] = {}
    for name, method in METHODS.items():
        for compactness in COMPACTNESS:
            found = score_partition(method(image, compactness), instances)
            scores[name][f"{compactness:g}"] = found
            say(f"{name}, compactness {compactness:g}: {found['achievable accuracy']:.4f}")
        accuracy = {c: scores[name][f"{c:g}"]["achievable accuracy"] for c in COMPACTNESS}
        best[name] = max(accuracy, key=accuracy.__getitem__)
    best["supervox"] = SupervoxelParameters.compactness  # no choice for ourselves
    shapes = {" x ".join(map(str, image.shape)): image.shape} if quick else SHAPES
    rounds = dict.fromkeys(METHODS, 1) if quick else ROUNDS
    seconds = {n: _time(mirror_to(image, shape), best, rounds) for n, shape in shapes.items()}
    return {"scores": scores, "best": best, "seconds": seconds, "iterations": ITERATIONS}


def _load(quick: bool) -> tuple[Image, NDArray[Any]]:
    if quick:
        from supervox.sample_data import make_phantom

        sample = make_phantom((48, 48, 48))
        return IntensityRange.measure(sample.image).normalise(sample.image), sample.instances
    if not (data_folder() / "fly_neuropil").is_dir():
        raise Skipped(f"there is no fly_neuropil in {data_folder()}")
    raw, instances = load_neuropil()
    return IntensityRange.measure(raw).normalise(raw), instances


def _time(image: Image, best: dict[str, float], rounds: dict[str, int]) -> dict[str, list[float]]:
    contenders = {name: partial(METHODS[name], image, best[name]) for name in METHODS}
    return take_turns(contenders, rounds, f"supervoxels of {image.shape}")


def _of_best(results: dict[str, Any], name: str) -> dict[str, float]:
    scores: dict[str, float] = results["scores"][name][f"{results['best'][name]:g}"]
    return scores


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    for shape, seconds in results["seconds"].items():
        for peer, (least, wished) in FACTORS.items():
            ratio = median(seconds[peer]) / median(seconds["supervox"])
            yield Target(
                f"supervoxels, {shape}: speed against {peer}",
                f"{least}x (design: {wished}x)",
                f"{ratio:.1f}x",
                ratio >= least,
            )
    for what in ("achievable accuracy", "boundary recall"):
        ours = _of_best(results, "supervox")[what]
        for peer in FACTORS:
            more = [
                results["scores"]["supervox"][same][what] - results["scores"][peer][same][what]
                for same in results["scores"]["supervox"]
            ]
            yield Target(
                f"supervoxels: {what} minus {peer}'s, both at compactness 1, 2, 4",
                "not below 0",
                ", ".join(f"{value:+.4f}" for value in more),
                min(more) >= 0,
            )
            theirs = _of_best(results, peer)[what]
            yield Target(
                f"supervoxels: {what} at our default against {peer} at its best",
                f"not below {theirs:.4f}",
                f"{ours:.4f}",
                ours >= theirs,
            )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Supervoxel quality"
    yield ""
    yield f"SLIC on `fly_neuropil` (250 x 250 x 250), supervoxels of nominally {SIZE} x {SIZE} x"
    yield f"{SIZE} voxels, {results['iterations']} iterations, Gaussian of sigma {SMOOTHING:g}"
    yield "before. All get the same image as 32-bit floats on Supervox's scale. The targets and the"
    yield "times compare the peers at their best compactness by achievable accuracy (in Supervox's"
    yield "units) with Supervox at its default. Boundary recall is within one voxel; at tolerance"
    yield "0, boundaries that lie anywhere would reach the share of voxels that they take up."
    yield ""
    yield from table(
        (
            "method",
            "compactness",
            "achievable accuracy",
            "boundary recall",
            "at tolerance 0",
            "boundary voxels",
            "undersegmentation error",
            "supervoxels",
        ),
        list(_score_rows(results)),
    )
    yield ""
    yield f"Seconds, median of runs that took turns; smoothing included; {THREADS} threads"
    yield "(scikit-image's runs on one, it has no other):"
    yield ""
    yield from table(
        ("volume", "method", "seconds", "all runs", "million voxels/s", "Supervox is faster by"),
        list(_speed_rows(results)),
    )


def _score_rows(results: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, by_compactness in results["scores"].items():
        for compactness, scores in by_compactness.items():
            chosen = float(compactness) == results["best"][name]
            how = "default" if name == "supervox" else "best"
            yield (
                name,
                f"{compactness} ({how})" if chosen else compactness,
                f"{scores['achievable accuracy']:.4f}",
                f"{scores['boundary recall']:.4f}",
                f"{scores['recall at 0']:.4f}",
                f"{scores['boundary voxels']:.3f}",
                f"{scores['undersegmentation']:.4f}",
                f"{scores['supervoxels']:.0f}",
            )


def _speed_rows(results: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for shape, seconds in results["seconds"].items():
        voxels = np.prod([int(edge) for edge in shape.split(" x ")])
        for name, runs in seconds.items():
            ratio = median(runs) / median(seconds["supervox"])
            yield (
                shape,
                name,
                f"{median(runs):.2f}",
                " ".join(f"{value:.2f}" for value in runs),
                f"{voxels / median(runs) / 1e6:.2f}",
                "" if name == "supervox" else f"{ratio:.1f}x",
            )
