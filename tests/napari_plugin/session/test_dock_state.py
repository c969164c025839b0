"""What the dock shows, without a widget: equal as long as nothing happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import Any

import pytest
from napari.layers import Layer
from qtpy.QtCore import QObject
from supervox.napari_plugin.session.dock_state import DockState
from supervox.napari_plugin.session.next_step import Step, next_step
from supervox.napari_plugin.session.snapshot import dock_state
from supervox.napari_plugin.session.view_choices import Shown
from supervox.napari_plugin.tasks.exporting import ExportKind
from supervox.segmentation import RefinementParameters, SupervoxelParameters

BOX = (slice(4, 12), slice(0, 40), slice(8, 48))


def changed(before: DockState, after: DockState) -> set[str]:
    """Return the names of the parts that differ."""
    return {
        part.name
        for part in fields(DockState)
        if getattr(before, part.name) != getattr(after, part.name)
    }


def values_of(state: Any) -> Iterator[Any]:
    """Yield all that a state holds, but for the voxels of the image."""
    for part in fields(state):
        value = getattr(state, part.name)
        if is_dataclass(value):
            yield from values_of(value)
        elif part.name != "volume":
            yield from value if isinstance(value, tuple | frozenset) else (value,)


def test_an_empty_viewer_has_the_state_that_states_begin_with(
    open_bench: Callable[..., Any],
) -> None:
    state = dock_state(open_bench().session)
    blank = DockState()
    assert changed(blank, state) <= {"volume", "paint", "project", "objects", "export"}
    assert state.project == replace(blank.project, save_in=state.project.save_in)
    assert state.export == replace(blank.export, folder=state.export.folder)
    assert state.volume == replace(blank.volume, recent=state.volume.recent)
    assert [item.name for item in state.paint.classes] == ["background", "structure"]
    assert next_step(state).step is Step.VOLUME


def test_nothing_happened_is_an_equal_state(bench: Any) -> None:
    bench.prepare(1, 2)
    state = dock_state(bench.session)
    assert dock_state(bench.session) == state
    with pytest.raises(FrozenInstanceError):
        state.paint = state.paint
    assert not any(isinstance(value, Layer | QObject) for value in values_of(state))


def test_each_step_of_the_work_is_in_the_state(bench: Any) -> None:
    session = bench.session
    state = dock_state(session)
    assert state.volume.images == ("scene",)
    assert state.volume.chosen == 0
    assert state.prepare.prepared is None
    assert state.volume.needs == state.prepare.needs == session.extent.needs()
    bench.paint(1)
    bench.settle()
    state = dock_state(session)
    assert state.paint.strokes == ((1, 1),)
    assert state.paint.can_undo
    assert state.export.possible == {ExportKind.STROKES}
    assert next_step(state).step is Step.PREPARE
    bench.prepare(2)
    state = dock_state(session)
    assert state.prepare.prepared.source == session.volume.source
    assert state.prepare.prepared.n_supervoxels == session.preparation.prepared.n_supervoxels
    assert state.segment.update.class_ids == state.segment.painted == (1, 2)
    assert state.segment.classes == (("background", 1), ("structure", 2))
    assert state.segment.finished_seconds is None
    assert next_step(state).step is Step.SEGMENT
    session.delivery.finish()
    assert dock_state(session).segment.is_finishing
    bench.settle()
    state = dock_state(session)
    assert state.segment.is_finished
    assert state.segment.finished_seconds > 0
    assert state.segment.view.shown is Shown.FINAL
    assert next_step(state).step is Step.OBJECTS
    assert state.objects.can_find
    session.delivery.objects.find()
    assert dock_state(session).objects.progress is not None
    bench.settle()
    state = dock_state(session)
    assert state.objects.is_done
    assert next_step(state).step is Step.EXPORT


def test_a_change_is_in_the_parts_that_show_it(bench: Any) -> None:
    session = bench.session
    bench.prepare(1, 2)
    before = dock_state(session)
    for change, parts in (
        (lambda: session.view.choose(opacity=0.9), {"segment"}),
        (lambda: session.balancing.choose_strength(0.5), {"prepare", "segment", "look"}),
        (
            lambda: session.classes.change(2, name="cell"),
            {"paint", "segment", "look", "objects"},
        ),
        (lambda: session.use_tool("erase"), {"paint"}),
        (lambda: session.volume.set_box(BOX), {"volume", "prepare"}),
    ):
        change()
        bench.settle()
        after = dock_state(session)
        found = changed(before, after) - {"project"}  # strokes reach the disk when they do
        if "prepare" in parts and "segment" in parts:
            assert after.prepare.parameters.refinement == RefinementParameters(0.5)
        assert found == parts
        before = after


def test_what_is_chosen_and_out_of_date(bench: Any) -> None:
    session = bench.session
    bench.prepare()
    session.choose(replace(session.parameters, supervoxels=SupervoxelParameters(5.0)))
    state = dock_state(session)
    assert state.prepare.parameters == session.parameters
    assert state.prepare.is_out_of_date
    assert state.prepare.prepared.size_voxels == 8
    session.extent.prepare()
    state = dock_state(session)
    assert state.prepare.is_running
    assert state.prepare.progress is not None
    bench.settle()
    state = dock_state(session)
    assert not state.prepare.is_out_of_date
    assert state.prepare.progress is None


def test_strokes_that_were_removed(bench: Any) -> None:
    bench.viewer.layers.remove(bench.strokes)
    state = dock_state(bench.session)
    assert state.paint.was_lost
    assert not state.paint.has_layer
    assert "Bring the strokes back" in next_step(state).sentence
    bench.session.strokes.bring_back()
    state = dock_state(bench.session)
    assert state.paint.has_layer
    assert not state.paint.was_lost
