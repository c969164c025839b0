"""supervox objects: tables, instances, rules, projects, and one line for what is wrong."""

import csv
import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from supervox.objects import (
    EVERYTHING,
    Asked,
    Calibrated,
    FromSearch,
    Give,
    KeptObjects,
    Mark,
    MeasureRequest,
    ObjectSteps,
    Rule,
    edit_to_json,
    find_objects,
    find_step,
    measure_by_steps,
    measure_objects,
    rules_step,
    what_objects_follow_from,
)
from supervox.project import ObjectChange, Project, ProjectClass
from supervox.volumes import VolumeClass, open_volume, write_volume

SIZE = ((30.0, 30.0, 30.0), "nm")


@pytest.fixture(scope="module")
def blobs(files):
    """Labels of two named classes."""
    labels = np.zeros((12, 20, 24), np.uint8)
    labels[2:6, 2:6, 2:6] = 1
    labels[2:6, 6:10, 2:6] = 2
    labels[8:10, 14:18, 10:20] = 2
    labels[0, 0, 0] = 1
    classes = (VolumeClass(1, "vesicle", "#112233"), VolumeClass(2, "mitochondria", "#445566"))
    files.write("blobs.tif", labels, classes=classes)
    files.write("grey.tif", (labels * 100).astype(np.uint16), "image")
    return labels


def test_what_does_not_fit_into_memory_is_measured_on_the_disk(files, run, tmp_path):
    def measured(*options):
        done = run(
            *("objects", files / "truth.tif", "--table", tmp_path / "o.csv", "--split", "round"),
            *("--distance-to", 2, "--depth-below", 1, "--instances", tmp_path / "i.tif", *options),
        )
        assert done.code == 0, done.err
        return done.err, (tmp_path / "o.csv").read_text(), (tmp_path / "i.tif").read_bytes()

    there, *expected = measured()
    assert "is kept in" not in there
    small, *found = measured("--memory", "1MB")
    assert small.count(f"memory, and is kept in {tmp_path} until the end") == 1
    assert found == expected


def rows_of(path):
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_tables_are_those_of_the_engine_with_units_and_provenance(files, run, blobs, tmp_path):
    done = run(
        *("objects", files / "blobs.tif", "--image", f"lac={files / 'grey.tif'}"),
        *("--table", tmp_path / "o.csv", "--contacts", tmp_path / "c.csv"),
        *("--classes", tmp_path / "k.csv"),
    )
    assert done.code == 0, done.err
    rows = rows_of(tmp_path / "o.csv")
    assert [row["voxels"] for row in rows] == ["1", "64", "64", "80"]
    assert [row["class_name"] for row in rows] == ["vesicle"] * 2 + ["mitochondria"] * 2
    expected = measure_objects(find_objects(blobs), spacing=SIZE[0], unit="nm").objects
    surfaces = [float(row["surface (nm^2)"]) for row in rows]
    np.testing.assert_allclose(surfaces, expected["surface"], rtol=1e-8)
    assert [float(row["mean_lac"]) for row in rows] == [100, 100, 200, 200]
    assert [row["face_area (nm^2)"] for row in rows_of(tmp_path / "c.csv")] == ["14400"]
    assert [row["objects"] for row in rows_of(tmp_path / "k.csv")] == ["2", "2"]
    about = json.loads((tmp_path / "o.csv.json").read_text())
    assert about["labels"].endswith("blobs.tif")
    assert about["spacing"] == [30, 30, 30]
    assert about["rows"] == 4
    assert about["versions"]["supervox"]
    units = {column["name"]: column["unit"] for column in about["columns"]}
    assert units["volume"] == "nm^3"
    assert all(column["definition"] for column in about["columns"])
    assert "mitochondria" in done.out


@pytest.mark.parametrize("ending", ["tif", "h5", "zarr", "nrrd", "npy", "nii.gz", "mrc"])
def test_instances_are_written_in_the_formats_of_labels(files, run, read, blobs, tmp_path, ending):
    done = run("objects", files / "blobs.tif", "--instances", tmp_path / f"i.{ending}")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / f"i.{ending}"), find_objects(blobs).ids)


def test_a_mesh_has_a_part_for_each_object(files, run, blobs, tmp_path):
    done = run("objects", files / "blobs.tif", "--instances", tmp_path / "i.obj")
    assert done.code == 0, done.err
    parts = [line for line in (tmp_path / "i.obj").read_text().splitlines() if line[:2] == "o "]
    assert parts == ["o vesicle_1", "o vesicle_2", "o mitochondria_3", "o mitochondria_4"]


def test_more_than_65535_objects_are_written_in_32_bits(files, run, tmp_path):
    labels = np.zeros((2, 380, 380), np.uint8)
    labels[:, ::2, ::2] = 1
    labels[0, 1::2, 1::2] = 1
    files.write("many.tif", labels)
    done = run(
        *("objects", files / "many.tif", "--connectivity", 6, "--table", tmp_path / "o.csv"),
        *("--instances", tmp_path / "i.tif"),
    )
    assert done.code == 0, done.err
    with open_volume(tmp_path / "i.tif") as found:
        assert found.data.dtype == np.uint32
        assert int(np.asarray(found.data).max()) == len(rows_of(tmp_path / "o.csv")) == 72_200


def test_rules_sort_and_remove(files, run, read, blobs, tmp_path):
    rules = tmp_path / "rules.txt"
    rules.write_text("specks: voxels < 5 -> remove\nlong: elongation > 2 -> class 7\n")
    done = run(
        *("objects", files / "blobs.tif", "--rules", rules, "--table", tmp_path / "o.csv"),
        *("--instances", tmp_path / "i.tif", "--json"),
    )
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert [rule["changed"] for rule in report["rules"]] == [1, 1]
    done = run("objects", files / "blobs.tif", "--rules", rules)
    assert "rule specks: voxels < 5 -> remove: 1 object\n" in done.out
    assert {item["class"]: item["objects"] for item in report["classes"]} == {1: 1, 2: 1, 7: 1}
    assert [row["id"] for row in rows_of(tmp_path / "o.csv")] == ["2", "3", "4"]
    assert np.unique(read(tmp_path / "i.tif")).tolist() == [0, 2, 3, 4]


def test_things_that_touch_are_split_on_request(files, run, read, tmp_path):
    z, y, x = np.mgrid[:20, :20, :34]
    pair = ((z - 10) ** 2 + (y - 10) ** 2 + (abs(x - 17) - 6.5) ** 2 <= 64).astype(np.uint8)
    files.write("pair.tif", pair)
    files.write("seam.tif", (200 * (abs(x - 17) < 2)).astype(np.uint16), "image")
    whole = json.loads(run("objects", files / "pair.tif", "--json").out)
    assert [item["objects"] for item in whole["classes"]] == [1]
    for more in (
        ("--split", "round"),
        ("--split", "1=round"),
        ("--split", "image", "--image", files / "seam.tif"),
    ):
        done = run("objects", files / "pair.tif", *more, "--instances", tmp_path / "i.tif")
        assert done.code == 0, done.err
        assert int(read(tmp_path / "i.tif").max()) == 2
    done = run("objects", files / "pair.tif", "--split", "image")
    assert "splitting by the image needs an image" in done.err
    assert "say round or image" in run("objects", files / "pair.tif", "--split", "3=cubes").err


def test_distances_depths_parents_and_profiles(files, run, blobs, tmp_path):
    files.write(
        "cells.tif",
        np.where(np.arange(24) < 8, 3, 0)[None, None].repeat(12, 0).repeat(20, 1).astype(np.uint8),
    )
    done = run(
        *("objects", files / "blobs.tif", "--table", tmp_path / "o.csv"),
        *("--distance-to", 1, "--depth-below", 2, "--parents", files / "cells.tif"),
        *("--profile", tmp_path / "p.csv", "--step", 30),
    )
    assert done.code == 0, done.err
    rows = rows_of(tmp_path / "o.csv")
    assert [row["parent"] for row in rows] == ["3", "3", "3", "0"]
    assert [row["distance_vesicle (nm)"] for row in rows][:3] == ["0", "0", "0"]
    assert [row["depth_largest (nm)"] for row in rows][:2] == ["0", "0"]
    assert [row["voxels"] for row in rows_of(tmp_path / "p.csv")] == ["136", "8"]


def test_a_volume_that_numbers_objects_is_taken_as_it_is(files, run, blobs, tmp_path):
    ids = np.where(blobs > 0, 70_000, 0).astype(np.uint32)
    files.write("ids.tif", ids)
    done = run("objects", files / "ids.tif", "--are-objects", "--table", tmp_path / "o.csv")
    assert done.code == 0, done.err
    assert [row["voxels"] for row in rows_of(tmp_path / "o.csv")] == ["209"]


def test_a_project_gives_its_labels_names_and_image(files, run, tmp_path):
    made = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif"),
        *("--partitions", 1, "--supervoxel-size", 6, "--preset", "fast"),
        *("--project", tmp_path / "cell.supervox", "--output", tmp_path / "labels.tif"),
    )
    assert made.code == 0, made.err
    done = run("objects", tmp_path / "cell.supervox", "--table", tmp_path / "o.csv")
    assert done.code == 0, done.err
    rows = rows_of(tmp_path / "o.csv")
    with open_volume(tmp_path / "labels.tif") as labels:
        expected = find_objects(labels.data)
    assert [int(row["class"]) for row in rows] == expected.class_of.tolist()
    assert "outside" in {row["class_name"] for row in rows}
    assert all(float(row["mean_image"]) > 0 for row in rows)


@pytest.fixture(scope="module")
def project(files, run, tmp_path_factory):
    """A project whose objects were edited by hand: one given away, one edit that finds nothing."""
    folder = tmp_path_factory.mktemp("by_hand") / "cell.supervox"
    made = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif"),
        *("--partitions", 1, "--supervoxel-size", 6, "--preset", "fast"),
        *("--project", folder, "--output", folder.parent / "labels.tif"),
    )
    assert made.code == 0, made.err
    with open_volume(folder.parent / "labels.tif") as labels:
        found = find_objects(labels.data)
        biggest = [
            int(np.argmax(np.bincount(found.ids[labels.data[:] == k].ravel()))) for k in (1, 2)
        ]
    places = [np.argwhere(found.ids == k)[0].tolist() for k in biggest]
    voxels = tuple(map(tuple, places))
    edits = [Mark((1,), voxels[:1]), Give((2,), voxels[1:], (9,)), Mark((7,), ((0, 0, 0),))]
    with Project.open(folder) as opened:
        opened.annotations.classes = [ProjectClass(k, f"part {k}", "#556677") for k in range(1, 10)]
        for edit in edits:
            opened.annotations.record(ObjectChange(edit_to_json(edit)))
        asked = Asked(distance_to=(2, 99), depth_below=(1, 2))
        opened.annotations.record(ObjectChange(find_step(asked)))
        opened.annotations.record(ObjectChange(rules_step([Rule.parse("voxels > 0 -> class 8")])))
    return folder


def test_a_project_keeps_its_edits_by_hand_and_its_rules(run, project, tmp_path):
    done = run("objects", project, "--table", tmp_path / "o.csv")
    assert done.code == 0, done.err
    assert "edit by hand no longer found: object marked as right at plane 0, row 0, col" in done.err
    assert "by hand: 1 object given to another class, 2 objects marked as right; 1 no l" in done.out
    rows = rows_of(tmp_path / "o.csv")
    by_hand = {int(row["class"]) for row in rows} - {8}
    assert by_hand == {1, 9}
    about = json.loads((tmp_path / "o.csv.json").read_text())
    by_hand = about["by_hand"]
    assert (by_hand["held"], by_hand["lost"], by_hand["objects"]) == (2, 1, 2)
    assert (about["distance_to"], about["depth_below"]) == ([2], [1, 2])  # what there is of it
    assert {"distance_part_2", "depth_mean"} <= {name.partition(" ")[0] for name in rows[0]}
    found = json.loads(run("objects", project, "--as-found", "--json").out)
    assert {item["class"] for item in found["classes"]}.isdisjoint({8, 9})
    assert found["by_hand"]["done"] == ""
    assert found["distance_to"] == []
    found = json.loads(run("objects", project, "--distance-to", 1, "--json").out)
    assert (found["distance_to"], found["depth_below"]) == ([1], [1, 2])


def test_a_project_says_of_which_classes_the_body_of_a_profile_is(run, project, tmp_path):
    step = "--step", 60
    done = run("objects", project, "--profile", tmp_path / "p.csv", *step)
    assert done.code == 0, done.err
    body = "--depth-below", 1, "--depth-below", 2
    assert run("objects", project, "--profile", tmp_path / "q.csv", *step, *body).code == 0
    assert (tmp_path / "p.csv").read_bytes() == (tmp_path / "q.csv").read_bytes()
    done = run("objects", project, "--profile", tmp_path / "r.csv", *step, "--as-found")
    assert done.code != 0
    assert "no classes of a body are ticked in it: a profile needs --depth-below" in done.err
    assert not (tmp_path / "r.csv").exists()


def test_a_project_that_keeps_its_objects_has_them_at_once(run, project, tmp_path, monkeypatch):
    def tables(name):
        done = run("objects", project, "--table", tmp_path / name, "--contacts", tmp_path / "c.csv")
        assert done.code == 0, done.err
        report = run("report", project, "--output", tmp_path / f"{name}-report")
        assert report.code == 0, report.err
        text = (tmp_path / f"{name}-report" / "report.md").read_text(encoding="utf-8")
        return (tmp_path / name).read_text(), (tmp_path / "c.csv").read_text(), text

    anew = tables("anew.csv")
    with Project.open(project) as opened, opened.open_volume() as volume:
        keep_as_the_window_does(opened, read_labels(project), np.asarray(volume.data[:]))

    def refuse(*_, **__):
        raise AssertionError("objects were found anew")

    for place in ("cli.objects_run", "reports.object_totals"):
        monkeypatch.setattr(f"supervox.{place}.measure_by_steps", refuse)
    assert tables("kept.csv") == anew


def test_a_project_says_what_its_objects_lie_in(files, run, project, tmp_path, monkeypatch):
    folder = tmp_path / "copied.supervox"
    shutil.copytree(project, folder)  # its volume is found where it was
    shape, columns = files.image.shape, np.arange(files.image.shape[2])
    halves = np.broadcast_to(np.where(columns < 28, 4, 9), shape).astype(np.uint8)
    cells = files.write("cells.tif", halves)
    with Project.open(folder) as opened:
        asked = Asked(distance_to=(2,), parents=cells)
        opened.annotations.record(ObjectChange(find_step(asked)))
    tables = "--table", tmp_path / "o.csv", "--classes", tmp_path / "c.csv"
    done = run("objects", folder, *tables)
    assert done.code == 0, done.err
    rows = rows_of(tmp_path / "o.csv")
    assert {row["parent"] for row in rows} == {"4", "9"}
    assert json.loads((tmp_path / "o.csv.json").read_text())["parents"] == cells
    assert {row["parent"] for row in rows_of(tmp_path / "c.csv")} == {"0", "4", "9"}
    named = "--table", tmp_path / "p.csv", "--parents", cells
    assert run("objects", folder, *named).code == 0
    assert (tmp_path / "p.csv").read_bytes() == (tmp_path / "o.csv").read_bytes()

    report = run("report", folder, "--output", tmp_path / "report")
    assert report.code == 0, report.err
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert f"Where they lie, by the labels of {cells}:" in text
    told = text.partition("## Objects")[2]
    for row in (row for row in rows_of(tmp_path / "c.csv") if row["objects"] != "0"):
        of = [row["parent"]] if row["parent"] != "0" else []
        line = " | ".join([*of, row["class"], row["class_name"], f"{int(row['objects']):,}"])
        assert f"\n| {line} |" in told

    monkeypatch.setattr("supervox.reports.object_totals.MOST_PARENTS", 1)
    assert run("report", folder, "--output", tmp_path / "report").code == 0
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert f"They lie in 2 objects of the labels of {cells}; 'supervox objects --classes'" in text

    Path(cells).unlink()
    done = run("objects", folder, "--table", tmp_path / "q.csv")
    assert done.code == 0, done.err
    assert f"what objects lie in is left out: cells.tif isn't in {files.folder} any" in done.err
    without = rows_of(tmp_path / "q.csv")
    assert [row["voxels"] for row in without] == [row["voxels"] for row in rows]
    assert "parent" not in without[0]
    assert json.loads((tmp_path / "q.csv.json").read_text())["parents"] is None
    assert run("report", folder, "--output", tmp_path / "report").code == 0
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert "left out here: what objects lie in (cells.tif isn't in" in text


def read_labels(project):
    with open_volume(project.parent / "labels.tif") as labels:
        return np.asarray(labels.data[:])


def keep_as_the_window_does(project, labels, image):
    """Find the objects of a project, and keep them in it."""
    settings, steps = project.settings, ObjectSteps.of(project.annotations.edits)
    scale = Calibrated.of(settings.spacing, settings.unit)
    names = {item.id: item.name for item in project.annotations.classes}
    found = measure_by_steps(
        labels,
        steps,
        MeasureRequest(names, {"image": image}),
        spacing=scale.spacing,
        unit=scale.unit,
    )
    edited = found.edited
    kept = KeptObjects(
        edited.instances.ids.astype(np.uint16),
        found.measured.objects,
        scale.origin,
        ("image",),
        frozenset((np.flatnonzero(edited.by_hand) + 1).tolist()),
        frozenset((np.flatnonzero(edited.reshaped) + 1).tolist()),
        edited.lost,
        FromSearch(found.measured.contacts, edited.states, edited.missing),
    )
    told = what_objects_follow_from(labels, steps, EVERYTHING, names, scale, settings.start)
    project.derived.save_objects(told, *kept.to_parts())


def test_a_report_says_what_was_done_by_hand(run, project, tmp_path):
    done = run("report", project, "--output", tmp_path / "report")
    assert done.code == 0, done.err
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert "By hand and by rules: 1 object given to another class, 2 objects marked" in text
    assert "(1 no longer found)" in text
    assert "voxels > 0 -> class 8" in text


def test_what_deserves_a_word_gets_it(files, run, tmp_path):
    files.write("all.tif", np.ones((1, 5, 6), np.uint8))
    done = run("objects", files / "all.tif", "--table", tmp_path / "o.csv")
    assert done.code == 0
    assert "one object fills the whole volume" in done.err
    assert "has one voxel along an axis" in done.err
    done = run("objects", files / "all.tif", "--split", "7=round", "--table", tmp_path / "o.csv")
    assert done.code == 0
    assert "--split 7=round: there is no object of class 7" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("truth.tif", "--image", "small=SMALL"), "image 'small' has .* voxels, the labels 40 x"),
        (("nothing.tif",), "there is no object: all voxels are 0"),
        (("blobs.tif", "--class", 9), "there is no object of class 9; there are: 1, 2"),
        (("blobs.tif", "--are-objects", "--class", 2), "with --are-objects the values of LABELS"),
        (("blobs.tif", "--are-objects", "--distance-to", 2), "LABELS are no classes: leave out"),
        (("blobs.tif", "--are-objects", "--split", "2=round"), "leave out --class, --distance-to"),
        (("blobs.tif", "--distance-to", 9), "no class 9; there are: 1, 2"),
        (("blobs.tif", "--rules", "RULES"), "there is no measure 'colour'; there are id, class"),
        (("blobs.tif", "--rules", "MISSING"), "missing.txt: can't be read"),
        (("blobs.tif", "--rules", "NONE"), "no_rules.txt: holds no rule; write one a line"),
        (("blobs.tif", "--parents", "SMALLER"), "the volume of parents has .* voxels, the labels"),
        (("blobs.tif", "--table", "TABLE.xlsx"), "tables end with .csv or .parquet"),
        (("blobs.tif", "--table", "none/o.csv"), "the folder none doesn't exist"),
        (("blobs.tif", "--profile", "p.csv"), "a profile needs --profile, --step and"),
        (("blobs.tif", "--profile", "p.csv", "--step", 9), "a profile needs --profile, --step and"),
        (("fraction.tif",), "labels are whole numbers"),
        (("blobs.tif", "--instances", "i.xyz"), "i.xyz"),
    ],
)
def test_what_is_wrong_is_one_line(files, run, blobs, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    files.write("nothing.tif", blobs * 0)
    files.write("smaller.tif", blobs[1:])
    files.write("fraction.tif", blobs.astype(np.float32) / 3)
    Path(files / "rules.txt").write_text("colour > 3 -> remove")
    Path(files / "no_rules.txt").write_text("# volume > 3 -> remove\n")
    known = {"RULES": files / "rules.txt", "MISSING": "missing.txt"}
    known |= {"NONE": files / "no_rules.txt", "SMALLER": files / "smaller.tif"}
    known["small=SMALL"] = f"small={files / 'smaller.tif'}"
    words = [known.get(word, word) for word in options[1:]]
    done = run("objects", files / options[0], *words)
    assert done.code == 2
    errors = [line for line in done.err.splitlines() if "error:" in line]
    assert len(errors) == 1
    import re

    assert re.search(message, errors[0]), errors[0]
    assert list(tmp_path.iterdir()) == []


def test_each_column_is_there_once_whatever_images_and_classes_are_called(run, tmp_path):
    labels = np.zeros((6, 9, 12), np.uint8)
    labels[2:4, 2:5, 2:5], labels[2:4, 5:8, 2:5], labels[0, 0, 8] = 1, 2, 2
    size = {"spacing": SIZE[0], "unit": SIZE[1]}
    named, images = tmp_path / "named.tif", ("volume.tif", "my scan-1.tif", "run=1.tif")
    write_volume(named, labels, classes=(VolumeClass(2, "Border"),), **size)
    for name in images:
        write_volume(tmp_path / name, (labels * 100).astype(np.uint16), kind="image", **size)
    rules = tmp_path / "rules.txt"
    rules.write_text("mean_my_scan_1 > 150 and mean_run_1 < 999 -> class 5")
    done = run(
        *("objects", named, "--classes", tmp_path / "c.csv", "--rules", rules),
        *(word for name in images for word in ("--image", tmp_path / name)),
    )
    assert done.code == 0, done.err
    assert "-> class 5: 2 objects" in done.out
    header = (tmp_path / "c.csv").read_text().splitlines()[0].split(",")
    assert len(set(header)) == len(header)
    with (tmp_path / "c.csv").open() as file:
        first = next(csv.DictReader(file))
    assert float(first["mean_volume (nm^3)"]) == 18 * 27000
    assert float(first["mean_of_mean_volume"]) == 100
    assert (first["touching_border"], first["touching_class_border"]) == ("0", "1")


def test_a_size_in_a_unit_that_nobody_knows_is_not_called_voxels(run, tmp_path):
    np.save(tmp_path / "labels.npy", np.pad(np.ones((2, 2, 2), np.uint8), 2))
    done = run(
        *("objects", tmp_path / "labels.npy", "--spacing", 4, 4, 4),
        *("--table", tmp_path / "o.csv"),
    )
    assert done.code == 0, done.err
    with (tmp_path / "o.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["voxels"], row["volume"]) == ("8", "512")


def test_what_cannot_be_written_is_refused_before_anything_is_read(files, run, tmp_path):
    for command in (
        ("objects", files / "truth.tif", "--table", tmp_path / "o.xlsx"),
        ("objects", files / "truth.tif", "--instances", tmp_path / "o.xyz"),
        ("clean", files / "truth.tif", "--step", "smoth=3nm", "--output", tmp_path / "o.tif"),
        ("clean", files / "truth.tif", "--step", "smooth=3nm", "--output", files / "truth.tif"),
        ("compare", *2 * [files / "truth.tif"], "--differences", tmp_path / "o.xlsx"),
        ("interpolate", files / "truth.tif", "--output", tmp_path / "none" / "o.tif"),
    ):
        done = run(*command)
        assert done.code == 2
        assert "Reading" not in done.err
        assert list(tmp_path.iterdir()) == []


def test_more_objects_than_a_format_has_numbers_for_are_told(run, tmp_path):
    labels = np.zeros((82, 82, 82), np.uint8)
    labels[::2, ::2, ::2] = 1
    np.save(tmp_path / "many.npy", labels)
    done = run("objects", tmp_path / "many.npy", "--instances", tmp_path / "i.mrc")
    assert done.code == 2
    assert f"{tmp_path / 'i.mrc'}: MRC can't number 68,921 objects, but 65,535 at most" in done.err
    assert list(tmp_path.iterdir()) == [tmp_path / "many.npy"]


def test_a_file_that_says_how_it_lies_beside_one_that_does_not_is_told(files, run, tmp_path):
    placed = tmp_path / "placed.nii"
    labels = np.pad(np.ones((4, 5, 6), np.uint8), 2)
    nibabel.save(nibabel.Nifti1Image(labels.T, np.diag([30.0, 30.0, 30.0, 1.0])), placed)
    plain = tmp_path / "plain.npy"
    np.save(plain, labels)
    for command in (
        ("objects", plain, "--image", placed),
        ("objects", plain, "--parents", placed),
        ("compare", plain, placed),
        ("interpolate", plain, "--image", placed, "--output", tmp_path / "o.tif"),
    ):
        done = run(*command)
        assert done.code == 0, done.err
        assert f"{plain} doesn't, and is read as it is" in " ".join(done.err.split())
