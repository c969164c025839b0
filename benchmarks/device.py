"""A CUDA device against the processors: speed, and how far the results agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from supervox.execution import Device, DeviceError, find_device
from supervox.features import FeatureBank, IntensityRange, pool_features
from supervox.sample_data import make_phantom
from supervox.segmentation import compute_supervoxels

from .report import Target, table
from .timing import Skipped, median, say, take_turns

SHAPE, QUICK_SHAPE = (256, 256, 256), (40, 48, 48)
ROUNDS = 3
TOLERANCE = 1e-3  # of features, in units of the normalised intensity
SAME = 0.999  # of the voxels in the same supervoxel


def measure(quick: bool) -> dict[str, Any]:
    """Time both in turns on the phantom, and compare what they give."""
    try:
        device = find_device("gpu", say)
    except DeviceError as error:
        raise Skipped(f"no device: {error}") from error
    assert device is not None
    volume = make_phantom(QUICK_SHAPE if quick else SHAPE).image
    intensity, bank = IntensityRange.measure(volume), FeatureBank()
    contenders: dict[str, Device | None] = {"processors": None, device.name: device}
    ids: dict[str, Any] = {}
    tables: dict[str, Any] = {}

    def cut(name: str) -> None:
        ids[name] = compute_supervoxels(volume, intensity=intensity, device=contenders[name])

    def pool(name: str) -> None:
        tables[name] = pool_features(
            volume, ids["processors"], bank, intensity=intensity, device=contenders[name]
        )

    seconds = {}
    for what, run in (("supervoxels", cut), ("features", pool)):
        for name in contenders:
            run(name)  # compiled before it counts
        turns = {name: lambda name=name, run=run: run(name) for name in contenders}
        seconds[what] = take_turns(turns, dict.fromkeys(turns, ROUNDS), what)
    ours, theirs = (tables[name].values for name in contenders)
    mine, its = (ids[name] for name in contenders)
    return {
        "device": device.name,
        "given_up": device.reason,
        "voxels": volume.size,
        "seconds": seconds,
        "largest_difference": float(np.abs(ours - theirs).max()),
        "same_ids": float(np.mean(mine == its)),
    }


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what is documented."""
    difference, same = results["largest_difference"], results["same_ids"]
    yield Target(
        "device: features against the processors",
        f"differ by at most {TOLERANCE:g}",
        f"{difference:.1e}",
        difference <= TOLERANCE,
    )
    yield Target(
        "device: voxels with the id that the processors give",
        f"{SAME:.1%}",
        f"{same:.3%}",
        same >= SAME,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Device"
    yield ""
    yield f"{results['device']} against the processors, {results['voxels']:,} voxels of the phantom"
    yield "in memory, medians in million voxels a second; what is read from a file comes on top."
    if results["given_up"]:
        yield f"**The device was given up meanwhile: {results['given_up']}.**"
    yield ""
    yield from table(
        ("stage", "processors", results["device"]),
        [
            (what, *(f"{results['voxels'] / median(runs) / 1e6:.1f}" for runs in times.values()))
            for what, times in results["seconds"].items()
        ],
    )
    yield ""
    yield f"Features differ by at most {results['largest_difference']:.1e};"
    yield f"{results['same_ids']:.3%} of the voxels have the same id."
