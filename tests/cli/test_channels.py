"""Several images of one specimen on the command line."""

import json
import re

import numpy as np
import pytest
from supervox.segmentation import SegmentationParameters, Segmenter, SupervoxelParameters

from .conftest import SPACING

QUICK = ("--partitions", 1, "--supervoxel-size", 6)
PARAMETERS = SegmentationParameters(supervoxels=SupervoxelParameters(6), partitions=1)


@pytest.fixture(scope="module")
def second(files):
    """The truth, blurred by noise: a channel that knows better."""
    noise = np.random.default_rng(0).normal(0, 0.3, files.truth.shape)
    return (files.truth + noise).astype(np.float32)


@pytest.fixture(scope="module")
def trained(files, second, run, tmp_path_factory):
    """A run with two channels, and its folder."""
    folder = tmp_path_factory.mktemp("channels")
    files.write("second.mrc", second, "image")
    done = run(
        *("segment", files / "volume.tif", "--channel", files / "second.mrc", *QUICK),
        *("--annotations", files / "strokes.tif", "--output", folder / "labels.tif"),
        *("--save-model", folder / "model", "--json"),
    )
    assert done.code == 0, done.err
    return folder, json.loads(done.out)


def test_labels_are_those_of_the_library(files, second, trained, read):
    folder, report = trained
    segmenter = Segmenter(files.image, channels=[second], spacing=SPACING, parameters=PARAMETERS)
    expected = segmenter.segment(files.strokes).labels
    np.testing.assert_array_equal(read(folder / "labels.tif"), expected)
    assert report["channels"] == [files / "second.mrc"]


def test_at_home_the_labels_are_those_of_the_run(files, trained, run, read, tmp_path):
    folder, _ = trained
    done = run(
        *("apply", folder / "model", files / "volume.tif", "--channel", files / "second.mrc"),
        *("--output", tmp_path),
    )
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(folder / "labels.tif"), read(tmp_path / "volume_labels.tif"))


def test_the_model_says_how_many_channels_it_needs(trained, run):
    folder, _ = trained
    content = json.loads(run("info", folder / "model", "--json").out)
    assert content["images"] == 2
    assert sum(name.startswith("channel_2 ") for name in content["features"]) * 2 == len(
        content["features"]
    )
    assert re.search(r"channels +2", run("info", folder / "model").out)


def test_voxels_that_are_no_numbers_are_told(files, second, run, tmp_path):
    holes = second.copy()
    holes[:2] = np.nan
    files.write("holes.mrc", holes, "image")
    done = run(
        *("segment", files / "volume.tif", "--channel", files / "holes.mrc", *QUICK),
        *("--annotations", files / "strokes.tif", "--output", tmp_path / "l.tif"),
    )
    assert done.code == 0, done.err
    assert "what is around them stands in there" in done.err


def _refused(done, message):
    assert done.code == 2
    assert message in done.err.splitlines()[-1]


def test_a_channel_of_another_shape_is_refused(files, second, run, tmp_path):
    files.write("short.mrc", second[:-1], "image")
    done = run(
        *("segment", files / "volume.tif", "--channel", files / "short.mrc"),
        *("--annotations", files / "strokes.tif", "--output", tmp_path / "l.tif"),
    )
    _refused(done, "short.mrc: has 39 x 48 x 56 voxels, but")
    _refused(done, "bring the channels onto the same voxels first")
    assert not list(tmp_path.iterdir())


def test_a_missing_channel_is_refused(files, trained, run, tmp_path):
    done = run("apply", trained[0] / "model", files / "volume.tif", "--output", tmp_path)
    _refused(done, "the model was trained on 2 channels, not 1")


def test_a_channel_too_many_is_refused(files, segmented, run, trained, tmp_path):
    done = run(
        *("apply", segmented.folder / "model.npz", files / "volume.tif"),
        *("--channel", files / "second.mrc", "--output", tmp_path),
    )
    _refused(done, "the model was trained on 1 channel, not 2")


def test_channels_belong_to_one_volume(files, trained, run, tmp_path):
    done = run(
        *("apply", trained[0] / "model", files / "volume.tif", files / "truth.tif"),
        *("--channel", files / "second.mrc", "--output", tmp_path),
    )
    _refused(done, "--channel belongs to one VOLUME, and 2 are given: label them one by one")


def test_a_channel_is_never_overwritten(files, second, run):
    files.write("kept.tif", second, "image")
    done = run(
        *("segment", files / "volume.tif", "--channel", files / "kept.tif"),
        *("--annotations", files / "strokes.tif", "--output", files / "kept.tif"),
    )
    assert done.code == 2
    assert "kept.tif" in done.err
