import os
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervox.project.annotations import AnnotationStore
from supervox.project.changes import VoxelChange, change_between
from supervox.project.classes import ProjectClass
from supervox.project.errors import ProjectError, Severity
from supervox.segmentation.strokes import find_strokes

SHAPE = (4, 10, 12)
CLASSES = (ProjectClass(1, "nucleus", "#56b4e9"), ProjectClass(3, "void", "#000000", locked=True))


def paint(store, place, class_id):
    """Paint a row of voxels; return the number of the record."""
    voxels = np.arange(place, place + 6)
    old = store.voxels.reshape(-1)[voxels]
    return store.apply(VoxelChange(voxels, old, np.full(6, class_id, np.uint8)))


@pytest.fixture
def folder(tmp_path):
    """A closed store with three strokes and classes; snapshots at 2 and 4."""
    store = AnnotationStore.create(tmp_path, SHAPE)
    paint(store, 0, 1)
    paint(store, 40, 2)
    store.snapshot()
    store.classes = CLASSES
    paint(store, 3, 3)
    store.close()
    return tmp_path


def volume(*strokes):
    expected = np.zeros(SHAPE, np.uint8)
    for place, class_id in strokes:
        expected.reshape(-1)[place : place + 6] = class_id
    return expected


EVERYTHING = volume((0, 1), (40, 2), (3, 3))


def opened(folder, **options):
    return AnnotationStore.open(folder, **options)


def check(folder, expected=EVERYTHING, **options):
    """Open, compare, close; return what was found."""
    store = opened(folder, **options)
    np.testing.assert_array_equal(store.voxels, expected)
    store.close()
    return store.findings


def snapshots(folder):
    return sorted(path.name for path in (folder / "annotations").glob("snapshot-*"))


def remove_snapshots(folder):
    for name in snapshots(folder):
        shutil.rmtree(folder / "annotations" / name)


def flip(path, at=-1):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def offset_of(folder, number):
    store = opened(folder, read_only=True)
    offset = store.journal._index.offset_of(number)
    store.close()
    return offset


JOURNAL = "annotations/strokes.journal"


def test_annotations_come_back(folder):
    assert snapshots(folder) == ["snapshot-1.zarr", "snapshot-2.zarr"]
    store = opened(folder)
    np.testing.assert_array_equal(store.voxels, EVERYTHING)
    assert store.classes == CLASSES
    assert store.findings == ()
    assert store.tail == 0
    store.close()


def test_without_snapshots_the_journal_has_everything(folder):
    remove_snapshots(folder)
    store = opened(folder)
    np.testing.assert_array_equal(store.voxels, EVERYTHING)
    assert store.classes == CLASSES
    assert store.tail == 5
    assert store.findings == ()
    store.close()


def test_what_was_painted_directly_is_recorded(tmp_path):
    store = AnnotationStore.create(tmp_path, SHAPE)
    before = find_strokes(store.voxels)
    store.voxels[1, 2:4, 5] = 7
    store.record(change_between(before, find_strokes(store.voxels)))
    expected = store.voxels.copy()
    store.close()
    check(tmp_path, expected)


def test_nothing_is_recorded_of_nothing(folder):
    store = opened(folder)
    empty = VoxelChange(np.zeros(0, np.int64), np.zeros(0, np.uint8), np.zeros(0, np.uint8))
    assert store.record(empty) is None
    store.classes = CLASSES
    assert store.tail == 0
    store.close()
    assert len(snapshots(folder)) == 2


def test_a_change_outside_the_volume_is_refused(folder):
    store = opened(folder)
    with pytest.raises(ValueError, match="lies outside the volume"):
        store.record(VoxelChange(np.array([480]), np.zeros(1, np.uint8), np.ones(1, np.uint8)))
    store.close()


def test_undo_and_redo_go_on_across_sessions(folder):
    store = opened(folder)
    undone = store.undo()
    np.testing.assert_array_equal(store.voxels, volume((0, 1), (40, 2)))
    assert undone.voxels.tolist() == list(range(3, 9))
    store.close()
    store = opened(folder)
    store.undo()
    np.testing.assert_array_equal(store.voxels, volume((0, 1)))
    store.close()
    store = opened(folder)
    store.redo()
    store.redo()
    assert not store.can_redo
    np.testing.assert_array_equal(store.voxels, EVERYTHING)
    for _ in range(3):
        store.undo()
    assert not store.voxels.any()
    assert not store.can_undo
    assert store.undo() is None
    paint(store, 100, 4)
    assert store.redo() is None
    store.close()
    remove_snapshots(folder)
    check(folder, volume((100, 4)))


def test_undo_finds_what_is_not_written_yet(tmp_path, monkeypatch):
    store = AnnotationStore.create(tmp_path, SHAPE)
    store.flush()
    monkeypatch.setattr(store.journal, "write", lambda records: 1 / 0)
    paint(store, 0, 1)
    store.undo()
    assert not store.voxels.any()
    monkeypatch.undo()
    store.close()
    check(tmp_path, volume())


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, 470), st.integers(0, 5)),
            st.sampled_from(["undo", "redo", "snapshot", "reopen"]),
        ),
        max_size=25,
    )
)
@settings(max_examples=25)
def test_any_session_comes_back(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("session")
    store = AnnotationStore.create(folder, SHAPE)
    done, undone, present = [], [], volume()
    for step in steps:
        if isinstance(step, tuple):
            done.append(present.copy())
            undone.clear()
            paint(store, *step)
            present = store.voxels.copy()
        elif step == "undo" and done:
            undone.append(present)
            present = done.pop()
            store.undo()
        elif step == "redo" and undone:
            done.append(present)
            present = undone.pop()
            store.redo()
        elif step == "snapshot":
            store.snapshot()
        elif step == "reopen":
            store.close()
            store = opened(folder)
        np.testing.assert_array_equal(store.voxels, present)
    store.close()
    remove_snapshots(folder)
    check(folder, present)


# ---------------------------------------------------------------------------------------- damage


def test_a_damaged_snapshot_is_replaced_by_the_one_before_and_the_journal(folder):
    bad = folder / "annotations" / "snapshot-2.zarr"
    flip(next(path for path in bad.rglob("c/**/*") if path.is_file()))
    (finding,) = check(folder)
    assert finding.severity is Severity.NOTE
    assert finding.part == "snapshot-2.zarr"
    assert "is damaged; an earlier one or the journal is used" in finding.text
    assert not check(folder)


@pytest.mark.parametrize("name", ["part.json", "zarr.json", "voxels/zarr.json"])
def test_every_file_of_a_snapshot_is_verified(folder, name):
    flip(folder / "annotations/snapshot-2.zarr" / name, 30)
    (finding,) = check(folder)
    assert finding.severity is Severity.NOTE


def test_a_chunk_that_is_missing_is_not_taken_for_an_empty_one(folder):
    bad = folder / "annotations" / "snapshot-2.zarr"
    next(path for path in bad.rglob("c/**/*") if path.is_file()).unlink()
    (finding,) = check(folder)
    assert "is missing; an earlier one" in finding.text


def test_a_chunk_too_much_is_noticed(folder):
    (folder / "annotations/snapshot-2.zarr/voxels/c/9").write_text("?")
    (finding,) = check(folder)
    assert "does not belong to it" in finding.text


def test_damage_that_a_snapshot_covers_costs_history_only(folder):
    flip(folder / JOURNAL, offset_of(folder, 1) + 60)
    (finding,) = check(folder)
    assert finding.severity is Severity.NOTE
    assert "record 1 is lost from the history; the annotations are whole" in finding.text


def test_damage_that_no_snapshot_covers_is_told_exactly(folder):
    remove_snapshots(folder)
    flip(folder / JOURNAL, offset_of(folder, 2) + 60)
    (finding,) = check(folder, volume((0, 1), (3, 3)))
    assert finding.severity is Severity.LOSS
    assert "record 2 is lost; whatever was changed there is lost" in finding.text
    (finding,) = check(folder, volume((0, 1), (3, 3)))
    assert finding.severity is Severity.NOTE


def test_damage_before_and_after_a_snapshot(folder):
    shutil.rmtree(folder / "annotations" / "snapshot-2.zarr")
    first, last = offset_of(folder, 1), offset_of(folder, 4)
    flip(folder / JOURNAL, first + 60)
    flip(folder / JOURNAL, last + 60)
    found = check(folder, volume((0, 1), (40, 2)))
    assert [item.severity for item in found] == [Severity.NOTE, Severity.LOSS]
    assert "record 4 is dropped" in found[1].text


def test_a_journal_that_is_cut_costs_nothing_that_a_snapshot_has(folder):
    os.truncate(folder / JOURNAL, offset_of(folder, 4))
    (finding,) = check(folder)
    assert finding.severity is Severity.NOTE
    assert "cut off: record 4 is lost from the history; the annotations are whole" in finding.text
    store = opened(folder)
    assert paint(store, 200, 5) > 4
    store.close()
    check(folder, volume((0, 1), (40, 2), (3, 3), (200, 5)))


def test_a_journal_that_is_cut_between_records_is_noticed_without_a_snapshot(folder):
    remove_snapshots(folder)
    os.truncate(folder / JOURNAL, offset_of(folder, 2))
    (finding,) = check(folder, volume((0, 1)), shape=SHAPE)
    assert finding.severity is Severity.LOSS
    assert "cut off: records 2 to 4 are lost; whatever" in finding.text


def test_the_head_of_the_journal_is_no_matter_by_itself(folder):
    head = folder / "annotations/strokes.journal.head"
    flip(head, 5)
    (finding,) = check(folder)
    assert finding.severity is Severity.NOTE
    assert "whether record 4 is the last can't be told" in finding.text
    assert not check(folder)
    head.unlink()
    assert not check(folder)
    assert head.read_text().startswith("00000000000000000004 ")


def test_an_empty_journal(folder):
    os.truncate(folder / JOURNAL, 0)
    (finding,) = check(folder)
    assert "records 0 to 4 are lost from the history; the annotations are whole" in finding.text
    (finding,) = check(folder)
    assert "it begins with record 5: the history before it is lost" in finding.text


def test_an_empty_journal_without_a_snapshot(folder):
    remove_snapshots(folder)
    os.truncate(folder / JOURNAL, 0)
    with pytest.raises(ProjectError, match="neither the journal nor a snapshot can be read"):
        opened(folder)
    found = check(folder, volume(), shape=SHAPE)
    assert found[0].severity is Severity.LOSS
    assert "records 0 to 4 are lost; whatever" in found[0].text


def test_the_journal_and_the_file_of_classes_survive_each_other(folder):
    path = folder / "classes.json"
    flip(path, 40)
    store = opened(folder)
    assert store.classes == CLASSES
    assert "the table of classes in the journal is used" in store.findings[0].text
    store.close()
    assert not check(folder)
    remove_snapshots(folder)
    flip(folder / JOURNAL, offset_of(folder, 3) + 60)
    store = opened(folder)
    assert store.classes == CLASSES
    store.close()


# --------------------------------------------------------------------------------------- refusals


def test_who_only_reads_changes_nothing(folder):
    remove_snapshots(folder)
    with open(folder / JOURNAL, "ab") as file:
        file.write(b"half a record")
    before = (folder / JOURNAL).read_bytes()
    store = opened(folder, read_only=True)
    np.testing.assert_array_equal(store.voxels, EVERYTHING)
    for change in (
        lambda: paint(store, 0, 1),
        store.undo,
        store.snapshot,
        lambda: setattr(store, "classes", ()),
    ):
        with pytest.raises(ProjectError, match="open for reading only"):
            change()
    store.close()
    assert (folder / JOURNAL).read_bytes() == before
    assert snapshots(folder) == []


def test_an_id_twice_is_refused(folder):
    store = opened(folder)
    with pytest.raises(ValueError, match="the id 1 stands twice"):
        store.classes = (CLASSES[0], CLASSES[0])
    store.close()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((0, "a", "#000000"), "from 1 to 255, not 0"),
        ((True, "a", "#000000"), "from 1 to 255"),
        ((1, "a", "black"), "a colour is written like"),
        ((1, None, "#000000"), "has no name"),
        ((1, "a", "#000000", 1), "neither shown nor hidden"),
    ],
)
def test_what_is_no_class_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        ProjectClass(*fields)


def test_closing_on_a_full_disk_keeps_everything(folder, monkeypatch):
    store = opened(folder)
    monkeypatch.setattr(os, "fsync", lambda handle: 1 / 0)
    paint(store, 200, 5)
    with pytest.raises(ProjectError, match="can't be written"):
        store.close()
    monkeypatch.undo()
    store.close()
    check(folder, volume((0, 1), (40, 2), (3, 3), (200, 5)))


def test_closing_by_force_ends_it(folder, monkeypatch):
    store = opened(folder)
    monkeypatch.setattr(os, "fsync", lambda handle: 1 / 0)
    paint(store, 200, 5)
    with pytest.raises(ProjectError, match="can't be written"):
        store.close(force=True)
    monkeypatch.undo()
    store.close()


def test_a_journal_of_which_nothing_is_known(folder):
    remove_snapshots(folder)
    os.truncate(folder / JOURNAL, 0)
    (folder / "annotations/strokes.journal.head").unlink()
    (finding,) = check(folder, volume(), shape=SHAPE)
    assert finding.severity is Severity.LOSS
    assert "there is no snapshot: whatever was painted is lost" in finding.text


def test_a_step_is_shown_before_it_is_made(folder):
    store = opened(folder)
    changes = store.n_changes
    assert store.preview(back=False) is None
    shown = store.preview(back=True)
    np.testing.assert_array_equal(store.voxels, EVERYTHING)
    assert store.undo() == shown
    assert store.preview(back=False) == shown.inverse
    assert store.n_changes == changes + 1
    store.close()
    again = opened(folder)
    assert again.n_changes == changes + 1
    again.close()
