"""A project is looked at as it was: plane, zoom, brush and opacity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.tasks.jobs import finish_files
from supervox.project import load_view
from supervox.volumes import write_volume


@pytest.fixture
def left(
    open_bench: Callable[..., Any], plugin: Any, scene: Any, tmp_path: Path
) -> tuple[Path, dict[str, Any]]:
    """Leave a project, looked at in a way of one's own."""
    write_volume(tmp_path / "cell.tif", scene.image, spacing=(40, 40, 40), unit="nm")
    window = open_bench()
    window.viewer.open(str(tmp_path / "cell.tif"), plugin="supervox")
    window.settle()
    window.paint(1, 2)
    window.settle()
    session = window.session
    session.autosave.save_as(tmp_path / "cell.supervox")
    window.settle()
    window.viewer.dims.set_current_step(0, 11)
    window.viewer.scene.camera.zoom = 0.3
    window.viewer.scene.camera.center = (0.0, 500.0, 700.0)
    window.strokes.brush_size, window.strokes.opacity = 9, 0.35
    session.last_view.note()
    finish_files()
    values = load_view(session.autosave.project)
    session.choose_image(None)
    window.viewer.layers.clear()
    return tmp_path / "cell.supervox", values


def test_a_project_is_looked_at_as_it_was(left: Any, open_dock: Callable[..., Any]) -> None:
    folder, values = left
    window = open_dock()
    window.session.autosave.open(folder)
    window.settle()
    assert window.viewer.dims.current_step[0] == 11
    np.testing.assert_allclose(window.viewer.scene.camera.zoom, 0.3)
    np.testing.assert_allclose(window.viewer.scene.camera.center[-2:], (500, 700))
    assert window.strokes.brush_size == 9
    assert window.strokes.opacity == pytest.approx(0.35)
    assert values["brush"] == 9


def test_the_view_in_3d_is_not_kept(left: Any, open_bench: Callable[..., Any]) -> None:
    folder, values = left
    bench = open_bench()
    bench.session.autosave.open(folder)
    bench.settle()
    bench.viewer.dims.ndisplay = 3
    bench.viewer.scene.camera.zoom = 7.0
    bench.session.last_view.note()
    finish_files()
    assert load_view(bench.session.autosave.project)["zoom"] == values["zoom"]


def test_a_copy_of_the_project_knows_the_view_too(
    left: Any, open_bench: Callable[..., Any], tmp_path: Path
) -> None:
    folder, values = left
    bench = open_bench()
    autosave, last_view = bench.session.autosave, bench.session.last_view
    autosave.open(folder)
    bench.settle()
    last_view.note()
    autosave.save_as(tmp_path / "copy.supervox")
    bench.settle()
    last_view.note()
    finish_files()
    assert autosave.folder == tmp_path / "copy.supervox"
    assert load_view(autosave.project)["zoom"] == pytest.approx(values["zoom"])


def test_a_damaged_note_is_passed_over(
    left: Any, open_bench: Callable[..., Any], told: list[str]
) -> None:
    folder, _ = left
    for text in ("", "{}", '{"zoom": "far"}', "\x00"):
        (folder / "view.json").write_text(text)
        bench = open_bench()
        bench.session.autosave.open(folder)
        bench.settle()
        assert bench.strokes.brush_size == bench.session.settings.brush_size, text
        assert bench.strokes.data.any()
        bench.session.choose_image(None)
        bench.viewer.layers.clear()
        bench.settle()
    assert told == []
