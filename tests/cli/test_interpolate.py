"""supervox interpolate: between painted slices of a file, complete or thing by thing."""

import json

import numpy as np
import pytest
from supervox.objects import fill_between, interpolate_slices
from supervox.volumes import write_volume

SIZE = (30, 30, 30)


@pytest.fixture
def painted(files, tmp_path):
    """Every eighth plane of the truth."""
    labels = np.zeros_like(files.truth)
    labels[::8] = files.truth[::8]
    write_volume(tmp_path / "painted.tif", labels, spacing=SIZE, unit="nm")
    return labels


def test_complete_slices_and_single_things_are_filled(files, painted, run, read, tmp_path):
    done = run(
        *("interpolate", tmp_path / "painted.tif", "--image", files / "volume.tif"),
        *("--output", tmp_path / "all.tif", "--json"),
    )
    assert done.code == 0, done.err
    image = read(files / "volume.tif")
    found = read(tmp_path / "all.tif")
    np.testing.assert_array_equal(found, interpolate_slices(painted, image=image, spacing=SIZE))
    np.testing.assert_array_equal(found[::8], painted[::8])
    assert json.loads(done.out)["filled"] == np.count_nonzero(found != painted) > 0
    again = run(
        *("interpolate", tmp_path / "painted.tif", "--things", "--across", "plane"),
        *("--output", tmp_path / "things.tif"),
    )
    assert again.code == 0, again.err
    between = fill_between(painted, spacing=SIZE)
    expected = painted.copy()
    expected.reshape(-1)[between.voxels] = between.classes
    np.testing.assert_array_equal(read(tmp_path / "things.tif"), expected)
    assert f"{between.voxels.size:,} voxels filled" in again.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--across", "diagonal"), "'diagonal' is not one of"),
        (("--things", "--across", "column"), "paint in at least two slices"),
    ],
)
def test_what_is_wrong_is_one_line(painted, run, tmp_path, options, message):
    alone = np.zeros_like(painted)
    alone[..., 3] = 1
    write_volume(tmp_path / "alone.tif", alone)
    done = run("interpolate", tmp_path / "alone.tif", "--output", tmp_path / "o.tif", *options)
    assert done.code == 2
    assert message in done.err.splitlines()[-1]
    assert not (tmp_path / "o.tif").exists()
