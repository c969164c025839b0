"""Objects that may be several things, or one: asked with a score that follows from shape."""

from __future__ import annotations

import math

import numpy as np
import pytest
from supervox.execution import Cancelled, Run
from supervox.objects import (
    EditQuestion,
    Merge,
    ObjectSteps,
    Separate,
    apply_edits,
    find_candidates,
    find_objects,
    measure_objects,
    refused_questions,
    refused_step,
)


def candidates_of(labels, **how):
    found = find_objects(labels)
    return find_candidates(found.ids, measure_objects(found).objects, **how)


def pair_of_balls(distance, radius=9.0):
    z, y, x = np.mgrid[:23, :23, :60]
    halves = [(z - 11) ** 2 + (y - 11) ** 2 + (x - at) ** 2 for at in (14, 14 + distance)]
    return (np.minimum(*halves) <= radius**2).astype(np.uint8)


@pytest.mark.parametrize("distance", [14, 16])
def test_balls_with_a_neck_are_several_by_the_share_that_the_neck_lacks(distance):
    (asked,) = candidates_of(pair_of_balls(distance))
    assert isinstance(asked.edit, Separate)
    half, radius = distance / 2, 9.0
    neck = math.pi * (radius**2 - half**2)
    cap = math.pi * (radius - half) ** 2 * (2 * radius + half) / 3
    volume = 4 / 3 * math.pi * radius**3 - cap
    assert asked.score == pytest.approx(1 - neck * (radius + half) / volume, abs=0.05)
    assert asked.text == "Is object 1 several things?"
    edited = apply_edits(find_objects(pair_of_balls(distance)), [asked.edit])
    sizes = np.bincount(edited.instances.ids.ravel())[1:]
    assert sizes.size == 2
    assert abs(int(sizes[0]) - int(sizes[1])) <= 0.03 * sizes.sum()


def test_one_ball_and_a_rod_are_asked_nothing():
    assert candidates_of(pair_of_balls(0)) == []
    rod = np.zeros((13, 13, 60), np.uint8)
    rod[2:11, 2:11, 3:57] = 1
    assert candidates_of(rod) == []


def test_halves_of_a_rod_are_one_thing_and_balls_side_by_side_are_not():
    z, y, x = np.mgrid[:15, :15, :60]
    rod = (((z - 7) ** 2 + (y - 7) ** 2 <= 25) & (x > 2) & (x < 57)).astype(np.uint8)
    rod[:, :, 29] = 0
    (asked,) = candidates_of(rod)
    assert isinstance(asked.edit, Merge)
    assert asked.text == "Are objects 1 and 2 one thing?"
    voxels = int(rod[:, :, :29].sum())
    radius = (3 * voxels / (4 * math.pi)) ** (1 / 3)
    expected = 1 - 1 / (2 * radius)
    assert asked.score == pytest.approx(expected, abs=0.02)
    assert apply_edits(find_objects(rod), [asked.edit]).instances.number == 1
    assert candidates_of(pair_of_balls(20)) == []
    rod[:, :, 24:35] = 0
    assert candidates_of(rod) == []


def test_objects_of_two_classes_are_never_one():
    labels = np.zeros((9, 9, 30), np.uint8)
    labels[2:7, 2:7, 2:14], labels[2:7, 2:7, 15:28] = 1, 2
    assert candidates_of(labels) == []


def test_the_surest_comes_first_and_places_are_of_the_whole_image():
    labels = np.concatenate([pair_of_balls(14), pair_of_balls(17)])
    asked = candidates_of(labels, start=(100, 0, 0))
    assert [item.objects for item in asked] == [(2,), (1,)]
    assert asked[0].score > asked[1].score
    assert all(voxel[0] >= 100 for item in asked for voxel, _ in item.edit.anchors)


def test_a_search_stops_when_it_is_told_to():
    with pytest.raises(Cancelled):
        candidates_of(pair_of_balls(14), workers=Run(1, should_stop=lambda: True))


def test_what_was_answered_by_no_is_known_again_where_the_objects_still_are():
    labels = np.concatenate([pair_of_balls(14), pair_of_balls(17)])
    start = (100, 0, 0)
    first, second = candidates_of(labels, start=start)
    steps = ObjectSteps.of([refused_step(first.edit)])
    assert steps == ObjectSteps(refused=(first.edit,))
    labels[0, 0, 0] = 1  # another object before both: they get other numbers
    found = find_objects(labels)
    table = measure_objects(found).objects
    asked = find_candidates(found.ids, table, start=start)
    refused = refused_questions(steps.refused, found.ids, table, start)
    (left,) = [item for item in asked if item.key not in refused]
    assert left.edit == second.edit
    # cut in two by hand, nothing of it was asked
    cut = apply_edits(find_objects(labels), [first.edit], start=start).instances
    table = measure_objects(cut).objects
    assert refused_questions(steps.refused, cut.ids, table, start) == frozenset()
    assert refused_questions(steps.refused, cut.ids, table, (0, 0, 0)) == frozenset()


def test_the_score_is_said_in_a_word():
    edit = Merge(1, ((0, 0, 0), (1, 1, 1)))
    words = [EditQuestion((1, 2), score, edit).how_sure for score in (0.3, 0.59, 0.6, 1.0)]
    assert words == ["perhaps", "perhaps", "likely", "likely"]


def test_a_candidate_is_a_question():
    assert EditQuestion((3, 7), 0.5, Merge(1, ((0, 0, 0), (1, 1, 1)))).text.startswith(
        "Are objects 3"
    )
