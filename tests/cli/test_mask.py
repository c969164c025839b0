"""A mask on the command line: kept in a project, changed, reported, exported and taken away."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from supervox.project import Project
from supervox.segmentation import SegmentationParameters, Segmenter

QUICK = ("--partitions", 1, "--supervoxel-size", 6, "--preset", "fast")


@pytest.fixture(scope="module")
def masks(files):
    """Write two masks of the sample, and what can't be one."""
    found = {}
    for name, columns in (("left", 10), ("wide", 16)):
        inside = np.full(files.image.shape, 3, np.uint16)
        inside[:, :, :columns] = 0
        files.write(f"{name}.tif", inside)
        found[name] = inside > 0
    files.write("short.tif", found["left"][1:].astype(np.uint8))
    files.write("empty.tif", np.zeros(files.image.shape, np.uint8))
    return found


@pytest.fixture(scope="module")
def made(files, run, masks, tmp_path_factory):
    """A project with a mask, its labels and the report of the run."""
    folder = tmp_path_factory.mktemp("masked")
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--mask", files / "left.tif", "--project", folder / "cell.supervox"),
        *("--output", folder / "labels.tif", "--json"),
    )
    assert done.code == 0, done.err
    (folder / "run.json").write_text(done.out)
    return folder


@pytest.fixture
def project(made, tmp_path):
    shutil.copytree(made / "cell.supervox", tmp_path / "cell.supervox")
    return tmp_path / "cell.supervox"


def test_a_project_gives_what_a_mask_gives_without_one(files, run, made, masks, read, tmp_path):
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--mask", files / "left.tif", "--output", tmp_path / "labels.tif"),
    )
    assert done.code == 0, done.err
    labels = read(made / "labels.tif")
    np.testing.assert_array_equal(labels, read(tmp_path / "labels.tif"))
    np.testing.assert_array_equal(labels > 0, masks["left"])
    report = json.loads((made / "run.json").read_text())
    assert report["mask"] == "left.tif"
    assert report["masked_voxels"] == np.count_nonzero(~masks["left"])


def test_a_project_goes_on_with_its_mask_without_computing(
    run, project, made, read, tmp_path, monkeypatch
):
    monkeypatch.setattr("supervox.segmentation.prepared_volume.prepare_partitions", None)
    done = run("segment", "--project", project, "--output", tmp_path / "again.tif")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "again.tif"), read(made / "labels.tif"))


@pytest.mark.parametrize("name", ["again.mrc", "again.nrrd", "again.zarr"])
def test_the_same_mask_of_another_file_changes_nothing(
    files, run, project, masks, monkeypatch, name
):
    monkeypatch.setattr("supervox.segmentation.prepared_volume.prepare_partitions", None)
    some = np.where(masks["left"], 0.5, np.nan).astype(np.float32)
    some[0] = np.where(masks["left"][0], 1, 0)
    files.write(name, some, "image")
    done = run("segment", "--project", project, "--mask", files / name)
    assert done.code == 0, done.err


def test_another_mask_takes_its_place_and_none_takes_it_away(
    files, run, project, masks, read, tmp_path
):
    out = tmp_path / "labels.tif"
    words = ("segment", "--project", project, "--output", out)
    for mask, inside in (("wide.tif", masks["wide"]), ("none", True)):
        done = run(*words, "--mask", mask if mask == "none" else files / mask)
        assert done.code == 0, done.err
        np.testing.assert_array_equal(read(out) > 0, np.broadcast_to(inside, files.image.shape))
        plain = run(
            *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
            *("--mask", mask if mask == "none" else files / mask),
            *("--output", tmp_path / "plain.tif"),
        )
        assert plain.code == 0, plain.err
        np.testing.assert_array_equal(read(out), read(tmp_path / "plain.tif"))
    assert not list((project / "mask").glob("*.zarr"))
    with Project.open(project, read_only=True) as opened:
        told = [step["mask"] for step in opened.history.steps if step["what"] == "masked"]
    assert told == ["left.tif", "wide.tif", "none"]


def test_a_process_of_its_own_gives_the_same(files, program, made, project, read, tmp_path):
    done = program(
        *("segment", "--project", project, "--mask", files / "left.tif"),
        *("--output", tmp_path / "labels.tif"),
    )
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "labels.tif"), read(made / "labels.tif"))


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ("short.tif", "short.tif: has 39 x 48 x 56 voxels"),
        ("empty.tif", "empty.tif: is 0 everywhere, which leaves nothing to segment"),
        ("missing.tif", "missing.tif"),
    ],
)
def test_what_is_no_mask_changes_nothing(files, run, project, tmp_path, mask, message):
    before = (project / "project.json").read_bytes()
    done = run("segment", "--project", project, "--mask", files / mask)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
    assert (project / "project.json").read_bytes() == before
    new = tmp_path / "new.supervox"
    words = (files / "volume.tif", "--annotations", files / "strokes.tif", "--project", new)
    if mask != "empty.tif":  # nobody looks at all voxels before the project is made
        assert run("segment", *words, "--mask", files / mask).code == 2
        assert not new.exists()


def test_info_and_report_name_it(run, project, tmp_path):
    done = run("info", project)
    assert "left.tif: leaves out 19,200 voxels (17.9 %)" in done.out
    content = json.loads(run("info", project, "--json").out)
    assert content["settings"]["mask"]["left_out"] == 19200
    done = run("report", project, "--output", tmp_path / "report")
    assert done.code == 0, done.err
    text = (tmp_path / "report" / "report.md").read_text()
    assert "| mask | left.tif: leaves out 19,200 voxels (17.9 %) |" in text
    assert "A mask left out 17.9 % of it." in text


def test_it_is_exported(run, project, masks, read, tmp_path):
    done = run("export", project, "--what", "mask", "--output", tmp_path)
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "cell_mask.ome.tif"), masks["left"])


def test_there_is_none_to_export(files, run, project, tmp_path):
    assert run("segment", "--project", project, "--mask", "none").code == 0
    done = run("export", project, "--what", "mask", "--output", tmp_path / "new")
    assert done.code == 2
    assert "has no mask" in done.err
    assert not (tmp_path / "new").exists()


def test_a_damaged_mask_is_found_and_given_again(files, run, project, made, read, tmp_path):
    assert run("check", project).code == 0
    file = next(path for path in (project / "mask").rglob("c/*/*/*") if path.is_file())
    file.write_bytes(b"nothing")
    done = run("check", project)
    assert done.code == 1
    assert "the mask left.tif can't be read" in done.out
    assert "give it again, or take it away" in done.out
    words = ("segment", "--project", project, "--output", tmp_path / "labels.tif")
    assert "the mask left.tif can't be read" in run(*words).err
    done = run(*words, "--mask", files / "left.tif")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "labels.tif"), read(made / "labels.tif"))
    assert run("check", project).code == 0


def test_a_model_of_a_masked_project_is_applied_with_a_mask(
    files, run, project, masks, read, tmp_path
):
    assert run("export", project, "--what", "model", "--output", tmp_path).code == 0
    words = ("apply", tmp_path / "cell.model", files / "volume.tif")
    for mask, inside in (("left", masks["left"]), ("none", np.ones_like(masks["left"]))):
        out = tmp_path / mask
        named = files / "left.tif" if mask == "left" else "none"
        done = run(*words, "--mask", named, "--output", out)
        assert done.code == 0, done.err
        (written,) = out.iterdir()
        np.testing.assert_array_equal(read(written) > 0, inside)


def test_a_mask_is_that_of_the_channels_too(files, run, masks, read, tmp_path):
    second = files.image[:, ::-1].copy()
    files.write("second.tif", second, "image")
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--channel", files / "second.tif", "--mask", files / "left.tif"),
        *("--output", tmp_path / "labels.tif", "--json"),
    )
    assert done.code == 0, done.err
    report = json.loads(done.out)
    expected = Segmenter(
        files.image,
        channels=[second],
        mask=masks["left"],
        spacing=report["spacing"],
        parameters=SegmentationParameters.from_dict(report["parameters"]),
    ).segment(files.strokes)
    np.testing.assert_array_equal(read(tmp_path / "labels.tif"), expected.labels)


@pytest.mark.parametrize("in_project", [False, True])
def test_a_mask_that_leaves_nothing_out_is_told(files, run, tmp_path, in_project):
    more = ("--project", tmp_path / "p.supervox") if in_project else ()
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif"),
        *("--mask", files / "truth.tif", "--output", tmp_path / "l.tif", *more),
        *("--partitions", 1, "--preset", "fast"),
    )
    assert done.code == 0, done.err
    assert "truth.tif: leaves nothing out, for no voxel of this mask is 0" in done.err


def test_a_mask_that_leaves_all_out_is_refused(files, run, tmp_path):
    files.write("nothing.tif", files.strokes * 0)
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif"),
        *("--mask", files / "nothing.tif", "--output", tmp_path / "l.tif"),
    )
    assert done.code == 2
    assert "nothing.tif: is 0 everywhere, which leaves nothing to segment" in done.err
    assert not (tmp_path / "l.tif").exists()
