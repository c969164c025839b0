import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from supervox.execution import Cancelled, Run
from supervox.project import VOLUME, Project, ProjectError, Severity, VolumeMoved
from supervox.project import settings as settings_module
from supervox.project.documents import read_document, write_document
from supervox.project.settings import ProjectSettings
from supervox.segmentation import SegmentationParameters, Segmenter
from supervox.volumes import VolumeError, open_volume, temporary_beside, write_volume

from .conftest import CLASSES, QUICK, paint_all, row


def opened(home, **options):
    return Project.open(home / "cell.supervox", **options)


# ------------------------------------------------------------------------------------- a round


def test_everything_comes_back_and_nothing_is_computed(home, sample, monkeypatch):
    with opened(home) as project:
        assert project.findings == []
        assert project.read_only_because is None
        assert project.annotations.classes == CLASSES
        assert project.settings.parameters == QUICK
        assert project.settings.spacing == pytest.approx((30, 30, 30))
        assert (project.settings.unit, project.settings.spacing_from) == ("nm", "file")
        strokes = project.strokes
        assert strokes.voxels.size == np.count_nonzero(project.annotations.voxels)
        with project.open_volume() as volume:
            data = volume.data[:]
        np.testing.assert_array_equal(data, sample.image)
        partitions = project.derived.load_partitions()
        assert len(partitions) == 2
        fresh = Segmenter(data, spacing=project.settings.spacing, parameters=QUICK)
        expected = fresh.segment(strokes)
        monkeypatch.setattr("supervox.segmentation.prepared_volume.prepare_partitions", None)
        kept = Segmenter(
            data, spacing=project.settings.spacing, parameters=QUICK, partitions=partitions
        )
        np.testing.assert_array_equal(kept.segment(strokes).labels, expected.labels)
        tables = project.derived.load_result(strokes)
        found = tables.segmentation(data, partitions, project.settings)
        np.testing.assert_array_equal(found.labels, expected.labels)
        model = project.derived.load_model(strokes)
        np.testing.assert_array_equal(fresh.apply(model).labels, expected.labels)
        assert [step["what"] for step in project.history.steps] == ["created", "segmented"]
        assert project.findings == []


def test_partitions_are_the_same_to_the_last_bit(home, sample):
    fresh = Segmenter(sample.image, spacing=(30, 30, 30), parameters=QUICK)
    fresh.prepare()
    with opened(home) as project:
        for found, expected in zip(
            project.derived.load_partitions(), fresh.partitions, strict=True
        ):
            np.testing.assert_array_equal(found.ids, expected.ids)
            assert found.table.names == expected.table.names
            for name in ("values", "counts"):
                np.testing.assert_array_equal(
                    getattr(found.table, name), getattr(expected.table, name)
                )
            for name, values in vars(expected.graph).items():
                np.testing.assert_array_equal(getattr(found.graph, name), values)


def test_the_files_are_what_the_documentation_says(home):
    found = {
        path.relative_to(home / "cell.supervox").as_posix()
        for path in (home / "cell.supervox").glob("*")
    } | {
        path.relative_to(home / "cell.supervox").as_posix()
        for path in (home / "cell.supervox").glob("*/*")
    }
    assert found == {
        *("project.json", "classes.json", "provenance.json", "lock", "annotations", "derived"),
        *("annotations/strokes.journal", "annotations/strokes.journal.head"),
        *("annotations/snapshot-2.zarr", "annotations/snapshot-3.zarr"),
        *("derived/supervoxels-0-1.zarr", "derived/supervoxels-1-1.zarr"),
        *("derived/features-0-1.zarr", "derived/features-1-1.zarr"),
        *("derived/graph-0-1.zarr", "derived/graph-1-1.zarr", "derived/result-1.zarr"),
        *("derived/model.npz", "derived/model.json"),
    }
    content = json.loads((home / "cell.supervox/project.json").read_text())
    assert content["volume"]["path"] == "../cell.tif"
    assert content["schema"] == settings_module.SCHEMA


def test_loading_tells_how_far_it_is_and_can_be_stopped(home):
    told = []
    with opened(home) as project:
        project.derived.load_partitions(run=Run(progress=lambda *step: told.append(step)))
        assert told[-1][0] == told[-1][1]
        assert len(project.derived.load_partitions(1)) == 1
        with pytest.raises(Cancelled):
            project.derived.load_partitions(run=Run(should_stop=lambda: True))
        partition = project.derived.load_partitions(1)[0]
    with opened(home) as project:
        with pytest.raises(Cancelled):
            project.derived.save_partition(0, partition, run=Run(should_stop=lambda: True))
        project.derived.save_partition(0, partition)
    names = sorted(path.name for path in (home / "cell.supervox/derived").glob("*-0-*"))
    assert names == ["features-0-2.zarr", "graph-0-2.zarr", "supervoxels-0-2.zarr"]


def test_a_box_is_segmented_alone(sample, tmp_path):
    box = ((2, 20), (0, 40), (8, 48))
    with Project.create(
        tmp_path / "box.supervox", sample.file, parameters=QUICK, box=box, spacing=(60, 30, 30)
    ) as project:
        paint_all(project, sample.strokes)
        assert project.settings.shape == (18, 40, 40)
        assert project.settings.spacing_from == "option"
        part = sample.image[project.settings.slices]
        segmenter = Segmenter(part, spacing=project.settings.spacing, parameters=QUICK)
        segmenter.segment(project.strokes)
        for k, partition in enumerate(segmenter.partitions):
            project.derived.save_partition(k, partition)
        assert len(project.derived.load_partitions()) == 2
    with Project.open(tmp_path / "box.supervox") as project:
        assert project.settings.box == box
        assert len(project.derived.load_partitions()) == 2
        project.settings = replace(project.settings, box=None)
        assert project.derived.load_partitions() == []
        assert "was made from another volume, other parameters" in project.findings[-1].text


def test_new_parameters_make_derived_parts_outdated(home):
    with opened(home) as project:
        project.settings = replace(project.settings, parameters=SegmentationParameters())
        assert project.derived.load_partitions() == []
        assert project.derived.load_result(project.strokes) is None
        assert project.derived.load_model(project.strokes) is None
        assert {finding.severity for finding in project.findings} == {Severity.DERIVED}
        assert "from other strokes or parameters; it is computed again" in project.findings[-1].text
    with opened(home) as project:
        assert project.settings.parameters == SegmentationParameters()


def test_another_stroke_makes_the_result_outdated_but_no_partition(home):
    with opened(home) as project:
        project.annotations.apply(row(project.annotations, 9000, 2))
        assert project.derived.load_result(project.strokes) is None
        assert len(project.derived.load_partitions()) == 2
        project.annotations.undo()
        assert project.derived.load_result(project.strokes) is not None


# -------------------------------------------------------------------------------------- refusals


def test_what_can_not_be_made(sample, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(ProjectError, match="there: already exists; open it"):
        Project.create(tmp_path / "there", sample.file)
    with pytest.raises(ProjectError, match="doesn't exist; make it first"):
        Project.create(tmp_path / "none" / "new", sample.file)
    with pytest.raises(VolumeError, match="there is no such file"):
        Project.create(tmp_path / "new", tmp_path / "none.tif")
    with pytest.raises(ValueError, match="does not lie in 40 x 44 x 48 voxels"):
        Project.create(tmp_path / "new", sample.file, box=((0, 41), (0, 1), (0, 1)))
    with pytest.raises(ValueError, match="three positive numbers"):
        Project.create(tmp_path / "new", sample.file, spacing=(0, 1, 1))
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_full_disk_leaves_no_half_of_a_project(sample, tmp_path, failing_disk):
    with pytest.raises(ProjectError, match="No space left on device"):
        Project.create(tmp_path / "new.supervox", sample.file)
    failing_disk.undo()
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_project(tmp_path, sample):
    for place in (tmp_path, tmp_path / "none", sample.file):
        with pytest.raises(ProjectError, match="is no project of supervox"):
            Project.open(place)


def test_a_project_of_a_newer_version(home):
    path = home / "cell.supervox/project.json"
    write_document(path, read_document(path) | {"schema": 99})
    with pytest.raises(ProjectError, match=r"schema 99, this version .* made by a newer one"):
        opened(home)


def test_a_project_of_an_older_version(home, monkeypatch):
    now = settings_module.SCHEMA
    monkeypatch.setattr(settings_module, "SCHEMA", now + 1)
    monkeypatch.setitem(settings_module.MIGRATIONS, now, lambda old: old | {"unit": "um"})
    with opened(home) as project:
        assert project.settings.unit == "um"
    assert read_document(home / "cell.supervox/project.json")["schema"] == now + 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "1"}, "doesn't say which version"),
        ({"volume": None}, "volume is damaged: input should be an object"),
        ({"volume": {}}, r"volume\.path is damaged: field required"),
        ({"parameters": {"partitions": "4"}}, r"parameters\.partitions is damaged"),
        ({"parameters": None}, "parameters is damaged"),
        ({"spacing": [1, 2]}, r"spacing\.2 is damaged: field required"),
        ({"box": [[0, 99], [0, 1], [0, 1]]}, "does not lie in"),
        ({"unit": "parsec"}, "is none of length"),
        ({"more": 1}, "more is unknown to this version"),
    ],
)
def test_settings_are_believed_only_if_they_make_sense(home, change, message):
    content = read_document(home / "cell.supervox/project.json")
    with pytest.raises(ValueError, match=message):
        ProjectSettings.from_json(content | change)


# ----------------------------------------------------------------------------------- the volume


def test_project_and_volume_move_together(home, tmp_path):
    shutil.move(home, tmp_path / "elsewhere")
    with opened(tmp_path / "elsewhere") as project, project.open_volume() as volume:
        assert volume.shape == (40, 44, 48)


def test_the_project_moves_alone(home, tmp_path, monkeypatch):
    with opened(home) as project:
        project.relocate(home / "cell.tif")  # the copy was made for a file elsewhere
    (tmp_path / "far").mkdir()
    shutil.move(home / "cell.supervox", tmp_path / "far")
    with opened(tmp_path / "far") as project, project.open_volume() as volume:
        assert volume.path == (home / "cell.tif").resolve()


def test_a_volume_that_moved_is_asked_for(home, tmp_path, sample):
    with opened(home) as project:
        project.relocate(home / "cell.tif")
        shutil.move(home / "cell.tif", home / "moved.tif")
        with pytest.raises(VolumeMoved, match="say where it is now") as caught:
            project.open_volume()
        assert caught.value.path == home / "cell.tif"
        write_volume(home / "cell.tif", sample.image + 1, kind="image")
        with pytest.raises(ProjectError, match="its voxels are not those"):
            project.relocate(home / "cell.tif")
        write_volume(home / "cell.tif", sample.image[1:], kind="image")
        with pytest.raises(ProjectError, match="has 39 x 44 x 48 voxels, the volume of the"):
            project.open_volume()
        project.relocate(home / "moved.tif")
    with opened(home) as project, project.open_volume():
        assert len(project.derived.load_partitions()) == 2


def test_what_is_inside_a_file_stays_named(sample, tmp_path):
    write_volume(f"{tmp_path}/scan.h5::/entry/data", sample.image, kind="image")
    address = f"{tmp_path}/scan.h5::/entry/data"
    with Project.create(tmp_path / "p.supervox", address) as project:
        assert project.settings.spacing_from == "unknown"
        assert np.isnan(project.settings.voxel_size.voxel_volume)
        shutil.move(tmp_path / "scan.h5", tmp_path / "moved.h5")
        project.relocate(tmp_path / "moved.h5")
        with project.open_volume() as volume:
            assert volume.inner == "/entry/data"


# -------------------------------------------------------------------------------------- copies


def test_save_as(home, tmp_path, sample):
    with opened(home) as project:
        project.annotations.apply(row(project.annotations, 9000, 2))
        (tmp_path / "deep").mkdir()
        project.save_as(tmp_path / "deep/copy.supervox")
        expected = project.annotations.voxels.copy()
        with Project.open(tmp_path / "deep/copy.supervox") as copy:
            np.testing.assert_array_equal(copy.annotations.voxels, expected)
            assert copy.findings == []
            with copy.open_volume():
                assert len(copy.derived.load_partitions()) == 2
        with pytest.raises(ProjectError, match="already exists; give another name"):
            project.save_as(tmp_path / "deep/copy.supervox")
        with pytest.raises(ProjectError, match="lies within the project itself"):
            project.save_as(home / "cell.supervox/copy")


def test_a_volume_inside_is_found_in_a_copy_of_a_copy(home, tmp_path):
    folder = home / "cell.supervox"
    shutil.copy(home / "cell.tif", folder / "volume.tif")
    with Project.open(folder) as project:
        project.relocate(folder / "volume.tif")
        project.save_as(tmp_path / "first.supervox")
    shutil.rmtree(home)  # as an unnamed project goes once it has a name
    with Project.open(tmp_path / "first.supervox") as project:
        project.save_as(tmp_path / "second.supervox")
    shutil.rmtree(tmp_path / "first.supervox")
    (tmp_path / "second.supervox").rename(tmp_path / "moved.supervox")
    with Project.open(tmp_path / "moved.supervox") as project:
        assert project.settings.volume.path == "volume.tif"
        project.open_volume().close()


@pytest.fixture
def holding(home):
    """Return the folder of a project that holds its volume itself, and the voxels."""
    folder = home / "cell.supervox"
    with open_volume(home / "cell.tif") as volume:
        values = np.array(volume.data[:])
        size = {"spacing": volume.spacing, "unit": volume.unit}
        write_volume(folder / VOLUME, values, **size, kind="image")
    with Project.open(folder) as project:
        project.relocate(folder / VOLUME)
    (home / "cell.tif").unlink()
    return folder, values


@pytest.mark.skipif(os.name == "nt", reason="open files can't be removed there")
@pytest.mark.parametrize("gone", ["folder", "volume"])
def test_a_volume_that_the_project_held_is_written_again(holding, tmp_path, gone):
    folder, values = holding
    with Project.open(folder) as project:
        shutil.rmtree(folder if gone == "folder" else folder / VOLUME)
        project.save_as(tmp_path / "rescued.supervox", image=values)
    with Project.open(tmp_path / "rescued.supervox") as rescued:
        assert rescued.settings.volume.path == VOLUME
        assert not rescued.findings
        with rescued.open_volume() as volume:
            np.testing.assert_array_equal(volume.data[:], values)
            assert volume.spacing == rescued.settings.spacing
            assert volume.origin == rescued.settings.volume.origin


@pytest.mark.skipif(os.name == "nt", reason="open files can't be removed there")
def test_other_voxels_are_not_taken_for_the_volume_that_is_gone(holding, tmp_path):
    folder, values = holding
    with Project.open(folder) as project:
        shutil.rmtree(folder)
        project.save_as(tmp_path / "rescued.supervox", image=np.zeros_like(values))
    assert not (tmp_path / "rescued.supervox" / VOLUME).exists()
    with (
        Project.open(tmp_path / "rescued.supervox") as rescued,
        pytest.raises(VolumeMoved, match="say where it is now"),
    ):
        rescued.open_volume()


def test_a_volume_that_lies_elsewhere_is_not_copied(home, tmp_path):
    with opened(home) as project, project.open_volume() as volume:
        project.save_as(tmp_path / "copy.supervox", image=volume.data)
    assert not (tmp_path / "copy.supervox" / VOLUME).exists()


def test_a_volume_that_moved_with_its_project_is_found_in_a_copy(home, tmp_path):
    with Project.open(home / "cell.supervox") as project:
        project.relocate(home / "cell.tif")
    moved = tmp_path / "moved"
    home.rename(moved)
    with Project.open(moved / "cell.supervox") as project:
        project.save_as(tmp_path / "copy.supervox")
    with Project.open(tmp_path / "copy.supervox") as copy:
        copy.open_volume().close()


def test_save_as_is_complete_or_absent(home, tmp_path, failing_disk):
    failing_disk.undo()
    with opened(home) as project:
        failing_disk.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(ProjectError, match="full"):
            project.save_as(tmp_path / "copy.supervox")
        failing_disk.undo()
    assert not list(tmp_path.glob("*copy*"))


# --------------------------------------------------------------------------------- one may write


HOLD = """
import sys
from supervox.project import Project
project = Project.open(sys.argv[1])
print(project.read_only_because, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def other(home):
    """Another process that has the project open."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, home / "cell.supervox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "None\n"
        yield process
        process.kill()


def test_the_second_process_only_reads(home, other, tmp_path):
    with opened(home) as project:
        because = project.read_only_because
        assert f"it is open for writing already (process {other.pid} on " in because
        assert len(project.derived.load_partitions()) == 2
        assert project.annotations.voxels.any()
        for change in (
            lambda: setattr(project, "settings", replace(project.settings, unit="um")),
            project.save,
        ):
            with pytest.raises(ProjectError, match="changed: it is open for writing already"):
                change()
        with pytest.raises(ProjectError, match="open for reading only"):
            project.annotations.apply(row(project.annotations, 0, 1))
        project.save_as(tmp_path / "copy.supervox")
        assert project.findings == []
    with Project.open(tmp_path / "copy.supervox") as copy:
        assert copy.read_only_because is None


def test_the_lock_of_a_dead_process_is_none(home, other):
    other.kill()
    other.wait()
    with opened(home) as project:
        assert project.read_only_because is None


def test_a_folder_that_can_not_be_written_to(home, monkeypatch):
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    monkeypatch.setattr(
        "supervox.project._folder.FolderLock",
        lambda folder: (_ for _ in ()).throw(OSError(30, "Read-only file system")),
    )
    with opened(home) as project:
        assert "can't be written to (Read-only file system)" in project.read_only_because
        assert len(project.derived.load_partitions()) == 2
    assert before == {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_reading_only_on_request(home):
    with opened(home, read_only=True) as project, opened(home) as second:
        assert project.read_only_because == "it was opened for reading"
        assert second.read_only_because is None


def test_a_lock_that_says_nothing(home, other):
    (home / "cell.supervox/lock").write_text("?")
    with opened(home) as project:
        assert "(another process)" in project.read_only_because


# ------------------------------------------------------------------------------------- leftovers


def test_what_a_killed_process_left_is_removed(home):
    folder = home / "cell.supervox"
    for place in (folder, folder / "annotations", folder / "derived"):
        (place / ".0123456789ab.partial.thing.zarr").mkdir()
    with opened(home, read_only=True):
        assert len(list(folder.rglob("*.partial.*"))) == 3
    with opened(home):
        assert not list(folder.rglob("*.partial.*"))


def test_closing_on_a_full_disk(home, failing_disk):
    failing_disk.undo()
    project = opened(home)
    failing_disk.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "full")))
    project.annotations.apply(row(project.annotations, 9000, 2))
    project.history.note("tried")
    with pytest.raises(ProjectError, match="full"):
        project.close()
    with pytest.raises(ProjectError, match="full"):
        project.close(force=True)
    failing_disk.undo()
    with opened(home) as again:
        assert again.read_only_because is None


# ---------------------------------------------------------------------------------------- damage


def test_project_json_survives_in_the_journal(home, flip):
    path = home / "cell.supervox/project.json"
    good = path.read_bytes()
    for damage in (lambda: flip(path, 40), path.unlink, lambda: path.write_text("[]")):
        damage()
        with opened(home) as project:
            assert project.settings.parameters == QUICK
            (finding,) = project.findings
            assert finding.severity is Severity.NOTE
            assert "the copy in the journal is used" in finding.text
        assert path.read_bytes() == good


def test_project_json_and_journal_are_both_gone(home):
    (home / "cell.supervox/project.json").unlink()
    os.truncate(home / "cell.supervox/annotations/strokes.journal", 0)
    with pytest.raises(ProjectError, match="the journal has no copy of it; the strokes are in"):
        opened(home)


def test_the_history_survives_in_the_journal(home, flip):
    flip(home / "cell.supervox/provenance.json", 40)
    with opened(home) as project:
        assert [step["what"] for step in project.history.steps] == ["created", "segmented"]
        assert "what the journal says of the history is used" in project.findings[0].text
    with opened(home) as project:
        assert project.findings == []
    os.truncate(home / "cell.supervox/annotations/strokes.journal", 0)
    with opened(home) as project:
        assert [step["what"] for step in project.history.steps] == ["created", "segmented"]


@pytest.mark.parametrize("name", ["supervoxels-0-1.zarr/ids/c/0/0/0", "graph-0-1.zarr/part.json"])
def test_a_damaged_partition_is_not_used(home, flip, name):
    flip(home / "cell.supervox/derived" / name, 60)
    with opened(home) as project:
        assert project.derived.load_partitions() == []
        (finding,) = project.findings
        assert finding.severity is Severity.DERIVED
        assert "; it is computed again when needed" in finding.text
        ((part, _),) = project.derived.damaged()
        assert part == name.partition("-1.zarr")[0]
        project.derived.remove(part)
        assert project.derived.damaged() == []


@pytest.mark.parametrize("name", ["model.npz", "model.json"])
def test_a_damaged_model_is_not_used(home, flip, name):
    flip(home / "cell.supervox/derived" / name, 60)
    with opened(home) as project:
        assert project.derived.load_model(project.strokes) is None
        assert project.derived.damaged()[0][0] == "model.npz"
        project.derived.remove("model.npz")
        assert project.derived.damaged() == []
        assert project.derived.load_model(project.strokes) is None


def test_a_model_without_its_description(home):
    (home / "cell.supervox/derived/model.json").unlink()
    with opened(home) as project:
        assert project.derived.load_model(project.strokes) is None
        assert "its description is missing" in project.findings[0].text


@pytest.mark.skipif(os.name == "nt", reason="processes can't be asked for there")
@pytest.mark.parametrize("what", ["open", "copy"])
def test_the_half_copy_of_a_program_that_was_killed_goes(home, what):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    own = temporary_beside(home / "other.supervox")
    left = own.with_name(own.name.replace(f"-{os.getpid()}-", f"-{ended.pid}-"))
    volume = left.with_name(left.name.replace("other.supervox", "cell.mrc"))
    for path in (own, left, volume):
        (path / "annotations").mkdir(parents=True)
    with Project.open(home / "cell.supervox", read_only=what == "copy") as project:
        if what == "copy":
            assert left.exists(), "who only reads changes nothing"
            project.save_as(home / "copy.supervox")
    assert own.exists()
    assert volume.exists(), "it is for others to say whether that is needed"
    assert not left.exists()
