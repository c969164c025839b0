"""The tab Profile of the table of objects: a body from its surface inwards."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from napari.layers import Layer
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog
from supervox.cli import supervox
from supervox.napari_plugin.io.readers import read_layers
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.session.profiles import ProfileState
from supervox.napari_plugin.tasks import jobs
from supervox.napari_plugin.tasks.measuring import FinalLabels, MeasureOrder
from supervox.napari_plugin.tasks.profiling import Profiled, Profiling
from supervox.napari_plugin.widgets.curves import Curve, Curves, ticks
from supervox.napari_plugin.widgets.profile_panel import ProfileActions, ProfilePanel
from supervox.objects import Asked, ObjectSteps, profile
from supervox.volumes import write_volume

LEFT = Qt.MouseButton.LeftButton
SPACING = (60.0, 30.0, 30.0)


def order(labels: np.ndarray, body: tuple[int, ...], *further: np.ndarray) -> MeasureOrder:
    """What is measured in labels; the image is ten times these."""
    source = Source("layer", 10 * labels, 0, SPACING, "nm", channels=further)
    final = FinalLabels(source, labels, (1, 2, 3), True)
    names = {1: "outside", 2: "cell", 3: "core"}
    channels = ("image", *(f"stain {k}" for k in range(len(further))))
    steps = ObjectSteps(Asked(depth_below=body))
    return MeasureOrder(final, 0, names, channels, (0.0, 0.0, 0.0), steps)


def ball() -> np.ndarray:
    """A core in a cell in what is outside."""
    z, y, x = np.ogrid[:12, :24, :24]
    away = 4 * (z - 6) ** 2 + (y - 12) ** 2 + (x - 12) ** 2
    return np.where(away < 16, 3, np.where(away < 100, 2, 1)).astype(np.uint8)


# ------------------------------------------------------------------------------------- the work


def test_a_profile_is_that_of_the_engine(run_stage: Any) -> None:
    labels = ball()
    found = run_stage(Profiling(), order(labels, (2, 3)), 60.0)
    anew = profile(
        labels,
        [2, 3],
        step=60.0,
        channels={"image": 10 * labels},
        names={2: "cell", 3: "core"},
        spacing=SPACING,
        unit="nm",
    )
    assert found.table.to_csv() == anew.to_csv()
    assert found.body == (2, 3)
    assert found.table["fraction_core"][-1] == 1  # in the middle there is nothing else


@pytest.mark.parametrize(
    ("labels", "body", "step", "why"),
    [
        (np.full((3, 4, 5), 2, np.uint8), (2,), 30.0, "the body fills the whole volume"),
        (ball(), (9,), 30.0, "the labels have no voxel of the body's classes"),
        (ball(), (2,), 1e-6, "a step of 1e-06 makes .* shells: give a larger one"),
    ],
)
def test_why_there_is_no_profile_is_said(
    run_stage: Any, qtbot: QtBot, labels: np.ndarray, body: tuple[int, ...], step: float, why: str
) -> None:
    found = run_stage(Profiling(), order(labels, body), step)
    assert re.match(why, found.refused)
    panel, _ = make_panel(qtbot)
    panel.show_state(state_of(found))
    assert panel.status.text.whole.lower() == found.refused.lower()
    assert not panel.save.isEnabled()
    assert not panel.fractions.curves


def test_a_class_that_the_labels_lack_is_left_out(run_stage: Any) -> None:
    found = run_stage(Profiling(), order(ball(), (2, 9)), 60.0)
    assert found.body == (2,)
    assert "fraction_cell" in found.table


# ------------------------------------------------------------------------------------- the panel


def make_panel(qtbot: QtBot) -> tuple[ProfilePanel, list[float]]:
    asked: list[float] = []
    actions = ProfileActions(asked.append, lambda: None, lambda _: None, lambda: Path("p.csv"))
    panel = ProfilePanel(actions)
    qtbot.addWidget(panel)
    return panel, asked


def state_of(found: Profiled | None, **more: Any) -> ProfileState:
    usual: dict[str, Any] = {"spacing": SPACING, "unit": "nm", "first_step": 120.0}
    colours = ((2, "#ff0000"), (3, "#00ff00"))
    return ProfileState(("cell", "core"), True, None, found, colours=colours, **(usual | more))


def test_curves_are_of_classes_and_of_the_image_that_is_chosen(
    run_stage: Any, qtbot: QtBot
) -> None:
    stain = np.where(ball() == 3, 5, 1).astype(np.uint8)
    found = run_stage(Profiling(), order(ball(), (2, 3), stain), 60.0)
    panel, _ = make_panel(qtbot)
    panel.show_state(state_of(found, first_step=60.0))
    table = found.table
    cell, core = panel.fractions.curves
    assert [(k.name, k.colour) for k in (cell, core)] == [("cell", "#ff0000"), ("core", "#00ff00")]
    np.testing.assert_array_equal(cell.values, table["fraction_cell"])
    np.testing.assert_array_equal(cell.values + core.values, np.ones(len(table)))
    assert panel.fractions.titles == ("depth below the surface (nm)", "volume fraction")
    (mean,) = panel.means.curves
    np.testing.assert_array_equal(mean.values, table["mean_image"])
    np.testing.assert_array_equal(mean.spread, table["sd_image"])
    panel.channel.setCurrentIndex(1)
    panel.channel.activated.emit(1)
    (mean,) = panel.means.curves
    np.testing.assert_array_equal(mean.values, table["mean_stain 0"])
    assert panel.status.text.whole == f"{len(table)} shells from the surface of cell, core inwards"
    panel.show_state(replace(state_of(found, first_step=60.0), colours=((2, "#0000ff"),)))
    assert panel.fractions.curves[0].colour == "#0000ff"  # as the class has now
    panel.fractions.resize(300, 150)
    panel.fractions.grab()  # it can be painted


def test_the_thickness_is_typed_in_the_unit_that_reads_best(qtbot: QtBot) -> None:
    panel, asked = make_panel(qtbot)
    panel.show_state(state_of(None, spacing=(2000.0, 1000.0, 1000.0), first_step=4000.0))
    assert (panel.step.text(), panel.in_voxels.text()) == ("4 µm", "= 4 voxels")
    panel.step.setValue(2.5)
    qtbot.mouseClick(panel.measure, LEFT)
    assert asked == [2500.0]
    panel.show_state(state_of(None, unit=None, spacing=(1.0, 1.0, 1.0), first_step=4.0))
    assert panel.step.text() == "2.5 voxels"  # as a person chose it
    assert panel.in_voxels.text() == ""


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"body": (), "can_measure": False}, "Below which surface? In step 5, open Measure also,"),
        ({"can_measure": False}, "From the surface of cell, core inwards: press Finish in step 4"),
        ({}, "From the surface of cell, core inwards: press Measure profile"),
    ],
)
def test_what_to_do_first_is_said(qtbot: QtBot, state: dict[str, Any], words: str) -> None:
    panel, _ = make_panel(qtbot)
    panel.show_state(replace(state_of(None), **state))
    assert panel.status.text.whole.startswith(words)
    assert panel.measure.isEnabled() == panel._state.can_measure
    assert panel.step.isEnabled() == bool(panel._state.body)


@pytest.mark.parametrize(
    ("ends", "numbers"),
    [
        ((0.0, 1.0), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ((112.0, 380.0), [200, 300]),
        ((-0.3, 0.3), [-0.2, 0, 0.2]),
        ((3.0, 3.0), [3]),
    ],
)
def test_round_numbers_stand_along_the_axes(
    ends: tuple[float, float], numbers: list[float]
) -> None:
    assert ticks(*ends) == numbers


def test_a_curve_has_a_gap_where_a_shell_has_no_voxel(qtbot: QtBot) -> None:
    plot = Curves("plot")
    qtbot.addWidget(plot)
    plot.resize(300, 150)

    def reds(values: list[float]) -> int:
        curve = Curve("cell", np.array(values), "#ff0000")
        plot.show_curves(np.arange(6.0), [curve], ("", ""), (0.0, 2.0))
        shot = plot.grab().toImage()
        below = shot.height() // 3  # of the name
        row = [shot.pixelColor(x, y) for y in range(below, shot.height()) for x in range(300)]
        return sum(pixel.red() > 200 and pixel.green() < 60 for pixel in row)

    whole, gap = reds([1, 1, 1, 1, 1]), reds([1, 1, np.nan, 1, 1])
    assert 0.3 < gap / whole < 0.8
    assert reds([np.nan] * 5) == 0


# ------------------------------------------------------------------------------------- the window


def open_table(window: Any) -> Any:
    """Find all objects, and show the tab Profile of their table."""
    window.prepare(1, 2, 3)
    window.click("supervox_finish")
    window.settle()
    window.dock.sections[4].set_open(True)
    window.click("supervox_objects_find")
    window.settle()
    window.click("supervox_objects_table")
    table = window.dock.around.objects
    window.until(table.isVisible)
    table.tabs.setCurrentWidget(table.profile)
    return table


def tick_body(window: Any, *class_ids: int) -> None:
    """Tick classes of a body, and find objects again."""
    window.dock.objects.distances.tick((), class_ids)
    window.dock.objects.distances.chosen.emit()
    window.click("supervox_objects_find")
    window.settle()


def test_a_body_is_ticked_measured_and_saved(
    shown: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    panel, session = open_table(shown).profile, shown.session
    assert panel.status.text.whole.startswith("Below which surface?")
    assert not panel.measure.isEnabled()
    tick_body(shown, 2, 3)
    assert "press Measure profile" in panel.status.text.whole
    panel.step.setValue(3)
    shown._bot.mouseClick(panel.measure, LEFT)
    shown.settle()
    found = session.profiles.found
    names = [curve.name for curve in panel.fractions.curves]
    assert names == ["structure", session.classes[3].name]
    assert found.table["depth_to"][0] == 3
    total = found.table["voxels"].sum()
    assert total == np.isin(np.asarray(session.correcting.shown.now()), (2, 3)).sum()
    asked = []

    def answer(*words: Any) -> tuple[str, str]:
        asked.append(Path(words[2]))
        return str(tmp_path / "p"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    shown._bot.mouseClick(panel.save, LEFT)
    shown.settle()
    assert asked == [session.volume.folder / "scene-profile.csv"]
    assert (tmp_path / "p.csv").read_text(encoding="utf-8") == found.table.to_csv()
    about = json.loads((tmp_path / "p.csv.json").read_text(encoding="utf-8"))
    assert (about["table"], about["depth_below"], about["step"]) == ("profile", [2, 3], 3)
    assert panel.status.text.whole.endswith("; saved: p.csv")

    panel.step.setValue(5)
    assert panel.status.text.whole == "The plots are of shells of 3 voxels: measure it again"
    panel.step.setValue(3)
    tells_when_something_changed(shown, panel)
    assert told == []


def tells_when_something_changed(shown: Any, panel: Any) -> None:
    """Change names, body and labels, one after the other, and take each back."""
    session = shown.session
    now = panel.status.text.whole
    name = session.classes[3].name
    session.classes.change(3, name="nucleus")
    shown.settle()
    assert "Since this profile, classes were renamed" in panel.status.text.whole
    session.classes.change(3, name=name)
    shown.settle()
    assert panel.status.text.whole == now
    tick_body(shown, 2)
    assert "Since this profile, other classes were ticked: measure" in panel.status.text.whole
    session.painting.undo()
    shown.settle()
    assert panel.status.text.whole == now
    objects = session.delivery.objects
    objects.select((int(objects.found.table["id"][-1]),))
    session.by_hand.delete()
    shown.settle()
    assert "Since this profile, the labels changed: measure it" in panel.status.text.whole
    assert panel.fractions.curves  # it is still seen
    session.painting.undo()
    shown.settle()
    assert panel.status.text.whole == now


def test_a_profile_is_cancelled_while_it_is_measured(
    window: Any, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    panel = open_table(window).profile
    tick_body(window, 2)
    begun, may_go_on = threading.Event(), threading.Event()

    def held(*_: Any, workers: Any, **__: Any) -> None:
        begun.set()
        may_go_on.wait()
        workers.check_stop()

    monkeypatch.setattr("supervox.napari_plugin.tasks.profiling.profile", held)
    window._bot.mouseClick(panel.measure, LEFT)
    window.until(begun.is_set)
    window.until(panel.status.currentIndex)  # the bar is there
    assert not panel.measure.isEnabled()
    window._bot.mouseClick(panel.status.bar.cancel, LEFT)
    may_go_on.set()
    window.settle()
    assert window.session.profiles.found is None
    assert panel.status.currentIndex() == 0
    assert "press Measure profile" in panel.status.text.whole
    assert panel.measure.isEnabled()
    assert told == []


def test_the_file_is_that_of_the_command_line_byte_for_byte(
    open_bench: Callable[..., Any], scene: Any, tmp_path: Path
) -> None:
    bench, folder = open_bench(), tmp_path / "cell.supervox"
    write_volume(tmp_path / "cell.tif", scene.image, spacing=SPACING, unit="nm", kind="image")
    for layer in read_layers(str(tmp_path / "cell.tif"), "volume"):
        bench.viewer.layers.append(Layer.create(*layer))
    bench.prepare(1, 2, 3)
    bench.session.autosave.save_as(folder)
    bench.settle()
    bench.session.delivery.finish()
    bench.settle()
    bench.session.by_hand.find(Asked(depth_below=(2, 3)))
    bench.settle()
    bench.session.profiles.measure(75.0)
    bench.settle()
    bench.session.profiles.save(tmp_path / "window.csv")
    bench.settle()
    bench.session.close()
    jobs.finish_files()
    words = ["objects", folder, "--profile", tmp_path / "command.csv", "--step", 75]
    done = CliRunner().invoke(supervox, list(map(str, words)))
    assert done.exit_code == 0, done.output
    made = (tmp_path / "window.csv").read_bytes()
    assert made == (tmp_path / "command.csv").read_bytes()
    assert made.count(b"\n") > 3
