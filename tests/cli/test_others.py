"""sample, info, score, picture, and the program itself."""

import json
import re
import shlex

import numpy as np
import pytest
from PIL import Image
from supervox.cli.commands import COMMANDS, supervox
from supervox.sample_data import make_phantom
from supervox.segmentation import SegmentationParameters
from supervox.volumes import open_volume

from .conftest import NAMES

SHAPE = ("--shape", 40, 44, 48)


def test_a_newcomers_tour(program, read, tmp_path):
    done = program("sample", tmp_path / "demo", *SHAPE, "--seed", 1)
    assert done.code == 0, done.err
    demo = tmp_path / "demo"
    files = ["instances.tif", "strokes.tif", "truth.tif", "volume.tif"]
    assert sorted(path.name for path in demo.iterdir()) == files
    command = shlex.split(done.out.splitlines()[-1])
    assert command[:2] == ["supervox", "segment"]
    done = program(*command[1:])
    assert done.code == 0, done.err
    truth, strokes, labels = demo / "truth.tif", demo / "strokes.tif", demo / "labels.tif"
    done = program("score", labels, truth, "--ignore", strokes, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["mean_dice"] > 0.4
    picture = demo / "picture.png"
    overlays = ("--labels", labels, "--strokes", strokes)
    done = program("picture", demo / "volume.tif", picture, *overlays)
    assert done.code == 0, done.err
    with Image.open(picture) as image:
        assert image.size[0] > 2 * 600
        assert len(image.getcolors(2**24)) > 1000


@pytest.mark.parametrize("ending", ["tif", "mrc", "h5", "zarr"])
def test_the_sample_is_that_of_the_library(run, read, tmp_path, ending):
    options = (*SHAPE, "--seed", 5, "--strokes-per-class", 3, "--format", ending)
    done = run("sample", tmp_path / "a/b", *options)
    assert done.code == 0, done.err
    expected = make_phantom(SHAPE[1:], 5, strokes_per_class=3)
    for name, values in (
        ("volume", expected.image),
        ("truth", expected.labels),
        ("instances", expected.instances),
        ("strokes", expected.strokes),
    ):
        np.testing.assert_array_equal(read(tmp_path / f"a/b/{name}.{ending}"), values)
    with open_volume(tmp_path / f"a/b/strokes.{ending}") as strokes:
        assert strokes.spacing == pytest.approx(expected.spacing)
        if ending != "mrc":
            assert [item.name for item in strokes.classes][:2] == ["outside", "cytoplasm"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--shape", 4, 4, 4), "too small to show every class"),
        (("--shape", 0, 40, 40), "0 is not in the range"),
        (("--shape", 40, 40), "requires 3 arguments"),
        (("--shape", 10**5, 10**5, 10**5), "the disk is full"),
        (("--format", "gif"), "'gif' is not one of"),
        (("--seed", -1), "-1 is not in the range"),
    ],
)
def test_samples_that_can_not_be(run, tmp_path, words, message):
    done = run("sample", tmp_path / "new", *words)
    assert done.code == 2
    assert message in done.err
    assert not (tmp_path / "new").exists()


def test_a_sample_within_a_file(run, tmp_path):
    (tmp_path / "file").touch()
    for place in ("file", "file/folder"):
        done = run("sample", tmp_path / place, *SHAPE)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1


def test_info_on_a_volume(files, run):
    done = run("info", files / "strokes.tif")
    assert done.code == 0
    assert re.search(r"voxel size +30 x 30 x 30 nm", done.out)
    assert re.search(r"shape +40 x 48 x 56", done.out)
    assert "1 outside, 3 nucleus" in done.out
    done = run("info", files / "volume.tif", "--json")
    content = json.loads(done.out)
    assert content["kind"] == "volume"
    assert content["shape"] == [40, 48, 56]
    assert content["spacing"] == pytest.approx([30, 30, 30])


def test_info_on_a_model(segmented, run):
    done = run("info", segmented.folder / "model.npz")
    assert done.code == 0
    assert re.search(r"classes +1 outside, 2, 3 nucleus, 4, 5, 6", done.out)
    assert "30 x 30 x 30 nm (of the volume that it was trained on)" in done.out
    content = json.loads(run("info", segmented.folder / "model.npz", "--json").out)
    assert content["kind"] == "model"
    assert content["classes"] == [item.as_json() for item in NAMES]
    assert content["unit"] == "nm"
    assert SegmentationParameters.from_dict(content["parameters"]) == SegmentationParameters()


def test_scores_as_table_and_json(files, run):
    labels = files.truth.copy()
    labels[files.truth == 6] = 2
    files.write("labels.tif", labels)
    words = ("score", files / "labels.tif", files / "truth.tif")
    content = json.loads(run(*words, "--json").out)
    assert [item["id"] for item in content["classes"]] == [1, 2, 3, 4, 5, 6]
    assert [item["dice"] for item in content["classes"]][2:] == [1, 1, 1, 0]
    assert content["classes"][5]["precision"] is None
    assert content["mean_dice"] == pytest.approx(
        sum(item["dice"] for item in content["classes"]) / 6
    )
    assert content["accuracy"] == pytest.approx((files.truth != 6).mean())
    table = run(*words).out.splitlines()
    assert table[0].split() == ["class", "name", "Dice", "IoU", "accuracy", "precision", "voxels"]
    assert table[6].split()[1:4] == ["0.0000", "0.0000", "0.0000"]
    assert table[7].split()[0] == "mean"
    ignore = np.where(files.truth == 6, 1, 0).astype(np.uint8)
    files.write("ignore.tif", ignore)
    content = json.loads(run(*words, "--ignore", files / "ignore.tif", "--json").out)
    assert content["mean_dice"] == content["accuracy"] == 1
    assert content["voxels"] == (files.truth != 6).sum()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("score", "volume.tif", "nope.tif"), "there is no such file"),
        (("score", "strokes.tif", "small.tif"), "can't be compared one by one"),
        (("score", "truth.tif", "empty.tif"), "no voxel is left to score"),
        (("info", "nope.tif"), "there is no such file"),
        (("picture", "volume.tif", "p.gif"), "the ending must be one of .png"),
        (("picture", "volume.tif", "none/p.png"), "the folder .*none doesn't exist"),
        (("picture", "volume.tif", "p.png", "--labels", "small.tif"), "must belong to this volume"),
        (("picture", "volume.tif", "p.png", "--labels", "float.tif"), "labels are whole numbers"),
        (("picture", "volume.tif", "volume.tif"), "is read by this command"),
    ],
)
def test_what_can_not_be_read_or_drawn(files, run, words, message):
    files.write("small.tif", files.truth[1:])
    files.write("empty.tif", files.truth * 0)
    files.write("float.tif", files.truth.astype(np.float32) + 0.5)
    words = [words[0], *(word if word[0] == "-" else files / word for word in words[1:])]
    done = run(*words)
    assert done.code == 2
    assert re.search(message, done.err)
    assert not list(files.folder.glob("p.*"))
    assert not list(files.folder.glob(".*"))


def test_help_names_every_command_and_each_has_its_own(program, run):
    done = program("--help")
    assert done.code == 0
    for name in COMMANDS:
        assert f"  {name} " in done.out
        own = run(name, "--help")
        assert own.code == 0
        assert own.out.startswith(f"Usage: supervox {name} ")
    assert supervox.list_commands(None) == list(COMMANDS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("segmnet",), "there is no command 'segmnet', nor a file; the commands are open, segment"),
        (("segmnet", "x.tif"), "there is no command 'segmnet', nor a file"),
        (("segment",), "Missing argument 'VOLUME' (see 'supervox segment --help')"),
        (("info", "x", "--what"), "No such option"),
    ],
)
def test_usage_errors_are_one_line(run, words, message):
    done = run(*words)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert done.out == ""


def test_the_version(run):
    assert re.fullmatch(r"supervox, version \d+\.\d+\.\d+\n", run("--version").out)
