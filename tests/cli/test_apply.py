import json
import os
from pathlib import Path

import numpy as np
import pytest
from supervox.cli import apply
from supervox.cli.batch import Batch, name_files, without_repeats
from supervox.cli.results import ResultFiles
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
        (["nope.tif"], (), "nope.tif: there is no such file"),
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


def test_a_volume_that_fails_does_not_keep_the_others_from_being_labelled(
    files, segmented, run, tmp_path, monkeypatch
):
    write_volume(files / "zeros.tif", np.zeros_like(files.image), kind="image")
    Path(files / "cut.tif").write_bytes(Path(files / "volume.tif").read_bytes()[:3000])
    Path(files / "note.txt").write_text("no volume")
    files.write("crash.mrc", files.image, "image")
    files.write("last.mrc", files.image[:, ::-1], "image")
    names = ["zeros.tif", "nope.tif", "cut.tif", "note.txt", "crash.mrc", "last.mrc"]
    paths = [str(files / name) for name in names]
    label = apply._label

    def crash(request, volume, *others):
        if volume.path.name == "crash.mrc":
            raise ZeroDivisionError("a bug")
        return label(request, volume, *others)

    monkeypatch.setattr(apply, "_label", crash)
    model = segmented.folder / "model.npz"
    done = run("apply", model, *paths, "--output", tmp_path / "new", "--json")
    assert done.code == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["last_labels.mrc"]
    report = json.loads(done.out)
    assert report["failed"] == 5
    assert [item["volume"] for item in report["volumes"]] == paths
    says = ["", "there is no such file", "", "", "a bug"]
    for item, name, part in zip(report["volumes"], names, says, strict=False):
        assert part in item["error"]
        assert f"error: {item['error']}" in " ".join(done.err.split())
        assert name in item["error"]
        assert item["outputs"] == {}
    assert "error" not in report["volumes"][-1]


def test_the_summary_names_what_was_done_and_what_failed(files, segmented, run, tmp_path):
    files.write("other.mrc", files.image[::-1], "image")
    write_volume(files / "zeros.tif", np.zeros_like(files.image), kind="image")
    paths = [files / "zeros.tif", files / "other.mrc"]
    done = run("apply", segmented.folder / "model.npz", *paths, "--output", tmp_path)
    assert done.code == 1
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines[-4:-2]] == ["failed", "done"]
    assert lines[-2].startswith(f"failed: {paths[0]}: ")
    assert lines[-1] == "1 of 2 volumes were labelled"


def test_nothing_is_left_of_a_volume_that_fails_while_it_is_written(
    files, segmented, run, tmp_path, monkeypatch
):
    files.write("other.mrc", files.image[::-1], "image")
    paths = [files / "volume.tif", files / "other.mrc"]
    write = ResultFiles.write

    def fail(self, result, volume, *others):
        done = write(self, result, volume, *others)
        if volume.path.name == "volume.tif":
            raise OSError(28, "No space left on device")
        return done

    monkeypatch.setattr(ResultFiles, "write", fail)
    done = run("apply", segmented.folder / "model.npz", *paths, "--output", tmp_path)
    assert done.code == 1
    assert "No space left" in done.out
    assert os.listdir(tmp_path) == ["other_labels.mrc"]


def test_nothing_is_made_where_all_fail(files, segmented, run, tmp_path):
    model = segmented.folder / "model.npz"
    done = run("apply", model, files / "x.tif", files / "y.tif", "--output", tmp_path / "new")
    assert done.code == 1
    assert "0 of 2 volumes were labelled" in done.out
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("volumes", "names"),
    [
        (["a/rec.tif", "b/rec.tif"], ["a_rec.tif", "b_rec.tif"]),
        (["a/x/rec.tif", "b/x/rec.tif", "c/y.tif"], ["a_x_rec.tif", "b_x_rec.tif", "y.tif"]),
        (["a/x.tif", "a/y.tif", "b/x.tif"], ["a_x.tif", "y.tif", "b_x.tif"]),
        (["a/rec.tif", "b/rec.tif", "a_rec.tif"], ["r_a_rec.tif", "b_rec.tif", "r_a_rec.tif"]),
        (["scan.h5::/a/x", "scan.h5::/b"], ["scan_a_x.h5", "scan_b.h5"]),
        (["scan.h5::/a", "scan.h5::/a,c=1"], ["scan_a.h5", "scan_a_c_1.h5"]),
    ],
)
def test_volumes_of_the_same_name_are_told_apart(tmp_path, volumes, names):
    paths = tuple(str(tmp_path / "r" / name) for name in volumes)
    found = name_files(Batch(paths), tmp_path, None, ["labels"])
    files = [Path(found[path].labels).name.replace("_labels", "") for path in paths]
    assert len({name.casefold() for name in files}) == len(volumes)
    if len(set(names)) == len(names):
        assert files == names


def test_volumes_of_the_same_name_but_another_format(tmp_path):
    paths = (str(tmp_path / "cell.mrc"), str(tmp_path / "cell.tif"))
    found = name_files(Batch(paths), tmp_path, "h5", ["labels"])
    files = [Path(found[path].labels).name for path in paths]
    assert files == ["cell_mrc_labels.h5", "cell_tif_labels.h5"]


def test_a_volume_that_is_given_twice_is_labelled_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = ["a.tif", "./a.tif", "b.tif", str(tmp_path / "b.tif"), "b.tif::0"]
    assert without_repeats(given) == ("a.tif", "b.tif", "b.tif::0")
    assert "./a.tif is given several times" in capsys.readouterr().err
