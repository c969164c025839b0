"""Files of every kind that a microscope leaves: a bright disc on dark noise, in each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import tifffile
from PIL import Image

ROWS, COLUMNS, RADIUS = 64, 80, 18
MIDDLE = (32, 40)


def disc(*leading: int, seed: int = 0) -> np.ndarray:
    """Return planes (..., rows, columns) with a bright disc, uint8."""
    rng = np.random.default_rng(seed)
    rows, columns = np.ogrid[:ROWS, :COLUMNS]
    inside = (rows - MIDDLE[0]) ** 2 + (columns - MIDDLE[1]) ** 2 < RADIUS**2
    values = 60 + 120 * inside + rng.normal(0, 10, (*leading, ROWS, COLUMNS))
    return values.clip(0, 255).astype(np.uint8)


def _imagej(axes: str, *leading: int) -> Callable[[Path], None]:
    return lambda path: tifffile.imwrite(path, disc(*leading), imagej=True, metadata={"axes": axes})


def _two_datasets(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["filtered"] = disc(4, seed=1)
        file["raw"] = disc(4)


# What is written, and under which name.
WRITERS: dict[str, Callable[[Path], None]] = {
    "tyx.tif": _imagej("TYX", 6),
    "tzyx.tif": _imagej("TZYX", 3, 4),
    "cyx.tif": _imagej("CYX", 3),
    "zcyx.tif": _imagej("ZCYX", 4, 3),
    "rgb.tif": lambda path: tifffile.imwrite(path, np.moveaxis(disc(3), 0, -1), photometric="rgb"),
    "rgb.png": lambda path: Image.fromarray(np.moveaxis(disc(3), 0, -1)).save(path),
    "grey.png": lambda path: Image.fromarray(disc()).save(path),
    "photo.jpg": lambda path: Image.fromarray(np.moveaxis(disc(3), 0, -1)).save(path),
    "four.npy": lambda path: np.save(path, disc(4, 3)),
    "two.h5": _two_datasets,
}


def write(folder: Path, name: str) -> Path:
    """Write one of the files; return its path."""
    path = folder / name
    WRITERS[name](path)
    return path
