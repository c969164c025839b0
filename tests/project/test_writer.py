import os
import queue
import threading
import time

import pytest
from supervox.project.errors import ProjectError
from supervox.project.journal import Journal
from supervox.project.writer import JournalWriter, SaveState

from .test_journal import stroke


class Disk:
    """A journal whose disk fails or waits when it is told to."""

    def __init__(self, path):
        self.journal = Journal.open(path)
        self.path = path
        self.error = None
        self.batches = []
        self.free = threading.Event()
        self.free.set()

    def is_in_place(self):
        return self.journal.is_in_place()

    def write(self, records):
        self.free.wait()
        if self.error is not None:
            raise self.error
        self.batches.append(len(records))
        return self.journal.write(records)


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path / "journal")
    yield made
    made.journal.close()


def test_what_is_appended_is_on_the_disk_after_a_flush(disk):
    writer = JournalWriter(disk)
    assert writer.state == SaveState()
    before = time.time()
    for number in range(5):
        writer.append(stroke(number))
    writer.flush()
    assert list(disk.journal) == [stroke(number) for number in range(5)]
    state = writer.state
    assert (state.pending, state.error) == (0, None)
    assert before <= state.saved_at <= time.time()
    writer.close()


def test_what_waits_is_written_at_once(disk):
    disk.free.clear()
    writer = JournalWriter(disk)
    writer.append(stroke(0))
    for number in range(1, 7):
        writer.append(stroke(number))
    assert writer.state.pending == 7
    assert writer.waiting(6) == stroke(6)
    assert writer.waiting(7) is None
    disk.free.set()
    writer.close()
    assert sum(disk.batches) == 7
    assert len(disk.batches) <= 2
    assert writer.waiting(6) is None


@pytest.mark.skipif(os.name == "nt", reason="open files can't be moved there")
def test_that_the_file_is_gone_is_told_though_nothing_is_written(disk):
    told = queue.SimpleQueue()
    writer = JournalWriter(disk, told.put, retry_seconds=0.01)
    other = disk.path.with_name("other")
    disk.path.rename(other)
    state = told.get(timeout=60)
    assert state.pending == 0
    assert state.error == f"{disk.path}: {state.why}"
    assert state.why == "it was moved or removed"
    other.rename(disk.path)
    assert told.get(timeout=60).error is None
    writer.close()


def test_the_state_is_told(disk):
    told = []
    writer = JournalWriter(disk, told.append)
    writer.append(stroke(0))
    writer.close()
    assert told[-1].pending == 0
    assert told[-1].saved_at is not None


def test_nothing_is_lost_on_a_disk_that_fails(disk):
    disk.error = OSError(28, "No space left on device")
    failed = threading.Event()
    writer = JournalWriter(disk, lambda state: failed.set() if state.error else None, 0.01)
    writer.append(stroke(0))
    assert failed.wait(60)
    assert "can't be written (No space left on device); 1 change is kept" in writer.state.error
    writer.append(stroke(1))
    with pytest.raises(ProjectError, match="2 changes are kept and tried again"):
        writer.flush()
    with pytest.raises(ProjectError, match="No space left"):
        writer.close()
    disk.error = None
    writer.append(stroke(2))
    writer.close()
    assert [record.number for record in disk.journal] == [0, 1, 2]
    assert writer.state.error is None


def test_ending_by_force_says_what_is_lost(disk, caplog):
    disk.error = OSError(28, "No space left on device")
    writer = JournalWriter(disk, retry_seconds=60)
    writer.append(stroke(0))
    with pytest.raises(ProjectError, match="No space left"):
        writer.close(force=True)
    assert "gave up, they are lost" in caplog.text
    with pytest.raises(ProjectError, match="was closed; open the project again"):
        writer.append(stroke(1))


def test_a_bug_does_not_end_the_thread(disk, caplog):
    disk.error = RuntimeError("a bug")
    writer = JournalWriter(disk, retry_seconds=0.01)
    writer.append(stroke(0))
    with pytest.raises(ProjectError, match="a bug"):
        writer.flush()
    disk.error = None
    writer.close()
    assert len(disk.journal) == 1
    assert "the journal's writer failed" in caplog.text


def test_a_callback_that_fails_does_not_end_the_thread(disk, caplog):
    def fail(state):
        raise RuntimeError("a widget is gone")

    writer = JournalWriter(disk, fail)
    writer.append(stroke(0))
    writer.close()
    assert len(disk.journal) == 1
    assert "a callback about the state of saving failed" in caplog.text
