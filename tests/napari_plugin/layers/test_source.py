"""From a layer to what the engine segments, and back to where it lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Image, Labels, Layer, Points
from supervox.napari_plugin.layers.source import (
    CroppedVolume,
    Source,
    checked_box,
    finest_data,
    length,
    placement,
    spacing_of,
    unusable,
)

SHAPE = (6, 9, 11)
VALUES = np.arange(np.prod(SHAPE)).reshape(SHAPE)
WHOLE = (slice(0, 6), slice(0, 9), slice(0, 11))
BACKINGS: dict[str, Callable[[np.ndarray], Any]] = {
    "numpy": lambda values: values,
    "dask": lambda values: da.from_array(values, chunks=4),
    "zarr": lambda values: zarr.array(values, chunks=(4,) * values.ndim),
}


@st.composite
def boxes(draw: st.DrawFn, shape: tuple[int, ...] = SHAPE) -> tuple[slice, ...]:
    first = [draw(st.integers(0, n - 1)) for n in shape]
    last = [draw(st.integers(a + 1, n)) for a, n in zip(first, shape, strict=True)]
    return tuple(slice(a, b) for a, b in zip(first, last, strict=True))


@st.composite
def keys(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """Indices and forward slices, of as many axes as one likes."""
    parts = []
    for n in shape[: draw(st.integers(1, 3))]:
        ends = st.one_of(st.none(), st.integers(-n - 2, n + 2))
        steps = st.one_of(st.none(), st.integers(1, 3))
        parts.append(draw(st.one_of(st.integers(-n, n - 1), st.builds(slice, ends, ends, steps))))
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


# ------------------------------------------------------------------------------------ the voxels


@pytest.mark.parametrize("backing", BACKINGS)
@settings(max_examples=60)
@given(data=st.data())
def test_a_box_is_sliced_as_if_it_were_cut_out(backing: str, data: st.DataObject) -> None:
    box = data.draw(boxes())
    cut = VALUES[box]
    cropped = CroppedVolume(BACKINGS[backing](VALUES), box)
    assert cropped.shape == cut.shape
    key = data.draw(keys(cut.shape))
    found = cropped[key]
    assert isinstance(found, np.ndarray | np.generic)
    np.testing.assert_array_equal(found, cut[key])


@pytest.mark.parametrize("backing", BACKINGS)
@settings(max_examples=60)
@given(data=st.data())
def test_a_picture_is_sliced_as_one_plane(backing: str, data: st.DataObject) -> None:
    box = data.draw(st.one_of(st.none(), boxes((1, 9, 11))))
    cut = VALUES[:1] if box is None else VALUES[:1][box]
    cropped = CroppedVolume(BACKINGS[backing](VALUES[0]), box)
    assert cropped.shape == cut.shape
    assert cropped.dtype == VALUES.dtype
    key = data.draw(keys(cut.shape))
    np.testing.assert_array_equal(cropped[key], cut[key])


def test_only_what_is_asked_for_is_read() -> None:
    read: list[Any] = []

    class Spy:
        shape, dtype = SHAPE, VALUES.dtype

        def __getitem__(self, key: Any) -> np.ndarray:
            read.append(key)
            return VALUES[key]

    cropped = CroppedVolume(Spy(), (slice(1, 5), slice(2, 8), slice(3, 9)))
    assert read == []
    cropped[1:3, 2, ::2]
    assert read == [(slice(2, 4, 1), 4, slice(3, 9, 2))]


def test_what_a_box_does_not_hold() -> None:
    cropped = CroppedVolume(VALUES, (slice(1, 3), slice(0, 9), slice(0, 11)))
    for key in (2, -3, (0, 9), (0, 0, -12)):
        with pytest.raises(IndexError, match="out of bounds"):
            cropped[key]
    with pytest.raises(IndexError, match="forwards"):
        cropped[::-1]


def source_of(volume: Any, box: Any = None, **more: Any) -> Source:
    return Source("id", volume, 0, (1.0, 1.0, 1.0), None, box, **more)


@given(st.one_of(st.none(), boxes()))
def test_parts_of_a_source(box: Any) -> None:
    source = source_of(VALUES, box)
    cut = VALUES if box is None else VALUES[box]
    assert source.full_shape == SHAPE
    assert source.shape == cut.shape
    assert source.start == ((0, 0, 0) if box is None else tuple(part.start for part in box))
    np.testing.assert_array_equal(source.work_volume()[:], cut)
    assert source.layer_part(cut) is cut


def test_parts_of_a_picture() -> None:
    source = source_of(VALUES[0], (slice(0, 1), slice(2, 5), slice(1, 4)))
    assert source.is_flat
    assert source.full_shape == (1, 9, 11)
    np.testing.assert_array_equal(source.layer_part(VALUES[:1, 2:5, 1:4]), VALUES[0, 2:5, 1:4])


def test_sources_are_equal_where_they_mean_the_same() -> None:
    source = source_of(VALUES, WHOLE)
    assert source == source_of(VALUES.copy(), WHOLE)
    assert source != source_of(VALUES)
    assert source != replace(source, version=1)
    assert source != replace(source, spacing=(2.0, 1.0, 1.0))
    assert source != replace(source, layer_id="other")


# ---------------------------------------------------------------------------- layers that will do


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "uint32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5)])
def test_images_that_will_do(dtype: str, shape: tuple[int, ...]) -> None:
    assert unusable(Image(np.zeros(shape, dtype), contrast_limits=(0, 1))) is None


@pytest.mark.parametrize("backing", BACKINGS)
def test_images_that_are_read_lazily_will_do(backing: str) -> None:
    assert unusable(Image(BACKINGS[backing](VALUES), contrast_limits=(0, 1))) is None


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Labels(VALUES, name="mine"), "mine is no image"),
        (lambda: Points(name="marks"), "marks is no image"),
        (
            lambda: Image(np.zeros((5, 6, 3), np.uint8), rgb=True, name="photo"),
            "photo is a colour image: split its channels",
        ),
        (
            lambda: Image(np.zeros((2, 3, 4, 5), np.uint8), name="movie"),
            "movie has 4 axes: choose one time point or channel",
        ),
    ],
)
def test_layers_that_will_not_do(make: Callable[[], Layer], sentence: str) -> None:
    assert sentence in (unusable(make()) or "")


def test_values_that_will_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Napari itself shows no complex numbers yet."""
    image = Image(VALUES, name="wave")
    wave = VALUES.astype(complex)
    monkeypatch.setattr("supervox.napari_plugin.layers.source.finest_data", lambda _: wave)
    assert unusable(image) == "wave holds values of type complex128; real numbers are needed"


def test_of_several_resolutions_the_finest_counts() -> None:
    image = Image([VALUES, VALUES[:, ::2, ::2]], multiscale=True, contrast_limits=(0, 1))
    assert unusable(image) is None
    assert finest_data(image).shape == SHAPE


# ---------------------------------------------------------------------------------------- lengths


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (None, None),
        (("nm",) * 3, "nm"),
        (("micrometer",) * 3, "um"),
        (("angstrom",) * 3, "angstrom"),
        (("pixel",) * 3, None),
        (("second", "nm", "nm"), None),
    ],
)
def test_spacing_and_unit(units: Any, expected: str | None) -> None:
    image = Image(np.zeros((2, 3, 4)), scale=(50, 4.6, -4.6), units=units)
    assert spacing_of(image) == ((50.0, 4.6, 4.6), expected)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"affine": np.diag([5.0, 1, 1, 1])}, (5, 1, 1)),
        ({"affine": np.diag([4.0, 1, 1, 1]), "scale": (0.5,) * 3}, (2, 0.5, 0.5)),
        ({"affine": np.diag([1, -1, -1, 1.0]), "scale": (5, 2, 1)}, (5, 2, 1)),
        ({"rotate": 30, "scale": (5, 2, 1)}, (5, 2, 1)),
        ({"rotate": (10, 20, 30), "affine": np.diag([3, 3, 3, 1.0])}, (3, 3, 3)),
        # axes swapped in the world: a step along the planes is one along the columns there
        ({"affine": np.eye(4)[[2, 1, 0, 3]] @ np.diag([5.0, 2, 1, 1])}, (5, 2, 1)),
        ({"shear": [3, 0, 0], "scale": (4, 1, 1)}, (4, 10**0.5, 1)),
    ],
)
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_a_voxel_is_as_long_as_its_step_in_the_world(fields: Any, expected: Any) -> None:
    spacing, _ = spacing_of(Image(np.zeros((2, 3, 4)), **fields))
    assert spacing == pytest.approx(expected)


def test_a_step_in_the_world_is_in_the_units_of_its_axes() -> None:
    affine = np.diag([0.05, 5, 5, 1])
    image = Image(np.zeros((2, 3, 4)), affine=affine, units=("um", "nm", "nm"))
    assert spacing_of(image) == (pytest.approx((50, 5, 5)), "nm")


def test_spacing_of_a_picture() -> None:
    image = Image(np.zeros((3, 4)), scale=(2, 3), units=("nm", "nm"))
    assert spacing_of(image) == ((2.0, 2.0, 3.0), "nm")
    assert spacing_of(Image(np.zeros((3, 4)))) == ((1.0, 1.0, 1.0), None)


def test_units_that_differ_by_axis_are_converted() -> None:
    """As napari itself shows them: a distance of planes in micrometres is no nanometre."""
    image = Image(np.zeros((2, 3, 4)), scale=(0.05, 4.6, 4.6), units=("um", "nm", "nm"))
    spacing, unit = spacing_of(image)
    assert unit == "nm"
    assert spacing == pytest.approx((50.0, 4.6, 4.6))


@pytest.mark.parametrize(
    ("voxels", "spacing", "unit", "text"),
    [
        (8, (40, 40, 40), "nm", "320 nm (8 voxels)"),
        (8, (50, 4.6, 4.6), "nm", "36.8 nm (8 voxels)"),
        (2.5, (0.04, 0.04, 0.04), "um", "0.1 µm (2.5 voxels)"),
        (8, (1, 1, 1), None, "8 voxels"),
        (3, (1e6, 1e6, 1e6), "nm", "3 mm (3 voxels)"),
        (4, (0.0003, 1, 1), "mm", "1.2 µm (4 voxels)"),
    ],
)
def test_lengths_in_words(voxels: float, spacing: Any, unit: str | None, text: str) -> None:
    assert length(voxels, spacing, unit) == text


# --------------------------------------------------------------------------------------- the box


@given(st.data())
def test_a_box_of_two_corners(data: st.DataObject) -> None:
    place = st.floats(-20, 30)
    corners = np.array([[data.draw(place) for _ in SHAPE] for _ in range(2)])
    box = checked_box(corners, SHAPE)
    low, high = corners.min(axis=0), corners.max(axis=0)
    if box is None:
        assert (low > np.array(SHAPE) - 0.6).any() or (high < 0.5).any()
        return
    for part, n, a, b in zip(box, SHAPE, low, high, strict=True):
        assert 0 <= part.start < part.stop <= n
        assert part.start == np.clip(round(a + 1e-12), 0, n) or abs(part.start - a) <= 1
        assert part.stop - part.start == 1 or abs(part.stop - np.clip(b, 0, n)) <= 0.5 + 1e-9


@given(boxes())
def test_whole_voxels_stay_as_they_are(box: tuple[slice, ...]) -> None:
    corners = np.array([[part.start for part in box], [part.stop for part in box]], float)
    assert checked_box(corners, SHAPE) == box
    assert checked_box(corners[::-1], SHAPE) == box


# ---------------------------------------------------------------------------------------- the place

numbers = st.floats(-50, 50, allow_nan=False)
sizes = st.floats(0.1, 20)


@st.composite
def images(draw: st.DrawFn) -> Image:
    ndim = draw(st.sampled_from([2, 3]))

    def some(element: st.SearchStrategy[float], n: int = ndim) -> list[float]:
        return [draw(element) for _ in range(n)]

    shape = (6, 7, 8)[-ndim:]
    affine = np.eye(ndim + 1)
    if draw(st.booleans()):
        affine[:ndim, :ndim] += 0.2 * np.array(some(st.floats(-1, 1), ndim**2)).reshape(ndim, ndim)
        affine[:ndim, ndim] = some(numbers)
    rotations = draw(st.booleans())
    angles = some(st.floats(-180, 180)) if ndim == 3 else draw(st.floats(-180, 180))
    return Image(
        np.zeros(shape, np.uint8),
        scale=some(sizes),
        translate=some(numbers),
        rotate=angles if rotations else None,
        shear=some(st.floats(-0.5, 0.5), ndim * (ndim - 1) // 2) if draw(st.booleans()) else None,
        affine=affine,
        units=("nm",) * ndim,
        axis_labels=("a", "b", "c")[:ndim],
    )


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing is being requested:UserWarning")
@settings(max_examples=80)
@given(images(), st.data())
def test_a_derived_voxel_lies_where_the_images_voxel_lies(
    image: Image, data: st.DataObject
) -> None:
    start = [data.draw(st.integers(0, 5)) for _ in range(3)]
    voxel = np.array([data.draw(st.integers(0, 9)) for _ in range(image.ndim)])
    derived = Labels(np.zeros(image.data.shape, np.uint8), **placement(image, start))
    expected = image.data_to_world(voxel + np.array(start[-image.ndim :]))
    np.testing.assert_allclose(derived.data_to_world(voxel), expected, rtol=1e-6, atol=1e-6)
    assert derived.units == image.units
    assert derived.axis_labels == image.axis_labels
