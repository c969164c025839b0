"""What is looked at comes first, and is what the whole volume will say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from supervox.features import FeatureParameters
from supervox.segmentation import (
    ClassifierParameters,
    InView,
    RefinementParameters,
    SegmentationParameters,
    Segmenter,
    SupervoxelParameters,
    find_strokes,
)

SHAPE = (24, 60, 60)
PARAMETERS = SegmentationParameters(
    supervoxels=SupervoxelParameters(size_voxels=4, iterations=2),
    features=FeatureParameters(filters=("raw", "gaussian"), sigmas_voxels=(1, 2)),
    classifier=ClassifierParameters(trees=20),
    partitions=1,
    edge_refinement=False,
)
IDS = (3, 7, 200)


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray]:
    """Return noisy blobs of three kinds, and strokes on them."""
    rng = np.random.default_rng(1)
    field = gaussian_filter(rng.normal(size=SHAPE), 4)
    truth = np.digitize(field, np.quantile(field, (0.33, 0.67)))
    image = (truth + rng.normal(0, 0.6, SHAPE)).astype(np.float32)
    strokes = np.zeros(SHAPE, np.uint8)
    for plane in (6, 12, 18):
        strokes[plane, ::7, ::5] = np.array(IDS)[truth[plane, ::7, ::5]]
    return image, strokes


@pytest.fixture
def segmenter(scene: tuple[np.ndarray, np.ndarray]) -> Segmenter:
    made = Segmenter(scene[0], parameters=PARAMETERS)
    made.prepare()
    return made


def look(segmenter: Segmenter, strokes: np.ndarray, seen: np.ndarray, **more: object) -> InView:
    found: list[InView] = []
    segmenter.segment(strokes, in_view=seen, on_view=found.append, **more)
    (part,) = found
    return part


def test_a_slice_is_labelled_like_the_whole(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    whole = segmenter.segment(scene[1])
    for plane in (0, 12, 23):
        seen = segmenter.partitions[0].ids[plane]
        part = look(segmenter, scene[1], seen)
        np.testing.assert_array_equal(part.supervoxels, np.unique(seen))
        agree = part.class_ids == whole.supervoxel_classes()[part.supervoxels]
        assert agree.mean() > 0.95
        np.testing.assert_array_equal(part.probabilities, whole.probabilities[0][part.supervoxels])


def test_looking_at_everything_is_the_whole(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    whole = segmenter.segment(scene[1])
    part = look(segmenter, scene[1], segmenter.partitions[0].ids)
    assert part.supervoxels.size == whole.probabilities[0].shape[0]
    assert (part.class_ids == whole.supervoxel_classes()).mean() > 0.99


def test_the_first_look_is_close_already(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    """Before the label costs of the classes are known, a usual one stands in for it."""
    part = look(segmenter, scene[1], segmenter.partitions[0].ids[12])
    whole = segmenter.segment(scene[1])
    assert (part.class_ids == whole.supervoxel_classes()[part.supervoxels]).mean() > 0.85


def test_painted_supervoxels_have_their_class(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    strokes = scene[1].copy()
    ids = segmenter.partitions[0].ids
    odd = int(ids[12, 30, 30])
    strokes[ids == odd] = 200
    part = look(segmenter, strokes, ids[12, 30:31, 30:31])
    assert part.supervoxels.tolist() == [odd]
    assert part.class_ids.tolist() == [200]


def test_without_strength_every_region_is_left_to_itself(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    part = look(
        segmenter, scene[1], segmenter.partitions[0].ids[3], refinement=RefinementParameters(0)
    )
    np.testing.assert_array_equal(part.class_ids, np.array(IDS)[part.probabilities.argmax(axis=1)])


def test_it_comes_before_the_rest_and_changes_nothing(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    stages: list[set[str]] = []
    seen = segmenter.partitions[0].ids[12]
    result = segmenter.segment(
        scene[1], in_view=seen, on_view=lambda _: stages.append(set(segmenter.seconds))
    )
    assert stages == [{"scan", "train", "view"}]
    other = Segmenter(scene[0], parameters=PARAMETERS).segment(scene[1])
    np.testing.assert_array_equal(result.labels, other.labels)
    np.testing.assert_array_equal(result.probabilities[0], other.probabilities[0])


def test_nobody_looks(segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]) -> None:
    seen = segmenter.partitions[0].ids[12]
    segmenter.segment(scene[1], in_view=seen)
    assert "view" not in segmenter.seconds
    segmenter.segment(scene[1], on_view=lambda _: pytest.fail("there is nothing to look at"))


def test_known_strokes_need_no_scan(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    strokes = find_strokes(scene[1])
    np.testing.assert_array_equal(
        segmenter.segment(strokes).labels, segmenter.segment(scene[1]).labels
    )
    assert (
        segmenter.n_painted == np.unique(segmenter.partitions[0].ids.ravel()[strokes.voxels]).size
    )


def test_partitions_of_another_segmenter_are_taken(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    full = replace(PARAMETERS, partitions=3, edge_refinement=True)
    heir = Segmenter(scene[0], parameters=full, partitions=segmenter.partitions)
    assert heir.partitions == segmenter.partitions
    labels = heir.segment(scene[1]).labels
    assert heir.partitions[0] is segmenter.partitions[0]
    alone = Segmenter(scene[0], parameters=full).segment(scene[1]).labels
    np.testing.assert_array_equal(labels, alone)
    one = Segmenter(scene[0], parameters=PARAMETERS, partitions=heir.partitions)
    assert one.partitions == heir.partitions[:1]


def test_a_slice_is_balanced_like_the_whole(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    plain = segmenter.segment(scene[1])
    chosen = RefinementParameters(balance=((7, 1.5),))
    part = look(segmenter, scene[1], segmenter.partitions[0].ids[12], refinement=chosen)
    whole = segmenter.segment(scene[1])
    np.testing.assert_array_equal(part.probabilities, whole.probabilities[0][part.supervoxels])
    assert (part.class_ids == whole.supervoxel_classes()[part.supervoxels]).mean() > 0.95
    assert (whole.supervoxel_classes() == 7).sum() > (plain.supervoxel_classes() == 7).sum()


def test_a_class_that_is_held_is_not_seen(
    segmenter: Segmenter, scene: tuple[np.ndarray, np.ndarray]
) -> None:
    seen = segmenter.partitions[0].ids[12]
    free, settled = (look(segmenter, scene[1], seen, held=held) for held in ((), (7,)))
    is_of = free.class_ids == 7
    assert is_of.any()
    np.testing.assert_array_equal(settled.class_ids[~is_of], free.class_ids[~is_of])
    assert np.isin(settled.class_ids[is_of], (3, 200)).all()
    np.testing.assert_array_equal(settled.probabilities, free.probabilities)
