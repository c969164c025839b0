"""The list of volumes to label: what is said of each while they are labelled."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from qtpy.QtWidgets import QWidget
from supervox.napari_plugin.tasks.labelling import Labelling, LabellingError
from supervox.napari_plugin.tasks.resources import Resources
from supervox.napari_plugin.widgets.labelling_window import AT_WORK, WAITING, LabellingWindow

VOLUMES = ["a/b.tif", "a/ab.tif", "a/a b.tif", "other/b.tif"]


@pytest.fixture
def listed(qtbot: Any, tmp_path: Any) -> Iterator[LabellingWindow]:
    parent = QWidget()
    qtbot.addWidget(parent)
    models: Any = SimpleNamespace(labelling=Labelling(Resources(tmp_path)))
    window = LabellingWindow(models, parent)
    for path in VOLUMES:
        window._append(path)
    yield window
    parent.close()


def states(window: LabellingWindow) -> list[str]:
    return [window.table.item(row, 1).text() for row in range(len(VOLUMES))]


@pytest.mark.parametrize(("name", "row"), [("b.tif", 0), ("ab.tif", 1), ("a b.tif", 2)])
def test_a_volume_is_at_work_by_its_whole_name(
    listed: LabellingWindow, name: str, row: int
) -> None:
    listed._labelling.published.emit(f"Reading {name} ...")
    listed._labelling.published.emit(f"Labelling {name}: 30 %")
    assert states(listed) == [AT_WORK if k == row else WAITING for k in range(len(VOLUMES))]


def test_the_second_of_a_name_is_another_row(listed: LabellingWindow) -> None:
    for _ in range(2):
        listed._labelling.published.emit("Reading b.tif ...")
    assert states(listed) == [AT_WORK, WAITING, WAITING, AT_WORK]


def test_the_list_says_why_it_ended_early(listed: LabellingWindow) -> None:
    listed._labelling.published.emit("Reading b.tif ...")
    listed._labelling.failed.emit(LabellingError("no memory was left"))
    assert states(listed) == [WAITING] * len(VOLUMES)
    assert "no memory was left" in listed.says.text()
