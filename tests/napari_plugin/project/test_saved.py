"""What is said of the strokes: all saved, not saved and why, or nothing to save."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.project.saved import Saved, look_whether_saved
from supervox.napari_plugin.session.snapshot import project_state
from supervox.napari_plugin.widgets.project_bar import save_text


def saved(bench: Any) -> Saved:
    return look_whether_saved(bench.session.autosave, bench.session.painting)


def test_strokes_that_a_project_has_are_saved(bench: Any) -> None:
    assert "nothing to save" in saved(bench).text
    bench.paint(1)
    assert "being written" in saved(bench).text
    bench.settle()
    found = saved(bench)
    assert found.is_complete
    assert found.folder == bench.session.autosave.folder
    assert str(found.folder) in found.text


def test_strokes_for_which_no_project_could_be_made_are_not(bench: Any, home: Path) -> None:
    home.write_text("a file in the way")
    bench.paint(1)
    bench.settle()
    found = saved(bench)
    assert not found.is_complete
    assert "can't be made" in found.text
    assert "nothing to save" not in found.text


@pytest.mark.skipif(os.name == "nt", reason="open files can't be removed there")
def test_strokes_of_a_project_that_is_removed_are_not_until_it_is_saved_elsewhere(
    bench: Any, tmp_path: Path
) -> None:
    bench.paint(1)
    bench.settle()
    painted, autosave = bench.strokes.data.copy(), bench.session.autosave
    shutil.rmtree(autosave.folder)
    bench.until(lambda: not saved(bench).is_complete)
    assert save_text(project_state(bench.session)) == (
        "▲ Not saved: it was moved or removed",
        True,
    )
    autosave.save_as(tmp_path / "rescued.supervox")
    bench.settle()
    assert saved(bench) == Saved(True, saved(bench).text, tmp_path / "rescued.supervox")
    np.testing.assert_array_equal(autosave.project.annotations.voxels, painted)
    bench.session.painting.undo()
    bench.until(lambda: not bench.strokes.data.any())


def test_strokes_that_can_t_be_written_are_not(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.paint(1)
    bench.settle()
    annotations = bench.session.autosave.project.annotations
    state = replace(annotations.state, error="the disk is full")
    monkeypatch.setattr(type(annotations), "state", state)
    found = saved(bench)
    assert not found.is_complete
    assert found.text == "Not all is saved: the disk is full."
