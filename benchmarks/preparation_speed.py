"""Preparing a volume: every stage, and all of it, against the same with scikit-image and SciPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from supervox.execution import Run
from supervox.features import FeatureBank, IntensityRange, pool_features
from supervox.sample_data import make_phantom
from supervox.segmentation import (
    SegmentationParameters,
    SupervoxelParameters,
    compute_supervoxels,
    prepare_partitions,
    region_graph,
)

from .reference_features import pool_reference
from .reference_graph import reference_graph
from .report import Target, table
from .supervoxel_quality import scikit_image, simple_itk, supervox
from .timing import THREADS, median, say, take_turns

SHAPE, QUICK_SHAPE = (128, 256, 256), (40, 48, 48)
ROUNDS = 5
PEER_ROUNDS = {"features and pooling": 1}  # minutes; the others twice
COMPACTNESS, SMOOTHING = SupervoxelParameters.compactness, SupervoxelParameters.smoothing_voxels
PEERS = {
    "supervoxels": ("scikit-image", "SimpleITK"),
    "features and pooling": ("scikit-image and SciPy",),
    "region graph": ("NumPy and SciPy",),
}
# Stage and peer, and how many times as fast Supervox shall be.
FACTORS = {
    ("supervoxels", "scikit-image"): 15,
    ("supervoxels", "SimpleITK"): 5,
    ("features and pooling", "scikit-image and SciPy"): 20,
}
WHOLE = "whole preparation"
WHOLE_FACTOR = 15
AGREEMENT = 1e-3  # of intensities, whose percentiles lie 10 apart; ours are rounded to 1/1024


def measure(quick: bool) -> dict[str, Any]:
    """Time all in turns on one phantom, and compare the graphs."""
    volume = make_phantom(QUICK_SHAPE if quick else SHAPE).image.astype(np.float32)
    intensity, bank = IntensityRange.measure(volume), FeatureBank()
    image = intensity.normalise(volume)
    ids = compute_supervoxels(volume)
    size = int(ids.max()) + 1
    found: dict[str, Any] = {}

    def graph() -> None:
        found["ours"] = region_graph(
            ids, volume, intensity=intensity, n_supervoxels=size, workers=THREADS
        )

    def peers_graph() -> None:
        found["theirs"] = reference_graph(image, ids, SMOOTHING)

    ours: dict[str, Callable[[], Any]] = {
        "supervoxels": lambda: supervox(image, COMPACTNESS),
        "features and pooling": lambda: pool_features(
            volume, ids, bank, intensity=intensity, n_supervoxels=size, workers=THREADS
        ),
        "region graph": graph,
        WHOLE: lambda: _prepare(volume),
    }
    theirs: dict[str, Callable[[], Any]] = {
        "supervoxels, scikit-image": lambda: scikit_image(image, COMPACTNESS),
        "supervoxels, SimpleITK": lambda: simple_itk(image, COMPACTNESS),
        "features and pooling, scikit-image and SciPy": lambda: pool_reference(image, ids),
        "region graph, NumPy and SciPy": peers_graph,
    }
    for function in ours.values():  # compiled before it counts
        function()
    say("preparation: compiled")
    rounds = dict.fromkeys(ours, 1 if quick else ROUNDS)
    rounds |= {name: 1 if quick else PEER_ROUNDS.get(name.split(", ")[0], 2) for name in theirs}
    seconds = take_turns(ours | theirs, rounds, "preparation")
    return {
        "shape": list(volume.shape),
        "supervoxels": size,
        "seconds": seconds,
        "graphs": _compare(found["ours"], found["theirs"]),
    }


def _prepare(volume: Any) -> None:
    """Prepare one partition, as for live work: all that `Segmenter` does before a stroke."""
    intensity = IntensityRange.measure(volume)
    prepare_partitions(
        volume,
        [(0.0, 0.0, 0.0)],
        SegmentationParameters(),
        spacing=(1.0, 1.0, 1.0),
        intensity=intensity,
        run=Run(THREADS),
    )


def _compare(ours: Any, theirs: dict[str, Any]) -> dict[str, Any]:
    """Return whether the edges are the same, and how much intensities differ at most."""
    same = np.array_equal(ours.edges, theirs["edges"]) and np.array_equal(ours.area, theirs["area"])
    largest = np.abs(ours.mean_intensity - theirs["mean_intensity"]).max() if same else 0.0
    return {"same": bool(same), "largest": float(largest)}


def _ratio(results: dict[str, Any], stage: str, peer: str) -> float:
    seconds = results["seconds"]
    return median(seconds[f"{stage}, {peer}"]) / median(seconds[stage])


def _pipeline(results: dict[str, Any]) -> float:
    """Return the seconds of the peers' pipeline: the first of each stage."""
    return sum(median(results["seconds"][f"{stage}, {peers[0]}"]) for stage, peers in PEERS.items())


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    shape = " x ".join(map(str, results["shape"]))
    for (stage, peer), factor in FACTORS.items():
        ratio = _ratio(results, stage, peer)
        yield Target(
            f"{stage}, {shape}, in one run: speed against {peer}",
            f"{factor}x",
            f"{ratio:.1f}x",
            ratio >= factor,
        )
    ratio = _pipeline(results) / median(results["seconds"][WHOLE])
    yield Target(
        f"{WHOLE}, {shape}, in one run: speed against the same with scikit-image and SciPy",
        f"{WHOLE_FACTOR}x",
        f"{ratio:.1f}x",
        ratio >= WHOLE_FACTOR,
    )
    graphs = results["graphs"]
    yield Target(
        "region graph against the one in NumPy",
        f"same edges and areas, intensities within {AGREEMENT:g}",
        f"{'same' if graphs['same'] else 'others'}, within {graphs['largest']:.1e}",
        graphs["same"] and graphs["largest"] <= AGREEMENT,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    shape = " x ".join(map(str, results["shape"]))
    yield "## Preparation speed"
    yield ""
    yield f"All of what is done before the first stroke, on a phantom of {shape} voxels of 32-bit"
    yield f"floats ({results['supervoxels']} supervoxels), against the same as one would write it:"
    yield "`skimage.segmentation.slic`, the default bank at full resolution (see *Feature speed*)"
    yield "pooled with `scipy.ndimage`, and region adjacency in NumPy; SimpleITK's SLIC beside it."
    yield f"Supervox and SimpleITK have {THREADS} threads, the others no more than one. Runs took"
    yield "turns; medians. The whole also takes percentiles and lists neighbours."
    yield ""
    yield from table(
        ("stage", "method", "seconds", "all runs", "million voxels/s", "Supervox is faster by"),
        list(_rows(results)),
    )


def _rows(results: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    voxels = np.prod(results["shape"])

    def row(stage: str, method: str, runs: list[float], ratio: str) -> tuple[str, ...]:
        each = " ".join(f"{value:.2f}" for value in runs)
        taken = median(runs)
        return stage, method, f"{taken:.2f}", each, f"{voxels / taken / 1e6:.2f}", ratio

    seconds = results["seconds"]
    for stage, peers in PEERS.items():
        yield row(stage, "supervox", seconds[stage], "")
        for peer in peers:
            runs = seconds[f"{stage}, {peer}"]
            yield row(stage, peer, runs, f"{_ratio(results, stage, peer):.1f}x")
    yield row(WHOLE, "supervox", seconds[WHOLE], "")
    whole = _pipeline(results)
    ratio = whole / median(seconds[WHOLE])
    yield row(WHOLE, "scikit-image, SciPy, NumPy", [whole], f"{ratio:.1f}x")
