import os
import shutil
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from supervox.project._index import Index
from supervox.project.errors import ProjectError, Severity
from supervox.project.journal import SCHEMA, Journal
from supervox.project.records import LOG, Record, RecordKind, Role, encode, parse_header

from .test_records import change


def stroke(number, at=None, role=Role.CHANGE, target=None):
    place = 10 * number if at is None else at
    return Record(
        number,
        1000.0 + number,
        change(range(place, place + 8), [0] * 8, [1 + number % 5] * 8),
        RecordKind.VOXELS,
        role,
        target,
    )


RECORDS = [stroke(number) for number in range(6)]
STARTS = np.cumsum([0, *(len(encode(record)) for record in RECORDS)]).tolist()


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "journal"
    journal = Journal.open(place)
    journal.write(RECORDS[:2])
    journal.write(RECORDS[2:])
    journal.close()
    place.with_name("journal.head").unlink()  # as if the last records were never told of
    return place


def records_of(path, repair=False, **options):
    journal = Journal.open(path, **options)
    try:
        if repair:
            journal.repair()
        return list(journal), journal
    finally:
        journal.close()


class GrowingIndex(Index):
    """An index to which another thread adds a record whenever somebody looks at it."""

    @property
    def rows(self):
        found = super().rows
        number = len(self)
        self.add(parse_header(encode(stroke(number))), 100 * number)
        return found


@pytest.mark.parametrize("n", [0, 1, 5, 255, 256])  # 256: the next row makes the table larger
def test_an_index_that_grows_while_somebody_looks_at_it(n):
    headers = [parse_header(encode(stroke(number))) for number in range(n)]

    def grown():
        index = GrowingIndex()
        for number, header in enumerate(headers):
            index.add(header, 100 * number)
        return index

    assert grown().last_number == n - 1
    assert grown().of_kind(RecordKind.VOXELS).tolist() == list(range(n))
    assert [role[0] for role in grown().roles()] == list(range(n))
    for number in {0, n // 2, max(n - 1, 0), n}:
        is_there = number < n
        assert grown().offset_of(number) == (100 * number if is_there else None)
        assert grown().voxels_of(number) == (8 if is_there else 0)


def test_a_new_journal_is_empty(tmp_path):
    journal = Journal.open(tmp_path / "new")
    assert len(journal) == 0
    assert journal.last_number == -1
    assert journal.times() is None
    assert journal.last_of(RecordKind.CLASSES) is None
    journal.close()


def test_what_was_written_is_read(path):
    journal = Journal.open(path)
    assert len(journal) == 6
    assert journal.last_number == 5
    assert journal.size == path.stat().st_size == STARTS[-1]
    assert list(journal.after(3)) == RECORDS[4:]
    assert journal.read(2) == RECORDS[2]
    assert journal.times() == (1000.0, 1005.0)
    assert not journal.findings()
    journal.close()


def test_a_journal_is_continued(path):
    journal = Journal.open(path)
    journal.write([stroke(6)])
    assert journal.read(6) == stroke(6)
    journal.close()
    assert records_of(path)[0] == [*RECORDS, stroke(6)]


def test_the_last_record_of_a_kind(path):
    journal = Journal.open(path)
    journal.write(
        [Record(6, 0.0, {"a": 1}, RecordKind.CLASSES), Record(7, 0.0, {"a": 2}, RecordKind.CLASSES)]
    )
    assert journal.last_of(RecordKind.CLASSES).content == {"a": 2}
    assert journal.count(RecordKind.CLASSES) == 2
    assert journal.count(RecordKind.VOXELS) == 6
    journal.close()


def test_the_undo_stack_comes_from_the_records(path):
    journal = Journal.open(path)
    journal.write([stroke(6, role=Role.UNDO, target=5)])
    stack = journal.undo_stack()
    assert (stack.next_undo, stack.next_redo) == (4, 5)
    journal.close()


@pytest.mark.parametrize("n_bytes", range(STARTS[4] + 1, STARTS[5]))
def test_a_torn_record_is_dropped_and_its_bytes_are_kept_aside(path, n_bytes):
    os.truncate(path, n_bytes)
    torn = path.read_bytes()[STARTS[4] :]
    found, journal = records_of(path, repair=True)
    assert found == RECORDS[:4]
    (finding,) = journal.findings()
    dropped = n_bytes - STARTS[4]
    assert f"the last {dropped} bytes are no whole record: record 4 is dropped" in finding.text
    assert finding.text.count("(the bytes are kept in journal.damaged-1)") == 1
    assert path.stat().st_size == STARTS[4]
    assert path.with_name("journal.damaged-1").read_bytes() == torn
    assert not records_of(path)[1].findings()


def test_what_is_no_record_stays_until_something_is_written(path):
    os.truncate(path, STARTS[5] - 1)
    before = path.read_bytes()
    journal = Journal.open(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["journal"]
    journal.write([stroke(4)])
    journal.close()
    assert records_of(path)[0] == RECORDS[:5]
    assert path.with_name("journal.damaged-1").read_bytes() == before[STARTS[4] :]


def test_bytes_that_were_kept_before_are_not_overwritten(path):
    for number in (1, 2):
        data = path.read_bytes()
        path.write_bytes(data[:-1])
        records_of(path, repair=True)
        kept = path.with_name(f"journal.damaged-{number}").read_bytes()
        assert kept == encode(RECORDS[6 - number])[:-1]


def test_bytes_are_not_cut_off_while_there_is_no_room_to_keep_them(path, monkeypatch, caplog):
    os.truncate(path, STARTS[5] - 1)
    before = path.read_bytes()

    def fail(handle):
        raise OSError(28, "No space left on device")

    journal = Journal.open(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        journal.repair()
        with pytest.raises(OSError, match="No space left"):
            journal.write([stroke(4)])
    assert "can't be repaired yet (No space left" in caplog.text
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.damaged-*"))
    journal.write([stroke(4)])
    assert list(journal) == RECORDS[:5]
    assert path.with_name("journal.damaged-1").read_bytes() == before[STARTS[4] :]
    journal.close()


@pytest.fixture
def failing_once(monkeypatch):
    """Let the call of a function of a given number fail, and no other."""

    def inner(place, name, nth):
        function, count = getattr(place, name), iter(range(10**9))

        def once(*arguments, **options):
            if next(count) == nth:
                raise OSError(5, "Input/output error")
            return function(*arguments, **options)

        monkeypatch.setattr(place, name, once)

    return inner


@pytest.mark.parametrize("nth", range(4))
@pytest.mark.parametrize("repair", [False, True])
def test_a_disk_that_fails_once_while_a_torn_record_is_moved_costs_nothing(
    path, failing_once, nth, repair
):
    os.truncate(path, STARTS[5] - 1)
    torn = path.read_bytes()[STARTS[4] :]
    journal = Journal.open(path)
    failing_once(os, "fsync", nth)  # of the bytes, of their name, of the cut, of the new record
    if repair:
        journal.repair()
    with suppress(OSError):
        journal.write([stroke(4)])
    if journal.last_number < 4:
        journal.write([stroke(4)])
    journal.write([stroke(5)])
    journal.close()
    assert records_of(path)[0] == RECORDS
    assert not records_of(path)[1].findings()
    (kept,) = path.parent.glob("*damaged*")
    assert kept.name == "journal.damaged-1"
    assert kept.read_bytes() == torn


class Stubborn:
    """A file that can't be cut off when that is asked for first."""

    def __init__(self, file):
        self._file, self.refuses = file, True

    def __getattr__(self, name):
        return getattr(self._file, name)

    def truncate(self, *size):
        if self.refuses:
            self.refuses = False
            raise OSError(5, "Input/output error")
        return self._file.truncate(*size)


def test_a_torn_record_that_can_not_be_cut_off_at_once_is_cut_off_later(path):
    os.truncate(path, STARTS[5] - 1)
    torn = path.read_bytes()[STARTS[4] :]
    journal = Journal.open(path)
    journal._file = Stubborn(journal._file)
    with pytest.raises(OSError, match="Input/output"):
        journal.write([stroke(4)])
    journal.write([stroke(4)])
    journal.close()
    assert records_of(path)[0] == RECORDS[:5]
    assert path.with_name("journal.damaged-1").read_bytes() == torn


def test_bytes_of_which_it_is_not_known_that_they_are_kept_are_kept_again(path, monkeypatch):
    os.truncate(path, STARTS[5] - 1)
    journal = Journal.open(path)
    with monkeypatch.context() as patch:
        patch.setattr(type(path), "unlink", _fail)
        patch.setattr(os, "fsync", _fail)
        for _ in range(2):
            with pytest.raises(OSError, match="Input/output"):
                journal.write([stroke(4)])
    journal.write([stroke(4)])
    journal.close()
    assert records_of(path)[0] == RECORDS[:5]


def _fail(*arguments, **options):
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize("read_only", [False, True])
def test_a_record_of_a_kind_that_is_not_known_is_of_a_newer_version(path, read_only):
    newer = LOG.pack(b"what?", 77, 0, 0, 0, 6, 2**64 - 1, 0.0)
    path.write_bytes(path.read_bytes() + newer + b"half a rec")
    before = path.read_bytes()
    with pytest.raises(ProjectError, match=r"kind that this version .* doesn't know.*a newer one"):
        Journal.open(path, read_only=read_only)
    assert path.read_bytes() == before


def test_a_journal_of_a_newer_schema_is_refused_as_it_is(tmp_path):
    path = tmp_path / "journal"
    start = encode(Record(0, 0.0, {"schema": SCHEMA + 1, "shape": [1, 1, 9]}, RecordKind.START))
    path.write_bytes(start + b"of a form to come")
    with pytest.raises(ProjectError, match=f"has the schema {SCHEMA + 1}, this version"):
        Journal.open(path)
    assert path.read_bytes() == start + b"of a form to come"
    assert os.listdir(tmp_path) == ["journal"]


def test_who_only_reads_leaves_a_torn_record_alone(path):
    os.truncate(path, STARTS[5] - 1)
    found, journal = records_of(path, read_only=True)
    assert found == RECORDS[:4]
    assert "record 4 is dropped" in journal.findings()[0].text
    assert path.stat().st_size == STARTS[5] - 1


@pytest.mark.parametrize("place", [0, 9, 30, 50, 54, 60])
def test_damage_in_the_middle_costs_one_record(path, place):
    data = bytearray(path.read_bytes())
    data[STARTS[2] + place] ^= 4
    path.write_bytes(data)
    found, journal = records_of(path)
    assert found == RECORDS[:2] + RECORDS[3:]
    (gap,) = journal.gaps
    assert (gap.offset, gap.n_bytes) == (STARTS[2], STARTS[3] - STARTS[2])
    assert (gap.first, gap.last) == (2, 2)
    (finding,) = journal.findings()
    assert finding.severity is Severity.LOSS
    expected = f"{gap.n_bytes} bytes at {gap.offset} are damaged: record 2 is lost; whatever"
    assert finding.text.startswith(expected)
    (finding,) = journal.findings(covered=2)
    assert finding.severity is Severity.NOTE
    assert "record 2 is lost from the history; the annotations are whole" in finding.text


def test_bytes_that_are_gone_from_the_middle_are_told(path):
    data = path.read_bytes()
    path.write_bytes(data[: STARTS[1]] + data[STARTS[3] :])
    found, journal = records_of(path)
    assert found == [RECORDS[0], *RECORDS[3:]]
    assert "0 bytes at" in journal.findings()[0].text
    assert "records 1 to 2 are lost" in journal.findings()[0].text


def test_bytes_that_got_in_are_passed_over(path):
    data = path.read_bytes()
    path.write_bytes(data[: STARTS[2]] + b"rubbish" + data[: STARTS[1]] + data[STARTS[2] :])
    found, journal = records_of(path)
    assert found == RECORDS
    assert "no record is lost there" in journal.findings()[0].text


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_leaves_all_other_records(path, tmp_path, data):
    damaged = tmp_path / "damaged"
    shutil.copy(path, damaged)
    content = bytearray(damaged.read_bytes())
    start = data.draw(st.integers(0, len(content) - 1))
    junk = data.draw(st.binary(min_size=1, max_size=80))
    content[start : start + len(junk)] = junk
    content = content[: STARTS[-1]]
    same = [
        record
        for number, record in enumerate(RECORDS)
        if content[STARTS[number] : STARTS[number + 1]] == encode(record)
    ]
    damaged.write_bytes(content)
    found, journal = records_of(damaged)
    assert found == same
    assert bool(journal.findings()) == (len(same) < len(RECORDS))


def test_a_record_that_is_not_there(path):
    journal = Journal.open(path)
    with pytest.raises(ProjectError, match="has no record 17"):
        journal.read(17)
    journal.close()


def test_a_record_that_was_damaged_meanwhile(path):
    journal = Journal.open(path)
    data = bytearray(path.read_bytes())
    data[STARTS[2] + 60] ^= 4
    path.write_bytes(data)
    with pytest.raises(ProjectError, match=r"record 2 can't be read any more .its checksum"):
        journal.read(2)
    os.truncate(path, STARTS[3])
    with pytest.raises(ProjectError, match=r"record 4 can't be read any more .*shorter"):
        journal.read(4)
    journal.close()


def test_a_journal_that_can_not_be_opened(tmp_path):
    with pytest.raises(ProjectError, match="the journal can't be opened"):
        Journal.open(tmp_path / "no folder" / "none")


def test_a_journal_that_is_lost_is_read_as_an_empty_one(tmp_path):
    journal = Journal.open(tmp_path / "none", read_only=True)
    assert len(journal) == 0
    assert not list(tmp_path.iterdir())
    journal.close()


def test_a_failed_write_counts_for_nothing_and_is_repeated(path, monkeypatch):
    journal = Journal.open(path)
    failing = [OSError(28, "No space left on device")]

    def fsync(handle):
        if failing:
            raise failing.pop()

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        journal.write([stroke(6)])
    assert len(journal) == 6
    journal.write([stroke(6), stroke(7)])
    journal.close()
    assert records_of(path)[0] == [*RECORDS, stroke(6), stroke(7)]
