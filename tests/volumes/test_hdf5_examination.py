"""HDF5 files that would end the interpreter, or hang it, are refused in words."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest
from supervox.volumes import VolumeError, hdf5_examination, open_volume

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files are examined on Linux")


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


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the processes that are made, as they are made."""
    made: list[int] = []
    real = os.fork

    def fork() -> int:
        made.append(child := real())
        return child

    monkeypatch.setattr(os, "fork", fork)
    return made


def _is_gone(copies: list[int]) -> bool:
    with pytest.raises(ProcessLookupError):  # neither running nor waiting to be asked for
        os.kill(copies[-1], 0)
    return True


def test_a_copy_that_waits_for_ever_is_ended(
    file: Path, monkeypatch: pytest.MonkeyPatch, copies: list[int]
) -> None:
    monkeypatch.setattr(hdf5_examination, "_look_at", lambda _: signal.pause())
    monkeypatch.setattr(hdf5_examination, "MOST_WAITING", 0.2)
    with pytest.raises(VolumeError, match=r"a\.h5: a copy .* wasn't done after 0\.2 seconds"):
        open_volume(file)
    assert _is_gone(copies)


def test_nothing_is_left_of_a_copy_if_waiting_for_it_is_interrupted(
    file: Path, monkeypatch: pytest.MonkeyPatch, copies: list[int]
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(hdf5_examination, "_look_at", lambda _: signal.pause())
    monkeypatch.setattr(hdf5_examination.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        open_volume(file)
    assert _is_gone(copies)


def test_a_copy_keeps_no_lock_of_the_program(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def note(_: Path) -> None:
        links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
        there = [os.readlink(link) for link in links if os.path.lexists(link)]
        (tmp_path / "open").write_text("\n".join(there))

    monkeypatch.setattr(hdf5_examination, "_look_at", note)
    with (tmp_path / "lock").open("w"):
        open_volume(file).close()
    assert str(tmp_path / "lock") not in (tmp_path / "open").read_text()


def test_a_file_that_is_open_already_is_looked_at_too(
    file: Path, looks: Path, tmp_path: Path
) -> None:
    (tmp_path / "b.h5").hardlink_to(file)
    with open_volume(file), open_volume(tmp_path / "b.h5"):
        assert looks.stat().st_size == 2


def test_one_file_is_opened_while_another_is_looked_at(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other.h5"
    other.write_bytes(file.read_bytes())
    began = tmp_path / "began"

    def look(path: Path) -> None:
        if path == other:
            began.touch()
            signal.pause()

    monkeypatch.setattr(hdf5_examination, "_look_at", look)
    monkeypatch.setattr(hdf5_examination, "MOST_WAITING", 5)
    refused: list[object] = []

    def try_other() -> None:
        with pytest.raises(VolumeError, match="wasn't done") as caught:
            open_volume(other)
        refused.append(caught)

    thread = threading.Thread(target=try_other)
    thread.start()
    while not began.exists():
        time.sleep(0.01)
    open_volume(file).close()
    assert not refused  # the other one is still being looked at
    thread.join()
    assert refused


def test_what_kills_a_copy_isnt_said_to_be_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        hdf5_examination, "_look_at", lambda _: os.kill(os.getpid(), signal.SIGKILL)
    )
    with pytest.raises(VolumeError, match=r"was killed \(SIGKILL\), as happens where memory runs"):
        open_volume(file)


@pytest.mark.parametrize("status", [0, 1])
def test_a_library_that_exits_is_no_good_look(
    file: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(hdf5_examination, "_look_at", lambda _: os._exit(status))
    with pytest.raises(VolumeError, match=rf"would end the program \(exit status {status} in"):
        open_volume(file)


def test_without_limits_nothing_is_looked_at_and_nothing_remembered(
    file: Path, looks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError("not allowed to raise maximum limit")

    with monkeypatch.context() as changed:
        changed.setattr(hdf5_examination, "_limit", fail)
        open_volume(file).close()
    assert looks.stat().st_size == 0
    open_volume(file).close()
    assert looks.stat().st_size == 1


def test_one_copy_looks_at_several_files_and_the_bad_one_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{number}.h5" for number in range(3)]
    for path in paths:
        path.write_bytes(file.read_bytes())
    monkeypatch.setattr(
        hdf5_examination, "_look_at", lambda path: os.abort() if path == paths[1] else None
    )
    with pytest.raises(VolumeError, match=r"1\.h5: .* would end the program \(SIGABRT"):
        hdf5_examination.examine(paths)


@pytest.mark.parametrize("kind", ["link", "virtual"])
def test_files_that_a_file_names_are_looked_at_too(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    master = tmp_path / "master.h5"
    with h5py.File(master, "w") as made:
        if kind == "link":
            made["v"] = h5py.ExternalLink("a.h5", "/entry/data")
        else:
            layout = h5py.VirtualLayout((3, 4, 5), np.uint8)
            layout[:] = h5py.VirtualSource("a.h5", "entry/data", (3, 4, 5))
            made.create_virtual_dataset("v", layout)
    monkeypatch.setattr(
        hdf5_examination, "_look_at", lambda path: os.abort() if path == file else None
    )
    with pytest.raises(VolumeError, match=r"/a\.h5: .* would end the program \(SIGABRT"):
        open_volume(master)
