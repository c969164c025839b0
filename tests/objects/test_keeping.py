"""Objects kept: what is read is what was found, and what they follow from has a digest."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from supervox.objects import (
    EVERYTHING,
    Asked,
    Calibrated,
    FromSearch,
    KeptObjects,
    Mark,
    MeasureRequest,
    ObjectSteps,
    OpenedParents,
    Rule,
    Search,
    measure_by_steps,
    what_objects_follow_from,
)

SCALE = Calibrated.of((2.0, 1.0, 1.0), "nm", (5.0, 0.0, 0.0))
NAMES = {1: "ice", 2: "cell"}
MARKED = ObjectSteps(edits=(Mark((1,), ((1, 2, 2),)), Mark((2,), ((0, 0, 0),))))


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    rng = np.random.default_rng(1)
    found = rng.integers(0, 3, (8, 10, 12)).astype(np.uint8) * (rng.random((8, 10, 12)) < 0.2)
    found[1:4, 2:5, 2:6] = 1
    found[1:4, 5:8, 2:6] = 2
    return found


@pytest.fixture(scope="module")
def request_(labels: np.ndarray) -> MeasureRequest:
    return MeasureRequest(NAMES, {"image": labels * 3.5})


@pytest.fixture(scope="module")
def kept(labels: np.ndarray, request_: MeasureRequest) -> KeptObjects:
    scale = {"spacing": SCALE.spacing, "unit": SCALE.unit, "origin": SCALE.origin}
    found = measure_by_steps(labels, MARKED, request_, **scale)
    edited = found.edited
    return KeptObjects(
        edited.instances.ids.astype(np.uint16),
        found.measured.objects,
        SCALE.origin,
        ("image",),
        frozenset((np.flatnonzero(edited.by_hand) + 1).tolist()),
        frozenset(),
        edited.lost,
        FromSearch(found.measured.contacts, edited.states, edited.missing),
    )


def read_again(kept: KeptObjects) -> KeptObjects:
    """Go through what a file would hold."""
    about, arrays = kept.to_parts()

    def read(name, dtype, shape):
        found = arrays[name]
        assert found.dtype == dtype
        assert all(a in (None, b) for a, b in zip(shape, found.shape, strict=True))
        return found

    return KeptObjects.from_parts(json.loads(json.dumps(about)), read)


def test_what_is_read_is_what_was_kept(kept: KeptObjects) -> None:
    again = read_again(kept)
    for a, b in ((kept.table, again.table), (kept.search.contacts, again.search.contacts)):
        assert a.as_json() == b.as_json()
        for name in a.names:
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)
    assert again.by_hand == kept.by_hand
    assert again.missing == kept.missing == (((0, 0, 0), 2),)
    assert again.search.states == kept.search.states
    assert (again.origin, again.channels) == (kept.origin, kept.channels)


def test_kept_objects_are_those_that_are_found_anew(
    labels: np.ndarray, request_: MeasureRequest, kept: KeptObjects
) -> None:
    rules = (Rule.parse("voxels < 5 -> remove"), Rule.parse("unheard_of > 1 -> class 7"))
    steps = replace(MARKED, rules=rules)
    scale = {"spacing": SCALE.spacing, "unit": SCALE.unit, "origin": SCALE.origin}
    anew = measure_by_steps(labels, steps, request_, **scale)
    found = read_again(kept).as_found(steps, request_, SCALE)
    for a, b in zip(
        (anew.tables.objects, anew.tables.contacts, anew.tables.classes),
        (found.tables.objects, found.tables.contacts, found.tables.classes),
        strict=True,
    ):
        assert a.to_csv() == b.to_csv()
    np.testing.assert_array_equal(anew.instances.ids, found.instances.ids)
    np.testing.assert_array_equal(anew.instances.class_of, found.instances.class_of)
    assert anew.edited.states == found.edited.states
    assert found.ruled.changed == anew.ruled.changed
    assert found.ruled.changed[1] is None
    assert "no measure 'unheard_of'" in found.ruled.refused[0]


def test_objects_that_were_edited_since_are_not_those_of_a_search(
    request_: MeasureRequest, kept: KeptObjects
) -> None:
    edited = read_again(replace(kept, search=None))
    assert edited.as_found(MARKED, request_, SCALE) is None


def test_distances_that_a_project_asks_for_are_measured_of_classes_that_there_are(
    labels: np.ndarray,
) -> None:
    names = {1: "ice", 2: "cell", 9: "gone"}
    asked = ObjectSteps(Asked(1, None, (2, 9), (2, 9)))
    found = measure_by_steps(labels, asked, MeasureRequest(names), Search((1,))).measured.objects
    told = MeasureRequest(names, labels=labels, distance_to=(2,), depth_below=(2,))
    expected = measure_by_steps(labels, ObjectSteps(), told, Search((1,))).measured.objects
    assert found.to_csv() == expected.to_csv()
    assert {"distance_cell", "centre_distance_cell", "depth_mean"} <= set(found.names)
    # who asks himself is answered as he asks
    own = MeasureRequest(names, labels=labels, distance_to=(1,))
    table = measure_by_steps(labels, asked, own, Search((1,))).measured.objects
    assert "distance_ice" in table.names
    assert "distance_cell" not in table.names


def test_kept_objects_have_their_parents(labels: np.ndarray) -> None:
    cells = np.where(np.arange(12) < 6, 5, 0)[np.newaxis, np.newaxis].repeat(8, 0).repeat(10, 1)
    steps, request = ObjectSteps(), MeasureRequest(NAMES, parents=cells)
    found = measure_by_steps(labels, steps, request)
    measured, edited = found.measured, found.edited
    assert measured.parents == {5: 8 * 10 * 6}
    search = FromSearch(measured.contacts, edited.states, edited.missing, measured.parents)
    ids = edited.instances.ids.astype(np.uint16)
    kept = KeptObjects(ids, measured.objects, (0.0, 0.0, 0.0), (), search=search)
    again = read_again(kept).as_found(steps, request, Calibrated())
    assert again.tables.classes.to_csv() == found.tables.classes.to_csv()
    assert (again.tables.classes["parent"] == 5).any()
    about, _ = kept.to_parts()
    del about["search"]["parents"]  # as it was kept before there were any
    arrays = kept.to_parts()[1]
    before = KeptObjects.from_parts(about, lambda name, *_: arrays[name])
    assert before.search.parents == {}


def test_what_objects_lie_in_counts_by_its_ids_where_it_is_asked_for(labels: np.ndarray) -> None:
    def follows_from(asked: Asked, cells: np.ndarray | None, why_not: str = ""):
        digest = "" if cells is None else str(cells.max())
        steps = replace(MARKED, asked=asked)
        parents = OpenedParents(cells, digest=digest, why_not=why_not)
        of = labels, steps, EVERYTHING, NAMES, SCALE, (0, 0, 0)
        return what_objects_follow_from(*of, parents=parents)

    asked, elsewhere = Asked(parents="/data/cells.tif"), Asked(parents="/moved/cells.tif")
    cells = np.ones(labels.shape, np.uint8)
    assert follows_from(asked, cells) == follows_from(elsewhere, cells)
    found = [
        follows_from(Asked(), None),
        follows_from(asked, cells),
        follows_from(asked, 2 * cells),
        follows_from(asked, None, "cells.tif isn't in /data any more"),
    ]
    assert len({json.dumps(item) for item in found}) == len(found)


def test_what_objects_follow_from_is_told_apart_and_rules_do_not_count(labels: np.ndarray) -> None:
    def follows_from(
        labels=labels, steps=MARKED, search=EVERYTHING, names=NAMES, scale=SCALE, at=0
    ):
        return what_objects_follow_from(labels, steps, search, names, scale, (at, 0, 0))

    other = labels.copy()
    other[0, 0, 0] = 1 - other[0, 0, 0]
    rules = replace(MARKED, rules=(Rule.parse("voxels < 5 -> remove"),))
    assert follows_from() == follows_from(labels=labels.astype(np.uint16), steps=rules)
    found = [
        follows_from(),
        follows_from(labels=other),
        follows_from(steps=ObjectSteps()),
        follows_from(steps=replace(MARKED, asked=Asked(split="round"))),
        follows_from(steps=replace(MARKED, asked=Asked(distance_to=(2,)))),
        follows_from(steps=replace(MARKED, asked=Asked(depth_below=(2,)))),
        follows_from(search=Search((1,))),
        follows_from(names={1: "ice", 2: "membrane"}),
        follows_from(scale=Calibrated.of((1, 1, 1), "nm")),
        follows_from(at=1),
    ]
    assert len({json.dumps(item) for item in found}) == len(found)
