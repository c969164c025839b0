"""What has no data, on the command line: said, counted, and as a person wants it."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

QUICK = ("--partitions", 1, "--preset", "fast")


@pytest.fixture(scope="module")
def rim(files):
    """Write the sample with zeros on one side, and a mask that says the same."""
    image, strokes = files.image.copy(), files.strokes.copy()
    has_data = np.ones(image.shape, np.uint8)
    has_data[:, :, :10] = 0
    image[has_data == 0] = 0
    strokes[has_data == 0] = 0
    files.write("rim.tif", image, "image")
    files.write("rim_strokes.tif", strokes)
    files.write("rim_mask.tif", has_data)
    return has_data > 0


def segmented(run, files, folder, *more, volume="rim.tif", strokes="rim_strokes.tif"):
    done = run(
        *("segment", files / volume, "--annotations", files / strokes),
        *("--output", folder / "l.tif", *QUICK, *more),
    )
    assert done.code == 0, done.err
    return done


def test_a_constant_is_told_and_left_out(rim, files, run, read, tmp_path):
    done = segmented(run, files, tmp_path, "--json")
    np.testing.assert_array_equal(read(tmp_path / "l.tif") == 0, ~rim)
    assert "are taken for no data (the constant 0); labels there are 0" in done.err
    assert "if that is data, give --no-data none" in done.err
    report = json.loads(done.out)
    assert report["fill_values"] == [0]
    assert report["masked_voxels"] == np.count_nonzero(~rim)
    assert report["parameters"]["no_data"] == "auto"
    assert sum(item["fraction"] for item in report["classes"]) == pytest.approx(1)


def test_a_constant_can_be_data(rim, files, run, read, tmp_path):
    done = segmented(run, files, tmp_path, "--no-data", "none")
    assert (read(tmp_path / "l.tif") > 0).all()
    assert "no data" not in done.err


def test_a_mask_leaves_the_same_out(rim, files, run, read, tmp_path):
    segmented(run, files, tmp_path)
    expected = read(tmp_path / "l.tif")
    mask = ("--mask", files / "rim_mask.tif")
    done = segmented(run, files, tmp_path, *mask, volume="volume.tif")
    np.testing.assert_array_equal(read(tmp_path / "l.tif"), expected)
    assert "are taken for no data (the mask)" in done.err


def test_strokes_without_data_are_told(rim, files, run, tmp_path):
    lost = np.count_nonzero(files.strokes[~rim])
    assert lost
    done = segmented(run, files, tmp_path, "--json", strokes="strokes.tif")
    assert f"{lost} painted voxels lie where the volume has no data" in done.err
    assert json.loads(done.out)["painted_without_data"] == lost
    assert "and teach nothing; if it is data, give --no-data none" in done.err


def test_a_class_that_a_mask_leaves_nothing_of_is_told(files, run, read, tmp_path):
    mask = files.write("but_three.tif", (files.strokes != 3).astype(np.uint8))
    words = ("--mask", mask)
    done = segmented(run, files, tmp_path, *words, volume="volume.tif", strokes="strokes.tif")
    assert "and teach nothing; if it is data, give another --mask" in done.err
    assert "class 3: every stroke lies there, so that no voxel gets this label" in done.err
    assert "more strokes of another" not in done.err
    assert not (read(tmp_path / "l.tif") == 3).any()


def test_a_value_that_no_voxel_has_is_told(rim, files, run, read, tmp_path):
    done = segmented(run, files, tmp_path, "--no-data", "70000")
    assert "no voxel has the value 70000 that stands for no data: all is data" in done.err
    assert (read(tmp_path / "l.tif") > 0).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--no-data", "some"), '\'--no-data\': no data is "auto", "none", or one or more'),
        (("--mask", "small.tif"), "small.tif: has .* the mask must belong to this volume"),
    ],
)
def test_what_can_not_be_is_refused(rim, files, run, tmp_path, words, message):
    files.write("small.tif", files.strokes[1:])
    given = [files / word if word.endswith(".tif") else word for word in words]
    done = run(
        *("segment", files / "rim.tif", "--annotations", files / "rim_strokes.tif"),
        *("--output", tmp_path / "l.tif", *given),
    )
    assert done.code == 2
    assert "Traceback" not in done.err
    assert re.search(message, done.err), done.err
