"""What only a person can say of a file is told as ways to open it, each of which works."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from supervox.volumes import VolumeError, open_volume


def refusal(path):
    with pytest.raises(VolumeError) as caught:
        open_volume(path)
    return caught.value


def read(address):
    with open_volume(address) as volume:
        return volume.data[:]


@pytest.fixture
def stack(tmp_path):
    def write(axes, *shape):
        path = tmp_path / f"{axes}.tif"
        values = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
        tifffile.imwrite(path, values, imagej=True, metadata={"axes": axes})
        return path, values

    return write


def test_time_points_may_be_planes_or_one_of_them_is_meant(stack):
    path, values = stack("TYX", 3, 5, 6)
    error = refusal(path)
    texts = [choice.text for choice in error.choices]
    assert error.what == "3 time points"
    assert texts == ["all 3 time points as planes", *(f"time point {k} of 3" for k in (1, 2, 3))]
    planes, *points = (read(choice.address) for choice in error.choices)
    np.testing.assert_array_equal(planes, values)
    for point, value in zip(points, values, strict=True):
        np.testing.assert_array_equal(point[0], value)


def test_time_points_of_volumes_are_no_planes(stack):
    path, values = stack("TZYX", 3, 2, 5, 6)
    error = refusal(path)
    assert [choice.text for choice in error.choices] == [f"time point {k} of 3" for k in (1, 2, 3)]
    last = read(error.choices[-1].address)
    np.testing.assert_array_equal(last, values[2])


def test_channels_are_not_asked_about(stack):
    path, values = stack("ZCYX", 2, 3, 5, 6)
    error = refusal(path)
    assert not error.choices
    assert [channel.text for channel in error.channels] == ["channel 0", "channel 1", "channel 2"]
    middle = read(error.channels[1].address)
    np.testing.assert_array_equal(middle, values[:, 1])


def test_time_is_asked_about_before_channels(stack):
    path, values = stack("TZCYX", 2, 2, 3, 5, 6)
    chosen = refusal(path).choices[1]
    error = refusal(chosen.address)
    assert not error.choices
    data = read(error.channels[2].address)
    np.testing.assert_array_equal(data, values[1, :, 2])


@given(st.permutations([2, 3, 5, 7]))
def test_every_reading_of_unnamed_axes_opens_or_has_channels(tmp_path_factory, shape):
    path = tmp_path_factory.mktemp("four") / "four.npy"
    np.save(path, np.zeros(shape, np.uint8))
    error = refusal(path)
    assert len(error.choices) == 4
    for choice in error.choices:
        again = refusal(choice.address)
        entries = again.channels or again.choices
        sizes = {read(entry.address).size for entry in entries}
        assert sizes == {np.prod(shape) // len(entries)}


def answered(error, number):
    """Answer what is asked, the question's number-th option each time, until a volume opens."""
    while True:
        choice = (error.channels or error.choices)[number]
        try:
            return read(choice.address)
        except VolumeError as again:
            error = again


def test_axes_of_one_item_leave_what_the_others_may_be(tmp_path):
    values = np.arange(3 * 4 * 5 * 6, dtype=np.uint16).reshape(1, 3, 4, 5, 6)
    np.save(tmp_path / "batch.npy", values)
    error = refusal(tmp_path / "batch.npy")
    assert error.choices[0].text == "3 channels of 4 x 5 x 6 voxels"
    np.testing.assert_array_equal(answered(error, 0), values[0, 0])


def test_five_unnamed_axes_are_asked_about_one_after_the_other(tmp_path):
    values = np.arange(2 * 3 * 4 * 5 * 6, dtype=np.uint16).reshape(2, 3, 4, 5, 6)
    np.save(tmp_path / "five.npy", values)
    error = refusal(tmp_path / "five.npy")
    assert [choice.text for choice in error.choices] == [
        "2 time points with 3 channels of 4 x 5 x 6 voxels",
        "2 channels with 3 time points of 4 x 5 x 6 voxels",
    ]
    np.testing.assert_array_equal(answered(error, 0), values[0, 0])
    np.testing.assert_array_equal(answered(error, 1), values[1, 1])


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "RGBA", "P", "LA", "1"])
def test_pictures_of_every_mode(tmp_path, mode):
    grey = np.arange(20 * 24).reshape(20, 24)
    if mode == "I;16":
        picture = Image.fromarray((grey * 100).astype(np.uint16))
    else:
        picture = Image.fromarray((grey % 251).astype(np.uint8)).convert(mode)
    path = tmp_path / "picture.png"
    picture.save(path)
    with open_volume(path) as volume:  # colours that are all the same are grey
        assert volume.shape == (1, 20, 24)
        assert not volume.spacing_stated
        expected = grey * 100 if mode == "I;16" else grey % 251
        if mode != "1":
            np.testing.assert_array_equal(volume.data[:][0], expected)


@pytest.mark.parametrize("ending", ["png", "bmp"])
def test_colours_are_channels(tmp_path, ending):
    colours = np.random.default_rng(0).integers(0, 255, (20, 24, 3), np.uint8)
    Image.fromarray(colours).save(tmp_path / f"picture.{ending}")
    error = refusal(tmp_path / f"picture.{ending}")
    assert [channel.text for channel in error.channels] == ["red", "green", "blue"]
    blue = read(error.channels[2].address)
    np.testing.assert_array_equal(blue[0], colours[..., 2])


def test_a_picture_has_nothing_inside(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(VolumeError, match="there is no 'x' in it"):
        open_volume(f"{tmp_path / 'a.png'}::x")


def test_a_picture_of_too_many_pixels_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("supervox.volumes.picture._MOST_PIXELS", 10)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(VolumeError, match="more than 10 pixels; save it as TIFF"):
        open_volume(tmp_path / "a.png")


def test_a_damaged_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n123")
    with pytest.raises(VolumeError, match="can't be read as Picture"):
        open_volume(tmp_path / "a.png")
