"""What a version doesn't understand it never changes, and reading changes nothing at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from supervox.project import Project, ProjectError
from supervox.project.documents import read_document, write_document
from supervox.project.journal import Journal
from supervox.project.records import Record, RecordKind
from supervox.project.settings import SCHEMA

JOURNAL = "annotations/strokes.journal"


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return content and time of every file, and the folders."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mtime_ns,
        )
        for path in [folder, *folder.rglob("*")]
    }


@pytest.fixture
def torn(home):
    """A project whose journal ends in the middle of a record, with a leftover of a kill."""
    folder = home / "cell.supervox"
    with (folder / JOURNAL).open("ab") as file:
        file.write(b"half a record of a form to come")
    (folder / ".00000000-1-00000000.partial.classes.json").write_text("{}")
    return folder


def make_newer(folder: Path, **change: object) -> None:
    content = read_document(folder / "project.json")
    write_document(folder / "project.json", content | change)


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": SCHEMA + 1}, f"has the schema {SCHEMA + 1}, this version .* a newer one"),
        ({"colour": "blue"}, "colour is unknown to this version"),
    ],
)
def test_a_project_of_a_newer_version_stays_as_it_is(torn, read_only, change, says):
    make_newer(torn, **change)
    before = everything(torn)
    with pytest.raises(ProjectError, match=says):
        Project.open(torn, read_only=read_only)
    assert everything(torn) == before


def test_a_copy_of_newer_settings_in_the_journal_counts_where_project_json_is_lost(torn):
    journal = Journal.open(torn / JOURNAL)
    content = dict(journal.last_of(RecordKind.PROJECT).content) | {"schema": SCHEMA + 1}
    journal.write([Record(journal.last_number + 1, 0.0, content, RecordKind.PROJECT)])
    journal.close()
    with (torn / JOURNAL).open("ab") as file:
        file.write(b"half a record")
    os.remove(torn / "project.json")
    before = everything(torn)
    with pytest.raises(ProjectError, match=f"has the schema {SCHEMA + 1}"):
        Project.open(torn)
    del before["."], before["lock"]
    after = everything(torn)
    assert {name: after[name] for name in before} == before


def test_opening_for_reading_changes_nothing(torn):
    for name in ("classes.json", "provenance.json"):
        (torn / name).write_text("{")
    before = everything(torn)
    with Project.open(torn, read_only=True) as project:
        assert project.findings
        assert project.strokes.voxels.size
        project.derived.load_partitions()
    assert everything(torn) == before


def test_a_lost_journal_is_read_from_the_snapshot(home):
    folder = home / "cell.supervox"
    with Project.open(folder) as project:
        project.save()
        expected = project.annotations.voxels.copy()
        classes = project.annotations.classes
    os.remove(folder / JOURNAL)
    before = everything(folder)
    with Project.open(folder, read_only=True) as project:
        assert (project.annotations.voxels == expected).all()
        assert project.annotations.classes == classes
        assert any("from the history" in item.text for item in project.findings)
    assert everything(folder) == before
    with Project.open(folder) as project:
        assert (project.annotations.voxels == expected).all()


def test_lost_annotations_can_not_be_read(home):
    folder = home / "cell.supervox"
    for path in (folder / "annotations").glob("strokes.journal*"):
        path.unlink()
    with Project.open(folder, read_only=True) as project:
        assert any("the history" in item.text for item in project.findings)


@pytest.mark.parametrize("name", ["project.json", "classes.json", "provenance.json"])
def test_a_document_that_was_changed_by_hand_is_kept_aside(home, name):
    folder = home / "cell.supervox"
    content = json.loads((folder / name).read_text()) | {"mine": 1}
    (folder / name).write_text(json.dumps(content))
    with Project.open(folder) as project:
        project.save()
        project.history.note("worked")
    assert json.loads((folder / f"{name}.damaged-1").read_text()) == content
    assert "mine" not in (folder / name).read_text()
    with Project.open(folder) as project:
        assert not project.findings
