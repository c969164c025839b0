import json
import re

import h5py
import numpy as np
import pytest
from supervox.segmentation import RefinementParameters, SegmentationParameters, Segmenter
from supervox.volumes import open_volume

from .conftest import SPACING

QUICK = ("--partitions", 1, "--supervoxel-size", 6)


def _segment(run, files, folder, *more, volume="volume.tif", strokes="strokes.tif", out="l.tif"):
    done = run(
        *("segment", files / volume, "--annotations", files / strokes),
        *("--output", folder / out, *QUICK, *more),
    )
    assert done.code == 0, done.err
    return done


def test_labels_are_those_of_the_library(files, segmented, read):
    labels = read(segmented.folder / "labels.tif")
    expected = Segmenter(files.image, spacing=SPACING).segment(files.strokes).labels
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == np.uint8


def test_labels_have_the_place_of_the_volume_and_the_names_of_the_strokes(segmented):
    with open_volume(segmented.folder / "labels.tif") as labels:
        assert labels.spacing == pytest.approx(SPACING)
        assert labels.unit == "nm"
        assert [(item.value, item.name) for item in labels.classes] == [
            (1, "outside"),
            (3, "nucleus"),
        ]


def test_probabilities_and_uncertainty(segmented, files, read):
    with h5py.File(segmented.folder / "probabilities.h5") as file:
        chances = next(iter(file.values()))[...]
    assert chances.shape == (6, *files.image.shape)
    assert chances.dtype == np.float32
    np.testing.assert_allclose(chances.sum(axis=0), 1, atol=1e-5)
    unsure = read(segmented.folder / "uncertainty.tif")
    assert unsure.dtype == np.float32
    assert 0 <= unsure.min() < unsure.max() <= 1
    assert chances.max(axis=0)[unsure < 0.05].min() > 0.9


def test_json_says_what_was_done(segmented, files, read):
    report = json.loads(segmented.out)
    labels = read(segmented.folder / "labels.tif")
    assert report["shape"] == list(files.image.shape)
    assert report["unit"] == "nm"
    assert report["spacing_from"] == "file"
    assert report["masked_voxels"] == 0
    assert [item["id"] for item in report["classes"]] == [1, 2, 3, 4, 5, 6]
    assert report["classes"][0]["name"] == "outside"
    for item in report["classes"]:
        assert item["voxels"] == (labels == item["id"]).sum()
        assert item["volume"] == pytest.approx(item["voxels"] * 27000)
        assert item["painted_voxels"] == (files.strokes == item["id"]).sum()
    assert report["parameters"] == json.loads(json.dumps(SegmentationParameters().to_dict()))
    assert {"read", "prepare", "train", "refine", "write", "total"} <= report["seconds"].keys()
    assert report["versions"]["supervox"]
    assert set(report["outputs"]) == {"labels", "probabilities", "uncertainty", "model"}


def test_nothing_else_is_left(segmented):
    names = sorted(path.name for path in segmented.folder.iterdir())
    assert names == ["labels.tif", "model.npz", "probabilities.h5", "uncertainty.tif"]


@pytest.mark.parametrize("ending", ["tif", "ome.tif", "mrc", "h5"])
def test_the_same_bytes_twice_with_any_number_of_workers(files, run, tmp_path, ending):
    for name, workers in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        _segment(run, files, tmp_path / name, "--workers", workers, out=f"l.{ending}")
    assert (tmp_path / f"a/l.{ending}").read_bytes() == (tmp_path / f"b/l.{ending}").read_bytes()


def test_the_same_models_twice(files, run, tmp_path):
    for name in "ab":
        _segment(run, files, tmp_path, "--save-model", tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("classes", "dtype"), [((1, 3), np.uint8), ((7, 300), np.uint16), ((255, 2), np.uint8)]
)
def test_class_ids_survive(files, run, read, tmp_path, classes, dtype):
    strokes = np.zeros(files.strokes.shape, np.uint16)
    strokes[files.strokes == 2] = classes[0]
    strokes[files.strokes == 3] = classes[1]
    files.write("two.tif", strokes)
    _segment(run, files, tmp_path, strokes="two.tif")
    labels = read(tmp_path / "l.tif")
    assert set(np.unique(labels)) == set(classes)
    assert labels.dtype == dtype


@pytest.mark.parametrize(
    ("volume", "out"),
    [
        ("volume.mrc", "labels.mrc"),
        ("volume.h5::/entry/data", "labels.h5::/found/labels"),
        ("volume.zarr", "labels.zarr"),
        ("volume.ome.tif", "labels.ome.tif"),
    ],
)
def test_every_format_in_and_out(files, run, read, tmp_path, volume, out):
    files.write(volume, files.image, "image")
    _segment(run, files, tmp_path, volume=volume, out=out)
    _segment(run, files, tmp_path)
    np.testing.assert_array_equal(read(tmp_path / out), read(tmp_path / "l.tif"))
    with open_volume(tmp_path / out) as labels:
        assert labels.spacing == pytest.approx(SPACING)
        assert labels.unit == "nm"


def test_a_picture_is_one_plane(files, run, read, tmp_path):
    plane = int((files.strokes > 0).sum(axis=(1, 2)).argmax())
    files.write("plane.tif", files.image[plane], "image")
    files.write("painted.tif", files.strokes[plane])
    _segment(run, files, tmp_path, volume="plane.tif", strokes="painted.tif")
    labels = read(tmp_path / "l.tif")
    assert labels.shape == (1, *files.image.shape[1:])
    assert set(np.unique(labels)) <= set(np.unique(files.strokes[plane]))


def test_the_options_reach_the_library(files, run, read, tmp_path):
    options = ("--preset", "fast", "--refine", 1.5, "--seed", 3, "--spacing", 60, 30, 30)
    done = _segment(run, files, tmp_path, *options, "--no-edge-refinement", "--json")
    report = json.loads(done.out)
    parameters = SegmentationParameters.from_dict(report["parameters"])
    assert parameters.refinement == RefinementParameters(strength=1.5)
    assert parameters.classifier.seed == 3
    assert parameters.features.sigmas_voxels == (1, 2, 4)
    assert (parameters.partitions, parameters.supervoxels.size_voxels) == (1, 6)
    assert not parameters.edge_refinement
    assert report["spacing"] == [60, 30, 30]
    assert report["spacing_from"] == "option"
    expected = Segmenter(files.image, spacing=(60, 30, 30), parameters=parameters)
    np.testing.assert_array_equal(read(tmp_path / "l.tif"), expected.segment(files.strokes).labels)
    with open_volume(tmp_path / "l.tif") as labels:
        assert labels.spacing == pytest.approx((60, 30, 30))


def test_a_balance_gives_more_of_a_class(files, run, read, tmp_path):
    common = ("--preset", "fast", "--seed", 3, "--no-edge-refinement", "--json")
    model = tmp_path / "m"
    done = _segment(run, files, tmp_path, *common, "--balance", "3=1.5", "--balance", "2=-0.5")
    parameters = SegmentationParameters.from_dict(json.loads(done.out)["parameters"])
    assert parameters.refinement.balance == ((2, -0.5), (3, 1.5))
    balanced = read(tmp_path / "l.tif")
    expected = Segmenter(files.image, spacing=(30, 30, 30), parameters=parameters)
    np.testing.assert_array_equal(balanced, expected.segment(files.strokes).labels)
    _segment(run, files, tmp_path, *common, "--save-model", model)
    plain = read(tmp_path / "l.tif")
    assert (balanced == 3).sum() > (plain == 3).sum()
    # a model has its balance, and another one on request
    words = ("apply", model, files / "volume.tif", "--output", tmp_path)
    done = run(*words, "--balance", "3=1.5", "--balance", "2=-0.5")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "volume_labels.tif"), balanced)
    done = run(*words, "--balance", "9=1")
    assert done.code == 2
    assert "class 9 can't be balanced: there are strokes of the classes 1, 2, 3" in done.err


def test_a_share_is_found(files, run, read, tmp_path):
    common = ("--preset", "fast", "--seed", 3, "--no-edge-refinement", "--json")
    done = _segment(run, files, tmp_path, *common, "--share", "3=12")
    (pair,) = json.loads(done.out)["parameters"]["refinement"]["balance"]
    assert pair[0] == 3
    assert "class 3: a balance of" in done.err
    assert "12 % were asked for" in done.err
    share = (read(tmp_path / "l.tif") == 3).mean()
    assert share == pytest.approx(0.12, abs=0.01)  # votes of two partitions, each at its share


def test_shares_of_several_classes_hold_together(files, run, read, tmp_path):
    _segment(run, files, tmp_path, "--preset", "fast", "--share", "4=25", "--share", "2=25")
    labels = read(tmp_path / "l.tif")
    assert (labels == 4).mean() == pytest.approx(0.25, abs=0.015)
    assert (labels == 2).mean() == pytest.approx(0.25, abs=0.015)


@pytest.mark.parametrize("in_project", [False, True])
def test_a_share_of_a_class_that_lost_its_supervoxels_costs_no_result(
    files, run, read, tmp_path, in_project
):
    strokes = files.strokes.copy()
    strokes.flat[np.flatnonzero(strokes == 2)[0]] = 9
    files.write("lost.tif", strokes)
    more = ("--project", tmp_path / "p.supervox") if in_project else ()
    words = ("--preset", "fast", "--share", "9=5", "--share", "4=20", *more)
    done = _segment(run, files, tmp_path, *words, strokes="lost.tif")
    assert "class 9: painted, but every supervoxel there has more strokes" in done.err
    assert "class 4: a balance of" in done.err
    assert (read(tmp_path / "l.tif") == 4).mean() == pytest.approx(0.2, abs=0.02)


def test_shares_of_all_classes_hold_where_one_lost_its_supervoxels(files, run, read, tmp_path):
    strokes = np.where(files.strokes > 3, 0, files.strokes)
    strokes.flat[np.flatnonzero(strokes == 2)[0]] = 9
    files.write("all_but_one.tif", strokes)
    shares = ("--share", "1=25", "--share", "2=40", "--share", "3=20", "--share", "9=15")
    done = _segment(run, files, tmp_path, "--preset", "fast", *shares, strokes="all_but_one.tif")
    assert "class 1: a balance of" in done.err
    assert "class 3: a balance of" in done.err
    assert "class 2:" not in done.err  # it has the rest
    labels = read(tmp_path / "l.tif")
    assert (labels == 1).mean() == pytest.approx(0.25, abs=0.025)
    assert (labels == 3).mean() == pytest.approx(0.2, abs=0.025)


def test_classes_that_lost_their_supervoxels_are_told_in_one_line(files, run, tmp_path):
    strokes = files.strokes.copy()
    strokes.flat[np.flatnonzero(strokes == 2)[:2]] = 9, 12
    files.write("two_lost.tif", strokes)
    done = _segment(run, files, tmp_path, "--preset", "fast", strokes="two_lost.tif")
    assert "classes 9, 12: painted, but every supervoxel there has more strokes" in done.err


@pytest.mark.parametrize("in_project", [False, True])
@pytest.mark.parametrize("percent", [95, 0.5])
def test_the_share_that_is_told_is_that_of_the_labels_that_are_written(
    files, run, read, tmp_path, percent, in_project
):
    more = ("--project", tmp_path / "p.supervox") if in_project else ()
    done = _segment(run, files, tmp_path, "--preset", "fast", "--share", f"3={percent}", *more)
    labels = read(tmp_path / "l.tif")
    written = 100 * (labels == 3).sum() / (labels > 0).sum()
    (line,) = (line for line in done.err.splitlines() if "class 3:" in line)
    told = float(re.search(r"gives ([\d.]+) %", line)[1])
    assert told == pytest.approx(written, rel=0.01)
    assert "can't be reached" not in line or abs(written - percent) > 0.1 * percent


def test_a_share_that_can_not_be_reached_is_told(files, run, tmp_path):
    done = _segment(run, files, tmp_path, "--preset", "fast", "--share", "3=99.99")
    assert "class 3: 99.99 % of the volume can't be reached; a balance of +10 gives" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--share", "2=60", "--share", "3=60"), "the shares add up to 120 %"),
        (("--balance", "3=5%"), "'3=5%' can't be read"),
        (("--share", "3=5", "--balance", "3=1"), "class 3 has --balance and --share"),
    ],
)
def test_shares_that_can_not_be_are_refused(files, run, tmp_path, words, message):
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif"),
        *("--output", tmp_path / "l.tif", *words),
    )
    assert done.code == 2
    assert message in done.err
    assert not (tmp_path / "l.tif").exists()


def test_voxels_that_are_no_numbers_get_no_label(files, run, read, tmp_path):
    image = files.image.astype(np.float32)
    image[2:4, 3:9, 5] = np.nan
    image[-1, -1, -1] = -np.inf
    files.write("nan.tif", image, "image")
    done = _segment(run, files, tmp_path, volume="nan.tif")
    assert "13 of 107,520 voxels (0.0 %) are taken for no data (NaN or infinite)" in done.err
    labels = read(tmp_path / "l.tif")
    np.testing.assert_array_equal(labels == 0, ~np.isfinite(image))


def test_more_than_half_of_a_volume_may_have_no_data(files, run, read, tmp_path):
    image = files.image.astype(np.float32)
    strokes = files.strokes.copy()
    few = np.zeros(image.shape, bool)
    few[:, :, : image.shape[2] // 2 - 4] = True
    image[~few], strokes[~few] = np.nan, 0
    files.write("half.tif", image, "image")
    files.write("half_strokes.tif", strokes)
    done = _segment(run, files, tmp_path, volume="half.tif", strokes="half_strokes.tif")
    assert done.code == 0
    np.testing.assert_array_equal(read(tmp_path / "l.tif") == 0, ~few)


def test_a_voxel_size_that_nobody_states(files, run, tmp_path):
    from supervox.volumes import write_volume

    write_volume(files / "bare.tif", files.image, kind="image")
    done = _segment(run, files, tmp_path, volume="bare.tif")
    assert "states no voxel size" in done.err
    with open_volume(tmp_path / "l.tif") as labels:
        assert not labels.spacing_stated


def test_a_class_that_loses_all_its_supervoxels_is_told(files, run, tmp_path):
    strokes = files.strokes.copy()
    z, y, x = np.argwhere(strokes == 2)[0]
    strokes[z, y, x] = 9
    files.write("lost.tif", strokes)
    done = _segment(run, files, tmp_path, strokes="lost.tif")
    assert "class 9: painted, but" in done.err


def test_an_old_file_is_replaced(files, run, read, tmp_path):
    (tmp_path / "l.tif").write_bytes(b"old")
    files.write("../old.zarr", files.truth)
    _segment(run, files, tmp_path, "--uncertainty", files.folder / "../old.zarr")
    assert read(tmp_path / "l.tif").shape == files.image.shape
    assert read(files / "../old.zarr").dtype == np.float32


def test_the_table_for_people(files, run, tmp_path):
    done = _segment(run, files, tmp_path)
    header, first = done.out.splitlines()[:2]
    assert header.split() == ["class", "name", "voxels", "share", "volume", "(um^3)"]
    assert first.split()[:2] == ["1", "outside"]
    assert f"{tmp_path / 'l.tif'}: written after" in done.out
    assert "Segmenting ..." in done.err
