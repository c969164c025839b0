"""From the order of strokes to the moments that labels follow from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.features import FeatureTable
from supervox.segmentation.classifier.fitting import Trainer
from supervox.segmentation.classifier.forest import Forest
from supervox.segmentation.classifier.parameters import ClassifierParameters
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.graph.region_graph import RegionGraph
from supervox.segmentation.history import LEAST_RENEWED, find_moments
from supervox.segmentation.memory import MOST_REMEMBERED, Memory
from supervox.segmentation.refinement import cross_validation
from supervox.segmentation.strokes import LabelledSupervoxels, Strokes

N, TREES = 120, 40


def row_of_supervoxels() -> Partition:
    """A row of supervoxels of two voxels, whose one feature is their place."""
    edges = np.stack([np.arange(N - 1), np.arange(1, N)], axis=1).astype(np.int32)
    graph = RegionGraph(edges, np.ones(N - 1), np.full(N, 2, np.int64), np.zeros(N))
    place = np.arange(N, dtype=np.float32)[:, np.newaxis]
    table = FeatureTable(place, ("raw_mean",), np.full(N, 2, np.int64))
    ids = np.repeat(np.arange(N, dtype=np.int32), 2).reshape(1, 1, 2 * N)
    return Partition(ids, table, graph)


@pytest.fixture
def partition() -> Partition:
    return row_of_supervoxels()


def painted(*steps: tuple[int, int]) -> Strokes:
    """One stroke of one supervoxel a step: its place, and its class."""
    order = np.argsort([place for place, _ in steps])
    return Strokes(
        np.array([2 * steps[k][0] for k in order], np.int64),
        np.array([steps[k][1] for k in order], np.uint16),
        (order + 1).astype(np.int32),
    )


def every_other(n: int) -> list[tuple[int, int]]:
    return [(4 * (k // 2) + (60 if k % 2 else 0), 1 + k % 2) for k in range(n)]


def test_strokes_without_an_order_are_one_moment(partition: Partition) -> None:
    known = painted(*every_other(9))
    moments = find_moments([partition], Strokes(known.voxels, known.classes), TREES)
    assert [(moment.step, moment.n_trees, moment.is_first) for moment in moments] == [
        (0, TREES, True)
    ]
    assert moments[0].painted[0].supervoxels.tolist() == (known.voxels // 2).tolist()


def test_each_moment_knows_what_was_painted_until_then(partition: Partition) -> None:
    strokes = ((3, 1), (90, 2), (50, 1), (70, 2), (20, 1), (80, 2))
    moments = find_moments([partition], painted(*strokes), TREES)
    assert [moment.painted[0].supervoxels.tolist() for moment in moments] == [
        [3, 50, 70, 90],  # the first with two strokes of each class
        [3, 20, 50, 70, 90],
        [3, 20, 50, 70, 80, 90],
    ]
    assert [moment.newest[0].tolist() for moment in moments] == [[70], [20], [80]]
    assert [moment.is_first for moment in moments] == [True, False, False]


def test_until_there_are_enough_strokes_all_is_learned_anew(partition: Partition) -> None:
    strokes = every_other(4)
    for n in (2, 3, 4):
        moments = find_moments([partition], painted(*strokes[:n]), TREES)
        assert [(moment.step, moment.n_trees) for moment in moments] == [(n, TREES)]


def test_a_class_with_a_single_stroke_delays_the_history_not_for_ever(
    partition: Partition,
) -> None:
    strokes = [(100, 2), *((4 * k, 1) for k in range(12))]
    lengths = [len(find_moments([partition], painted(*strokes[:n]), TREES)) for n in range(2, 13)]
    assert lengths[:7] == [1] * 7  # up to eight strokes, four a class
    assert lengths[7:] == [2, 3, 4, 5]


def test_strokes_that_touch_are_two_if_they_were_painted_one_after_the_other(
    partition: Partition,
) -> None:
    strokes = painted((10, 1), (90, 2), (11, 1), (91, 2), (30, 1))
    assert [moment.step for moment in find_moments([partition], strokes, TREES)] == [4, 5]
    at_once = Strokes(strokes.voxels, strokes.classes, np.where(strokes.steps < 5, 1, 2))
    assert [moment.step for moment in find_moments([partition], at_once, TREES)] == [2]


def test_a_stroke_renews_as_large_a_part_of_the_trees_as_it_is_of_the_strokes(
    partition: Partition,
) -> None:
    moments = find_moments([partition], painted(*every_other(6)), 100)
    # of six strokes the last, of five the last; the first moment has the rest
    assert [moment.n_trees for moment in moments] == [100 - 20 - 17, 20, 17]


def test_of_many_strokes_each_renews_a_sixteenth(partition: Partition) -> None:
    moments = find_moments([partition], painted(*every_other(30)), 160)
    assert [moment.n_trees for moment in moments[1:]] == [10] * (len(moments) - 1)
    assert len(moments) == round(1 / LEAST_RENEWED)
    assert not any(moment.is_first for moment in moments)


def test_a_new_class_begins_anew(partition: Partition) -> None:
    moments = find_moments([partition], painted(*every_other(8), (40, 3)), TREES)
    assert [(moment.is_first, moment.n_trees) for moment in moments] == [(True, TREES)]


def test_what_was_painted_over_is_as_if_it_had_not_been(partition: Partition) -> None:
    strokes = every_other(6)
    over = painted(*strokes)
    classes, steps = over.classes.copy(), over.steps.copy()
    classes[0], steps[0] = 2, 7  # the first stroke was of class 1
    moments = find_moments([partition], Strokes(over.voxels, classes, steps), TREES)
    # the first at which there are two strokes of each class, of the steps that left something
    assert moments[0].step == 4
    assert [0 in moment.painted[0].supervoxels for moment in moments] == [False, False, True]


@given(numbers=st.lists(st.integers(1, 2**31 - 1), min_size=9, max_size=9, unique=True))
def test_the_order_of_the_steps_counts_and_not_their_numbers(numbers: list[int]) -> None:
    strokes = painted(*every_other(9))
    others = np.array(sorted(numbers), np.int32)[strokes.steps - 1]
    partition = row_of_supervoxels()
    expected = find_moments([partition], strokes, TREES)
    found = find_moments([partition], Strokes(strokes.voxels, strokes.classes, others), TREES)
    assert [moment.keys for moment in found] == [moment.keys for moment in expected]


def test_voxels_without_a_step_are_learned_as_if_painted_before_all_others(
    partition: Partition,
) -> None:
    strokes = painted(*every_other(9))
    first = Strokes(strokes.voxels, strokes.classes, np.maximum(strokes.steps - 5, 0))
    later = Strokes(strokes.voxels, strokes.classes, np.maximum(strokes.steps - 5, 0) + 3)
    keys = [
        [moment.keys for moment in find_moments([partition], each, TREES)]
        for each in (first, later)
    ]
    assert len(keys[0]) == 5
    assert keys[0] == keys[1]


@given(
    st.lists(st.tuples(st.integers(0, N - 1), st.integers(1, 3)), min_size=2, max_size=40),
    st.integers(1, 60),
)
def test_all_trees_are_dealt_out(strokes: list[tuple[int, int]], n_trees: int) -> None:
    last = dict(strokes)
    if len(set(last.values())) < 2:
        return
    moments = find_moments([row_of_supervoxels()], painted(*last.items()), n_trees)
    assert sum(moment.n_trees for moment in moments) == n_trees
    assert all(moment.n_trees > 0 for moment in moments)
    steps = [moment.step for moment in moments]
    assert steps == sorted(set(steps))


def trained(partition: Partition, strokes: Strokes, memory: Memory | None = None) -> Forest:
    memory = memory or Memory(Trainer(ClassifierParameters(trees=TREES)))
    forest = memory.train([partition], memory.moments([partition], strokes))
    assert isinstance(forest, Forest)
    forest.verify(1)
    return forest


def same(one: Forest, other: Forest) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("roots", "feature", "threshold", "child", "share", "moments", "is_fresh")
    )


def test_a_memory_changes_nothing_but_the_time(partition: Partition) -> None:
    strokes = every_other(20)
    memory = Memory(Trainer(ClassifierParameters(trees=TREES)))
    for n in range(2, 21):  # stroke by stroke, as in the window
        followed = trained(partition, painted(*strokes[:n]), memory)
        assert same(followed, trained(partition, painted(*strokes[:n])))
    for n in (19, 12, 20):  # undo, and something else
        assert same(
            trained(partition, painted(*strokes[:n]), memory),
            trained(partition, painted(*strokes[:n])),
        )


def test_trees_of_before_stay_as_they_were(partition: Partition) -> None:
    strokes = every_other(30)
    one, other = (trained(partition, painted(*strokes[:n])) for n in (29, 30))
    assert one.roots.size == other.roots.size == TREES
    n_new = int((other.moments == other.moments.max()).sum())
    assert n_new == np.ceil(TREES * LEAST_RENEWED)
    # the earliest moments lost trees, all others are there, and behind them what is new
    first = one.roots[np.flatnonzero(one.moments == 2)[0]]
    n = one.feature.size - first
    last = other.roots[TREES - n_new]
    assert np.array_equal(one.threshold[first:], other.threshold[last - n : last])


def test_what_was_just_painted_is_known_at_once(partition: Partition) -> None:
    strokes = every_other(30)
    places = partition.table.values
    before = trained(partition, painted(*strokes)).predict(places)
    assert before[30, 0] > 0.6
    after = trained(partition, painted(*strokes, (30, 2))).predict(places)
    assert after[30, 1] > 0.9  # of one stroke among thirty
    far = np.r_[0:20, 80:N]
    assert np.abs(after[far] - before[far]).max() < 0.15


def test_other_classifiers_know_the_last_moment_only(partition: Partition) -> None:
    memory = Memory(Trainer(ClassifierParameters("logistic")))
    moments = memory.moments([partition], painted(*every_other(9)))
    assert [moment.step for moment in moments] == [9]


def test_label_costs_are_learned_from_some_rows_of_a_class_that_are_spread_over_all(
    partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def keep(self: Trainer, features: np.ndarray, classes: np.ndarray, **_: object) -> object:
        asked.append((features[:, 0].astype(int).tolist(), classes.tolist()))
        return None

    monkeypatch.setattr(Trainer, "train", keep)
    monkeypatch.setattr(cross_validation, "MOST_ROWS", 3)
    supervoxels = np.array([0, 1, 2, 3, 4, 50, 60, 70, 80, 90, 100], np.int32)
    classes = np.array([1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1], np.uint16)
    labelled = LabelledSupervoxels(supervoxels, classes)
    trainer = Trainer(ClassifierParameters(trees=TREES))
    cross_validation.train_for_costs(trainer, partition, labelled)
    assert asked == [([0, 4, 50, 60, 100], [1, 1, 2, 2, 1])]


def shifted(partition: Partition) -> Partition:
    """The same supervoxels a voxel further, so that others are touched."""
    return Partition(np.roll(partition.ids, 1), partition.table, partition.graph)


def costs_of(
    partitions: list[Partition], strokes: Strokes, method: str, memory: Memory | None = None
) -> tuple[Memory, np.ndarray]:
    memory = memory or Memory(Trainer(ClassifierParameters(method, trees=TREES)))
    moments = memory.moments(partitions, strokes)
    classifier = memory.train(partitions, moments)
    return memory, memory.estimate_costs(partitions[0], moments, classifier).D


def test_costs_of_the_first_partition_serve_others_unless_these_have_more_classes(
    partition: Partition,
) -> None:
    known = painted(*every_other(20))
    # the second voxel of a supervoxel: there it has a lower class, and its own one beside it
    voxels, classes = np.append(known.voxels, 41), np.append(known.classes, 3)
    order = np.argsort(voxels)
    more = Strokes(
        voxels[order], classes[order].astype(np.uint16), np.append(known.steps, 21)[order]
    )
    assert 40 in known.voxels
    both = [partition, shifted(partition)]
    for strokes, n_classes in ((known, 2), (more, 3)):
        memory, live = costs_of([partition], strokes, "extra-trees")
        again = costs_of(both, strokes, "extra-trees", memory)[1]
        np.testing.assert_array_equal(again, costs_of(both, strokes, "extra-trees")[1])
        assert (len(live), len(again)) == (2, n_classes)


def test_costs_of_other_classifiers_follow_from_all_partitions(partition: Partition) -> None:
    known, both = painted(*every_other(20)), [partition, shifted(partition)]
    memory, _ = costs_of([partition], known, "random-forest")
    again = costs_of(both, known, "random-forest", memory)[1]
    np.testing.assert_array_equal(again, costs_of(both, known, "random-forest")[1])


def test_few_moments_are_remembered_however_long_a_session_lasts(partition: Partition) -> None:
    memory = Memory(Trainer(ClassifierParameters(trees=TREES)))
    history = [(place, 1 + place // 60) for k in range(60) for place in (k, 119 - k)]
    for n in range(8, len(history)):
        moments = memory.moments([partition], painted(*history[:n]))
        classifier = memory.train([partition], moments)
        memory.estimate_costs(partition, moments, classifier)
        memory.forget_all_but(moments)
        assert len(memory._forests) <= MOST_REMEMBERED
    assert len(memory._costs) <= MOST_REMEMBERED
