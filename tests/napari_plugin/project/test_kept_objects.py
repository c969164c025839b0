"""Found objects come back with the project: at once where nothing changed, or else anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Layer
from supervox.napari_plugin.io.readers import read_layers
from supervox.objects import Asked, Mark, rules_step
from supervox.project import Project
from supervox.volumes import write_volume

from .test_autosave import SPACING, close, open_project


def found_in(bench: Any) -> Any:
    """Wait until the objects of a project are there, however they come."""
    objects = bench.session.delivery.objects
    bench.until(lambda: objects.found is not None)
    bench.settle()
    return objects.found


def is_kept(bench: Any) -> bool:
    session = bench.session
    return session.kept.is_done and not session.delivery.objects.keeping.is_running


def test_objects_come_back_with_the_project(
    open_bench: Callable[..., Any], scene: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    first, folder = open_bench(), tmp_path / "cell.supervox"
    write_volume(tmp_path / "cell.tif", scene.image, spacing=SPACING, unit="nm", kind="image")
    for layer in read_layers(str(tmp_path / "cell.tif"), "volume"):
        first.viewer.layers.append(Layer.create(*layer))
    first.prepare(1, 2, 3)
    first.session.autosave.save_as(folder)
    first.settle()
    first.session.delivery.finish()
    first.settle()
    first.session.by_hand.find(Asked(distance_to=(2,), depth_below=(2, 3)))
    found = found_in(first)
    assert len({"distance_structure", "depth_mean"} & set(found.table.names)) == 2
    first.until(lambda: is_kept(first))
    # rules are none of what objects follow from
    first.session.by_hand.edits.record(rules_step([]))
    close(first)

    second = open_bench()
    objects = second.session.delivery.objects
    with monkeypatch.context() as patch:
        patch.setattr(type(objects.measuring), "start", lambda *_: 1 / 0)
        open_project(second, folder)
        again = found_in(second)
    assert again.order.steps == objects.steps()
    np.testing.assert_array_equal(again.ids, found.ids)
    assert again.table.to_csv() == found.table.to_csv()
    assert objects.layer is not None
    assert not objects.is_old
    assert is_kept(second)

    # an edit that nobody could keep any more: objects are found anew, with it
    number = int(again.table["id"][0])
    at = tuple(int(k) for k in np.argwhere(again.ids == number)[0])
    edit = Mark((int(again.table["class"][0]),), (at,))
    second.session.by_hand.edits.make(edit)
    second.until(lambda: objects.found.by_hand)
    second.settle()
    assert not is_kept(second)
    close(second)
    third = open_bench()
    open_project(third, folder)
    assert found_in(third).by_hand == {number}
    third.until(lambda: is_kept(third))
    with_edit = third.session.delivery.objects.found.table.to_csv()
    close(third)
    fourth = open_bench()
    open_project(fourth, folder)
    assert found_in(fourth).table.to_csv() == with_edit
    close(fourth)
    with Project.open(folder, read_only=True) as project:
        assert len(project.derived.parts.generations("objects")) == 1
