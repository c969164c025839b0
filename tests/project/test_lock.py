"""One process writes to a project, on any file system; asking who does takes nothing."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from supervox.project import Project, is_held, lock
from supervox.project.lock import LOCK, TAKEN, FolderLock, Locked

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks are others there")

HOLD = """
import sys
from pathlib import Path
from supervox.project.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["flock and bytes", "flock only", "bytes only", "neither"])
def system(request, monkeypatch):
    """A file system, by which of the two locks it has."""
    import fcntl

    def lacking(function):
        def fail(*arguments):
            raise OSError(request.param_errno, "Function not implemented")

        return fail

    request.param_errno = errno.ENOSYS
    if request.param in ("bytes only", "neither"):
        monkeypatch.setattr(fcntl, "flock", lacking(fcntl.flock))
    if request.param in ("flock only", "neither"):
        monkeypatch.setattr(fcntl, "fcntl", lacking(fcntl.fcntl))
    return request.param


def test_a_second_lock_is_refused(tmp_path, system):
    lock = FolderLock(tmp_path)
    with pytest.raises(Locked, match="this one, in another window, since"):
        FolderLock(tmp_path)
    lock.release()
    FolderLock(tmp_path).release()


def test_asking_tells_whether_it_is_held(tmp_path, system):
    assert not is_held(tmp_path)
    lock = FolderLock(tmp_path)
    assert is_held(tmp_path)
    lock.release()
    assert not is_held(tmp_path)


def test_asking_makes_nothing(tmp_path):
    assert not is_held(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody can be asked")
def test_asking_keeps_nobody_from_taking_it(tmp_path, monkeypatch):
    import fcntl

    FolderLock(tmp_path).release()
    ask = fcntl.fcntl

    def take_meanwhile(file, command, argument):
        if command == fcntl.F_OFD_GETLK:
            with monkeypatch.context() as patch:
                patch.setattr(fcntl, "fcntl", ask)
                FolderLock(tmp_path).release()
        return ask(file, command, argument)

    monkeypatch.setattr(fcntl, "fcntl", take_meanwhile)
    monkeypatch.setattr(fcntl, "flock", lambda *args: None)
    before = (tmp_path / LOCK).stat().st_mode
    assert not is_held(tmp_path)
    assert (tmp_path / LOCK).stat().st_mode == before


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_project_is_written_to_where_there_are_no_locks(home, monkeypatch, code):
    import fcntl

    def fail(*arguments):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", fail)
    monkeypatch.setattr(fcntl, "fcntl", fail)
    folder = home / "cell.supervox"
    with Project.open(folder) as project:
        assert project.read_only_because is None
        project.history.note("worked")
        with Project.open(folder) as other:
            assert "this one, in another window" in other.read_only_because
        project.save_as(home / "copy.supervox")
    assert not (folder / TAKEN).exists()
    with Project.open(home / "copy.supervox") as copy:
        assert copy.read_only_because is None


def test_a_process_that_was_killed_holds_nothing(tmp_path, system):
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout.readline() == b"held\n"
        if system == "flock and bytes":
            assert is_held(tmp_path)
            with pytest.raises(Locked, match=f"process {child.pid} on"):
                FolderLock(tmp_path)
        child.kill()
    assert not is_held(tmp_path)
    FolderLock(tmp_path).release()


def note(folder: Path, **change) -> None:
    """Make the file that stands for a lock as somebody else would have."""
    FolderLock(folder).release()
    content = json.loads((folder / LOCK).read_text())
    (folder / TAKEN).write_text(json.dumps(content | change))


def test_a_process_that_is_there_keeps_its_lock(tmp_path, system):
    note(tmp_path)
    with pytest.raises(Locked, match="this one"):
        FolderLock(tmp_path)
    assert is_held(tmp_path) == (tmp_path / TAKEN).exists()


@pytest.mark.parametrize("change", [{"process": 2**22 + 5}, {"began": "1"}, {"boot": "another"}])
def test_what_a_process_left_that_is_gone_is_no_lock(tmp_path, system, change):
    note(tmp_path, **change)
    assert not is_held(tmp_path)
    lock = FolderLock(tmp_path)
    assert is_held(tmp_path)
    lock.release()


@pytest.mark.parametrize("change", [{"machine": "node17 x"}, {"space": "pid:[1]"}])
def test_of_another_machine_a_person_has_to_say_that_it_is_gone(tmp_path, system, change):
    note(tmp_path, **change)
    with pytest.raises(Locked, match=f"if that is gone, remove {tmp_path / TAKEN}"):
        FolderLock(tmp_path)
    (tmp_path / TAKEN).unlink()
    FolderLock(tmp_path).release()


def test_a_note_that_can_not_be_read_is_somebodys(tmp_path, system):
    (tmp_path / TAKEN).write_text("half a no")
    with pytest.raises(Locked, match="if there is none any more, remove"):
        FolderLock(tmp_path)


def test_who_can_not_say_that_they_hold_it_do_not_hold_it(tmp_path, system):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as failed:
            FolderLock(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not is_held(tmp_path)
    FolderLock(tmp_path).release()
    del failed  # what it refers to was closed all the same


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt])
def test_a_file_that_stands_for_the_lock_goes_with_it(tmp_path, system, monkeypatch, error):
    def fail(self):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(FolderLock, "_write_note", fail)
        with pytest.raises(type(error) if isinstance(error, OSError) else error):
            FolderLock(tmp_path)
    assert not (tmp_path / TAKEN).exists()
    FolderLock(tmp_path).release()


@pytest.mark.parametrize("third", [None, "a third one's"])
def test_a_file_that_somebody_was_quicker_to_make_is_put_back(tmp_path, monkeypatch, third):
    place = tmp_path / TAKEN
    place.write_text("a second one's")

    def ask(own):
        if third is not None:
            place.write_text(third)
        return "somebody"

    monkeypatch.setattr(lock, "_maker", ask)
    lock._remove_abandoned(place)
    assert place.read_text() == (third or "a second one's")
    assert [item.name for item in tmp_path.iterdir()] == [TAKEN]


def test_a_link_is_no_lock(tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("precious")
    (tmp_path / LOCK).symlink_to(mine)
    assert not is_held(tmp_path)
    with pytest.raises(OSError, match="symbolic links"):
        FolderLock(tmp_path)
    assert mine.read_text() == "precious"
