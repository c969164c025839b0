"""Files that were changed at random places: whatever is read of them, the program goes on.

A few of each format in ``make test``; ``SUPERVOX_MUTATIONS`` of each, 3,000 by default, in
``make test-long``, which writes what it found to the file named by ``SUPERVOX_FOUND``.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervox.volumes import VolumeClass, write_volume

FEW, MANY = 24, int(os.environ.get("SUPERVOX_MUTATIONS", "3000"))
PATIENCE = 60.0  # seconds for one file: it has two thousand voxels
SAID = ("notes", "is stated")  # what tells a person of a change

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")


def image() -> np.ndarray:
    return (np.random.default_rng(8).random((7, 16, 18)) * 250).astype(np.uint8)


def written(name: str, kind: str = "image") -> Callable[[Path], Path]:
    """Return what makes a file as we write it."""

    def make(folder: Path) -> Path:
        path = folder / name
        labels = kind == "labels"
        write_volume(
            path,
            image() % 3 if labels else image(),
            kind=kind,
            spacing=(50, 20, 20),
            unit="nm",
            classes=(VolumeClass(1, "one"), VolumeClass(2, "two")) if labels else (),
        )
        return path

    return make


def zarr_2(folder: Path) -> Path:
    import zarr

    group = zarr.open_group(folder / "a.zarr", mode="w", zarr_format=2)
    group.create_array("0", data=image(), chunks=(4, 16, 18))
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
    scale = [{"type": "scale", "scale": [50.0, 20.0, 20.0]}]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": levels}]
    return folder / "a.zarr"


def folder_of_slices(folder: Path) -> Path:
    import tifffile

    place = folder / "slices"
    place.mkdir()
    for number, plane in enumerate(image()):
        tifffile.imwrite(place / f"{number:03d}.tif", plane)
    return place


ORIGINALS: dict[str, Callable[[Path], Path]] = {
    "TIFF": written("a.tif"),
    "TIFF slices": folder_of_slices,
    "MRC": written("a.mrc"),
    "HDF5": written("a.h5", "labels"),
    "Zarr 2": zarr_2,
    "Zarr 3": written("a.zarr", "labels"),
    "NRRD": written("a.nrrd", "labels"),
    "NIfTI": written("a.nii"),
    "NIfTI, packed": written("a.nii.gz"),
    "NumPy": written("a.npy"),
}


class Reader:
    """A process that reads files, and a new one whenever that ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, path: Path) -> dict[str, Any]:
        """Return what becomes of a file."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("mutation_reader.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], PATIENCE)[0]:
            self.close()
            return {"hangs": PATIENCE}
        line = process.stdout.readline()
        if not line:
            code = process.wait()
            self.close()
            return {"ended": code}
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = None


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    one = Reader()
    yield one
    one.close()


def mutated(content: bytes, chance: np.random.Generator) -> bytes:
    """Change a file at one to three places, half of them near its begin or its end."""
    data = bytearray(content)
    for _ in range(int(chance.integers(1, 4))):
        if not data:
            break
        near = min(len(data), 600)
        at = int(chance.integers(len(data)))
        at = int(chance.choice([at, at % near, len(data) - near + at % near], p=[0.4, 0.4, 0.2]))
        n = int(chance.integers(1, 9))
        match int(chance.integers(7)):
            case 0 | 1:
                data[at] ^= 1 << int(chance.integers(8))
            case 2:
                data[at] = int(chance.integers(256))
            case 3:
                data[at : at + n] = bytes([int(chance.choice([0, 127, 255]))]) * n
            case 4:
                del data[at : at + n]
            case 5:
                data[at:at] = data[at : at + n]
            case _:
                del data[max(1, at) :]
    return bytes(data)


def outcome(found: dict[str, Any], original: dict[str, Any]) -> str:
    """Say in a word what became of a mutated file."""
    for bad in ("refused", "memory", "raised", "hangs", "ended"):
        if bad in found:
            return bad
    changed = sorted(key for key in original if found[key] != original[key])
    if not changed:
        return "as it was"
    if any(key in changed for key in SAID):
        return "said"
    metadata = [key for key in changed if key != "values"]
    return f"silent: {', '.join(metadata)}" if metadata else "values"


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("n", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", ORIGINALS)
def test_no_mutation_ends_the_interpreter_or_hangs_or_raises_what_nobody_expects(
    tmp_path: Path, reader: Reader, name: str, n: int
) -> None:
    (tmp_path / "original").mkdir()
    (tmp_path / "mutated").mkdir()
    source = ORIGINALS[name](tmp_path / "original")
    original = reader.ask(source)
    assert "refused" not in original
    place = tmp_path / "mutated" / source.name
    files = sorted(p for p in (source.rglob("*") if source.is_dir() else [source]) if p.is_file())
    count: Counter[str] = Counter()
    bad: list[str] = []
    for number in range(n):
        chance = np.random.default_rng([number, len(name)])
        if source.is_dir():
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(source, place)
        file = files[int(chance.integers(len(files)))]
        target = place / file.relative_to(source) if source.is_dir() else place
        target.write_bytes(mutated(file.read_bytes(), chance))
        found = reader.ask(place)
        what = outcome(found, original)
        count[what] += 1
        if what in ("raised", "hangs", "ended"):
            bad.append(f"mutation {number}: {found}")
    if place_found := os.environ.get("SUPERVOX_FOUND"):
        with Path(place_found).open("a") as out:
            out.write(json.dumps({"format": name, "n": n} | dict(count.most_common())) + "\n")
    assert not bad, "\n".join(bad[:20])
