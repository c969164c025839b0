"""Labels of every type give the same, and stay as they were: they are somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from supervox.objects import (
    AMOUNTS,
    CleanStep,
    Give,
    MeasureRequest,
    Merge,
    ObjectsError,
    apply_edits,
    clean,
    clean_part,
    compare,
    fill_between,
    find_differences,
    find_objects,
    interpolate_slices,
    measure_objects,
    objects_of_ids,
    overlay,
    profile,
    split_objects,
)

TYPES = ["u1", "u2", "i4", ">i4", "u4", "i8", ">u2"]
AMOUNT = {"volume": 12.0, "length": 2.0, "": 0.0}


def pieces(seed: int = 0) -> np.ndarray:
    """Labels 0 to 3 in rough pieces."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(4, 12, 14, 16)), (0, 1.2, 1.2, 1.2))
    return smooth.argmax(axis=0).astype(np.uint8)


def slices(labels: np.ndarray) -> np.ndarray:
    painted = np.zeros_like(labels)
    painted[[1, 6, 10]] = labels[[1, 6, 10]]
    return painted


def cleaned(operation: Any) -> Callable[[np.ndarray], np.ndarray]:
    step = CleanStep(operation, AMOUNT[AMOUNTS[operation]])
    return lambda labels: clean(labels, step, locked=[2], block_shape=(5, 6, 7)).labels


def edited(labels: np.ndarray) -> np.ndarray:
    found = find_objects(labels)
    one, other = (
        tuple(np.argwhere((found.ids == k) & (found.ids > 0))[0].tolist())
        for k in (1, found.number)
    )
    of = tuple(found.class_of[[0, -1]].tolist())
    edits = [Give((of[0],), (one,), (of[1],)), Merge(of[1], (one, other))]
    return apply_edits(found, edits).instances.ids


def measured(labels: np.ndarray) -> np.ndarray:
    found = find_objects(labels, classes=[1, 2])
    request = MeasureRequest({}, {"of": labels}, labels, [3], [1, 2], labels)
    return measure_objects(found, request).objects["centre_distance_class_3"]


CALLS: dict[str, Callable[[np.ndarray], Any]] = {
    "find": lambda labels: find_objects(labels, classes=[1], block_shape=(5, 6, 7)).ids,
    "number": lambda labels: objects_of_ids(labels).ids,
    "split": lambda labels: split_objects(find_objects(labels), "round").ids,
    "split by image": lambda x: split_objects(find_objects(x), "image", image=x).ids,
    "edit": edited,
    "measure": measured,
    "profile": lambda labels: profile(labels, [1, 2], step=1, channels={"x": labels})["mean_x"],
    "clean a part": lambda x: clean_part(x, (slice(2, 9),) * 3, CleanStep("smooth", 1.0)),
    "interpolate": lambda x: interpolate_slices(slices(x), image=x, keep=x == 3),
    "interpolate painted": lambda labels: interpolate_slices(labels[[0, 5, 9]].copy()),
    "fill": lambda x: fill_between(slices(x), image=x, keep=x == 3).voxels,
    "compare": lambda x: compare(x, x[::-1], ignore=x == 3).classes[0].surfaces.mean,
    "show": lambda labels: overlay(labels, labels[::-1]),
    "list": lambda labels: find_differences(labels, labels[::-1])["voxels"],
    **{operation: cleaned(operation) for operation in AMOUNTS},
}


@pytest.mark.parametrize("what", CALLS)
def test_labels_of_any_type_give_the_same_and_stay_as_they_were(what):
    expected = CALLS[what](pieces())
    for dtype in TYPES:
        labels = pieces().astype(dtype)
        np.testing.assert_array_equal(CALLS[what](labels), expected, err_msg=dtype)
        np.testing.assert_array_equal(labels, pieces(), err_msg=dtype)


@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize("beyond", [-1, 2**31, 2**32 + 2])
def test_ids_that_are_none_are_refused(what, beyond):
    labels = np.where(pieces() == 2, beyond, pieces().astype(np.int64))
    with pytest.raises(ObjectsError, match=f"hold {beyond}, which is no id"):
        CALLS[what](labels)


@pytest.mark.parametrize("dtype", TYPES)
def test_slices_that_are_filled_between_stay_as_they_were(dtype):
    painted = slices(pieces()).astype(dtype)
    keep = np.zeros(painted.shape, bool)
    keep[3] = True
    found = interpolate_slices(painted, keep=keep)
    np.testing.assert_array_equal(painted, slices(pieces()))
    assert not found[3].any()
    assert found[4].any()
