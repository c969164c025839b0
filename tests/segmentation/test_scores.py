import math

import numpy as np
import pytest
from supervox.segmentation import SegmentationError, score


def _line(*values):
    return np.array(values, np.uint8).reshape(1, 1, -1)


TRUTH = _line(1, 1, 1, 1, 2, 2, 3, 0, 0)
LABELS = _line(1, 1, 2, 0, 2, 2, 1, 3, 1)


def test_numbers_by_hand():
    result = score(LABELS, TRUTH)
    one, two, three = result.classes
    assert (one.class_id, one.truth_voxels, one.label_voxels) == (1, 4, 3)
    assert one.dice == pytest.approx(2 * 2 / (4 + 3))
    assert one.iou == pytest.approx(2 / 5)
    assert one.accuracy == pytest.approx(2 / 4)
    assert one.precision == pytest.approx(2 / 3)
    assert two.dice == pytest.approx(2 * 2 / (2 + 3))
    assert (three.dice, three.iou, three.accuracy) == (0, 0, 0)
    assert math.isnan(three.precision)
    assert result.voxels == 7
    assert result.accuracy == pytest.approx(4 / 7)
    assert result.mean_dice == pytest.approx((4 / 7 + 4 / 5 + 0) / 3)
    assert result.mean_iou == pytest.approx((2 / 5 + 2 / 3 + 0) / 3)
    assert result.mean_accuracy == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_ignored_voxels_and_those_without_truth_do_not_count():
    ignore = _line(0, 0, 5, 1, 0, 0, 1, 0, 0)
    result = score(LABELS, TRUTH, ignore)
    assert result.voxels == 4
    assert result.accuracy == result.mean_dice == result.mean_iou == 1


def test_a_class_that_the_truth_lacks_is_not_in_the_means():
    result = score(_line(1, 1, 7), _line(1, 1, 1))
    one, seven = result.classes
    assert (seven.class_id, seven.truth_voxels, seven.label_voxels) == (7, 0, 1)
    assert all(math.isnan(x) for x in (seven.dice, seven.iou, seven.accuracy, seven.precision))
    assert result.mean_dice == one.dice == pytest.approx(4 / 5)


@pytest.mark.parametrize("high", [3, 1000, 65535])
def test_blocks_and_large_ids(high):
    rng = np.random.default_rng(high)
    ids = np.array([0, 1, 2, high], np.uint16)
    labels, truth = (ids[rng.integers(0, 4, (40, 150, 500))] for _ in range(2))
    result = score(labels, truth, workers=2)
    compared = truth > 0
    for item in result.classes:
        a, b = labels == item.class_id, truth == item.class_id
        common = int((a & b).sum())
        assert item.truth_voxels == b.sum()
        assert item.label_voxels == (a & compared).sum()
        assert item.dice == 2 * common / (item.truth_voxels + item.label_voxels)
    assert [item.class_id for item in result.classes] == [1, 2, high]


@pytest.mark.parametrize(
    ("labels", "truth", "ignore", "message"),
    [
        (LABELS[..., :5], TRUTH, None, "labels: the shape .* is not the truth's"),
        (LABELS, TRUTH, LABELS[..., :5], "voxels to ignore: the shape"),
        (LABELS.astype(float), TRUTH, None, "labels: class ids are integers"),
        (LABELS, TRUTH.astype("f4"), None, "truth: class ids are integers"),
        (LABELS, TRUTH * 0, None, "no voxel is left"),
        (LABELS, TRUTH, LABELS * 0 + 1, "no voxel is left"),
        (LABELS.astype("i2") - 1, TRUTH, None, "labels hold -1, which is no class id"),
        (LABELS, TRUTH.astype("i2") - 1, None, "truth holds -1, which is no class id"),
        (LABELS, TRUTH.astype("u8") << 40, None, f"truth holds {1 << 40}, which is no class id"),
    ],
)
def test_what_can_not_be_compared_is_refused(labels, truth, ignore, message):
    with pytest.raises(SegmentationError, match=message):
        score(labels, truth, ignore)
