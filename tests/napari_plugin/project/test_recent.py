"""The list of projects: none without a name is forgotten, whenever the program ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import rmtree
from threading import Event, Thread

import numpy as np
import pytest
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.project import project_files
from supervox.napari_plugin.project.recent import MOST, RecentProjects, unlisted
from supervox.napari_plugin.tasks.jobs import Report
from supervox.project import Project, is_held
from supervox.project.lock import FolderLock
from supervox.segmentation import SegmentationParameters
from supervox.volumes import temporary_beside, write_volume


@pytest.fixture
def recent(tmp_path):
    return RecentProjects(tmp_path / "home")


def make(folder: Path) -> Path:
    (folder / "annotations").mkdir(parents=True)
    return folder


def test_a_project_without_a_name_that_is_in_no_list_is_offered(recent):
    folder = make(recent.new_folder("cell 3.mrc"))
    (entry,) = recent.entries()
    assert entry.folder == str(folder)
    assert entry.name == "cell 3"
    assert entry.is_open
    assert not is_held(folder)
    recent.note(recent.home / "other.supervox", "other", is_open=False)
    assert {entry.name for entry in recent.entries()} == {"cell 3"}
    recent.note_closed(folder)
    assert [entry.is_open for entry in recent.entries()] == [False]


def test_a_list_that_is_damaged_forgets_no_project_without_a_name(recent):
    make(recent.new_folder("cell.mrc"))
    (recent.home / "recent.json").write_text("[{")
    assert [entry.name for entry in recent.entries()] == ["cell"]


def test_projects_without_a_name_stay_in_a_long_list(recent, tmp_path):
    unnamed = make(recent.new_folder("first.mrc"))
    recent.note(unnamed, "first", is_open=False)
    for number in range(MOST + 5):
        recent.note(make(tmp_path / f"{number}.supervox"), str(number), is_open=False)
    entries = recent.entries()
    assert len(entries) == MOST + 1
    assert entries[-1].folder == str(unnamed)
    assert not entries[-1].is_open


@pytest.mark.skipif(sys.platform == "win32", reason="processes can't be asked for there")
def test_what_a_killed_program_had_half_copied_goes(recent):
    recent.home.mkdir()
    own = temporary_beside(recent.home / "mine.supervox")
    make(own)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    left = own.with_name(own.name.replace(f"-{own.name.split('-')[1]}-", f"-{ended.pid}-"))
    make(left)
    assert not recent.entries()
    recent.note(make(recent.new_folder("cell.mrc")), "cell", is_open=True)
    assert own.exists()
    assert not left.exists()


def test_a_project_that_is_being_made_is_not_offered(recent):
    folder = make(recent.new_folder("cell.mrc"))
    lock = FolderLock(folder)
    assert not recent.entries()
    lock.release()
    assert len(recent.entries()) == 1


def test_a_project_that_is_there_but_not_held_yet_is_not_offered(recent, monkeypatch):
    path = recent.home.parent / "cell.tif"
    write_volume(path, np.ones((3, 4, 5), np.uint8), kind="image")
    source = Source("image", np.ones((3, 4, 5), np.uint8), 0, (1.0, 1.0, 1.0), "nm")
    offered = []
    taken = Project.open

    def open_project(folder, **how):
        offered.append((is_held(folder), recent.entries()))
        return taken(folder, **how)

    monkeypatch.setattr(Project, "open", open_project)
    folder = recent.new_folder("cell.tif")
    request = project_files.ProjectRequest(
        folder, str(path), source, SegmentationParameters(), unnamed=True
    )
    made = project_files.making(request)(Report(lambda value: None))
    assert offered == [(False, [])]
    made.project.close()
    assert len(recent.entries()) == 1
    assert not unlisted


def test_a_project_that_is_being_removed_is_not_offered(recent, monkeypatch):
    write_volume(recent.home.parent / "cell.tif", np.ones((3, 4, 5), np.uint8), kind="image")
    recent.home.mkdir()
    folder = recent.new_folder("cell.tif")
    project = Project.create(folder, recent.home.parent / "cell.tif")
    reached, go_on = Event(), Event()

    def remove(path, **_):
        reached.set()
        go_on.wait(60)
        rmtree(path)

    monkeypatch.setattr(project_files.shutil, "rmtree", remove)
    project_files.close(project, remove=True)
    assert reached.wait(60)
    assert recent.entries() == []
    go_on.set()
    project_files._closing.pop(folder).result(60)
    assert not folder.exists()
    assert not unlisted


def test_what_a_thread_notes_while_the_list_changes_is_not_lost(recent, tmp_path, monkeypatch):
    kept, closed = tmp_path / "kept.supervox", tmp_path / "closed.supervox"
    for folder in (kept, closed):
        folder.mkdir()
    recent.note(closed, "closed", is_open=True)
    entries, begun = recent.entries, Event()
    other = Thread(target=lambda: recent.note(kept, "kept", is_open=True))

    def read_and_be_interrupted():
        found = entries()
        if not begun.is_set():
            begun.set()
            other.start()
            other.join(timeout=0.2)  # as long as it would need without waiting
        return found

    monkeypatch.setattr(recent, "entries", read_and_be_interrupted)
    recent.forget(closed)
    other.join()
    assert [entry.name for entry in entries()] == ["kept"]
