"""Places in doubt: in the midst of patches, apart, not at the faces."""

from __future__ import annotations

import numpy as np
import pytest
from supervox.execution import Cancelled, Run
from supervox.features import FeatureTable
from supervox.segmentation import DoubtfulPlace, Partition, find_extents, find_places, region_graph

SIDE, WIDTH = 20, 4  # supervoxels along the edges of a flat volume, and voxels along theirs


def partition(depth: int = 1, spacing: tuple[float, float, float] = (1, 1, 1)) -> Partition:
    """Return cubes of 4 voxels, `depth` of them across."""
    cubes = np.arange(depth * SIDE * SIDE, dtype=np.int32).reshape(depth, SIDE, SIDE)
    thick = WIDTH if depth > 1 else 1
    ids = np.kron(cubes, np.ones((thick, WIDTH, WIDTH), np.int32))
    image = (ids % 2).astype(np.float32)
    graph = region_graph(ids, image, spacing=spacing)
    table = FeatureTable(np.zeros((cubes.size, 1), np.float32), ("one",), graph.size)
    return Partition(ids, table, graph)


def places(
    uncertainty: np.ndarray,
    labels: np.ndarray | None = None,
    painted: tuple[int, ...] = (),
    **more: object,
) -> list[DoubtfulPlace]:
    part = partition(uncertainty.size // SIDE**2)
    n = uncertainty.size
    probabilities = np.tile([0.5, 0.3, 0.2], (n, 1))
    return find_places(
        part,
        find_extents(part.ids, n),
        np.full(n, 1, np.uint8) if labels is None else labels.ravel().astype(np.uint8),
        probabilities,
        (1, 2, 5),
        uncertainty.ravel(),
        np.array(painted, np.int64),
        **more,  # type: ignore[arg-type]
    )


def flat(*patches: tuple[int, int, float]) -> np.ndarray:
    """Return doubt in squares of 5 supervoxels around some of them, and little elsewhere."""
    doubt = np.full((SIDE, SIDE), 0.01)
    for row, column, value in patches:
        doubt[row - 2 : row + 3, column - 2 : column + 3] = value
    return doubt


def test_the_midst_of_the_most_doubtful_patch_comes_first() -> None:
    found = places(flat((5, 5, 0.9), (13, 12, 0.6)))
    assert [place.supervoxel for place in found[:2]] == [5 * SIDE + 5, 13 * SIDE + 12]


def test_a_patch_comes_before_a_single_supervoxel_in_greater_doubt() -> None:
    doubt = flat((5, 5, 0.7))
    doubt[13, 13] = 1.0
    assert places(doubt)[0].supervoxel == 5 * SIDE + 5


def test_doubt_of_another_label_does_not_count() -> None:
    doubt, labels = flat((5, 5, 0.8), (13, 13, 0.7)), np.ones((SIDE, SIDE))
    labels[4:7:2, 3:8] = labels[5, [4, 6]] = 2  # only the middle has its label there
    labels[3, 3:8] = labels[7, 3:8] = 2
    doubt[labels == 2] = 0
    doubt[5, 5] = 0.6
    assert places(doubt, labels)[0].supervoxel == 13 * SIDE + 13


def test_places_lie_apart() -> None:
    found = places(flat((8, 8, 0.9)))
    at = np.array([divmod(place.supervoxel, SIDE) for place in found])
    away = np.linalg.norm(at[:, np.newaxis] - at, axis=2) + 99 * np.eye(len(at))
    assert len(found) > 5
    assert away.min() > 4


def test_strokes_and_faces_are_left_out() -> None:
    doubt = np.full((SIDE, SIDE), 0.01)
    doubt[0, 5] = doubt[12, 12] = 0.9
    middle = 12 * SIDE + 12
    assert middle in [place.supervoxel for place in places(doubt)]
    found = [place.supervoxel for place in places(doubt, painted=(middle,))]
    assert middle not in found
    assert 5 not in found


def test_a_thin_volume_has_no_faces() -> None:
    """Of two layers of cubes, both lie at a face: the middle ones are places all the same."""
    doubt = np.full((2, SIDE, SIDE), 0.01)
    doubt[0, 10, 10] = 0.9
    assert places(doubt)[0].supervoxel == 10 * SIDE + 10


def test_what_has_no_data_is_no_place() -> None:
    doubt, labels = flat((5, 5, 0.9)), np.ones((SIDE, SIDE))
    labels[doubt > 0.5] = 0
    assert labels.ravel()[[place.supervoxel for place in places(doubt, labels)]].all()


def test_it_says_between_which_classes() -> None:
    labels = np.ones((SIDE, SIDE))
    labels[:, 10:] = 5
    found = places(flat((5, 5, 0.9), (13, 14, 0.8)), labels)[:2]
    assert [(place.class_id, place.other) for place in found] == [(1, 2), (5, 1)]


def test_no_doubt_no_place() -> None:
    assert places(np.zeros((SIDE, SIDE))) == []


def test_there_are_as_many_as_asked_for_at_most() -> None:
    assert len(places(np.full((SIDE, SIDE), 0.5), most=3)) == 3


def test_it_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        places(flat((5, 5, 0.9)), run=Run(should_stop=lambda: True))
