"""Bytes of volumes of every format are spoilt at random: none ends the program or fills the memory.

A few dozen of each in ``make test``; ``SUPERVOX_MUTATED`` of each, 3,000 by default, in
``make test-long``. What is spoilt is opened in a process of its own, with two gigabytes of memory.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from select import select

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from supervox.volumes import write_volume

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are others elsewhere")

FEW, MANY = 40, int(os.environ.get("SUPERVOX_MUTATED", "3000"))
MOST_BYTES = 2**31
MOST_SECONDS = 60
VALUES = (np.arange(12 * 40 * 36, dtype=np.uint16) % 999).reshape(12, 40, 36)
WORDS = [0, 1, -1, 2**31 - 1, -(2**31), 2**20, 2**16, 65535, 7]


def plain_hdf5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("entry/data", data=VALUES, chunks=(4, 16, 16), compression="gzip")
        file["entry"].attrs["signal"] = "data"
        file["entry"].attrs["NX_class"] = "NXdata"


def packed_tiff(path):
    tifffile.imwrite(path, VALUES, compression="zlib", tile=(16, 16), metadata={"axes": "ZYX"})


def zarr_2(path):
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.create_array("0", data=VALUES, chunks=(4, 40, 36))
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
    scale = [{"type": "scale", "scale": [3.0, 2.0, 2.0]}]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": levels}]


def slices(path):
    path.mkdir()
    for number, plane in enumerate(VALUES):
        tifffile.imwrite(path / f"{number:03d}.tif", plane)


def write(path):
    write_volume(path, VALUES, spacing=(3, 2, 2), unit="nm", kind="image")


MADE = {
    "mrc": write,
    "npy": write,
    "tif": write,
    "ome.tif": write,
    "packed.tif": packed_tiff,
    "nrrd": write,
    "nii": write,
    "nii.gz": write,
    "h5": write,
    "plain.h5": plain_hdf5,
    "zarr": write,
    "2.zarr": zarr_2,
    "slices": slices,
}


def spoil(path: Path, chance: random.Random) -> str:
    """Change a file, or one of a folder; return how."""
    if path.is_dir():
        files = sorted(item for item in path.rglob("*") if item.is_file())
        described = [item for item in files if item.suffix == ".json" or item.name[:2] == ".z"]
        path = chance.choice(described if described and chance.random() < 0.8 else files)
    data = bytearray(path.read_bytes())
    header = min(len(data), 4096 if chance.random() < 0.8 else len(data))
    at = chance.randrange(header)
    what = chance.choice(["bit", "byte", "word", "word", "digits", "cut", "insert"])
    if what == "bit":
        data[at] ^= 1 << chance.randrange(8)
    elif what == "byte":
        data[at] = chance.choice([0, 255, 127, 128])
    elif what == "word":
        word = struct.pack(chance.choice("<>") + "i", chance.choice(WORDS))
        data[at : at + 4] = word
    elif what == "digits":
        places = [i for i, byte in enumerate(data[:header]) if chr(byte).isdigit()] or [at]
        data[chance.choice(places)] = ord(chance.choice("0123456789-.e"))
    elif what == "cut":
        del data[chance.randrange(len(data)) :]
    else:
        data[at:at] = bytes(chance.choices(range(256), k=chance.randrange(1, 9)))
    path.write_bytes(data)
    return f"{path.name}: {what} at {at}"


class Opener:
    """The process that opens, started anew when it ends or hangs."""

    def __init__(self):
        self.process = None

    def ask(self, path: Path) -> dict:
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.volumes.opener", str(MOST_BYTES)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,  # or else `select` would not see what is read ahead
                cwd=Path(__file__).parents[2],
            )
        self.process.stdin.write(f"{path}\n".encode())
        self.process.stdin.flush()
        for _ in range(2):
            ready, _, _ = select([self.process.stdout], [], [], MOST_SECONDS)
            line = self.process.stdout.readline() if ready else b""
            if not line:
                self.end()
                return {"state": "hung" if not ready else "ended"}
        return json.loads(line)

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


@pytest.fixture(scope="module")
def opener():
    made = Opener()
    yield made
    made.end()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "seeds", [range(FEW), pytest.param(range(FEW, MANY), marks=pytest.mark.long)], ids=str
)
@pytest.mark.parametrize("ending", MADE)
def test_whatever_is_spoilt_is_read_or_refused(tmp_path, opener, ending, seeds):
    whole = tmp_path / f"whole.{ending}"
    MADE[ending](whole)
    assert opener.ask(whole)["state"] == "read"
    bad = []
    for seed in seeds:
        path = tmp_path / f"{seed}.{ending}"
        (shutil.copytree if whole.is_dir() else shutil.copy)(whole, path)
        told = spoil(path, random.Random(f"{ending} {seed}"))
        answer = opener.ask(path)
        if answer["state"] not in ("read", "refused"):
            bad.append(f"{seed}: {told}: {answer}")
        (shutil.rmtree if path.is_dir() else os.remove)(path)
    assert not bad, "\n".join(bad)
