"""All parameters: a field for each, within its range; a change is effective, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QLabel, QWidget
from supervox.napari_plugin.widgets.parameter_form import ParameterForm
from supervox.parameters import entries_of
from supervox.project import Project
from supervox.segmentation import (
    ClassifierParameters,
    RefinementParameters,
    SegmentationParameters,
    SupervoxelParameters,
    segment,
)

DEFAULT = SegmentationParameters()
# Chosen in the table of the section Prepare, with the sliders of Segment, in Volume.
TABLES = {
    "features.filters",
    "features.sigmas_voxels",
    "features.without",
    "refinement.balance",
    "no_data",
}
FIELDS = [entry for entry in entries_of(DEFAULT) if entry.name not in TABLES]
NUMBERS = [entry for entry in FIELDS if entry.kind in (int, float)]


def field(parent: QWidget, name: str) -> Any:
    (found,) = parent.findChildren(QWidget, name)
    return found


@pytest.fixture
def chosen() -> list[SegmentationParameters]:
    return []


@pytest.fixture
def form(qtbot: QtBot, chosen: list[SegmentationParameters]) -> Iterator[ParameterForm]:
    parent = QWidget()
    yield ParameterForm(DEFAULT, chosen.append, parent)
    parent.deleteLater()


def type_in(qtbot: QtBot, widget: QAbstractSpinBox, text: str) -> None:
    widget.setFocus()
    widget.selectAll()
    qtbot.keyClicks(widget, text)
    qtbot.keyClick(widget, Qt.Key.Key_Return)


@pytest.mark.parametrize("entry", FIELDS, ids=lambda entry: entry.name)
def test_every_parameter_has_a_field_that_says_what_it_is(form: ParameterForm, entry: Any) -> None:
    widget = field(form, entry.name)
    (label,) = (item for item in form.findChildren(QLabel) if item.buddy() is widget)
    unit = f" ({entry.about.unit})" if entry.about.unit else ""
    assert label.text() == entry.about.title + unit
    for part in (label, widget):
        assert entry.about.help in part.toolTip()
        assert f"By default {entry.text}." in part.toolTip()


@pytest.mark.parametrize("entry", NUMBERS, ids=lambda entry: entry.name)
@pytest.mark.parametrize("text", ["-5", "0", "1", "99999999999999", "", "many"])
def test_nothing_can_be_entered_that_is_refused(
    form: ParameterForm, qtbot: QtBot, entry: Any, text: str
) -> None:
    type_in(qtbot, field(form, entry.name), text)  # an error would be one of the test
    value = {item.name: item.value for item in entries_of(form._parameters)}[entry.name]
    assert type(value) is entry.kind
    entry.about.check(value)


def test_a_number_counts_when_it_is_typed_to_its_end(
    form: ParameterForm, qtbot: QtBot, chosen: list[SegmentationParameters]
) -> None:
    type_in(qtbot, field(form, "classifier.trees"), "150")
    assert chosen == [replace(DEFAULT, classifier=ClassifierParameters(trees=150))]


def test_what_is_chosen_elsewhere_is_shown_and_told_to_nobody(
    form: ParameterForm, chosen: list[SegmentationParameters]
) -> None:
    other = SegmentationParameters(
        SupervoxelParameters(6.5, compactness=1e-6, iterations=3),
        classifier=ClassifierParameters("own", seed=2**32 - 1),
        refinement=RefinementParameters(0.35),
        partitions=7,
        edge_refinement=False,
    )
    form.show_parameters(other)
    assert chosen == []
    assert field(form, "supervoxels.size_voxels").value() == 6.5
    assert field(form, "classifier.seed").value() == 2**32 - 1
    assert field(form, "classifier.method").currentText() == "own"
    assert field(form, "refinement.strength").value() == 0.35
    assert field(form, "partitions").value() == 7
    assert not field(form, "edge_refinement").isChecked()


def test_a_change_leaves_alone_what_the_form_can_not_show(
    form: ParameterForm, qtbot: QtBot, chosen: list[SegmentationParameters]
) -> None:
    fine = SegmentationParameters(SupervoxelParameters(7.12345, compactness=1e-6))
    form.show_parameters(fine)
    type_in(qtbot, field(form, "partitions"), "2")
    assert chosen == [replace(fine, partitions=2)]


def test_statistics_are_any_of_the_choices_but_none(
    form: ParameterForm, qtbot: QtBot, chosen: list[SegmentationParameters]
) -> None:
    box: QComboBox = field(form, "features.statistics")
    texts = [box.itemText(k) for k in range(box.count())]
    assert texts == ["Mean, Standard deviation", "Mean", "Standard deviation"]
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert chosen[-1].features.statistics == ("mean",)


def test_reset_leads_back_but_for_the_tables(
    form: ParameterForm, qtbot: QtBot, chosen: list[SegmentationParameters]
) -> None:
    assert not form.reset.isEnabled()
    features = replace(DEFAULT.features, sigmas_voxels=(1.0, 2.0))
    other = SegmentationParameters(SupervoxelParameters(5), features, partitions=1)
    form.show_parameters(other)
    qtbot.mouseClick(form.reset, Qt.MouseButton.LeftButton)
    assert chosen == [replace(DEFAULT, features=features)]
    assert not form.reset.isEnabled()


# ------------------------------------------------------------------------------ in the window


def test_a_change_is_effective_without_a_restart(shown: Any, qtbot: QtBot, scene: Any) -> None:
    """Opened by the mouse: classifier at once, partitions with the final labels."""
    window = shown
    window.prepare(1, 2, 3)
    window.click("all_parameters")
    form = window.find("parameter_form")
    assert form.isVisible()
    assert not form.isModal()

    type_in(qtbot, field(form, "classifier.trees"), "10")
    window.settle()
    live = window.session.preparation.prepared.segmenter
    assert live.parameters.classifier.trees == 10
    assert "train" in live.seconds

    type_in(qtbot, field(form, "refinement.strength"), "0")
    window.settle()
    assert live.parameters.refinement.strength == 0
    assert "train" not in live.seconds

    type_in(qtbot, field(form, "partitions"), "2")
    edges = field(form, "edge_refinement")
    qtbot.mouseClick(edges, Qt.MouseButton.LeftButton, pos=QPoint(8, edges.height() // 2))
    window.settle()
    expected = SegmentationParameters(
        classifier=ClassifierParameters(trees=10),
        refinement=RefinementParameters(0),
        partitions=2,
        edge_refinement=False,
    )
    assert window.session.parameters == expected
    assert window.find("supervox_prepare").text() == "Prepare"
    window.click("supervox_finish")
    window.settle()
    finished = window.session.delivery.finishing.finished
    painted = np.asarray(window.strokes.data)
    alone = segment(scene.image, painted, parameters=expected)
    np.testing.assert_array_equal(finished.labels, alone.labels)

    type_in(qtbot, field(form, "partitions"), "3")  # more than there are
    window.settle()
    assert not window.session.delivery.is_finished
    window.click("supervox_finish")
    window.settle()
    finished = window.session.delivery.finishing.finished
    assert len(finished.segmenter.partitions) == 3
    more = segment(scene.image, painted, parameters=replace(expected, partitions=3))
    np.testing.assert_array_equal(finished.labels, more.labels)

    type_in(qtbot, field(form, "supervoxels.iterations"), "2")
    window.settle()
    assert window.find("supervox_prepare").text() == "Prepare again"


def test_a_project_that_is_opened_again_has_it(
    open_dock: Callable[..., Any], scene: Any, qtbot: QtBot, tmp_path: Any
) -> None:
    window = open_dock(scene.image, name="scene")
    window.prepare(1, 2)
    project = window.session.autosave.project
    window.session.choose(replace(window.session.parameters, partitions=2))
    window.click("all_parameters")
    form = window.find("parameter_form")
    assert field(form, "partitions").value() == 2
    type_in(qtbot, field(form, "supervoxels.smoothing_voxels"), "1.5")
    expected = replace(
        DEFAULT, supervoxels=SupervoxelParameters(smoothing_voxels=1.5), partitions=2
    )
    window.until(lambda: project.settings.parameters == expected)
    window.settle()
    window.close_dock()
    with Project.open(project.folder, read_only=True) as again:
        assert again.settings.parameters == expected
