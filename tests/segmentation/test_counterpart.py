"""The counterpart of a correction: what was corrected, and where its class is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.segmentation import Counterpart, Strokes, find_correction, find_counterpart

# Eight supervoxels of 4 x 4 pixels in two rows.
IDS = np.kron(np.arange(8).reshape(2, 4), np.ones((4, 4)))[np.newaxis].astype(np.int32)
LABELS = np.array([2, 2, 2, 1, 1, 1, 1, 1], np.uint8)


def strokes(**of: int) -> Strokes:
    """Return strokes: one voxel in supervoxel k of a class, given as k0=class."""
    classes = {int(np.flatnonzero(IDS.ravel() == int(k[1:]))[5]): c for k, c in of.items()}
    voxels = sorted(classes)
    return Strokes(np.array(voxels, np.int64), np.array([classes[v] for v in voxels], np.uint16))


def test_a_stroke_over_another_label_is_a_correction() -> None:
    before, after = strokes(k0=2, k7=1), strokes(k0=2, k2=1, k7=1)
    found = find_correction(before, after, IDS, LABELS)
    assert found is not None
    assert found.wrong == 2
    assert IDS.ravel()[found.voxels].tolist() == [2]


def test_the_first_stroke_of_all_may_be_one() -> None:
    found = find_correction(Strokes.empty(), strokes(k2=1), IDS, LABELS)
    assert found is not None
    assert found.wrong == 2


def test_painting_over_ones_own_stroke_is_a_correction() -> None:
    found = find_correction(strokes(k0=2), strokes(k0=1), IDS, LABELS)
    assert found is not None
    assert found.wrong == 2


@pytest.mark.parametrize(
    "after",
    [
        strokes(k0=2, k7=1),  # nothing new
        strokes(k0=2),  # erased
        strokes(k0=2, k6=1, k7=1),  # right before
        strokes(k0=2, k2=1, k6=2, k7=1),  # two classes at once, as an import
    ],
)
def test_what_is_no_correction(after: Strokes) -> None:
    assert find_correction(strokes(k0=2, k7=1), after, IDS, LABELS) is None


def test_a_stroke_that_was_right_but_for_its_end_corrects_nothing() -> None:
    after = strokes(k0=2, k2=1, k3=1, k4=1, k5=1, k6=1, k7=1)
    assert find_correction(strokes(k0=2), after, IDS, LABELS) is None


def test_unlabelled_voxels_were_not_wrong() -> None:
    labels = np.where(LABELS == 2, 0, LABELS).astype(np.uint8)
    assert find_correction(Strokes.empty(), strokes(k2=1), IDS, labels) is None


CERTAIN = np.full(8, 0.9, np.float32)
ALL = np.ones(8, np.bool_)


def nearest(found: Counterpart | None, ids: np.ndarray = IDS) -> int:
    assert found is not None
    assert ids[found.voxel] in found.supervoxels
    return int(ids[found.voxel])


def test_the_nearest_region_wins() -> None:
    assert nearest(find_counterpart(IDS, (0, 1, 1), CERTAIN, ALL)) == 0
    assert nearest(find_counterpart(IDS, (0, 7, 15), CERTAIN, ALL)) == 7
    assert nearest(find_counterpart(IDS, (0, 1, 8), CERTAIN, np.arange(8) != 2)) == 1


def test_near_is_meant_in_the_specimen() -> None:
    candidates = np.isin(np.arange(8), (3, 4))
    at = (0, 2, 2)  # 10 pixels from 3, 2 from 4
    assert nearest(find_counterpart(IDS, at, CERTAIN, candidates)) == 4
    assert nearest(find_counterpart(IDS, at, CERTAIN, candidates, spacing=(1, 9, 1))) == 3


def test_its_neighbours_in_the_ring_are_asked_for_as_well() -> None:
    found = find_counterpart(IDS, (0, 1, 1), CERTAIN, np.arange(8) != 5)
    assert found is not None
    assert found.radius == 6  # of regions that are four voxels wide
    assert found.supervoxels.tolist() == [0, 1, 4]
    alone = find_counterpart(IDS, (0, 1, 1), CERTAIN, np.isin(np.arange(8), (0, 2, 7)))
    assert alone is not None
    assert alone.supervoxels.tolist() == [0]


def test_the_unsure_and_slivers_are_not_asked_for() -> None:
    unsure = np.where(np.arange(8) == 0, 0.6, CERTAIN)
    found = find_counterpart(IDS, (0, 1, 1), unsure, ALL)
    assert nearest(found) == 1
    assert found is not None
    assert 0 not in found.supervoxels
    part = IDS[:, 3:, :]  # of the upper row a single line of pixels
    found = find_counterpart(part, (0, 0, 0), CERTAIN, ALL)
    assert nearest(found, part) == 4
    assert found is not None
    assert found.supervoxels.tolist() == [4, 5]


def test_where_nothing_is_sure_nothing_is_found() -> None:
    assert find_counterpart(IDS, (0, 0, 0), CERTAIN, ~ALL) is None
    assert find_counterpart(IDS, (0, 0, 0), np.zeros(8), ALL) is None


@given(st.integers(0, 7), st.floats(-20, 40), st.floats(-20, 40))
def test_the_voxel_is_near_the_middle_of_its_region(k: int, y: float, x: float) -> None:
    found = find_counterpart(IDS, (0, y, x), CERTAIN, np.arange(8) == k)
    assert found is not None
    assert found.supervoxels.tolist() == [k]
    middle = np.argwhere(k == IDS).mean(axis=0)
    assert np.abs(np.array(found.voxel) - middle).max() <= 0.5
