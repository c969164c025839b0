"""A snapshot holds exactly what the journal makes up to the record that it names."""

import os
import shutil
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from supervox.project import Paint, Recorder, Severity, VoxelChange
from supervox.project.annotations import AnnotationStore
from supervox.project.array_parts import Parts, PartWriter
from supervox.project.errors import NotKeepable, ProjectError
from supervox.project.recorded import RecordedVoxels
from supervox.project.records import RecordKind

from .conftest import row

SHAPE = (6, 10, 10)


@pytest.fixture
def store(tmp_path):
    made = AnnotationStore.create(tmp_path, SHAPE)
    made.flush()
    yield made
    made.close(force=True)


def snapshot_of(tmp_path):
    """Return record and voxels of the newest snapshot."""
    parts = Parts(tmp_path / "annotations")
    part = parts.open("snapshot", parts.generations("snapshot")[0])
    return part.header["number"], part.read("voxels", np.uint8, SHAPE)


changes = st.lists(
    st.tuples(st.sets(st.integers(0, 599), min_size=1, max_size=20), st.integers(0, 5)),
    max_size=6,
)


@given(hnp.arrays(np.uint8, SHAPE, elements=st.integers(0, 2)), changes, changes, st.data())
def test_a_view_stays_as_it_is_whatever_is_applied(painted, before, after, data):
    def apply(to, some):
        for voxels, class_id in some:
            chosen = np.array(sorted(voxels))
            new = np.full(chosen.size, class_id, np.uint8)
            to.apply(VoxelChange(chosen, np.zeros(chosen.size, np.uint8), new))

    recorded = RecordedVoxels(painted)
    apply(recorded, before)
    expected = recorded.now.copy()
    with recorded.held() as view:
        for z in range(SHAPE[0]):
            if after and data.draw(st.booleans()):
                apply(recorded, [after.pop()])
            np.testing.assert_array_equal(view[z : z + 1], expected[z : z + 1])
        np.testing.assert_array_equal(view[:], expected)
    with recorded.held() as view:
        np.testing.assert_array_equal(view[:], recorded.now)


def test_what_is_painted_and_undone_while_a_snapshot_is_written_is_not_in_it(
    store, tmp_path, monkeypatch
):
    store.apply(row(store, 0, 1))
    store.apply(row(store, 300, 2))
    number, expected = store.last_number, store.voxels.copy()
    write = PartWriter.write

    def write_while_painting(self, name, values, **options):
        store.apply(row(store, 0, 3))
        store.voxels[5] = 4  # painted, and not recorded yet
        store.undo()
        store.undo()
        write(self, name, values, **options)

    monkeypatch.setattr(PartWriter, "write", write_while_painting)
    store.snapshot()
    found, held = snapshot_of(tmp_path)
    assert found == number
    np.testing.assert_array_equal(held, expected)
    assert not store.compare_snapshots()


def test_what_is_painted_but_not_recorded_is_in_no_snapshot(store, tmp_path):
    voxels = np.zeros(SHAPE, np.uint8)
    recorder = Recorder(voxels, store)
    voxels[2, 3] = 1
    recorder.notice((slice(2, 3), slice(0, 10), slice(0, 10)))
    voxels[4] = 2
    store.snapshot()
    held = snapshot_of(tmp_path)[1]
    assert held[2, 3].all()
    assert not held[4].any()


def test_snapshots_are_exact_while_another_thread_paints_and_undoes(store, tmp_path):
    failed = []

    def paint():
        chance = np.random.default_rng(0)
        for _ in range(300):
            store.apply(row(store, int(chance.integers(0, 590)), int(chance.integers(0, 5))))
            if chance.random() < 0.4:
                store.undo()

    thread = threading.Thread(target=paint)
    thread.start()
    while thread.is_alive():
        store.snapshot()
        failed += store.compare_snapshots()
    thread.join()
    assert not failed


def spoil(store, tmp_path):
    """Replace the newest snapshot by one that holds more, as a race could once."""
    store.apply(row(store, 0, 1))
    number = store.last_number
    voxels = store.voxels.copy()
    voxels[3] = 1
    header = {"number": number, "classes_number": -1, "classes": []}
    parts = Parts(tmp_path / "annotations")
    parts.write("snapshot", header, lambda part: part.write("voxels", voxels), keep=2)
    store.flush()
    store._snapshots.number = number  # as if it had been written by this very store
    store.close()


def test_a_snapshot_that_differs_from_the_journal_is_told(store, tmp_path):
    spoil(store, tmp_path)
    again = AnnotationStore.open(tmp_path, read_only=True)
    (finding,) = again.compare_snapshots()
    assert finding.severity is Severity.NOTE
    assert "it differs in 100 voxels from the journal up to record 1" in finding.text
    again.close()


def test_a_snapshot_that_differs_from_the_journal_is_replaced(store, tmp_path):
    spoil(store, tmp_path)
    again = AnnotationStore.open(tmp_path)
    assert again.compare_snapshots(repair=True)
    assert np.count_nonzero(again.voxels) == 6
    np.testing.assert_array_equal(again.recorded[Paint.STROKES], again.voxels)
    again.close()
    held = snapshot_of(tmp_path)[1]
    assert np.count_nonzero(held) == 6
    whole = AnnotationStore.open(tmp_path)
    assert not whole.compare_snapshots()
    whole.close()


@pytest.mark.parametrize("damage", ["a gap", "a cut"])
def test_a_snapshot_that_the_journal_can_not_replace_stays_and_is_told(store, tmp_path, damage):
    spoil(store, tmp_path)
    path = tmp_path / "annotations" / "strokes.journal"
    more = AnnotationStore.open(tmp_path)
    size = more.journal.size
    more.apply(row(more, 300, 2))
    more.apply(row(more, 320, 3))
    more.flush()
    more.close()
    (newest,) = set(tmp_path.glob("annotations/snapshot-*")) - kept_by(tmp_path, 1)
    if damage == "a gap":
        shutil.rmtree(newest)
        data = bytearray(path.read_bytes())
        data[size + 60] ^= 4
        path.write_bytes(data)
    else:  # the newest one holds more than the journal has
        os.truncate(path, size)
    again = AnnotationStore.open(tmp_path)
    before, snapshots = again.voxels.copy(), sorted(tmp_path.glob("annotations/snapshot-*"))
    (finding,) = again.compare_snapshots(repair=True)
    assert finding.severity is Severity.LOSS
    assert "it differs in 100 voxels from the journal up to record 1; the journal" in finding.text
    assert "can't take its place, so that the snapshot stays" in finding.text
    assert "lacks records before" in finding.text
    np.testing.assert_array_equal(again.voxels, before)
    np.testing.assert_array_equal(again.recorded[Paint.STROKES], before)
    assert sorted(tmp_path.glob("annotations/snapshot-*")) == snapshots
    again.close()


def kept_by(tmp_path, number):
    """Return the snapshots up to a record."""
    parts = Parts(tmp_path / "annotations")
    return {
        parts.path("snapshot", generation)
        for generation in parts.generations("snapshot")
        if parts.open("snapshot", generation).header["number"] <= number
    }


def test_what_is_not_written_yet_is_not_lost_by_a_repair(store, tmp_path, monkeypatch):
    spoil(store, tmp_path)
    again = AnnotationStore.open(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _fail)
        again.apply(row(again, 500, 2))
        with pytest.raises(ProjectError, match="tried again"):
            again.compare_snapshots(repair=True)
    assert np.count_nonzero(again.voxels) == 112
    assert again.compare_snapshots(repair=True)
    assert np.count_nonzero(again.voxels) == 12
    again.close()


def _fail(handle):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("note", "says"),
    [
        ({"score": float("nan")}, r"score is nan, which can't be kept"),
        ({"a": [{"b": float("inf")}]}, r"a\[0\]\.b is inf"),
        ({"a": np.float32("nan")}, "a is nan"),
        ({"a": np.array([1.0, np.nan])}, r"a\[1\] is nan"),
        ({"a": object()}, "a is of the type object"),
        ({"a": {1, 2}}, "a is of the type set"),
        ({"a": 1j}, "a is of the type complex"),
    ],
)
def test_what_can_not_be_kept_is_refused_where_it_is_made(store, note, says):
    number = store.last_number
    with pytest.raises(NotKeepable, match=says):
        store.keep(note, RecordKind.STEP)
    assert store.last_number == number
    store.apply(row(store, 0, 1))
    store.flush()
    assert store.journal.last_number == number + 1


def test_numbers_of_numpy_are_kept_as_numbers(store):
    note = {"n": np.int64(3), "x": np.float32(0.5), "yes": np.bool_(True), "shape": (1, np.int8(2))}
    store.keep(note | {"list": np.arange(3), "text": np.str_("a")}, RecordKind.STEP)
    store.flush()
    kept = store.journal.last_of(RecordKind.STEP).content
    assert kept == {
        "n": 3,
        "x": 0.5,
        "yes": True,
        "shape": [1, 2],
        "list": [0, 1, 2],
        "text": "a",
    }


def test_a_name_of_any_bytes_is_kept(store):
    store.keep({"volume": "cell_\udcb5m.tif"}, RecordKind.STEP)
    store.flush()
    assert store.journal.last_of(RecordKind.STEP).content == {"volume": "cell_\udcb5m.tif"}


def test_what_is_noted_may_change_afterwards(store):
    note = {"list": [1]}
    store.keep(note, RecordKind.STEP)
    note["list"].append(float("nan"))
    store.flush()
    assert store.journal.last_of(RecordKind.STEP).content == {"list": [1]}
