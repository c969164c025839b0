"""A log gives back what was put on it, as far as it is whole."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from supervox.execution import ExecutionError, Run, Threads, split_blocks
from supervox.execution.block_log import BlockLog, BlockWriter, LoggingExecutor, checksum

RESULTS = [
    np.arange(5.0),
    (3, np.zeros((0, 2), np.int64), None),
    ((np.ones((2, 3), np.float32), np.array(7)), ()),
]
values = st.recursive(
    st.none()
    | st.integers()
    | arrays.arrays(st.sampled_from(["<i4", "<i8", "<f4", "<f8"]), arrays.array_shapes(min_side=0)),
    lambda items: st.lists(items, max_size=3).map(tuple),
    max_leaves=5,
)


def same(one, other):
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(other, one)
        assert other.dtype == one.dtype
        assert other.flags.writeable
        assert other.flags.aligned
    elif isinstance(one, tuple):
        assert isinstance(other, tuple)
        for pair in zip(one, other, strict=True):
            same(*pair)
    else:
        assert one == other


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "blocks.log"
    with BlockLog(path, "cell") as log:
        assert not log.is_continued
        for number, result in enumerate(RESULTS):
            log.append([number], result)
    return path


def read(file, origin="cell"):
    """Return how many results are there."""
    with BlockLog(file, origin) as log:
        for number, result in enumerate(RESULTS):
            found = log.next([number])
            if found is None:
                assert log.next([number]) is None
                return number
            same(result, found[0])
    return len(RESULTS)


@given(value=values)
def test_any_result_comes_back(value, tmp_path_factory):
    file = tmp_path_factory.mktemp("log") / "blocks.log"
    with BlockLog(file, "cell") as log:
        log.append(["key", 1], value)
    with BlockLog(file, "cell") as log:
        assert log.is_continued
        (found,) = log.next(["key", 1])
        same(value, found)


def test_a_cut_log_has_what_came_before(file):
    whole = file.read_bytes()
    counts = []
    for length in range(0, len(whole) + 1, 7):
        file.write_bytes(whole[:length])
        counts.append(read(file))
    file.write_bytes(whole)
    assert read(file) == 3
    assert counts == sorted(counts)
    assert counts[0] == 0


def test_a_damaged_log_has_what_came_before(file):
    whole = file.read_bytes()
    for place in range(0, len(whole), 5):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 64]) + whole[place + 1 :])
        assert read(file) < 3


def test_another_origin_begins_anew(file):
    with BlockLog(file, "another cell") as log:
        assert not log.is_continued
        assert log.next([0]) is None
    assert read(file) == 0


def test_a_log_of_an_earlier_version_begins_anew(file):
    """Its results may be of another form: region graphs once had sums of intensities."""
    old = b""
    for text in (b'[["cell"], null]', b"[[0], 5]"):
        body = struct.pack("<I", len(text)) + text
        old += struct.pack("<4sIQ", b"SvTp", zlib.crc32(body), len(body)) + body
    file.write_bytes(old)
    with BlockLog(file, "cell") as log:
        assert not log.is_continued
        assert log.next([0]) is None
    assert read(file) == 0


def test_another_key_ends_what_is_known(file):
    with BlockLog(file, "cell") as log:
        assert log.next([0]) is not None
        assert log.next([5]) is None
        assert log.next([1]) is None
        log.append([5], 5)
    with BlockLog(file, "cell") as log:
        assert log.next([0]) is not None
        assert log.next([5]) == (5,)
        assert log.next([1]) is None


def run(file, out, stop=None, shape=(4, 4, 4)):
    """Run two passes, the first of which writes; return what they gave, and what was worked on."""
    worked, blocks = [], split_blocks(out.shape, shape)

    def write(block):
        worked.append((1, block.index))
        out[block.core] = block.index
        return block.index

    def look(block):
        worked.append((2, block.index))
        return np.array([block.index, int(out[block.core].sum())])

    found = []
    with BlockLog(file, "cell") as log:
        recorded = LoggingExecutor(Threads(1), log)
        assert recorded.slots == 1
        for function in (BlockWriter(write, out), look):
            for result in Run(recorded).blocks(function, blocks):
                found.append(result)
                if len(found) == stop:
                    return found, worked
    return found, worked


@pytest.mark.parametrize("stop", [1, 5, 8, 9, 13])
def test_a_run_goes_on_behind_what_is_on_the_log(tmp_path, stop):
    expected = run(tmp_path / "whole", np.zeros((8, 8, 8), np.int32))[0]
    out = np.zeros((8, 8, 8), np.int32)
    run(tmp_path / "log", out, stop)
    found, worked = run(tmp_path / "log", out)
    np.testing.assert_equal(found, expected)
    assert len(worked) == 16 - stop
    assert run(tmp_path / "log", out)[1] == []


def test_what_is_not_there_any_more_is_written_again(tmp_path):
    out = np.zeros((8, 8, 8), np.int32)
    expected, _ = run(tmp_path / "log", out)
    written = out.copy()
    out[5, 6, 7] = 0
    found, worked = run(tmp_path / "log", out)
    assert worked == [(1, 7)]
    np.testing.assert_array_equal(out, written)
    np.testing.assert_equal(found, expected)


def test_other_blocks_are_worked_on(tmp_path):
    out = np.zeros((8, 8, 8), np.int32)
    run(tmp_path / "log", out)
    found, worked = run(tmp_path / "log", out, shape=(4, 4, 8))
    assert len(found) == len(worked) == 8


def test_a_decision_is_kept(file):
    def decide(choose):
        with BlockLog(file, "cell") as log:
            chosen = LoggingExecutor(Threads(1), log).decide("blocks", choose)
            return chosen, log.next([0]) is not None

    assert decide(lambda known: known or (4, 4, 4)) == ((4, 4, 4), False)
    with BlockLog(file, "cell") as log:
        assert log.next(["blocks"]) == ((4, 4, 4),)
        log.append([0], 0)
    assert decide(lambda known: known) == ((4, 4, 4), True)
    assert decide(lambda known: (2, 2, 2)) == ((2, 2, 2), False)  # what was done so is void
    assert decide(lambda known: known) == ((2, 2, 2), False)


def test_a_checksum_is_that_of_the_block():
    voxels = np.random.default_rng(0).normal(size=(8, 9, 10)).astype(np.float32)
    block = split_blocks(voxels.shape, (4, 4, 4))[3]
    before = checksum(voxels, block)
    voxels[0, 0, 0] += 1
    assert checksum(voxels, block) == before
    z, y, x = (core.start for core in block.core)
    voxels[z, y, x] += 1
    assert checksum(voxels, block) != before


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    with BlockLog(tmp_path / "log", "cell") as log:
        monkeypatch.setattr("supervox.execution.block_log.put_behind", _refuse)
        words = r"log: .* can't be kept \(No space left on device\)"
        with pytest.raises(ExecutionError, match=words):
            log.append([0], 0)


def _refuse(file, end, records):
    raise OSError(28, "No space left on device")
