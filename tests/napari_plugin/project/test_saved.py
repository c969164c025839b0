"""What is said of the strokes: all saved, not saved and why, or nothing to save."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.project.saved import Saved, look_whether_saved
from supervox.napari_plugin.session.snapshot import project_state
from supervox.napari_plugin.tasks import jobs
from supervox.napari_plugin.widgets.project_bar import save_text
from supervox.project import Project


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


@pytest.mark.skipif(os.name == "nt", reason="open files can't be removed there")
def test_the_image_of_a_project_that_is_removed_is_saved_elsewhere_as_well(
    bench: Any, open_bench: Callable[..., Any], scene: Any, tmp_path: Path, told: list[str]
) -> None:
    bench.paint(1)
    bench.settle()
    autosave = bench.session.autosave
    shutil.rmtree(autosave.folder)
    autosave.save_as(tmp_path / "rescued.supervox")
    bench.settle()
    assert told == []
    bench.session.close()
    jobs.finish_files()
    other = open_bench()
    other.session.autosave.open(tmp_path / "rescued.supervox")
    other.settle()
    np.testing.assert_array_equal(np.asarray(other.session.volume.image.data), scene.image)
    assert other.session.live.scan.counts == {1: 1}
    other.session.painting.undo()
    other.until(lambda: not other.strokes.data.any())


@pytest.mark.skipif(os.name == "nt", reason="open files can't be removed there")
def test_an_image_that_is_gone_with_its_folder_is_told(
    bench: Any, open_bench: Callable[..., Any], tmp_path: Path, told: list[str]
) -> None:
    bench.paint(1)
    bench.settle()
    folder = bench.session.autosave.folder
    bench.session.close()
    jobs.finish_files()
    other = open_bench()
    other.session.autosave.open(folder)  # whose image is read from there
    other.settle()
    strokes = other.strokes.data.copy()
    shutil.rmtree(folder)
    other.session.autosave.save_as(tmp_path / "rescued.supervox")
    other.settle()
    assert any("say where it is now" in message for message in told)
    with Project.open(tmp_path / "rescued.supervox", read_only=True) as project:
        np.testing.assert_array_equal(project.annotations.voxels, strokes)


def test_strokes_that_can_t_be_written_are_not(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.paint(1)
    bench.settle()
    annotations = bench.session.autosave.project.annotations
    state = replace(annotations.state, error="the disk is full")
    monkeypatch.setattr(type(annotations), "state", state)
    found = saved(bench)
    assert not found.is_complete
    assert found.text == "Not all is saved: the disk is full."
