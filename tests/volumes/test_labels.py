"""Labels and strokes as other programs store them."""

import numpy as np
import pytest
from supervox.volumes import (
    VolumeError,
    open_labels,
    open_strokes,
    open_volume,
    refuse_image,
    write_volume,
)

STROKES = np.zeros((20, 12, 8), np.uint8)
STROKES[3, 4, :5] = 1
STROKES[10, 2:9, 3] = 200


def _write(path, values):
    write_volume(path, values, kind="image")
    return path


@pytest.mark.parametrize("name", ["a.mrc", "a.tif", "a.h5", "a.zarr", "a.npy", "a.nrrd", "a.nii"])
def test_whole_numbers_with_a_point_are_taken(tmp_path, name):
    path = _write(tmp_path / name, STROKES.astype(np.float32))
    with open_labels(path) as volume:
        assert volume.data.dtype.kind == "i"
        np.testing.assert_array_equal(volume.data, STROKES)
        np.testing.assert_array_equal(volume.data[10, ::2, 3:4], STROKES[10, ::2, 3:4])
        assert volume.data[3, 4, 2] == 1


@pytest.mark.parametrize("wrong", [0.5, np.nan, np.inf, -np.inf, 1e-3])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_value_that_is_no_whole_number_is_named(tmp_path, wrong, dtype):
    values = STROKES.astype(dtype)
    values[17, 3, 3] = wrong
    with open_labels(_write(tmp_path / "a.h5", values), "masks") as volume:
        np.testing.assert_array_equal(volume.data[:17], STROKES[:17])
        with pytest.raises(
            VolumeError, match=r"a\.h5: holds .*, but masks are whole numbers"
        ) as told:
            volume.data[...]
    assert f"{wrong:g}" in str(told.value)
    assert "supervox convert a.h5" in str(told.value)


def test_a_whole_number_that_is_too_large_is_called_that(tmp_path):
    values = STROKES.astype("f8")
    values[17, 3, 3] = 2.0**40
    with (
        open_labels(_write(tmp_path / "a.h5", values), "strokes") as volume,
        pytest.raises(VolumeError, match="holds 1099511627776, which is too large for strokes"),
    ):
        volume.data[...]


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4"])
@pytest.mark.parametrize("ignored", [255, 65535, -1])
def test_what_stands_for_not_painted_is_not_painted(tmp_path, caplog, dtype, ignored):
    values = np.where(STROKES == 0, ignored, STROKES.astype(int))
    if not np.array_equal(values, values.astype(dtype)):
        pytest.skip("not of this type")
    with open_strokes(_write(tmp_path / "a.h5", values.astype(dtype))) as volume:
        np.testing.assert_array_equal(volume.data, STROKES)
        np.testing.assert_array_equal(volume.data[:, 2, 3], STROKES[:, 2, 3])
    assert f"{ignored}, which most of its voxels have, is taken for 'not painted'" in caplog.text


def test_a_class_may_be_255(tmp_path, caplog):
    values = np.where(STROKES == 200, 255, STROKES).astype(np.uint8)
    with open_strokes(_write(tmp_path / "a.h5", values)) as volume:
        np.testing.assert_array_equal(volume.data, values)
    assert caplog.text == ""


def test_volumes_keep_their_values(tmp_path):
    values = np.full(STROKES.shape, 255, np.float32)
    with open_volume(_write(tmp_path / "a.h5", values)) as volume:
        np.testing.assert_array_equal(volume.data, values)


def test_zero_beside_what_is_to_be_ignored_may_be_a_class(tmp_path):
    values = np.where(STROKES == 0, 255, STROKES)
    values[15, 2, 2] = 0
    with open_strokes(_write(tmp_path / "a.h5", values)) as volume:
        np.testing.assert_array_equal(volume.data[:15], STROKES[:15])
        with pytest.raises(VolumeError, match=r"voxels have 255, and some 0; .* ids from 1 on"):
            volume.data[...]


def _bricks(shape, edge):
    """Return a number for each brick of a volume."""
    z, y, x = (np.arange(n) // edge for n in shape)
    return ((z[:, None, None] * (y[-1] + 1) + y[:, None]) * (x[-1] + 1) + x + 1).astype(np.uint16)


NOISE = np.random.default_rng(0).normal(120, 30, (20, 60, 60)).clip(0, 255).astype(np.uint8)
SPARSE = np.where(np.random.default_rng(1).random(NOISE.shape) < 0.01, NOISE, 0)


@pytest.mark.parametrize("values", [NOISE, NOISE.astype(np.float32) * 100])
def test_an_image_is_no_labels(tmp_path, values):
    with (
        open_labels(_write(tmp_path / "image.tif", values)) as volume,
        pytest.raises(VolumeError, match=r"image.tif: is an image, and no strokes: its"),
    ):
        refuse_image(volume, "strokes")


@pytest.mark.parametrize(
    "values",
    [
        STROKES,
        _bricks((20, 60, 60), 4),  # many things, of a few voxels each
        _bricks((20, 60, 60), 20),
        SPARSE,  # points, each with a number of its own
        NOISE // 50,  # few values
        np.zeros((3, 4, 5), np.uint8),
        np.full((1, 1, 1), 9, np.uint16),
    ],
)
def test_labels_of_any_kind_are_no_image(tmp_path, values):
    with open_labels(_write(tmp_path / "labels.tif", values)) as volume:
        assert refuse_image(volume) is volume
