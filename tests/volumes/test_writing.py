"""Slabs in order, and files that appear complete or not at all."""

import gc
import os
import signal
import socket
import subprocess
import sys
import zlib

import numpy as np
import pytest
from supervox.volumes import (
    FORMATS,
    VolumeError,
    appearing,
    atomic,
    create_volume,
    files,
    open_volume,
    remove_leftovers,
    temporary_beside,
    write_volume,
)

ENDINGS = [entry.extensions[0] for entry in FORMATS if entry.create and entry.open]
OLD = np.full((2, 3, 4), 9, np.uint8)
NEW = np.arange(40 * 5 * 6, dtype=np.uint16).reshape(40, 5, 6)


@pytest.mark.parametrize("ending", ENDINGS)
def test_slabs_of_any_thickness(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    with create_volume(path, NEW.shape, NEW.dtype) as writer:
        assert writer.preferred_planes >= 1
        writer[0:1] = NEW[:1]
        writer[1] = NEW[1]
        writer[2:25] = NEW[2:25]
        assert not path.exists()
        writer[25:] = NEW[25:]
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, NEW)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_finished_volume_replaces_the_old_one(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    write_volume(path, OLD)
    write_volume(path, NEW)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, NEW)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("planes", [0, 20])
def test_an_exception_half_way_leaves_the_old_file(tmp_path, ending, error, planes):
    path = tmp_path / f"a{ending}"
    write_volume(path, OLD)

    def interrupted():
        with create_volume(path, NEW.shape, NEW.dtype) as writer:
            if planes:
                writer[:planes] = NEW[:planes]
            raise error

    with pytest.raises(error):
        interrupted()
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, OLD)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.fixture
def files_of_20_kb_at_most():
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", ["labels", "image"])
def test_a_write_that_the_system_refuses(tmp_path, ending, kind, files_of_20_kb_at_most):
    path = tmp_path / f"a{ending}"
    write_volume(path, OLD)
    noise = np.random.default_rng(0).random((20, 99, 99), dtype=np.float32)
    with pytest.raises(VolumeError, match=r"can't be written as .*File too large|the disk is full"):
        write_volume(path, noise, kind=kind)
    gc.collect()
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, OLD)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def _write(path, content):
    if path.suffix == ".txt":
        path.write_text(content)
    else:
        path.mkdir()
        (path / "part").write_text(content)


def _read(path):
    return (path if path.suffix == ".txt" else path / "part").read_text()


@pytest.mark.parametrize("name", ["a.txt", "folder"])
def test_a_file_or_folder_appears_when_its_block_ends(tmp_path, name):
    path = tmp_path / name
    for content in ("old", "new"):
        with appearing(path) as temporary:
            assert temporary.parent == tmp_path
            assert not temporary.exists()
            _write(temporary, content)
            assert not path.exists() or _read(path) == "old"
        assert _read(path) == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["a.txt", "folder"])
def test_a_block_that_fails_leaves_what_was_there(tmp_path, name, error):
    path = tmp_path / name
    _write(path, "old")

    def interrupted():
        with appearing(path) as temporary:
            _write(temporary, "half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert _read(path) == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_never_written_does_not_appear(tmp_path):
    with pytest.raises(FileNotFoundError), appearing(tmp_path / "a.txt"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_that_cannot_be_made(tmp_path):
    with pytest.raises(VolumeError, match="can't be written as HDF5"):
        write_volume(f"{tmp_path}/a.h5::/", OLD)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_missing_planes_leave_nothing(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    with (
        pytest.raises(VolumeError, match="only 3 of 40 planes were given; nothing was written"),
        create_volume(path, NEW.shape, NEW.dtype) as writer,
    ):
        writer[:3] = NEW[:3]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_source_that_fails_leaves_nothing(tmp_path, ending, monkeypatch):
    monkeypatch.setattr(files, "_SLAB_BYTES", 10_000)

    class Failing:
        shape, dtype = (4000, 30, 30), np.dtype(np.uint8)

        def __getitem__(self, key):
            if key.start:
                raise ValueError("the cluster went home")
            return np.zeros((key.stop, 30, 30), np.uint8)

    with pytest.raises(ValueError, match="went home"):
        write_volume(tmp_path / f"a{ending}", Failing())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "shape", "dtype", "message"),
    [
        (slice(1, 3), (2, 5, 6), "uint16", "plane 0 of 40 is next, not 1 to 3"),
        (slice(0, 4, 2), (2, 5, 6), "uint16", "in order"),
        (slice(0, 0), (0, 5, 6), "uint16", "in order"),
        (slice(0, 2), (3, 5, 6), "uint16", r"the slab's shape is \(3, 5, 6\), not \(2, 5, 6\)"),
        (slice(0, 2), (2, 5, 6), "float32", "the slab holds float32, the file uint16"),
    ],
)
def test_wrong_slabs(tmp_path, key, shape, dtype, message):
    with (
        pytest.raises(VolumeError, match=message),
        create_volume(tmp_path / "a.tif", NEW.shape, NEW.dtype) as writer,
    ):
        writer[key] = np.zeros(shape, dtype)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_works_only_in_its_with_block(tmp_path):
    writer = create_volume(tmp_path / "a.tif", NEW.shape, NEW.dtype)
    assert (writer.shape, writer.dtype) == (NEW.shape, NEW.dtype)
    with pytest.raises(VolumeError, match="use it in a 'with' statement"):
        writer[:] = NEW
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=["in one step", "in two steps"])
def system(request, monkeypatch):
    """A system that lets folders exchange their names, or can't."""
    if request.param == "in two steps":
        monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    elif sys.platform != "linux":
        pytest.skip("not on every system")
    return request.param


def test_a_folder_is_replaced(tmp_path, system):
    path = tmp_path / "a.zarr"
    for values in (OLD, NEW):
        write_volume(path, values)
        with open_volume(path) as volume:
            np.testing.assert_array_equal(volume.data, values)
    assert os.listdir(tmp_path) == ["a.zarr"]


@pytest.mark.parametrize("error", [OSError("in use"), KeyboardInterrupt])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("number", [1, 2])
def test_the_old_folder_or_the_new_one_is_there_whenever_it_is_interrupted(
    tmp_path, monkeypatch, error, before, number
):
    path = tmp_path / "a.zarr"
    write_volume(path, OLD)
    rename = type(path).rename
    calls = []

    def failing(self, target):
        calls.append(target)
        if before and len(calls) == number:
            raise error
        rename(self, target)
        if len(calls) == number:
            raise error

    monkeypatch.setattr(type(path), "rename", failing)
    monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    with pytest.raises((VolumeError, KeyboardInterrupt)):
        write_volume(path, NEW)
    monkeypatch.undo()
    with open_volume(path) as volume:
        stands = NEW if (number, before) == (2, False) else OLD
        np.testing.assert_array_equal(volume.data, stands)
    left = [name for name in os.listdir(tmp_path) if name != "a.zarr"]
    assert all(".old." in name for name in left)
    assert len(left) == (stands is NEW)


@pytest.mark.skipif(sys.platform != "linux", reason="not on every system")
def test_names_are_exchanged_without_a_moment_in_which_there_is_none(tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    write_volume(path, OLD)
    monkeypatch.setattr(type(path), "rename", lambda *names: pytest.fail("two steps"))
    discard = atomic.discard

    def stop(folder):
        discard(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic, "discard", stop)
    with pytest.raises(KeyboardInterrupt):
        write_volume(path, NEW)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, NEW)


@pytest.fixture
def failing_at_last(tmp_path, monkeypatch):
    """From its call on, the disk fails when it is told which names there are."""
    sync = atomic.sync

    def fail(place):
        if place == tmp_path:
            raise OSError(5, "Input/output error")
        sync(place)

    return lambda: monkeypatch.setattr(atomic, "sync", fail)


@pytest.mark.parametrize("name", ["a.txt", "folder"])
def test_after_a_disk_that_fails_at_the_end_the_new_stands_and_an_old_folder_is_kept(
    tmp_path, system, failing_at_last, name
):
    path = tmp_path / name
    _write(path, "old")
    failing_at_last()
    with (
        pytest.raises(
            OSError, match=r"it has its name, but .*Input/output error.*may undo"
        ) as info,
        appearing(path) as temporary,
    ):
        _write(temporary, "new")
    assert _read(path) == "new"
    kept = [item for item in tmp_path.iterdir() if item != path]
    assert [_read(item) for item in kept] == ["old"] * (name == "folder")
    assert all(item.name in str(info.value) and ".old." in item.name for item in kept)


def test_the_message_of_a_volume_says_that_it_has_its_name(tmp_path, system, failing_at_last):
    path = tmp_path / "a.zarr"
    write_volume(path, OLD)
    failing_at_last()
    with pytest.raises(VolumeError, match=r"it has its name, but .* kept as \S+\.old\.a\.zarr"):
        write_volume(path, NEW)
    (kept,) = tmp_path.glob(".*.old.a.zarr")
    for place, values in ((path, NEW), (kept.rename(tmp_path / "kept.zarr"), OLD)):
        with open_volume(place) as volume:
            np.testing.assert_array_equal(volume.data, values)


def test_a_link_to_a_folder_is_replaced_and_the_folder_stays(tmp_path, system):
    (tmp_path / "elsewhere").mkdir()
    write_volume(tmp_path / "elsewhere" / "a.zarr", OLD)
    (tmp_path / "a.zarr").symlink_to(tmp_path / "elsewhere" / "a.zarr")
    write_volume(tmp_path / "a.zarr", NEW)
    for path, values in ((tmp_path / "a.zarr", NEW), (tmp_path / "elsewhere" / "a.zarr", OLD)):
        with open_volume(path) as volume:
            np.testing.assert_array_equal(volume.data, values)
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "elsewhere"]


@pytest.mark.skipif(os.name == "nt", reason="processes can't be asked for there")
def test_a_folder_that_was_moved_aside_by_a_process_that_is_gone_comes_back(tmp_path):
    path = tmp_path / "a.zarr"
    left = _left(path, role="old")
    (left / "only copy").touch()
    remove_leftovers(path)
    assert os.listdir(path) == ["only copy"]
    assert os.listdir(tmp_path) == ["a.zarr"]


KILLED = """
import sys, time, numpy
from supervox.volumes import create_volume
with create_volume(sys.argv[1], (40, 5, 6), "uint16") as writer:
    writer[:20] = numpy.zeros((20, 5, 6), "uint16")
    print("half", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize("name", ["a.tif", "a.zarr"])
def test_leftovers_of_a_killed_process_go_when_the_file_is_written_again(tmp_path, name):
    path = tmp_path / name
    write_volume(path, OLD)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "half\n"
        remove_leftovers(path)
        assert len(list(tmp_path.iterdir())) == 2, "it is being written"
        process.send_signal(signal.SIGKILL)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, OLD)
    assert len(list(tmp_path.iterdir())) == 2
    write_volume(tmp_path / f"other{path.suffix}", OLD)
    assert len(list(tmp_path.iterdir())) == 3
    write_volume(path, NEW)
    assert {item.name for item in tmp_path.iterdir()} == {name, f"other{path.suffix}"}


def _left(path, *, machine=None, process=None, role="partial"):
    """Make a leftover as a process that has ended would have."""
    if process is None:
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            process = ended.pid
    machine = machine or f"{zlib.crc32(socket.gethostname().encode()):08x}"
    left = path.with_name(f".{machine}-{process}-01234567.{role}.{path.name}")
    left.mkdir()
    return left


@pytest.mark.skipif(os.name == "nt", reason="nothing is removed there")
def test_only_what_is_certainly_left_is_removed(tmp_path):
    path = tmp_path / "a.zarr"
    kept = [
        _left(path, process=os.getpid()),
        _left(path, process=1),
        _left(path, machine="00000000"),
        _left(tmp_path / "b.zarr"),
        _left(path, role="other"),
        temporary_beside(path),
    ]
    kept[-1].mkdir()
    gone = _left(path)
    path.mkdir()
    aside = _left(path, role="old")
    remove_leftovers(path)
    assert not gone.exists()
    assert aside.exists(), "it is older than what has the name, and may be of use"
    path.rmdir()
    write_volume(path, OLD)
    assert not aside.exists()
    assert all(item.exists() for item in kept)
    remove_leftovers(tmp_path / "none" / "a.tif")


def test_another_user_s_process_runs(tmp_path, monkeypatch):
    def refuse(process, number):
        raise PermissionError

    left = _left(tmp_path / "a.tif")
    monkeypatch.setattr("os.kill", refuse)
    remove_leftovers(tmp_path / "a.tif")
    assert left.exists()
