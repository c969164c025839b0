import json

import numpy as np
import pytest
from supervox.volumes import open_volume, write_volume

from .conftest import NAMES


def test_at_home_the_labels_are_those_of_the_run(files, segmented, program, read, tmp_path):
    done = program(
        *("apply", segmented.folder / "model.npz", files / "volume.tif"),
        *("--output", tmp_path / "new/folder", "--probabilities", "--uncertainty"),
    )
    assert done.code == 0, done.err
    folder = tmp_path / "new/folder"
    for name in ("labels", "uncertainty"):
        np.testing.assert_array_equal(
            read(folder / f"volume_{name}.tif"), read(segmented.folder / f"{name}.tif")
        )
    assert sorted(path.name for path in folder.iterdir()) == [
        "volume_labels.tif",
        "volume_probabilities.tif",
        "volume_uncertainty.tif",
    ]


def test_names_and_colours_come_along(files, segmented, run, tmp_path):
    model = segmented.folder / "model.npz"
    done = run("apply", model, files / "volume.tif", "--output", tmp_path, "--json")
    assert done.code == 0, done.err
    entry = json.loads(done.out)["volumes"][0]
    names = {item["id"]: item["name"] for item in entry["classes"]}
    assert (names[1], names[2], names[3]) == ("outside", None, "nucleus")
    with open_volume(entry["outputs"]["labels"]) as labels:
        assert labels.classes == NAMES


def test_several_volumes(files, segmented, run, read, tmp_path):
    files.write("other.mrc", files.image[::-1], "image")
    files.write("third.h5::/entry/data", files.image[:, ::-1], "image")
    third = files / "third.h5::/entry/data"
    model = segmented.folder / "model.npz"
    done = run("apply", model, files / "other.mrc", third, "--output", tmp_path, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert [item["volume"] for item in report["volumes"]] == [files / "other.mrc", third]
    assert {path.name for path in tmp_path.iterdir()} == {"other_labels.mrc", "third_labels.h5"}
    for item in report["volumes"]:
        labels = read(item["outputs"]["labels"])
        assert {k["id"]: k["voxels"] for k in item["classes"]} == {
            k: int((labels == k).sum()) for k in range(1, 7)
        }


def test_the_voxel_size_of_the_run_holds_again(files, run, read, tmp_path):
    write_volume(files / "unsaid.tif", files.image, kind="image")
    common = ("--spacing", 90, 30, 30, "--partitions", 1, "--save-model", tmp_path / "m")
    done = run(
        *("segment", files / "unsaid.tif", "--annotations", files / "strokes.tif"),
        *("--output", tmp_path / "l.tif", *common),
    )
    assert done.code == 0, done.err
    done = run("apply", tmp_path / "m", files / "unsaid.tif", "--output", tmp_path)
    assert done.code == 0, done.err
    assert "warning" not in done.err
    np.testing.assert_array_equal(read(tmp_path / "l.tif"), read(tmp_path / "unsaid_labels.tif"))


def test_another_voxel_size_is_warned_of(files, segmented, run, tmp_path):
    write_volume(files / "coarse.tif", files.image[::2], spacing=(60, 30, 30), unit="nm")
    model = segmented.folder / "model.npz"
    done = run("apply", model, files / "coarse.tif", "--output", tmp_path, "--format", "zarr")
    assert done.code == 0, done.err
    assert "warning" in done.err
    assert "60 x 30 x 30 nm, the model was trained on 30 x 30 x 30 nm" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["coarse_labels.zarr"]


def test_the_same_voxel_size_in_another_unit(files, segmented, run, read, tmp_path):
    place = {"spacing": (300, 300, 300), "unit": "angstrom", "kind": "image"}
    write_volume(files / "angstrom.tif", files.image, **place)
    write_volume(files / "other_angstrom.tif", files.image[:, ::-1], **place)
    model = segmented.folder / "model.npz"
    paths = [files / "angstrom.tif", files / "other_angstrom.tif"]
    done = run("apply", model, *paths, "--output", tmp_path, "--json")
    assert done.code == 0, done.err
    assert "warning" not in done.err
    at_home = read(tmp_path / "angstrom_labels.tif")
    np.testing.assert_array_equal(at_home, read(segmented.folder / "labels.tif"))
    for entry in json.loads(done.out)["volumes"]:
        assert entry["spacing"] == pytest.approx([300, 300, 300])
        assert entry["unit"] == "angstrom"


def test_a_model_of_unknown_voxel_size(files, run, read, tmp_path):
    write_volume(files / "unknown.tif", files.image, kind="image")
    done = run(
        *("segment", files / "unknown.tif", "--annotations", files / "strokes.tif"),
        *("--output", tmp_path / "l.tif", "--partitions", 1, "--save-model", tmp_path / "m"),
    )
    assert done.code == 0, done.err
    write_volume(files / "flat.tif", files.image[::3], spacing=(90, 30, 30), unit="nm")
    paths = [files / "volume.tif", files / "flat.tif"]
    done = run("apply", tmp_path / "m", *paths, "--output", tmp_path, "--json")
    assert done.code == 0, done.err
    assert "states no voxel size" not in done.err
    assert "flat.tif has voxels of 90 x 30 x 30 nm, the model was trained on cubes" in done.err
    assert "volume.tif has voxels" not in done.err
    np.testing.assert_array_equal(read(tmp_path / "l.tif"), read(tmp_path / "volume_labels.tif"))
    assert json.loads(done.out)["volumes"][0]["unit"] == "nm"


@pytest.mark.parametrize(
    ("volumes", "more", "message"),
    [
        (["volume.tif", "nope.tif"], (), "nope.tif: there is no such file"),
        (["volume.tif", "volume.tif"], (), "would both become"),
        (["a.h5::/x", "a.h5::/y"], (), "would both become"),
        (["volume.tif"], ("--format", "mrc", "--probabilities"), "MRC holds one value a voxel"),
        (["volume.tif"], ("--format", "gif"), "'gif' is not one of"),
        ([], (), "Missing argument 'VOLUME...'"),
    ],
)
def test_all_is_refused_before_the_work_begins(
    files, segmented, run, tmp_path, volumes, more, message
):
    model = segmented.folder / "model.npz"
    paths = [files / name for name in volumes]
    done = run("apply", model, *paths, "--output", tmp_path / "new", *more)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no model file"), (b"x", "not a usable supervox model")],
)
def test_what_is_no_model(files, run, tmp_path, content, message):
    if content:
        (tmp_path / "m").write_bytes(content)
    done = run("apply", tmp_path / "m", files / "volume.tif", "--output", tmp_path / "new")
    assert done.code == 2
    assert message in done.err
    assert not (tmp_path / "new").exists()


def test_a_cut_model_and_one_that_would_be_overwritten(files, segmented, run, tmp_path):
    cut = (segmented.folder / "model.npz").read_bytes()[:-5000]
    (tmp_path / "m").write_bytes(cut)
    done = run("apply", tmp_path / "m", files / "volume.tif", "--output", tmp_path)
    assert done.code == 2
    assert "not a usable supervox model" in done.err
    model = tmp_path / "volume_labels.tif"
    model.write_bytes((segmented.folder / "model.npz").read_bytes())
    done = run("apply", model, files / "volume.tif", "--output", tmp_path)
    assert done.code == 2
    assert "is read by this command" in done.err


def test_those_that_are_done_stay(files, segmented, run, tmp_path, monkeypatch):
    from supervox.segmentation import Segmenter

    files.write("second.tif", files.image[:, :, ::-1], "image")
    apply, calls = Segmenter.apply, []

    def stop_at_second(self, *args, **more):
        calls.append(self)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return apply(self, *args, **more)

    monkeypatch.setattr(Segmenter, "apply", stop_at_second)
    paths = [files / "volume.tif", files / "second.tif"]
    done = run("apply", segmented.folder / "model.npz", *paths, "--output", tmp_path)
    assert done.code == 130
    assert "stopped; 1 of 2 volumes were labelled" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["volume_labels.tif"]
