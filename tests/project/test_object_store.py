"""Objects in a project: read if they are whole and still true, or else found anew."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from supervox.execution import Cancelled, Run
from supervox.project import Project, Severity

IDS = np.arange(2 * 3 * 4, dtype=np.int32).reshape(2, 3, 4)


def made(about, read):
    return about["note"], read("ids", np.int32, (None, None, None))


@pytest.fixture
def project(home: Path):
    with Project.open(home / "cell.supervox") as opened:
        opened.derived.save_objects({"labels": "a"}, {"note": 1}, {"ids": IDS})
        yield opened


def test_objects_are_read_where_they_follow_from_the_same(project: Project) -> None:
    note, ids = project.derived.load_objects({"labels": "a"}, made)
    assert note == 1
    np.testing.assert_array_equal(ids, IDS)
    assert project.derived.load_objects({"labels": "b"}, made) is None
    assert project.findings[-1].severity is Severity.DERIVED


def test_newer_objects_take_the_place_of_older_ones(project: Project) -> None:
    project.derived.save_objects({"labels": "b"}, {"note": 2}, {"ids": IDS + 1})
    assert project.derived.load_objects({"labels": "a"}, made) is None
    assert project.derived.load_objects({"labels": "b"}, made)[0] == 2
    assert len(project.derived.parts.generations("objects")) == 1


def test_damaged_objects_are_not_used(project: Project, flip: Callable[..., None]) -> None:
    folder = project.derived.folder / "objects-1.zarr" / "ids"
    flip(max(folder.rglob("*"), key=lambda path: path.is_file() and path.stat().st_size))
    assert project.derived.load_objects({"labels": "a"}, made) is None
    assert [name for name, _ in project.derived.damaged()] == ["objects"]
    assert "is damaged" in str(project.findings[-1])


def test_objects_of_another_kind_are_not_used(project: Project) -> None:
    def refuses(about, read):
        return about["nothing of the kind"]

    assert project.derived.load_objects({"labels": "a"}, refuses) is None


SAVING = """
import sys, itertools, numpy as np
from supervox.project import Project
with Project.open(sys.argv[1]) as project:
    for k in itertools.count():
        name = "ab"[k % 2]
        ids = np.full((40, 256, 256), k % 2, np.int32)
        project.derived.save_objects({"labels": name}, {"note": name}, {"ids": ids})
        print(name, flush=True)
"""


def test_a_process_that_is_killed_while_it_writes_objects_leaves_whole_ones(home: Path) -> None:
    folder = home / "cell.supervox"
    for lines in (1, 2, 4):
        done = subprocess.Popen(
            [sys.executable, "-c", SAVING, folder], stdout=subprocess.PIPE, text=True
        )
        for _ in range(lines):
            assert done.stdout.readline().strip()
        done.kill()
        done.communicate()
        with Project.open(folder) as project:
            found = {name: project.derived.load_objects({"labels": name}, made) for name in "ab"}
            there = {name: objects for name, objects in found.items() if objects is not None}
            assert there  # both, if it was killed before the older ones were removed
            for name, (note, ids) in there.items():
                assert note == name
                assert (ids == "ab".index(name)).all()
            assert not project.derived.damaged()
            names = {path.name.split("-")[0] for path in project.derived.folder.iterdir()}
            assert all(not name.startswith(".") for name in names)


def test_of_objects_whose_writing_is_stopped_nothing_is_left(project: Project) -> None:
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        project.derived.save_objects(
            {"labels": "b"},
            {"note": 2},
            {"ids": IDS},
            run=Run(1, None, lambda: next(asked, True)),
        )
    assert project.derived.load_objects({"labels": "a"}, made)[0] == 1
    assert [path.name for path in project.derived.folder.glob("*objects*")] == ["objects-1.zarr"]
