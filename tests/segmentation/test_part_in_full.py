"""A part in full quality is what the whole volume has there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from supervox.execution import Run
from supervox.execution.progress import Cancelled
from supervox.sample_data import Phantom, make_phantom
from supervox.segmentation import (
    ClassifierParameters,
    PartInFull,
    SegmentationParameters,
    Segmenter,
    Strokes,
    find_strokes,
)

PARAMETERS = SegmentationParameters(classifier=ClassifierParameters(trees=40), partitions=2)
LIVE = replace(PARAMETERS, partitions=1, edge_refinement=False)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom((40, 80, 88))


@pytest.fixture(scope="module")
def strokes(phantom: Phantom) -> Strokes:
    return find_strokes(phantom.strokes)


@pytest.fixture(scope="module")
def segmenters(phantom: Phantom, strokes: Strokes) -> tuple[Segmenter, Segmenter]:
    """Return one of all partitions, and one for live work, both after an update."""
    full = Segmenter(phantom.image, spacing=phantom.spacing, parameters=PARAMETERS)
    live = Segmenter(phantom.image, spacing=phantom.spacing, parameters=LIVE)
    for segmenter in (full, live):
        segmenter.segment(strokes)
    return full, live


def plane(axis: int, at: int, shape: tuple[int, ...]) -> tuple[slice, slice, slice]:
    z, y, x = (slice(at, at + 1) if k == axis else slice(0, n) for k, n in enumerate(shape))
    return z, y, x


@pytest.mark.parametrize(("axis", "at"), [(0, 3), (0, 20), (1, 41), (2, 87)])
def test_a_slice_is_what_the_whole_volume_has(
    segmenters: tuple[Segmenter, Segmenter], strokes: Strokes, axis: int, at: int
) -> None:
    full, live = segmenters
    whole = full.segment(strokes).labels
    fresh = Segmenter(
        full.volume, spacing=full.spacing, parameters=PARAMETERS, partitions=full.partitions
    )
    part = plane(axis, at, whole.shape)
    labeller = PartInFull(fresh)
    labeller.take_costs(live)  # which are those of the first partition, live and in the end
    found = labeller.label(strokes, PARAMETERS, part)
    assert found.dtype == whole.dtype
    assert (found != whole[part]).mean() < 0.01
    coarse = live.segment(strokes).labels
    assert (found != whole[part]).mean() < (coarse[part] != whole[part]).mean()


def test_a_part_as_large_as_the_volume_is_the_final_result(
    segmenters: tuple[Segmenter, Segmenter], strokes: Strokes
) -> None:
    full, _ = segmenters
    whole = full.segment(strokes).labels
    part = tuple(slice(0, n) for n in whole.shape)
    found = PartInFull(full).label(strokes, PARAMETERS, part)
    np.testing.assert_array_equal(found, whole)


def test_the_segmenter_is_left_as_it_was(
    segmenters: tuple[Segmenter, Segmenter], strokes: Strokes
) -> None:
    full, _ = segmenters
    before = full.segment(strokes).labels
    other = replace(PARAMETERS, classifier=ClassifierParameters(trees=7)).balanced((2, 1.5))
    PartInFull(full).label(strokes, other, plane(0, 9, before.shape))
    assert full.parameters == PARAMETERS
    np.testing.assert_array_equal(full.segment(strokes).labels, before)


def test_it_stops(segmenters: tuple[Segmenter, Segmenter], strokes: Strokes) -> None:
    full, _ = segmenters
    with pytest.raises(Cancelled):
        PartInFull(full).label(
            strokes, PARAMETERS, plane(0, 9, full.volume.shape), Run(should_stop=lambda: True)
        )


def test_a_slice_gives_nothing_to_a_class_that_is_held(
    segmenters: tuple[Segmenter, Segmenter], strokes: Strokes
) -> None:
    full, _ = segmenters
    part = plane(0, 20, full.volume.shape)
    labeller = PartInFull(full)
    free = labeller.label(strokes, PARAMETERS, part)
    settled = labeller.label(strokes, PARAMETERS, part, held=(2,))
    is_of = free == 2
    assert is_of.any()
    np.testing.assert_array_equal(settled[~is_of], free[~is_of])
    assert not (settled == 2).any()
