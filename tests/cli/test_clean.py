"""supervox clean: steps in order, in physical units, with locks."""

import json

import numpy as np
import pytest
from supervox.objects import CleanStep, clean


def test_steps_are_done_in_order(files, run, read, tmp_path):
    done = run(
        *("clean", files / "truth.tif", "--output", tmp_path / "clean.nrrd", "--json"),
        *("--step", "specks=0.002um^3", "--step", "smooth=40nm", "--lock", 3),
    )
    assert done.code == 0, done.err
    size = {"spacing": (30, 30, 30), "locked": [3]}
    expected = clean(files.truth, CleanStep("specks", 2e6), **size).labels
    expected = clean(expected, CleanStep("smooth", 40), **size).labels
    found = read(tmp_path / "clean.nrrd")
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found == 3, files.truth == 3)
    report = json.loads(done.out)
    assert report["steps"][1]["changed"] > 0
    again = run(
        *("clean", files / "truth.tif", "--output", tmp_path / "clean.tif"),
        *("--step", "open=60nm", "--class", 4),
    )
    assert "open=60nm:" in again.out


def test_what_does_not_fit_into_memory_is_cleaned_on_the_disk(files, run, tmp_path):
    def cleaned(*options):
        done = run(
            *("clean", files / "truth.tif", "--output", tmp_path / "c.tif", "--json"),
            *("--step", "specks=0.002um^3", "--step", "holes=all", "--step", "smooth=40nm"),
            *options,
        )
        assert done.code == 0, done.err
        return done, (tmp_path / "c.tif").read_bytes()

    there, expected = cleaned()
    assert "is kept in" not in there.err
    small, found = cleaned("--memory", "1MB")
    assert small.err.count(f"memory, and is kept in {tmp_path} until the end") == 1
    assert json.loads(small.out) == json.loads(there.out)
    assert found == expected
    assert [path.name for path in tmp_path.iterdir()] == ["c.tif"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--step", "polish=3"), "there is no step 'polish'"),
        (("--step", "open=30nm", "--class", 99), "the labels have no class 99"),
        (("--step", "open=30nm", "--class", 3, "--lock", 3), "class 3 is locked"),
        ((), "Missing option '--step'"),
    ],
)
def test_what_is_wrong_is_one_line(files, run, tmp_path, options, message):
    done = run("clean", files / "truth.tif", "--output", tmp_path / "o.tif", *options)
    assert done.code == 2
    assert message in done.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_class_to_lock_that_is_not_there_is_told(files, run, tmp_path):
    options = ("--step", "keep-largest", "--output", tmp_path / "o.tif", "--lock", 0, "--lock")
    done = run("clean", files / "truth.tif", *options, 99)
    assert done.code == 0
    assert "no class 99 is there to be locked" in done.err
    assert "to be locked" not in run("clean", files / "truth.tif", *options, 3).err
