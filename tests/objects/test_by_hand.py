"""Edits by hand: cuts, merges, other classes, marks; in any order of blocks, and on new labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from supervox.objects import (
    Asked,
    Bench,
    Calibrated,
    CutLine,
    EditedPart,
    EditState,
    Give,
    Instances,
    Mark,
    MeasureRequest,
    Merge,
    ObjectsError,
    ObjectSteps,
    Rule,
    Separate,
    apply_edits,
    apply_rules,
    class_around,
    cut_along,
    edit_from_json,
    edit_to_json,
    find_objects,
    find_step,
    inner_voxel,
    measure_again,
    measure_objects,
    object_across,
    objects_at_ends,
    rules_step,
)
from supervox.objects.cutting import side_of_line

HERE = (10, 10, 10)
HELD, LOST, ELSEWHERE = EditState.HELD, EditState.LOST, EditState.ELSEWHERE


def balls(shape=(21, 21, 41), centres=((10, 10, 11), (10, 10, 28)), radius=9.6):
    """Balls of class 1 that overlap a little: a neck between columns 19 and 20."""
    places = np.indices(shape)
    labels = np.zeros(shape, np.uint8)
    for centre in centres:
        away = sum(np.square(axis - k) for axis, k in zip(places, centre, strict=True))
        labels[away <= radius**2] = 1
    return labels


def cut_at(found, column=19.5, number=1, axis=0, plane=10):
    return cut_along(found.ids, number, 1, axis, plane, ((0.0, column), (20.0, column)))


def test_a_line_across_the_neck_cuts_two_balls():
    found = find_objects(balls())
    assert found.number == 1
    edited = apply_edits(found, [cut_at(found)])
    assert edited.states == (HELD,)
    assert edited.instances.class_of.tolist() == [1, 1]
    left = edited.instances.ids[:, :, :20]
    np.testing.assert_array_equal(left, balls()[:, :, :20])
    assert set(np.unique(edited.instances.ids[:, :, 20:])) == {0, 2}
    assert found.number == 1  # what was found stays as it was
    assert found.ids.max() == 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_line_cuts_the_same_in_planes_across_each_axis(axis):
    turned = np.moveaxis(balls(), 0, axis)
    found = find_objects(turned)
    edited = apply_edits(found, [cut_at(found, axis=axis)])
    ids = np.moveaxis(edited.instances.ids, axis, 0)
    np.testing.assert_array_equal(ids[:, :, :20] > 0, balls()[:, :, :20] > 0)
    assert np.unique(ids[:, :, :20]).size == np.unique(ids[:, :, 20:]).size == 2


def test_a_short_line_goes_on_beyond_its_ends():
    found = find_objects(balls())
    short = cut_along(found.ids, 1, 1, 0, 10, ((9.0, 19.5), (11.0, 19.5)))
    np.testing.assert_array_equal(
        apply_edits(found, [short]).instances.ids, apply_edits(found, [cut_at(found)]).instances.ids
    )


def test_what_hangs_on_a_piece_behind_the_line_stays_with_it():
    """A hook: the line through its stem also passes its tip, which is no place to cut."""
    labels = np.zeros((1, 12, 12), np.uint8)
    labels[0, 1:11, 1] = labels[0, 10, 1:9] = labels[0, 4:11, 8] = 1
    found = find_objects(labels)
    edited = apply_edits(found, [cut_along(found.ids, 1, 1, 0, 0, ((6.5, 0.0), (6.5, 3.0)))])
    assert edited.instances.number == 2
    assert edited.instances.ids[0, 1, 1] == 1
    assert edited.instances.ids[0, 4, 8] == edited.instances.ids[0, 10, 1] == 2


def test_a_corner_of_the_line_belongs_to_its_nearest_side():
    rows, columns = np.mgrid[-3:4, -3:4].astype(float)
    side = side_of_line(((0.5, -9.0), (0.5, 0.5), (9.0, 0.5)), rows, columns)
    np.testing.assert_array_equal(side, ~((rows > 0) & (columns < 1)))


def test_a_line_beside_the_object_is_refused():
    found = find_objects(balls())
    with pytest.raises(ObjectsError, match="the line doesn't cut object 1: draw it from one side"):
        cut_at(found, 40.0)


def test_a_cut_holds_where_one_of_its_voxels_is_lost():
    labels = balls()
    cut = cut_at(find_objects(labels))
    labels[cut.at] = 2
    edited = apply_edits(find_objects(labels), [cut])
    assert edited.instances.number == 3
    assert edited.instances.ids[10, 10, 5] != edited.instances.ids[10, 10, 30]
    assert edited.missing == (((cut.at, 1),),)
    labels[:, :, :20] = 0  # the whole piece: what is left isn't cut again
    assert apply_edits(find_objects(labels), [cut]).instances.number == 1


def test_strokes_separate_parts_at_the_neck():
    found = find_objects(balls())
    edit = Separate(1, (((10, 10, 8),), ((10, 10, 30), (10, 11, 31))))
    edited = apply_edits(found, [edit])
    assert edited.states == (HELD,)
    np.testing.assert_array_equal(
        edited.instances.ids, apply_edits(found, [cut_at(found)]).instances.ids
    )


def test_merged_objects_are_one_whether_they_touch_or_not():
    labels = balls(centres=((10, 10, 8), (10, 10, 32)), radius=5)
    labels[0, 0, 0] = 1
    found = find_objects(labels)
    edited = apply_edits(found, [Merge(1, ((10, 10, 8), (10, 10, 32)))])
    assert edited.instances.number == 2
    assert edited.states == (HELD,)
    assert edited.instances.ids[10, 10, 8] == edited.instances.ids[10, 10, 32] == 2


def test_a_cut_and_a_merge_take_each_other_back():
    found = find_objects(balls())
    cut = cut_at(found)
    edited = apply_edits(found, [cut, Merge(1, (cut.at, cut.beyond))])
    np.testing.assert_array_equal(edited.instances.ids, found.ids)


def test_a_given_or_marked_object_is_no_rules_business():
    labels = np.zeros((3, 3, 30), np.uint8)
    labels[1, 1, 1:3] = labels[1, 1, 5:8] = labels[1, 1, 10:15] = 1
    labels[1, 1, 20:22] = 2
    found = find_objects(labels)
    edits = [Give((1,), ((1, 1, 1),), (2,)), Mark((1,), ((1, 1, 6),))]
    edited = apply_edits(found, edits)
    assert edited.instances.class_of.tolist() == [2, 1, 1, 2]
    assert edited.by_hand.tolist() == [True, True, False, False]
    table = measure_objects(edited.instances).objects
    rules = [Rule.parse("voxels > 0 -> class 3")]
    assert apply_rules(table, rules).class_of.tolist() == [3, 3, 3, 3]
    ruled = apply_rules(table, rules, kept=edited.by_hand)
    assert ruled.class_of.tolist() == [2, 1, 3, 3]
    assert ruled.changed == (2,)


def test_an_object_that_is_given_to_0_is_removed():
    found = find_objects(balls())
    assert apply_edits(found, [Give((1,), ((10, 10, 8),), (0,))]).instances.class_of.tolist() == [0]


def test_edits_survive_new_labels_and_say_where_they_do_not():
    found = find_objects(balls())
    cut = cut_at(found)
    edits = [cut, Give((1,), ((10, 10, 30),), (2,)), Mark((1,), ((10, 10, 5),))]
    grown = balls(radius=9.9)
    edited = apply_edits(find_objects(grown), edits)
    assert edited.states == (HELD,) * 3
    assert edited.instances.class_of.tolist() == [1, 2]
    assert edited.by_hand.tolist() == [True, True]
    gone = balls()
    gone[:, :, 20:] = 0  # the ball that was given away
    edited = apply_edits(find_objects(gone), edits)
    assert edited.states == (HELD, LOST, HELD)
    assert edited.missing == (((cut.beyond, 1),), (((10, 10, 30), 1),), ())
    assert edited.instances.number == 1
    assert apply_edits(find_objects(gone * 3), edits).states == (LOST, LOST, LOST)


def test_an_edit_whose_labels_were_changed_with_it_holds():
    labels = balls()
    labels[labels == 1] = 2
    edited = apply_edits(find_objects(labels), [Give((1,), ((10, 10, 10),), (2,), in_labels=True)])
    assert edited.states == (HELD,)
    assert edited.by_hand.tolist() == [True]


def test_what_was_given_away_later_is_not_missed():
    labels = balls()
    cut = cut_at(find_objects(labels))
    labels[:, :, 20:][labels[:, :, 20:] > 0] = 2
    given = Give((1,), ((10, 10, 30),), (2,), in_labels=True, settles=(cut.beyond,))
    edited = apply_edits(find_objects(labels), [cut, given])
    assert edited.missing == ((), ())
    assert edited.states == (HELD, HELD)
    assert edited.reshaped.tolist() == [False, False]
    assert apply_edits(find_objects(balls()), [cut]).reshaped.tolist() == [True, True]
    assert apply_edits(find_objects(labels), [given, cut]).missing == ((), ((cut.beyond, 1),))


def test_edits_of_classes_that_were_not_looked_for_are_not_lost():
    labels = balls()
    found = find_objects(labels, classes=[2])
    edits = [Mark((1,), (HERE,)), Mark((2,), ((0, 0, 0),)), Give((2,), (HERE,), (1,))]
    assert apply_edits(found, edits, classes=[2]).states == (ELSEWHERE, LOST, ELSEWHERE)


def test_edits_are_in_voxels_of_the_whole_image():
    whole = np.zeros((30, 40, 60), np.uint8)
    whole[4:25, 7:28, 9:50] = balls()
    part = (slice(2, 28), slice(3, 36), slice(6, 58))
    found = find_objects(whole)
    edit = cut_along(found.ids, 1, 1, 0, 14, ((7.0, 28.5), (27.0, 28.5)))
    start = [side.start for side in part]
    cropped = find_objects(whole[part])
    assert cut_along(cropped.ids, 1, 1, 0, 14, ((7.0, 28.5), (27.0, 28.5)), start) == edit
    np.testing.assert_array_equal(
        apply_edits(cropped, [edit], start=start).instances.ids,
        apply_edits(found, [edit]).instances.ids[part],
    )
    outside = Mark((1,), ((0, 0, 0),))
    assert apply_edits(cropped, [outside], start=start).states == (LOST,)


def in_one_plane(**objects):
    """Return ids of a plane of 5 rows and 30 columns: object 1, and others in it, by columns."""
    ids = np.ones((3, 5, 30), np.int64)
    for name, (first, last) in objects.items():
        ids[1, 1:4, first : last + 1] = int(name[1:])
    return ids


ACROSS = (0, 1, ((2.0, 0.0), (2.0, 29.0)))


def test_a_line_cuts_what_it_enters_and_leaves_and_not_what_holds_its_ends():
    ids = in_one_plane(_2=(5, 7), _3=(20, 24))
    # most of the line lies in object 1, which has both of its ends
    assert object_across(ids, *ACROSS, among=(1, 2, 3)) == 3
    assert object_across(ids, *ACROSS, among=(1, 2)) == 2
    short = (0, 1, ((2.0, 4.0), (2.0, 8.0)))
    assert object_across(ids, *short, among=(1, 2, 3)) == 2


def test_a_line_cuts_what_is_chosen_wherever_it_ends():
    ids = in_one_plane(_2=(5, 7), _3=(20, 24))
    assert object_across(ids, *ACROSS, among=(1, 2, 3), chosen=(2,)) == 2
    assert object_across(ids, *ACROSS, among=(1, 2, 3), chosen=(1,)) == 1
    assert object_across(ids, *ACROSS, among=(1, 2, 3), chosen=(9,)) == 3


def test_a_line_with_one_end_in_an_object_cuts_it_where_no_other_can_be_meant():
    ids = in_one_plane(_2=(5, 9))
    half = (0, 1, ((2.0, 0.0), (2.0, 7.0)))
    assert object_across(ids, *half, among=(2,)) == 2
    with pytest.raises(ObjectsError, match="goes across no object: draw it from one side"):
        object_across(ids, *half, among=(1, 2))  # either could be meant


def test_a_line_that_stays_within_an_object_or_passes_none_cuts_nothing():
    ids = in_one_plane(_2=(5, 9))
    with pytest.raises(ObjectsError, match="goes across no object"):
        object_across(ids, 0, 1, ((2.0, 6.0), (2.0, 8.0)), among=(1, 2))
    # but it may be drawn a little short of both sides
    assert object_across(ids, 0, 1, ((2.0, 5.0), (2.0, 9.0)), among=(1, 2)) == 2
    with pytest.raises(ObjectsError, match="passes no object: draw it across one"):
        object_across(ids, 0, 1, ((0.0, 40.0), (0.0, 90.0)), among=(1, 2))


def test_a_line_joins_what_is_under_its_ends():
    ids = in_one_plane(_2=(2, 4), _3=(10, 19))
    line = (0, 1, ((2.0, 3.0), (2.0, 18.0)))
    assert objects_at_ends(ids, *line, among=(1, 2, 3)) == {2: (1, 2, 4), 3: (1, 2, 14)}
    # where an end is in nothing that is seen, the first that the line meets
    assert objects_at_ends(ids, *ACROSS, among=(2, 3)) == {2: (1, 2, 3), 3: (1, 2, 14)}
    both = objects_at_ends(ids, *ACROSS, among=(1, 2, 3))
    assert list(both) == [1]
    assert both[1][2] < 2
    cropped = objects_at_ends(ids[:, 1:, 1:], *line, (0, 1, 1), among=(1, 2, 3))
    assert cropped == objects_at_ends(ids, *line, among=(1, 2, 3))
    assert objects_at_ends(ids, *line, among=()) == {}


def test_an_object_is_named_by_its_deepest_voxel():
    inside = np.zeros((5, 6, 7), np.bool_)
    inside[1:4, 1:4, 0:3] = inside[4, 5, 6] = True
    assert inner_voxel(inside) == (2, 2, 1)
    assert inner_voxel(np.ones((1, 1, 3), np.bool_)) == (0, 0, 0)


def test_a_deleted_object_becomes_what_is_most_around_it():
    labels = np.full((5, 5, 5), 2, np.uint8)
    labels[:2] = 3
    labels[2, 2, 2] = 1
    labels[2, 2, 3:] = labels[2, 3:] = labels[3:, 2] = 1  # what it was cut from
    inside = np.zeros(labels.shape, np.bool_)
    inside[2, 2, 2] = True
    assert class_around(labels, inside) == 2
    labels[labels == 1] = 2
    labels[2, 2, 2] = 1
    assert class_around(labels, labels == 1) == 2
    assert class_around(labels * 0, labels == 1) == 0


EDITS = [
    CutLine(3, 1, ((0.0, 1.5), (2.0, 4.0), (8.0, 4.5)), (1, 2, 3), (1, 2, 5)),
    Separate(1, (((0, 0, 0), (0, 0, 1)), ((4, 4, 4),))),
    Merge(2, ((0, 0, 0), (4, 4, 4))),
    Give((1, 2), ((0, 0, 0), (1, 1, 1)), (4, 0), in_labels=True, settles=((2, 2, 2),)),
    Give((1,), ((0, 0, 0),), (4,), in_labels=True, kind="delete"),
    Give((1,), ((0, 0, 0),), (4,), in_labels=True, kind="sort"),
    Mark((1,), ((0, 0, 0),)),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.kind)
def test_an_edit_is_read_as_it_was_written(edit):
    assert edit_from_json(edit_to_json(edit)) == edit


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"kind": "melt", "of": 1}, "'melt' is no edit of objects by hand; there are: cut, sep"),
        ({}, "None is no edit of objects by hand"),
        ({"kind": "mark", "of": [1]}, r"\(mark\) can't be read: it lacks 'at'"),
        ({"kind": "mark", "of": 1, "at": [[0, 0, 0]]}, "not iterable"),
        ({"kind": "mark", "of": [0], "at": [[0, 0, 0]]}, "0 is no whole number from 1"),
        ({"kind": "mark", "of": [1], "at": [[0, 0]]}, r"\[0, 0\] is no voxel: a plane, a row and"),
        ({"kind": "mark", "of": [1], "at": [[0, 0, -1]]}, "-1 is no whole number from 0"),
        ({"kind": "mark", "of": [1, 1], "at": [[0, 0, 0]]}, "it needs a class for each voxel"),
        ({"kind": "merge", "of": 1, "at": [[0, 0, 0]]}, "it needs voxels of two objects"),
        ({"kind": "separate", "of": 1, "strokes": [[[0, 0, 0]], []]}, "it needs two strokes"),
        (edit_to_json(EDITS[3]) | {"in_labels": 1}, "it doesn't say whether the labels"),
        (edit_to_json(EDITS[3]) | {"to": [1]}, "it needs a class for each object"),
        (edit_to_json(EDITS[0]) | {"axis": 3}, "it needs an axis of 0, 1 or 2"),
        (edit_to_json(EDITS[0]) | {"line": [[0, 0]]}, "a line of two points or more"),
        (edit_to_json(EDITS[0]) | {"line": [[0, "x"], [1, 1]]}, "could not convert"),
    ],
)
def test_what_is_no_edit_is_refused(content, words):
    with pytest.raises(ObjectsError, match=words):
        edit_from_json(content)


def test_the_last_settings_and_rules_of_a_project_hold():
    rules = [Rule.parse("small: voxels < 3 -> remove"), Rule.parse("voxels > 9 -> class 2")]
    asked = Asked(2, "round", (1, 3), (1, 2))
    entries = [find_step(Asked()), rules_step([]), edit_to_json(EDITS[4]), find_step(asked)]
    steps = ObjectSteps.of([*entries, rules_step(rules)])
    assert steps == ObjectSteps(asked, tuple(rules), (EDITS[4],))
    assert ObjectSteps.of(entries[:-1]) == ObjectSteps(edits=(EDITS[4],))
    before = {"kind": "find", "class": 2, "split": None}  # without distances, as once
    assert ObjectSteps.of([before]).asked == Asked(2)
    assert find_step(Asked(2)) == before
    assert ObjectSteps(edits=tuple(EDITS[:3])).text == "1 cut, 1 separation, 1 merge"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "find", "class": "x"}, "how objects are found can't be read"),
        ({"kind": "find", "class": 1, "split": "raw"}, "how objects are found can't be read"),
        ({"kind": "find", "class": 1, "distance_to": 2}, "how objects are found can't be read"),
        ({"kind": "find", "class": 1, "depth_below": ["x"]}, "how objects are found can't"),
        ({"kind": "find", "class": 1, "parents": 3}, "how objects are found can't be read"),
        ({"kind": "rules", "lines": [1]}, "the rules can't be read"),
        ({"kind": "rules", "lines": ["x"]}, "'x' is no rule"),
        ({"kind": "wipe"}, "'wipe' is no edit of objects by hand"),
    ],
)
def test_what_is_no_step_is_refused(entry, words):
    with pytest.raises(ObjectsError, match=words):
        ObjectSteps.of([entry])


classes = st.integers(1, 2)
voxels = st.tuples(st.integers(0, 5), st.integers(0, 8), st.integers(0, 8))
lines = st.lists(st.tuples(st.floats(-2, 10), st.floats(-2, 10)), min_size=2, max_size=4)
edits = st.one_of(
    st.builds(CutLine, classes, st.integers(0, 2), lines.map(tuple), voxels, voxels),
    st.builds(Separate, classes, st.lists(st.tuples(voxels), min_size=2).map(tuple)),
    st.builds(Merge, classes, st.lists(voxels, min_size=2).map(tuple)),
    st.builds(lambda of, at, to: Give((of,), (at,), (to,)), classes, voxels, st.integers(0, 3)),
    st.builds(lambda of, at: Mark((of,), (at,)), classes, voxels),
)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.lists(edits, max_size=6), st.integers(1, 6))
def test_edits_give_the_same_for_any_blocks_and_keep_every_voxel(seed, edits, size):
    labels = np.random.default_rng(seed).integers(0, 3, (6, 9, 9)).astype(np.uint8)
    found = find_objects(labels)
    edited = apply_edits(found, edits)
    other = apply_edits(find_objects(labels, block_shape=(size, 4, 3)), edits)
    ids, class_of = edited.instances.ids, edited.instances.class_of
    np.testing.assert_array_equal(ids, other.instances.ids)
    np.testing.assert_array_equal(class_of, other.instances.class_of)
    assert edited.states == other.states
    np.testing.assert_array_equal(ids > 0, labels > 0)
    # numbers are dense, in the order in which a raster scan meets them
    met, first = np.unique(ids[ids > 0], return_index=True)
    assert met.tolist() == list(range(1, class_of.size + 1))
    assert (np.diff(first) > 0).all()
    # only what was given to a class is of another one than its voxels
    kept = {number: set(np.unique(labels[ids == number]).tolist()) for number in met.tolist()}
    given = any(isinstance(edit, Give) for edit in edits)
    for number, values in kept.items():
        assert given or values == {int(class_of[number - 1])}
    # the edits that came first don't depend on those that followed
    if edits:
        assert apply_edits(found, edits[:-1]).states == edited.states[:-1]


# ------------------------------------------------------------------------- measured again


def bench_of(found):
    boxes = dict(enumerate(ndimage.find_objects(found.signed), 1))
    class_of = dict(enumerate(found.class_of.tolist(), 1))
    return Bench(found.ids.copy(), class_of, boxes, (0, 0, 0), (1.0, 1.0, 1.0), found.number + 1)


@pytest.mark.parametrize("kind", ["cut", "merge", "give"])
def test_measuring_a_part_again_equals_measuring_all(kind):
    labels = np.random.default_rng(3).integers(1, 3, (4, 21, 41)).astype(np.uint8)[:, :, :]
    labels = np.concatenate([balls() + 1, labels])  # ball in ice, and crumbs beneath
    image = np.random.default_rng(4).random(labels.shape)
    found = find_objects(labels)
    names, size = {1: "ice", 2: "cell"}, {"spacing": (2.0, 1.0, 1.0), "unit": "nm"}
    table = measure_objects(found, MeasureRequest(names, {"lac": image}), **size).objects
    bench, ball = bench_of(found), int(found.ids[10, 10, 10])
    others = [int(k) for k in np.unique(found.ids) if k and found.class_of[k - 1] == 2]
    crumb = next(k for k in others if k != ball)
    place = tuple(np.argwhere(found.ids == crumb)[0].tolist())
    edit = {
        "cut": lambda: cut_along(found.ids, ball, 2, 0, 10, ((0.0, 19.5), (20.0, 19.5))),
        "merge": lambda: Merge(2, (HERE, place)),
        "give": lambda: Give((2,), (HERE,), (3,)),
    }[kind]()
    before, class_before = bench.ids.copy(), dict(bench.class_of)
    assert bench.apply(edit) == ()
    pair = {ball, crumb} if kind == "merge" else {ball}
    changed = frozenset(pair | (bench.class_of.keys() - class_before.keys()))
    box = tuple(slice(0, n) for n in labels.shape)
    part = EditedPart(box, before, bench.ids, class_before, bench.class_of, changed)
    scale = Calibrated.of(**size)
    again = measure_again(table, part, MeasureRequest(names, {"lac": image}), labels.shape, scale)
    numbers = again["id"].tolist()
    dense = np.zeros(bench.next_id, np.uint32)
    dense[numbers] = np.arange(1, len(numbers) + 1)
    class_of = np.array([bench.class_of[k] for k in numbers], np.int32)
    whole = measure_objects(
        Instances(dense[bench.ids], class_of), MeasureRequest(names, {"lac": image}), **size
    ).objects
    assert set(again.names) == set(whole.names)
    for column in whole.columns:
        values = again[column.name]
        if column.name == "id":
            values = dense[values]
        elif column.name == "nearest":
            values = np.where(values > 0, dense[values], 0)
        if column.values.dtype == object:
            assert values.tolist() == column.values.tolist()
        else:
            np.testing.assert_allclose(values, column.values, rtol=1e-9, atol=1e-9)


def test_an_object_joins_those_of_its_new_class_that_it_touches():
    labels = np.zeros((1, 4, 8), np.uint8)
    labels[0, 1, 1:3] = 1
    labels[0, 2, 3:5] = 2  # over a corner
    labels[0, 0, 7] = 2
    bench = bench_of(find_objects(labels))
    bench.apply(Give((1,), ((0, 1, 1),), (2,)))
    number = bench.object_at((0, 1, 1), 2)
    assert len(bench.join_touching(number)) == 2
    assert bench.ids[0, 2, 3] == bench.ids[0, 1, 1]
    assert len(bench.class_of) == 2
