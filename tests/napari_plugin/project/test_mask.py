"""A mask belongs to the project of a window: kept, opened again, and the same on a command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Labels
from supervox.napari_plugin.tasks import jobs
from supervox.project import Project, complete, load_mask
from supervox.volumes import open_volume


@pytest.fixture
def inside(scene: Any) -> np.ndarray:
    mask: np.ndarray = np.ones(scene.shape, np.uint8)
    mask[:, :, :10] = 0
    return mask


@pytest.fixture
def masked(open_bench: Callable[..., Any], scene: Any, inside: np.ndarray, tmp_path: Path) -> Any:
    """Return a session with a mask, final labels and a project with a name."""
    bench = open_bench(scene.image)
    session = bench.session
    session.masking.choose_layer(bench.viewer.add_layer(Labels(inside, name="tube")))
    bench.settle()
    bench.prepare(2, 3)
    session.delivery.finish()
    bench.settle()
    session.autosave.save_as(tmp_path / "tube.supervox")
    bench.until(lambda: session.autosave.is_named)
    bench.settle()
    return bench


def test_a_project_keeps_the_mask_and_opens_with_it(masked: Any, inside: np.ndarray) -> None:
    session = masked.session
    folder = session.autosave.project.folder
    labels = session.delivery.finishing.finished.labels
    np.testing.assert_array_equal(labels > 0, inside > 0)
    session.autosave.release()
    masked.settle()
    masked.viewer.layers.clear()
    session.autosave.open(folder)
    masked.until(lambda: session.delivery.finishing.finished is not None)
    masked.settle()
    assert not session.extent.is_out_of_date
    np.testing.assert_array_equal(session.delivery.finishing.finished.labels, labels)
    np.testing.assert_array_equal(masked.layer("tube").data, inside)
    assert session.masking.layer is masked.layer("tube")


def test_the_command_line_gives_the_same_bytes(masked: Any) -> None:
    session = masked.session
    folder = session.autosave.project.folder
    labels = session.delivery.finishing.finished.labels
    session.close()
    with Project.open(folder) as project, project.open_volume() as volume:
        assert project.settings.mask is not None
        assert project.settings.mask.name == "tube"
        kept = complete(project, volume.data)
        np.testing.assert_array_equal(kept.labels, labels)
        shutil.rmtree(folder / "derived")
        np.testing.assert_array_equal(complete(project, volume.data).labels, labels)


def test_a_mask_that_is_taken_away_is_gone_from_the_project(masked: Any) -> None:
    session = masked.session
    project = session.autosave.project
    session.masking.choose_layer(None)
    masked.until(lambda: project.settings.mask is None)
    masked.settle()
    assert load_mask(project) is None
    assert session.extent.is_out_of_date
    assert [step["mask"] for step in project.history.steps if step["what"] == "masked"] == [
        "tube",
        "none",
    ]


def test_a_mask_that_was_chosen_right_before_the_end_is_in_the_project(
    open_bench: Callable[..., Any], scene: Any, inside: np.ndarray
) -> None:
    bench = open_bench(scene.image)
    session = bench.session
    bench.paint(1)
    bench.settle()
    project = session.autosave.project
    session.masking.choose_layer(bench.viewer.add_layer(Labels(inside, name="tube")))
    bench.until(lambda: session.volume.mask is not None)
    session.close()
    jobs.finish_files()
    with Project.open(project.folder, read_only=True) as kept:
        assert kept.settings.mask.name == "tube"


def test_layers_that_go_one_by_one_take_no_mask_with_them(masked: Any) -> None:
    folder = masked.session.autosave.project.folder
    masked.viewer.layers.remove(masked.layer("tube"))
    masked.session.close()
    jobs.finish_files()
    with Project.open(folder, read_only=True) as kept:
        assert kept.settings.mask.name == "tube"


def test_a_dock_that_is_opened_again_finds_the_mask(
    open_dock: Callable[..., Any], scene: Any, inside: np.ndarray
) -> None:
    window = open_dock(scene.image)
    layer = window.viewer.add_layer(Labels(inside, name="tube"))
    window.choose("supervox_mask", "tube")
    window.settle()
    window.prepare(2, 3)
    window.until(lambda: window.session.autosave.project is not None)
    window.settle()
    window.close_dock()
    window.open()
    window.until(lambda: window.session.autosave.project is not None)
    window.settle()
    assert window.session.masking.layer == layer
    window.close_dock()
    window.viewer.layers.remove(layer)
    window.open()
    window.until(lambda: window.session.volume.mask is not None)
    np.testing.assert_array_equal(window.layer("tube").data, inside)


def test_a_damaged_mask_is_told_and_left_out(masked: Any, told: list[str]) -> None:
    session = masked.session
    folder = session.autosave.project.folder
    session.choose_image(None)
    masked.settle()
    jobs.finish_files()  # or the project, which is being closed, would keep its mask again
    for file in (folder / "mask").rglob("c/*/*/*"):
        file.write_bytes(b"nothing")
    session.autosave.open(folder)
    masked.until(lambda: session.autosave.project is not None)
    masked.settle()
    assert session.volume.mask is None
    assert any("the mask tube can't be read" in text for text in told)


def test_voxels_of_a_volume_in_a_file(masked: Any, inside: np.ndarray) -> None:
    project = masked.session.autosave.project
    mask = load_mask(project)
    assert mask is not None
    np.testing.assert_array_equal(mask.voxels, inside)
    assert mask.reference.left_out == np.count_nonzero(inside == 0)
    with open_volume(project.open_volume().path) as volume:
        assert volume.shape == mask.voxels.shape
