"""supervox compare and score --surfaces."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from supervox.objects import compare, overlay
from supervox.volumes import write_volume


@pytest.fixture(scope="module")
def two(files):
    """The truth, and the same with a part of a class given to another."""
    other = files.truth.copy()
    other[10:14, 20:30, 20:30] = 4
    files.write("other.tif", other)
    return files.truth, other


def test_two_files_are_compared_as_the_engine_does(files, run, two, read, tmp_path):
    done = run(
        *("compare", files / "truth.tif", files / "other.tif", "--json"),
        *("--overlay", tmp_path / "o.tif", "--differences", tmp_path / "d.csv"),
    )
    assert done.code == 0, done.err
    report = json.loads(done.out)
    expected = compare(*two, spacing=(30, 30, 30))
    assert report["agreement"] == expected.agreement
    assert report["tolerance"] == 60
    found = {item["id"]: item for item in report["classes"]}
    for item in expected.classes:
        assert found[item.class_id]["dice"] == item.dice
        assert found[item.class_id]["surface_distance_95"] == item.surfaces.percentile_95
    np.testing.assert_array_equal(read(tmp_path / "o.tif"), overlay(*two))
    with (tmp_path / "d.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert int(rows[0]["voxels"]) >= int(rows[-1]["voxels"]) > 0
    assert sum(int(row["voxels"]) for row in rows) == np.count_nonzero(two[0] != two[1])
    assert report["largest_differences"][0]["voxels"] == int(rows[0]["voxels"])


def test_what_does_not_fit_into_memory_is_compared_on_the_disk(files, run, two, tmp_path):
    def compared(*options):
        done = run(
            *("compare", files / "truth.tif", files / "other.tif", "--json"),
            *("--differences", tmp_path / "d.csv", "--overlay", tmp_path / "o.tif", *options),
        )
        assert done.code == 0, done.err
        return done, (tmp_path / "d.csv").read_text(), (tmp_path / "o.tif").read_bytes()

    there, *expected = compared()
    assert "is kept in" not in there.err
    small, *files_made = compared("--memory", "1MB")
    assert f"memory, and is kept in {tmp_path} until the end" in small.err
    assert json.loads(small.out) == json.loads(there.out)
    assert files_made == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.csv", "o.tif"]


def test_what_is_ignored_is_no_difference_and_in_no_overlay(files, run, two, read, tmp_path):
    ignored = np.zeros_like(two[0])
    ignored[:12] = 1
    files.write("ignored.tif", ignored)
    done = run(
        *("compare", files / "truth.tif", files / "other.tif", "--json"),
        *("--ignore", files / "ignored.tif", "--overlay", tmp_path / "o.tif"),
        *("--differences", tmp_path / "d.csv"),
    )
    assert done.code == 0, done.err
    seen = [np.where(ignored, 0, labels) for labels in two]
    np.testing.assert_array_equal(read(tmp_path / "o.tif"), overlay(*seen))
    with (tmp_path / "d.csv").open() as file:
        listed = sum(int(row["voxels"]) for row in csv.DictReader(file))
    assert listed == np.count_nonzero(seen[0] != seen[1]) > 0


def test_the_voxel_size_is_that_of_the_file_that_states_one(files, run, two, tmp_path):
    np.save(tmp_path / "plain.npy", two[1])
    sized = run("compare", files / "truth.tif", files / "other.tif", "--json")
    for pair in ((tmp_path / "plain.npy", files / "truth.tif"), (files / "truth.tif",) * 2):
        done = run("compare", *pair, "--json")
        assert json.loads(done.out)["tolerance"] == json.loads(sized.out)["tolerance"] == 60
        assert "voxel size" not in done.err
    done = run("compare", tmp_path / "plain.npy", tmp_path / "plain.npy")
    assert done.err.count("state no voxel size; voxels are taken for cubes") == 1
    done = run("score", tmp_path / "plain.npy", files / "truth.tif", "--surfaces")
    assert "95 % (nm)" in done.out


def test_two_files_that_disagree_on_the_voxel_size_are_told(files, run, two, tmp_path):
    write_volume(tmp_path / "thick.ome.tif", two[1], spacing=(0.09, 0.03, 0.03), unit="um")
    write_volume(tmp_path / "same.ome.tif", two[1], spacing=(0.03, 0.03, 0.03), unit="um")
    for command in ("compare", "score"):
        words = [files / "truth.tif", tmp_path / "thick.ome.tif"]
        words = [*words[::-1], "--surfaces"] if command == "score" else words
        done = run(command, *words)
        assert "thick.ome.tif: states a voxel size of 0.09 x 0.03 x 0.03 um, and " in done.err
        assert "truth.tif one of 30 x 30 x 30 nm, which is taken" in done.err
        done = run(command, *words, "--spacing", 90, 30, 30)
        assert "voxel size" not in done.err
    done = run("compare", files / "truth.tif", tmp_path / "same.ome.tif")
    assert "voxel size" not in done.err


def test_people_see_a_table_and_where_to_look(files, run, two):
    done = run("compare", files / "truth.tif", files / "other.tif")
    assert done.code == 0, done.err
    assert "mean distance (nm)" in done.out
    assert "have the same label" in done.out
    assert "planes 10 to 13" in done.out


@pytest.mark.parametrize(
    ("places", "line"),
    [
        ((), "no place differs"),
        ((3,), "1 place differs:"),
        ((3, 30), "2 places differ; the largest:"),
    ],
)
def test_how_many_places_differ_is_said(files, run, places, line):
    labels = np.zeros((4, 5, 40), np.uint8)
    labels[:, :, 10:20] = 1
    other = labels.copy()
    for column in places:
        other[1, 1:3, column] = 2
    files.write("one.tif", labels)
    files.write("changed.tif", other)
    done = run("compare", files / "one.tif", files / "changed.tif")
    assert done.code == 0, done.err
    assert line in done.out.splitlines()
    assert "- %" not in done.out  # of a class that one side lacks


def test_score_measures_surfaces_where_the_truth_is(files, run, two):
    done = run("score", files / "other.tif", files / "truth.tif", "--surfaces", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    dice = {item["id"]: item["dice"] for item in report["classes"]}
    assert {item["id"]: item["dice"] for item in report["surfaces"]["classes"]} == pytest.approx(
        dice, nan_ok=True
    )
    small = run(
        *("score", files / "other.tif", files / "truth.tif", "--surfaces", "--json"),
        *("--memory", "1MB"),
    )
    assert "doesn't fit into 0.0 GB of memory" in small.err
    assert json.loads(small.out) == report
    shown = run("score", files / "other.tif", files / "truth.tif", "--surfaces")
    assert "boundary F" in shown.out


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("smaller.tif", "second segmentation has 39 x 48 x 56 voxels, the first 40 x 48 x 56"),
        ("not_written_by_any_test.tif", "there is no such file"),
    ],
)
def test_what_is_wrong_is_one_line(files, run, two, tmp_path, monkeypatch, second, message):
    monkeypatch.chdir(tmp_path)
    files.write("smaller.tif", two[0][1:])
    done = run("compare", files / "truth.tif", files / second, "--overlay", "o.tif")
    assert done.code == 2
    assert message in done.err.splitlines()[-1]
    assert list(Path().iterdir()) == []


def test_an_overlay_of_a_class_that_neither_has_is_refused(files, run, two, tmp_path):
    words = ("compare", files / "truth.tif", files / "other.tif", "--overlay", tmp_path / "o.tif")
    done = run(*words, "--class", 99)
    assert done.code == 2
    assert "overlay: the labels have no class 99; there are: 1, 2, 3" in done.err
    assert list(tmp_path.iterdir()) == []
    assert run(*words, "--class", 4).code == 0
