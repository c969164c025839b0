"""A log gives back every record that is whole, and none that isn't."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.execution.record_log import RecordLog, put_behind

LOG = RecordLog(b"\x89testlog", "HQ")
PAYLOADS = [b"first", b"", b"the third, with \x89testlog in it"]


def written(path: Path) -> bytes:
    """Write the three payloads, and return all that is in the file."""
    end = 0
    with path.open("w+b", buffering=0) as file:
        for number, payload in enumerate(PAYLOADS):
            end = put_behind(file, end, LOG.pack(payload, number, 2**40 + number))
    return path.read_bytes()


def scanned(path: Path) -> list[int]:
    """Return the numbers of the records that a scan finds."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return [number for _, number in LOG.scan(data, lambda frame: int(frame.fields[0]))]


def read(path: Path) -> list[bytes]:
    """Return the payloads from the first on, up to one that isn't whole."""
    found = []
    with path.open("rb", buffering=0) as file:
        while (record := LOG.read(file)) is not None:
            found.append(record[1])
    return found


def test_records_come_back_in_order(tmp_path: Path) -> None:
    whole = written(tmp_path / "log")
    assert len(whole) == sum(map(len, PAYLOADS)) + 3 * LOG.header_bytes
    assert LOG.header_bytes == 8 + 2 + 8 + 8 + 4 + 4
    assert read(tmp_path / "log") == PAYLOADS
    assert scanned(tmp_path / "log") == [0, 1, 2]


def test_a_torn_tail_is_no_record(tmp_path: Path) -> None:
    whole = written(tmp_path / "log")
    last = len(whole) - len(PAYLOADS[2]) - LOG.header_bytes
    for length in range(last + 1, len(whole)):
        (tmp_path / "log").write_bytes(whole[:length])
        assert scanned(tmp_path / "log") == [0, 1]
        assert read(tmp_path / "log") == PAYLOADS[:2]


@given(data=st.data())
def test_a_scan_goes_past_damage_that_reading_in_order_stops_at(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    whole = bytearray(written(path))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    path.write_bytes(whole)
    first = LOG.header_bytes + len(PAYLOADS[0])
    hit = 0 if bit // 8 < first else 1 if bit // 8 < first + LOG.header_bytes else 2
    assert scanned(path) == [k for k in range(3) if k != hit]
    assert read(path) == PAYLOADS[:hit]


def test_nothing_of_what_stood_behind_survives_a_new_record(tmp_path: Path) -> None:
    written(tmp_path / "log")
    with (tmp_path / "log").open("r+b", buffering=0) as file:
        end = put_behind(file, 0, LOG.pack(b"other", 9, 9))  # as long as the first
        assert end == file.tell() == LOG.header_bytes + 5
    assert read(tmp_path / "log") == [b"other"]
    assert scanned(tmp_path / "log") == [9]


def test_another_log_is_not_understood(tmp_path: Path) -> None:
    written(tmp_path / "log")
    other = RecordLog(b"\x89another", "HQ")
    with (tmp_path / "log").open("rb", buffering=0) as file:
        assert other.read(file) is None
        assert other.parse(b"") is None
