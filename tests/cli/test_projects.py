"""segment --project, check, info, export and report."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor
from supervox.project import Paint, Project, ProjectClass, VoxelChange
from supervox.segmentation import load_model
from supervox.volumes import VolumeClass, class_colour, open_volume

QUICK = ("--partitions", 2, "--supervoxel-size", 6, "--preset", "fast")


@pytest.fixture(scope="module")
def made(files, run, tmp_path_factory):
    """A project that the command line made."""
    folder = tmp_path_factory.mktemp("made")
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--project", folder / "cell.supervox", "--output", folder / "labels.tif", "--json"),
    )
    assert done.code == 0, done.err
    (folder / "report.json").write_text(done.out)
    return folder


@pytest.fixture
def project(made, tmp_path):
    shutil.copytree(made / "cell.supervox", tmp_path / "cell.supervox")
    return tmp_path / "cell.supervox"


def flip(path):
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)


def test_a_project_gives_the_same_labels(files, run, made, read, tmp_path):
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--output", tmp_path / "labels.tif"),
    )
    assert done.code == 0, done.err
    expected = read(tmp_path / "labels.tif")
    np.testing.assert_array_equal(read(made / "labels.tif"), expected)
    report = json.loads((made / "report.json").read_text())
    assert set(report["outputs"]) == {"project", "labels"}
    assert report["classes"][0]["name"] == "outside"


def test_a_project_is_resumed_without_computing(run, project, made, read, monkeypatch):
    monkeypatch.setattr("supervox.segmentation.prepared_volume.prepare_partitions", None)
    monkeypatch.setattr("supervox.segmentation.classifier.fitting.train_forest", None)
    done = run(
        *("segment", "--project", project, "--output", project.parent / "again.tif"),
        *("--save-model", project.parent / "model"),
    )
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(project.parent / "again.tif"), read(made / "labels.tif"))
    assert load_model(project.parent / "model").parameters.partitions == 2


def test_options_change_what_they_name_and_nothing_else(files, run, project):
    done = run("segment", "--project", project, "--refine", 0.5, "--spacing", 60, 30, 30, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["parameters"]["refinement"]["strength"] == 0.5
    assert report["parameters"]["supervoxels"]["size_voxels"] == 6
    assert report["spacing"] == [60, 30, 30]
    assert report["classes"] == []
    assert "other parameters or strokes; it is computed again when needed" in done.err


def test_a_balance_stays_in_the_project_and_what_was_learned_is_told(run, project, made, read):
    labels = project.parent / "l.tif"
    done = run("segment", "--project", project, "--balance", "3=1.5", "--output", labels)
    assert done.code == 0, done.err
    more = read(labels)
    assert (more == 3).sum() > (read(made / "labels.tif") == 3).sum()
    assert "balance nucleus +1.5" in run("info", project).out
    done = run("report", project, "--output", project.parent / "report")
    assert done.code == 0, done.err
    text = (project.parent / "report" / "report.md").read_text()
    assert "a constant was added that was set by hand (nucleus +1.5)" in text
    assert "| Refinement | Balance | nucleus +1.5 |" in text
    done = run("segment", "--project", project, "--save-model", project.parent / "m")
    assert done.code == 0, done.err
    assert "balance nucleus +1.5" in run("info", project.parent / "m").out
    done = run("segment", "--project", project, "--balance", "3=0", "--output", labels)
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(labels), read(made / "labels.tif"))
    done = run("segment", "--project", project, "--balance", "9=1")
    assert "class 9 can't be balanced" in done.err
    with Project.open(project) as opened:
        assert opened.settings.parameters.refinement.balance == ()


def test_a_balance_of_a_class_without_strokes_says_nothing_and_can_be_taken_away(
    files, run, project
):
    run("segment", "--project", project, "--balance", "3=1.5")
    files.write("without.tif", np.where(files.strokes == 3, 0, files.strokes))
    done = run("segment", "--project", project, "--annotations", files / "without.tif")
    assert done.code == 0, done.err
    assert run("report", project, "--output", project.parent / "report").code == 0
    assert "a constant was added" not in (project.parent / "report" / "report.md").read_text()
    for value, code in (("3=2", 2), ("3=0", 0), ("3=0", 2)):
        assert run("segment", "--project", project, "--balance", value).code == code
    with Project.open(project) as opened:
        assert opened.settings.parameters.refinement.balance == ()


@pytest.mark.parametrize(
    "words",
    [
        ("--balance", "9=1"),
        ("--share", "2=60", "--share", "3=60"),
        ("--annotations", "volume.tif"),
        ("--annotations", "other.tif", "--mask", "small.tif"),
        ("--annotations", "other.tif", "--balance", "2=1"),
        ("--annotations", "other.tif", "--stroke-order", "small.tif"),
    ],
)
def test_what_is_refused_changes_nothing_in_the_project(files, run, project, words):
    files.write("other.tif", np.where(files.strokes == 2, 5, files.strokes))
    files.write("small.tif", files.strokes[1:])
    words = [files / word if word.endswith(".tif") else word for word in words]

    def state():
        with Project.open(project, read_only=True) as opened:
            return opened.settings, opened.strokes

    before = state()
    changed = ("--refine", 3, "--spacing", 60, 30, 30, "--no-data", "7", "--partitions", 1)
    assert run("segment", "--project", project, *words, *changed).code == 2
    assert state() == before


def test_a_share_stays_in_the_project(run, project, read):
    labels = project.parent / "l.tif"
    done = run("segment", "--project", project, "--share", "3=12", "--output", labels, "--json")
    assert done.code == 0, done.err
    assert "12 % were asked for" in done.err
    ((class_id, found),) = json.loads(done.out)["parameters"]["refinement"]["balance"]
    assert class_id == 3
    assert (read(labels) == 3).mean() == pytest.approx(0.12, abs=0.015)  # partitions vote
    with Project.open(project) as opened:
        assert opened.settings.parameters.refinement.balance == ((3, found),)
        assert opened.derived.load_result(opened.strokes) is not None


def test_other_strokes_replace_those_of_the_project(files, run, project, read):
    strokes = np.where(files.strokes == 2, 5, files.strokes)
    files.write("other.tif", strokes)
    done = run("segment", "--project", project, "--annotations", files / "other.tif")
    assert done.code == 0, done.err
    with Project.open(project) as opened:
        np.testing.assert_array_equal(opened.annotations.voxels, strokes)
        opened.annotations.undo()
        np.testing.assert_array_equal(opened.annotations.voxels, files.strokes)


def test_classes_without_a_colour_look_alike_in_project_picture_and_report(files, run, tmp_path):
    strokes = np.zeros_like(files.strokes)
    strokes[20].flat[: 10 * 56] = np.repeat(np.arange(1, 11), 56)  # a row of each class
    classes = [VolumeClass(k, f"class {k}") for k in range(1, 11)]
    painted = files.write("ten.tif", strokes, classes=classes)
    folder = tmp_path / "ten.supervox"
    done = run(
        *("segment", files / "volume.tif", "--annotations", painted, *QUICK, "--project", folder)
    )
    assert done.code == 0, done.err
    with Project.open(folder) as project:
        colours = {item.id: item.colour for item in project.annotations.classes}
    assert colours == {k: class_colour(k) for k in range(1, 11)}
    done = run("picture", files / "volume.tif", tmp_path / "p.png", "--strokes", painted)
    assert done.code == 0, done.err
    done = run("report", folder, "--output", tmp_path / "report")
    assert done.code == 0, done.err
    for picture in (tmp_path / "p.png", *(tmp_path / "report").glob("*.png")):
        pixels = np.asarray(Image.open(picture).convert("RGB"))
        for colour in colours.values():
            assert (pixels == ImageColor.getrgb(colour)).all(axis=-1).any(), (picture, colour)


def test_the_volume_moved(files, run, project, tmp_path):
    with Project.open(project) as opened:
        content = opened.settings.volume
    os.makedirs(tmp_path / "new")
    shutil.copy(files / "volume.tif", tmp_path / "new/volume.tif")
    done = run("segment", tmp_path / "new/volume.tif", "--project", project)
    assert done.code == 0, done.err
    with Project.open(project) as opened:
        assert opened.settings.volume.path == "../new/volume.tif"
        assert opened.settings.volume.fingerprint == content.fingerprint
    done = run("segment", files / "truth.tif", "--project", project)
    assert done.code == 2
    assert "its voxels are not those that the project was made for" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--project", "new.supervox"), "Missing argument 'VOLUME'"),
        (("volume.tif", "--project", "new.supervox"), "Missing option '--annotations'"),
        (("volume.tif", "--annotations", "strokes.tif"), "Missing option '--output'"),
        (("volume.tif",), "Missing option '--annotations'"),
    ],
)
def test_what_a_new_project_needs(files, run, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(files.folder)
    done = run("segment", *words)
    assert done.code == 2
    assert message in done.err
    assert not Path("new.supervox").exists()


def test_class_ids_that_a_project_can_not_hold(files, run, tmp_path):
    files.write("many.tif", np.where(files.strokes == 2, np.uint16(300), files.strokes))
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "many.tif"),
        *("--project", tmp_path / "p.supervox"),
    )
    assert done.code == 2
    assert "has the class id 300; those of a project go up to 255" in done.err
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------------------------- info


def test_info(files, run, project):
    done = run("info", project)
    assert done.code == 0, done.err
    assert "nucleus" in done.out
    assert "changes" in done.out
    assert "supervoxels-1" in done.out
    content = json.loads(run("info", project, "--json").out)
    assert content["kind"] == "project"
    painted = {item["id"]: item["painted_voxels"] for item in content["classes"]}
    assert painted == {k: int((files.strokes == k).sum()) for k in range(1, 7)}
    assert [step["what"] for step in content["history"]] == ["created", "prepared", "segmented"]


# --------------------------------------------------------------------------------------- export


def test_export(files, run, project, made, read, tmp_path):
    out = tmp_path / "out"
    kinds = ("labels", "probabilities", "strokes", "uncertainty")
    words = [word for kind in (*kinds, "model") for word in ("--what", kind)]
    done = run("export", project, "--output", out, "--format", "h5", *words)
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(out / "cell_labels.h5"), read(made / "labels.tif"))
    np.testing.assert_array_equal(read(out / "cell_strokes.h5"), files.strokes)
    with open_volume(out / "cell_strokes.h5") as strokes:
        assert [item.name for item in strokes.classes] == ["outside", "nucleus"]
        assert strokes.spacing == pytest.approx((30, 30, 30))
    assert load_model(out / "cell.model").classifier.class_ids == (1, 2, 3, 4, 5, 6)
    names = sorted(path.name for path in out.iterdir())
    expected = [*(f"cell_{kind}.h5" for kind in kinds), "cell.model", "order_of_cell_strokes.h5"]
    assert names == sorted(expected)


def test_what_was_corrected_by_hand_lies_over_the_labels(run, project, made, read, tmp_path):
    said = run("export", project, "--output", tmp_path / "none", "--what", "corrections")
    assert said.code == 2
    assert f"{project}: nothing was corrected by hand" in said.err
    voxels = np.arange(2000, 2100)
    new, old = np.full(100, 7, np.uint8), np.zeros(100, np.uint8)
    with Project.open(project) as opened:
        opened.annotations.apply(VoxelChange(voxels, old, new, Paint.CORRECTIONS))
        opened.annotations.classes = (
            *opened.annotations.classes,
            ProjectClass(7, "fat", "#ff0000"),
        )
    words = ("--what", "labels", "--what", "corrections", "--what", "strokes")
    done = run("export", project, "--output", tmp_path, "--format", "tif", *words)
    assert done.code == 0, done.err
    expected = read(made / "labels.tif")
    expected.reshape(-1)[voxels] = 7
    np.testing.assert_array_equal(read(tmp_path / "cell_labels.tif"), expected)
    corrections = read(tmp_path / "cell_corrections.tif")
    assert np.flatnonzero(corrections).tolist() == voxels.tolist()
    assert 7 not in read(tmp_path / "cell_strokes.tif")
    with open_volume(tmp_path / "cell_labels.tif") as labels:
        assert {item.value: item.name for item in labels.classes}[7] == "fat"
    again = run("segment", "--project", project, "--output", tmp_path / "again.tif", "--json")
    assert json.loads(again.out)["corrected_voxels"] == 100
    np.testing.assert_array_equal(read(tmp_path / "again.tif"), expected)
    told = run("info", project)
    assert "fat: 0 voxels in 0 strokes; 100 voxels corrected by hand" in told.out
    assert run("report", project, "--output", tmp_path / "report").code == 0
    page = (tmp_path / "report" / "report.md").read_text()
    assert re.search(r"corrected by hand \| 100 voxels \(0\.\d+ %\)", page)
    assert "voxels by hand" in page
    assert run("objects", project, "--table", tmp_path / "objects.csv").code == 0
    words = ("--step", "keep-largest", "--class", 7)
    done = run("clean", project, "--output", tmp_path / "clean.tif", *words)
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "clean.tif"), expected)  # it is one object
    assert "fat" in (tmp_path / "objects.csv").read_text()


def test_export_of_strokes_needs_no_computing(run, project, tmp_path, monkeypatch):
    monkeypatch.setattr("supervox.cli.projects.complete", None)
    done = run("export", project, "--output", tmp_path / "out", "--what", "strokes")
    assert done.code == 0, done.err


def test_a_box_is_exported_at_its_place(files, run, tmp_path, read):
    from supervox.project import change_between
    from supervox.segmentation import SegmentationParameters, find_strokes

    with Project.create(
        tmp_path / "box.supervox",
        files / "volume.tif",
        box=((4, 40), (0, 48), (6, 56)),
        parameters=SegmentationParameters(partitions=1),
    ) as opened:
        store = opened.annotations
        store.apply(change_between(find_strokes(store.voxels), find_strokes(files.strokes)))
    done = run("export", tmp_path / "box.supervox", "--output", tmp_path)
    assert done.code == 0, done.err
    with open_volume(tmp_path / "box_labels.ome.tif") as labels:
        assert labels.shape == (36, 48, 50)
        assert labels.origin == pytest.approx((120, 0, 180))


def test_nothing_is_written_if_the_volume_is_missing(files, run, project, tmp_path):
    shutil.copytree(project, tmp_path / "far/away/cell.supervox")
    shutil.copy(files / "volume.tif", tmp_path / "v.tif")
    away = tmp_path / "far/away/cell.supervox"
    with Project.open(away) as opened:
        opened.relocate(tmp_path / "v.tif")
    (tmp_path / "v.tif").unlink()
    done = run("export", away, "--output", tmp_path / "out")
    assert done.code == 2
    assert "say where it is now" in done.err
    assert not (tmp_path / "out").exists()


# ---------------------------------------------------------------------------------------- check


def check(run, project, *options):
    done = run("check", project, "--json", *options)
    return done.code, {item["part"]: item["state"] for item in json.loads(done.out)["findings"]}


def test_a_whole_project(run, project):
    assert check(run, project) == (0, {})
    assert "cell.supervox: whole" in run("check", project).out


def test_what_can_be_derived_is_repaired(run, project):
    flip(project / "classes.json")
    flip(project / "project.json")
    flip(project / "derived/supervoxels-1-1.zarr/ids/c/0/0/0")
    damaged = {
        "classes.json": "damaged",
        "project.json": "damaged",
        "derived/supervoxels-1": "damaged",
    }
    assert check(run, project, "--no-repair") == (1, damaged)
    assert check(run, project) == (0, dict.fromkeys(damaged, "repaired"))
    assert check(run, project) == (0, {})
    assert (project / "derived/supervoxels-1-1.zarr").exists()


def test_a_damaged_result_is_computed_again(run, project):
    flip(project / "derived/model.npz")
    assert check(run, project) == (0, {"derived/model.npz": "repaired"})
    assert check(run, project) == (0, {})


def test_what_is_lost_is_told(run, project):
    for snapshot in (project / "annotations").glob("snapshot-*"):
        shutil.rmtree(snapshot)
    journal = project / "annotations/strokes.journal"
    with Project.open(project, read_only=True) as opened:
        (number,) = [k for k, *_ in opened.annotations.journal._index.roles()]
        at = opened.annotations.journal._index.offset_of(number)
    data = bytearray(journal.read_bytes())
    data[at + 60] ^= 1
    journal.write_bytes(data)
    done = run("check", project)
    assert done.code == 1
    assert f"record {number} is lost; whatever was changed there is lost" in done.out
    assert "something is lost; what is left can be used" in done.out


def test_a_missing_volume_is_told(run, project, monkeypatch):
    with Project.open(project) as opened:
        volume = Path(opened.settings.volume.absolute)
    moved = volume.with_name("elsewhere.tif")
    volume.rename(moved)
    try:
        assert check(run, project) == (1, {"volume": "damaged"})
        flip(project / "derived/model.npz")
        assert check(run, project)[1] == {
            "derived": "note",
            "derived/model.npz": "removed",
            "volume": "damaged",
        }
    finally:
        moved.rename(volume)


def test_what_is_no_project(run, files, tmp_path):
    for command in (("check",), ("export", "--output", tmp_path), ("report",)):
        done = run(*command, files / "volume.tif")
        assert done.code == 2
        assert "is no project of supervox" in done.err


# --------------------------------------------------------------------------------------- report


def test_report(run, project):
    done = run("report", project)
    assert done.code == 0, done.err
    folder = project.parent / "cell_report"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("report.html", "report.md", "sections.png"),
    ]
    text = (folder / "report.md").read_text()
    assert "| 3 | nucleus |" in text
    assert "| Features | Scales | 1, 2, 4" in text
    assert "um^3" in text
    assert (folder / "sections.png").read_bytes().startswith(b"\x89PNG")
