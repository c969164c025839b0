"""Objects in a project: read if they are whole and still true, or else found anew."""

from __future__ import annotations

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
