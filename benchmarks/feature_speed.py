"""Features: filtering and pooling against the same bank written with scikit-image and SciPy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.features import FeatureBank, FeatureTable, IntensityRange, pool_features
from supervox.sample_data import make_phantom
from supervox.segmentation import compute_supervoxels

from .reference_features import pool_reference
from .report import Target, table
from .timing import THREADS, median, say, take_turns

SHAPE, QUICK_SHAPE = (96, 192, 192), (40, 48, 48)
OURS, PEER = "supervox", "scikit-image and SciPy"
ROUNDS = {OURS: 5, PEER: 3}
LEAST, WISHED = 10, 20  # issue, design
# Filters that are defined alike: the same kernels, no coarse grid. Derivatives are not, where
# SciPy convolves with a Gaussian's derivative and Supervox takes differences.
ALIKE = ("raw", "gaussian_sigma_1", "gaussian_sigma_2")
AGREEMENT = 1e-3  # of a column's standard deviation


def measure(quick: bool) -> dict[str, Any]:
    """Time both in turns on the phantom, and compare the columns."""
    volume = make_phantom(QUICK_SHAPE if quick else SHAPE).image
    ids = compute_supervoxels(volume)
    bank, intensity = FeatureBank(), IntensityRange.measure(volume)
    found: dict[str, Any] = {}

    def ours() -> None:
        found[OURS] = pool_features(volume, ids, bank, intensity=intensity, workers=THREADS)

    def theirs() -> None:
        found[PEER] = pool_reference(intensity.normalise(volume), ids)

    ours()  # compiled before it counts
    say("features: compiled")
    rounds = dict.fromkeys(ROUNDS, 1) if quick else ROUNDS
    seconds = take_turns({OURS: ours, PEER: theirs}, rounds, "features")
    return {
        "shape": list(volume.shape),
        "supervoxels": int(ids.max()) + 1,
        "channels": len(bank.channels),
        "columns": len(bank.column_names),
        "seconds": seconds,
        "agreement": _compare(found[OURS], found[PEER]),
    }


def _compare(ours: FeatureTable, theirs: dict[str, NDArray[Any]]) -> dict[str, dict[str, float]]:
    """Return for each column the difference, by the column's spread, and the correlation."""
    agreement = {}
    for name in ours.names:
        a, b = ours.column(name).astype(np.float64), theirs[name]
        spread = max(float(b.std()), 1e-12)
        agreement[name] = {
            "largest": float(np.abs(a - b).max() / spread),
            "typical": float(np.sqrt(np.mean((a - b) ** 2)) / spread),
            "correlation": float(np.corrcoef(a, b)[0, 1]),
        }
    return agreement


def _ratio(results: dict[str, Any]) -> float:
    """Return how many times as fast Supervox is."""
    return median(results["seconds"][PEER]) / median(results["seconds"][OURS])


def _alike(results: dict[str, Any]) -> float:
    """Return the largest difference of the columns that are defined alike."""
    return max(
        float(value["largest"])
        for name, value in results["agreement"].items()
        if name.partition(" ")[0] in ALIKE
    )


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    yield Target(
        "features and pooling: speed against scikit-image and SciPy",
        f"{LEAST}x (design: {WISHED}x)",
        f"{_ratio(results):.1f}x",
        _ratio(results) >= LEAST,
    )
    yield Target(
        f"features: columns that are defined alike ({', '.join(ALIKE)})",
        f"differ by at most {AGREEMENT:g} of their spread",
        f"{_alike(results):.1e}",
        _alike(results) <= AGREEMENT,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    voxels = np.prod(results["shape"])
    shape = " x ".join(map(str, results["shape"]))
    yield "## Feature speed"
    yield ""
    yield f"The default bank of {results['channels']} channels on a phantom of {shape} voxels,"
    yield f"pooled to {results['columns']} columns over {results['supervoxels']} supervoxels. The"
    yield "peer is the same bank as one would write it: Gaussian, gradient magnitude and Laplacian"
    yield "from SciPy, eigenvalues of Hessian and structure tensor from scikit-image, pooling with"
    yield "`scipy.ndimage.mean` and `standard_deviation`; all on full resolution, on one thread"
    yield f"(they have no other). Supervox has {THREADS} threads."
    yield ""
    yield from table(
        ("method", "seconds", "all runs", "million voxels/s"),
        [
            (
                name,
                f"{median(runs):.2f}",
                " ".join(f"{value:.2f}" for value in runs),
                f"{voxels / median(runs) / 1e6:.2f}",
            )
            for name, runs in results["seconds"].items()
        ],
    )
    yield ""
    yield f"Supervox is {_ratio(results):.1f} times as fast. How far the columns agree over the"
    yield "supervoxels: correlation of means / of standard deviations, the lowest of a filter's."
    yield "They agree less where derivatives are approximated differently (SciPy convolves with a"
    yield "derivative of a Gaussian, scikit-image has Sobel filters) and where"
    yield "Supervox goes to coarser grids."
    yield ""
    sigmas = [f"{sigma:g}" for sigma in FeatureBank().parameters.sigmas_voxels]
    yield from table(
        ("filter", *(f"sigma {sigma}" for sigma in sigmas)),
        list(_agreement_rows(results["agreement"], sigmas)),
    )


def _agreement_rows(
    agreement: dict[str, dict[str, float]], sigmas: list[str]
) -> Iterator[tuple[str, ...]]:
    lowest: dict[tuple[str, str, str], float] = {}
    for column, value in agreement.items():
        channel, _, statistic = column.partition(" ")
        name, _, sigma = channel.partition("_sigma_")
        key = (re.sub(r"_\d$", "s", name), sigma, statistic)
        lowest[key] = min(lowest.get(key, 1.0), value["correlation"])
    for name in dict.fromkeys(name for name, sigma, _ in lowest if sigma):
        cells = [
            f"{lowest[name, sigma, 'mean']:.4f} / {lowest[name, sigma, 'std']:.4f}"
            for sigma in sigmas
        ]
        yield (name.replace("_", " "), *cells)
