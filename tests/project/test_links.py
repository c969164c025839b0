"""A project may come from anybody: nothing in it is followed out of its folder, or waited for."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from supervox.project import Project, ProjectError
from supervox.project.aside import keep_aside
from supervox.project.inside import open_inside, read_inside
from supervox.project.lock import TAKEN, FolderLock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links are others there")

PLACES = [
    "lock",
    "lock.taken",
    "project.json",
    "classes.json",
    "provenance.json",
    "annotations",
    "annotations/strokes.journal",
    "annotations/strokes.journal.head",
    "annotations/snapshot-1.zarr",
    "annotations/snapshot-1.zarr/part.json",
    "annotations/.00000000-1-00000000.partial.x",
    "derived",
    "derived/model.npz",
    "derived/model.json",
    "derived/result-1.zarr",
    "unfinished",
    "unfinished/graph-0",
    "unfinished/graph-0/log",
    "anything",
]


@pytest.fixture
def mine(tmp_path):
    """A folder of the person who opens the project."""
    place = tmp_path / "mine"
    (place / "folder").mkdir(parents=True)
    (place / "file").write_text("precious")
    (place / "folder" / "file").write_text("precious")
    return place


def put(folder: Path, name: str, target: Path) -> Path:
    """Put a link in the place of a part of a project."""
    path = folder / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path


@pytest.mark.parametrize("to_folder", [False, True])
@pytest.mark.parametrize("name", PLACES)
def test_a_project_with_a_link_is_refused_and_nothing_is_touched(home, mine, name, to_folder):
    folder = home / "cell.supervox"
    link = put(folder, name, mine / ("folder" if to_folder else "file"))
    for read_only in (False, True):
        with pytest.raises(ProjectError, match=r"is a link to .*, and nothing in a project"):
            Project.open(folder, read_only=read_only)
    assert link.is_symlink()
    assert (mine / "file").read_text() == (mine / "folder" / "file").read_text() == "precious"
    assert sorted(os.listdir(mine)) == ["file", "folder"]
    assert os.listdir(mine / "folder") == ["file"]


def test_a_link_to_nothing_is_refused_and_not_made(home, mine):
    folder = home / "cell.supervox"
    for name in ("lock", "annotations/strokes.journal.head", "unfinished"):
        put(folder, name, mine / "new")
    with pytest.raises(ProjectError, match="is a link to"):
        Project.open(folder)
    assert not (mine / "new").exists()


def test_a_project_that_is_reached_through_a_link_opens(home):
    (home / "here").symlink_to(home / "cell.supervox")
    with Project.open(home / "here") as project:
        assert project.read_only_because is None


@pytest.mark.parametrize("name", PLACES)
def test_a_pipe_is_refused_and_not_waited_for(home, name):
    folder = home / "cell.supervox"
    path = put(folder, name, home)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ProjectError, match=r"is no ordinary file|is no project"):
        Project.open(folder)


def test_files_of_a_project_are_opened_in_no_other_way(tmp_path, mine):
    """What becomes a link between the look at the project and its use is not followed either."""
    link = tmp_path / "link"
    link.symlink_to(mine / "file")
    for mode in ("rb", "r+b", "wb"):
        with pytest.raises(OSError, match="symbolic links"):
            open_inside(link, mode)
    with pytest.raises(OSError, match="symbolic links"):
        read_inside(link)
    with pytest.raises(FileExistsError):
        keep_aside(link, b"x")
    (tmp_path / "lock").symlink_to(mine / "file")
    with pytest.raises(OSError, match="symbolic links"):
        FolderLock(tmp_path)
    (tmp_path / "lock").unlink()
    (tmp_path / TAKEN).symlink_to(mine / "file")
    with pytest.raises(Exception, match="another process"):
        FolderLock(tmp_path)
    assert (mine / "file").read_text() == "precious"


def test_a_copy_has_the_modes_of_where_it_is_made(home, tmp_path):
    folder = home / "cell.supervox"
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2775)
    before = os.umask(0o002)
    try:
        with Project.open(folder) as project:
            project.save_as(shared / "copy.supervox")
        with Project.open(shared / "copy.supervox") as copy:
            copy.history.note("worked")
            voxels = copy.annotations.voxels.copy()
            copy.save()
    finally:
        os.umask(before)
    with Project.open(folder) as project:
        np.testing.assert_array_equal(project.annotations.voxels, voxels)
    for path in [shared / "copy.supervox", *(shared / "copy.supervox").rglob("*")]:
        expected = 0o2775 if path.is_dir() else 0o664
        assert path.stat().st_mode & 0o7777 == expected, path


def test_a_shared_project_is_written_to_by_a_second_person(home):
    folder = home / "cell.supervox"
    before = os.umask(0o002)
    try:
        (folder / "lock").unlink()
        with Project.open(folder) as project:
            project.save()
    finally:
        os.umask(before)
    assert (folder / "lock").stat().st_mode & 0o777 == 0o664
