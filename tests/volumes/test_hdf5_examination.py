"""HDF5 files that would end the interpreter, or hang it, are refused in words."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest
from supervox.volumes import VolumeError, hdf5_examination, open_volume

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "a.h5", "w") as made:
        made.attrs["sample"] = "cell"
        dataset = made.create_dataset("entry/data", data=np.ones((3, 4, 5), np.uint8), chunks=True)
        dataset.attrs["names"] = np.array(["one", "two"], h5py.string_dtype())
    return tmp_path / "a.h5"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a file that grows with each look of a copy."""
    seen = tmp_path / "looks"
    seen.touch()
    real = hdf5_examination._look_at

    def look(path: Path) -> None:
        real(path)
        with seen.open("ab") as out:
            out.write(b"x")

    monkeypatch.setattr(hdf5_examination, "_look_at", look)
    return seen


def test_a_file_is_looked_at_once_until_it_changes(file: Path, looks: Path) -> None:
    for _ in range(3):
        open_volume(file).close()
    assert looks.stat().st_size == 1
    with h5py.File(file, "a") as changed:
        changed["more"] = 3
    open_volume(f"{file}::/entry/data").close()
    assert looks.stat().st_size == 2


def test_what_would_end_the_program_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(_: Path) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)

    monkeypatch.setattr(hdf5_examination, "_look_at", end)
    for _ in range(2):  # it isn't taken for examined
        with pytest.raises(VolumeError, match=r"a\.h5: .* would end the program \(SIGSEGV in a"):
            open_volume(file)
    monkeypatch.undo()
    open_volume(file).close()


def test_what_never_ends_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_: Path) -> None:
        while True:
            pass

    monkeypatch.setattr(hdf5_examination, "_look_at", hang)
    monkeypatch.setattr(hdf5_examination, "MOST_SECONDS", 1)
    with pytest.raises(VolumeError, match=r"a\.h5: .* keeps the program busy for ever \(SIGXCPU"):
        open_volume(file)


@pytest.mark.parametrize("error", [ValueError, MemoryError, RecursionError])
def test_exceptions_are_left_to_the_process_itself(
    file: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(_: Path) -> None:
        raise error

    monkeypatch.setattr(hdf5_examination, "_look_at", fail)
    with open_volume(file) as volume:
        assert np.asarray(volume.data).sum() == 60


def test_other_threads_may_read_meanwhile(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.h5" for number in range(8)]
    for number, path in enumerate(paths):
        with h5py.File(path, "w") as made:
            made["data"] = np.full((9, 8, 7), number, np.uint8)

    def total(path: Path) -> int:
        with open_volume(path) as volume:
            return sum(int(np.asarray(volume.data[z : z + 1]).sum()) for z in range(9))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(total, paths)) == [504 * number for number in range(8)]


def test_a_copy_takes_no_more_memory_than_a_volume_can_need(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def take(_: Path) -> None:
        try:
            np.ones(3 * 2**30, np.uint8)
        except MemoryError:
            (tmp_path / "refused").touch()

    monkeypatch.setattr(hdf5_examination, "_look_at", take)
    open_volume(file).close()
    assert (tmp_path / "refused").exists()
