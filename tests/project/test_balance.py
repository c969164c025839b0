"""A move of a balance is a step like a stroke: written down, undone in order, there again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.project import AnnotationStore, BalanceChange, Project, Recorder, RecordKind
from supervox.project.changes import VoxelChange
from supervox.project.records import LOG, Record, Role, decode, encode, parse_header

SHAPE = (4, 6, 8)
MOVE = BalanceChange(2, 0.0, 0.7)


def stroke(voxel: int, class_id: int) -> VoxelChange:
    return VoxelChange(np.array([voxel]), np.zeros(1, np.uint8), np.array([class_id], np.uint8))


@given(st.integers(1, 65535), st.floats(-10, 10), st.floats(-10, 10), st.sampled_from(Role))
def test_a_move_survives_its_record(class_id, old, new, role):
    change = BalanceChange(class_id, old, new)
    target = None if role is Role.CHANGE else 7
    data = encode(Record(9, 1.5, change, RecordKind.BALANCE, role, target))
    header = parse_header(data)
    assert header.n_voxels == class_id
    assert decode(header, data[LOG.header_bytes :]).content == change


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"class_id": 2, "old": 0.0}, "new is damaged"),
        ({"class_id": 2, "old": 0.0, "new": 11.0}, "between -10 and 10, not 11"),
        ({"class_id": 0, "old": 0.0, "new": 1.0}, "of a class from 1 to 65,535"),
        ({"class_id": 2, "old": 0.0, "new": 1.0, "who": 1}, "who is unknown"),
    ],
)
def test_what_is_no_move_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        BalanceChange.from_json(content)


def test_moves_and_strokes_are_undone_in_the_order_they_were_made(tmp_path):
    with_store = AnnotationStore.create(tmp_path, SHAPE)
    with_store.apply(stroke(3, 1))
    with_store.record(MOVE)
    with_store.apply(stroke(5, 2))
    assert with_store.steps.strokes_since(2) == 1
    assert with_store.steps.strokes_since(1) is None
    with_store.close()
    store = AnnotationStore.open(tmp_path)
    assert store.findings == ()
    assert store.steps.strokes_since(2) == 1
    assert store.undo() == stroke(5, 2).inverse
    assert store.undo() == MOVE.inverse
    assert store.steps.strokes_since(2) is None
    assert store.voxels.reshape(-1)[[3, 5]].tolist() == [1, 0]
    assert store.redo() == MOVE
    assert store.n_changes == 3  # of voxels
    store.close()
    store = AnnotationStore.open(tmp_path)
    assert store.undo() == MOVE.inverse
    assert isinstance(store.undo(), VoxelChange)
    assert store.undo() is None
    store.close()


def test_moves_wait_for_a_store_like_strokes(tmp_path):
    voxels = np.zeros(SHAPE, np.uint8)
    recorder = Recorder(voxels)
    voxels[0, 0, 3] = 1
    recorder.confirm(recorder.look())
    recorder.record(MOVE)
    voxels[0, 0, 5] = 2
    recorder.confirm(recorder.look())
    assert recorder.strokes_since(2) == 1
    assert recorder.strokes_since(1) is None
    recorder.undo()
    assert recorder.undo() == MOVE.inverse
    assert recorder.redo() == MOVE
    recorder.redo()
    store = AnnotationStore.create(tmp_path, SHAPE)
    recorder.attach(store)
    assert recorder.strokes_since(2) == 1
    recorder.undo()
    assert recorder.undo() == MOVE.inverse
    store.close()


def test_the_journal_has_a_balance_before_the_settings_do(home):
    with Project.open(home / "cell.supervox") as project:
        before = project.settings
        project.annotations.record(BalanceChange(1, 0.0, 0.4))
        project.annotations.record(BalanceChange(1, 0.4, 0.9))
    with Project.open(home / "cell.supervox") as project:
        assert project.findings == []
        assert project.settings.parameters.refinement.balance == ((1, 0.9),)
        # settings that were written later stand, whatever led to them
        project.settings = replace(before, parameters=before.parameters.balanced((1, 0.2)))
    with Project.open(home / "cell.supervox") as project:
        assert project.settings.parameters.refinement.balance == ((1, 0.2),)
        assert project.annotations.undo() == BalanceChange(1, 0.9, 0.4)


MOVER = """
import sys, time
from supervox.project import BalanceChange, Project
project = Project.open(sys.argv[1])
project.annotations.record(BalanceChange(1, 0.0, 0.7))
project.annotations.flush()
print("moved", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that can't be caught")
def test_a_killed_process_keeps_the_balance(home):
    folder = home / "cell.supervox"
    with subprocess.Popen(
        [sys.executable, "-c", MOVER, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "moved\n"
        os.kill(process.pid, signal.SIGKILL)
    with Project.open(folder) as project:
        assert project.settings.parameters.refinement.balance == ((1, 0.7),)
        assert project.annotations.undo() == BalanceChange(1, 0.7, 0.0)
