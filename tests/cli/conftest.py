"""A small sample as files, and ways to run the program on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from supervox.cli import supervox
from supervox.sample_data import make_phantom
from supervox.volumes import VolumeClass, open_volume, write_volume

SPACING = (30.0, 30.0, 30.0)
NAMES = (VolumeClass(1, "outside", "#56b4e9"), VolumeClass(3, "nucleus", "#0072b2"))


class Files:
    """Paths of a sample, by name; its arrays are attributes."""

    def __init__(self, folder: Path, sample: Any) -> None:
        self.folder = folder
        self.image, self.truth, self.strokes = sample.image, sample.labels, sample.strokes
        self.write("volume.tif", self.image, "image")
        self.write("truth.tif", self.truth)
        self.write("strokes.tif", self.strokes, classes=NAMES)

    def write(self, name: str, values: np.ndarray, kind: Any = "labels", **more: Any) -> str:
        """Write an array with the sample's voxel size; return its address."""
        address = str(self.folder / name)
        write_volume(address, values, spacing=SPACING, unit="nm", kind=kind, **more)
        return address

    def __truediv__(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="session")
def sample() -> Any:
    return make_phantom((40, 48, 56), seed=4)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, sample: Any) -> Files:
    """Return files of a module alone: others may call theirs by the same names."""
    return Files(tmp_path_factory.mktemp("sample"), sample)


@pytest.fixture(scope="session")
def run() -> Callable[..., SimpleNamespace]:
    """Run the program within this process."""

    def inner(*words: object) -> SimpleNamespace:
        result = CliRunner().invoke(supervox, [str(word) for word in words], prog_name="supervox")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return SimpleNamespace(code=result.exit_code, out=result.stdout, err=result.stderr)

    return inner


@pytest.fixture(scope="session")
def program() -> Callable[..., SimpleNamespace]:
    """Run the program as a person does."""

    def inner(*words: object) -> SimpleNamespace:
        result = subprocess.run(
            [Path(sys.executable).with_name("supervox"), *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
        )
        return SimpleNamespace(code=result.returncode, out=result.stdout, err=result.stderr)

    return inner


@pytest.fixture(scope="session")
def segmented(
    tmp_path_factory: pytest.TempPathFactory, sample: Any, program: Callable[..., SimpleNamespace]
) -> SimpleNamespace:
    """One whole run with all outputs; the arrays are read back."""
    folder = tmp_path_factory.mktemp("segmented")
    files = Files(tmp_path_factory.mktemp("sample"), sample)
    done = program(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif"),
        *("--output", folder / "labels.tif", "--probabilities", folder / "probabilities.h5"),
        *("--uncertainty", folder / "uncertainty.tif", "--save-model", folder / "model.npz"),
        "--json",
    )
    assert done.code == 0, done.err
    return SimpleNamespace(folder=folder, out=done.out, err=done.err)


@pytest.fixture
def read() -> Callable[[object], np.ndarray]:
    def inner(address: object) -> np.ndarray:
        with open_volume(str(address)) as volume:
            return np.asarray(volume.data)

    return inner
