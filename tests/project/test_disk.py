"""Real disks: one that is full, and one that can't be written to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from supervox.project import Project, ProjectError, Severity, VoxelChange

from .conftest import row

# A process that may write no file beyond 200 kB, as with a quota.
LIMITED = """
import resource, sys
import numpy as np
from supervox.project import Project, ProjectError, VoxelChange
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
project = Project.open(sys.argv[1])
chance = np.random.default_rng(0)
voxels = np.arange(project.annotations.voxels.size)
for _ in range(10):
    new = chance.integers(0, 200, voxels.size).astype(np.uint8)
    old = project.annotations.voxels.reshape(-1)
    project.annotations.apply(VoxelChange(voxels, old, new))
try:
    project.save()
except ProjectError as error:
    print(error)
print(project.annotations.state.pending)
"""


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", place]
    if os.name == "nt" or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def noise(store, seed):
    """Return a change of all voxels that nothing can compress."""
    chance = np.random.default_rng(seed)
    new = chance.integers(0, 200, store.voxels.size).astype(np.uint8)
    return VoxelChange(np.arange(new.size), store.voxels.reshape(-1).copy(), new)


def test_a_full_disk_loses_nothing(home, disk):
    shutil.copytree(home / "cell.supervox", disk / "cell.supervox")
    shutil.copy(home / "cell.tif", disk)
    failed, saved = threading.Event(), threading.Event()

    def tell(state):
        (failed if state.error else saved).set()

    project = Project.open(disk / "cell.supervox", on_state=tell)
    store = project.annotations
    project.save()
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        room = os.statvfs(disk)
        file.write(bytes(room.f_bavail * room.f_frsize - 50_000))
    for seed in range(5):
        store.apply(noise(store, seed))
    assert failed.wait(60)
    assert "No space left on device" in store.state.error
    assert store.state.pending > 0
    with pytest.raises(ProjectError, match="No space left on device"):
        project.save()
    (kept,) = project.derived.load_partitions(1)
    other = replace(kept, ids=kept.ids.copy())  # what is there already isn't written again
    with pytest.raises(ProjectError, match="No space left on device"):
        project.derived.save_partition(0, other)
    assert not list(disk.rglob("*.partial.*"))
    expected = store.voxels.copy()
    ballast.unlink()
    saved.clear()
    store.flush()
    assert saved.wait(60)
    assert store.state.error is None
    project.close()
    with Project.open(disk / "cell.supervox") as again:
        np.testing.assert_array_equal(again.annotations.voxels, expected)
        assert again.findings == []
        assert len(again.derived.load_partitions()) == 2


def test_a_copy_on_another_disk_is_the_way_out_of_a_full_one(home, disk, tmp_path):
    shutil.copytree(home / "cell.supervox", disk / "cell.supervox")
    shutil.copy(home / "cell.tif", disk)
    failed = threading.Event()
    project = Project.open(disk / "cell.supervox", on_state=lambda s: s.error and failed.set())
    store = project.annotations
    with (disk / "ballast").open("wb") as file:
        room = os.statvfs(disk)
        file.write(bytes(room.f_bavail * room.f_frsize - 50_000))
    for seed in range(5):
        store.apply(noise(store, seed))
    assert failed.wait(60)
    project.save_as(tmp_path / "copy.supervox")
    with Project.open(tmp_path / "copy.supervox") as copy:
        np.testing.assert_array_equal(copy.annotations.voxels, store.voxels)
        assert copy.annotations.classes == store.classes
        # what the full disk refused is missing from the history, and nothing else is
        assert not [item for item in copy.findings if item.severity is Severity.LOSS]
    with pytest.raises(ProjectError, match="No space left on device"):
        project.close(force=True)


def test_a_disk_that_can_not_be_written_to(home, disk, tmp_path):
    shutil.copytree(home / "cell.supervox", disk / "cell.supervox")
    shutil.copy(home / "cell.tif", disk)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with Project.open(disk / "cell.supervox") as project:
        assert "can't be written to (Read-only file system)" in project.read_only_because
        assert len(project.derived.load_partitions()) == 2
        with pytest.raises(ProjectError, match="open for reading only"):
            project.annotations.apply(row(project.annotations, 0, 1))
        with pytest.raises(ProjectError, match="can't be written"):
            project.save_as(disk / "copy.supervox")
        project.save_as(tmp_path / "copy.supervox")
    with pytest.raises(ProjectError, match="can't be written"):
        Project.create(disk / "new.supervox", disk / "cell.tif")


@pytest.mark.skipif(os.name == "nt", reason="there are no such limits")
def test_a_quota(home):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, home / "cell.supervox"],
        capture_output=True,
        text=True,
        check=False,
    )
    message, pending = done.stdout.splitlines()
    assert "can't be written (File too large)" in message
    assert int(pending) > 0
    assert "gave up, they are lost" in done.stderr
    with Project.open(home / "cell.supervox") as project:
        assert not project.derived.damaged()
        assert all("is dropped" in item.text for item in project.findings)  # half a record


def painted_elsewhere(home, change):
    """Open a project, paint, have its folder changed, and paint; an error is told."""
    told = threading.Event()
    folder = home / "cell.supervox"
    project = Project.open(folder, on_state=lambda state: state.error and told.set())
    project.annotations.apply(row(project.annotations, 0, 98))
    project.annotations.flush()
    change(folder)
    project.annotations.apply(row(project.annotations, 1000, 99))
    return project, told


@pytest.mark.skipif(os.name == "nt", reason="open files can't be removed there")
def test_a_project_that_is_removed_is_not_saved_and_can_be_saved_elsewhere(home, tmp_path):
    project, told = painted_elsewhere(home, shutil.rmtree)
    store = project.annotations
    with pytest.raises(ProjectError, match="it was moved or removed"):
        store.flush()
    assert told.wait(60)
    assert store.state.pending
    project.save_as(tmp_path / "copy.supervox")
    with Project.open(tmp_path / "copy.supervox") as copy:
        np.testing.assert_array_equal(copy.annotations.voxels, store.voxels)
        assert copy.annotations.classes == store.classes
        assert copy.settings.parameters == project.settings.parameters
        assert not copy.findings
        copy.open_volume().close()
        copy.annotations.undo()  # what was painted last, which no file had
        copy.annotations.undo()
        assert not np.isin(copy.annotations.voxels, (98, 99)).any()
    with pytest.raises(ProjectError, match="moved or removed"):
        project.close(force=True)


@pytest.mark.skipif(os.name == "nt", reason="open files can't be moved there")
def test_a_project_that_is_moved_is_not_saved_until_it_is_back(home, tmp_path):
    other = tmp_path / "other.supervox"
    project, _ = painted_elsewhere(home, lambda folder: folder.rename(other))
    store = project.annotations
    with pytest.raises(ProjectError, match="it was moved or removed"):
        store.flush()
    other.rename(project.folder)
    store.flush()
    assert store.state.error is None
    project.close()
    with Project.open(project.folder) as again:
        np.testing.assert_array_equal(again.annotations.voxels, store.voxels)
        assert not again.findings


@pytest.mark.skipif(os.name == "nt", reason="open files can't be removed there")
def test_another_project_in_its_place_is_left_alone(home, tmp_path):
    old = tmp_path / "old.supervox"
    shutil.copytree(home / "cell.supervox", old)

    def restore(folder):
        shutil.rmtree(folder)
        shutil.copytree(old, folder)

    project, _ = painted_elsewhere(home, restore)
    with pytest.raises(ProjectError, match="it was moved or removed"):
        project.annotations.flush()
    project.save_as(tmp_path / "copy.supervox")
    with Project.open(tmp_path / "copy.supervox") as copy:
        np.testing.assert_array_equal(copy.annotations.voxels, project.annotations.voxels)
    with pytest.raises(ProjectError):
        project.close(force=True)
    journal = "annotations/strokes.journal"
    assert (project.folder / journal).read_bytes() == (old / journal).read_bytes()
