"""Finding and measuring objects, timed alone: ``python -m benchmarks.objects_stage VOLUME``.

VOLUME is a folder of the real volumes with labels, or ``balls=22`` for so many ellipsoids of three
classes along each axis. Prints seconds and the peak of memory as JSON.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.objects import MeasureRequest, find_objects, measure_objects

from .datasets import data_folder
from .timing import THREADS

STEP = 27  # voxels from one ellipsoid to the next


def ellipsoids(n: int) -> NDArray[np.uint8]:
    """Draw n x n x n ellipsoids of semi-axes 6 to 13, which touch here and there."""
    rng = np.random.default_rng(0)
    labels = np.zeros((n * STEP,) * 3, np.uint8)
    places = np.arange(STEP) - STEP / 2
    for z, y, x in np.ndindex(n, n, n):
        semi, centre = rng.uniform(6, 13, 3), rng.uniform(-1, 1, 3)
        squares = [np.square((places - c) / s) for c, s in zip(centre, semi, strict=True)]
        body = squares[0][:, None, None] + squares[1][None, :, None] + squares[2] <= 1
        box = tuple(slice(k * STEP, (k + 1) * STEP) for k in (z, y, x))
        labels[box] = body * rng.integers(1, 4)
    return labels


def _forget_peak() -> None:
    """Begin to look for the peak of memory anew, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _memory(which: str) -> float:
    """Return memory in gigabytes: VmRSS is now, VmHWM the peak."""
    status = Path("/proc/self/status").read_text()
    lines = (line.partition(":") for line in status.splitlines())
    kilobytes = {name: value for name, _, value in lines}[which].split()[0]
    return int(kilobytes) * 1024 / 1e9


def main(name: str) -> None:
    """Time one volume."""
    if name.startswith("balls="):
        labels = ellipsoids(int(name.removeprefix("balls=")))
    else:
        labels = tifffile.imread(data_folder() / name / "labels.tif")
    image = (np.arange(labels.size, dtype=np.uint64) % 251).astype(np.uint8).reshape(labels.shape)
    classes = np.unique(labels[labels > 0]).tolist()
    small = np.ascontiguousarray(labels[:48, :48, :48])
    small[:2, :2, :2] = classes[0]
    request = MeasureRequest(channels={"i": image[:48, :48, :48]}, labels=small)
    run = Run(THREADS)
    # The first call compiles, or loads what was compiled.
    measure_objects(find_objects(small, workers=run), request, workers=run)
    _forget_peak()
    before = _memory("VmRSS")
    started = time.perf_counter()
    instances = find_objects(labels, workers=run)
    found = time.perf_counter()
    measure_objects(instances, MeasureRequest(channels={"i": image}), workers=run)
    measured = time.perf_counter()
    peak = _memory("VmHWM") - before
    more: Any = MeasureRequest(labels=labels, distance_to=classes[:1])
    plain = time.perf_counter()
    measure_objects(instances, MeasureRequest(), workers=run)
    again = time.perf_counter()
    measure_objects(instances, more, workers=run)
    ended = time.perf_counter()
    content = {
        "name": name,
        "voxels": labels.size,
        "objects": instances.number,
        "objects_seconds": found - started,
        "measures_seconds": measured - found,
        "distance_seconds": max(0.0, (ended - again) - (again - plain)),
        "gigabytes": peak,
    }
    print(json.dumps(content))


if __name__ == "__main__":
    main(sys.argv[1])
