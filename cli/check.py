"""``supervox check``: whether a project is whole; what can be derived is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from supervox.project import (
    MODEL,
    RESULT,
    Finding,
    Project,
    ProjectError,
    Severity,
    complete,
    load_mask,
    prepare,
)
from supervox.volumes import VolumeError

from . import options, projects
from .progress import StageProgress
from .report import print_json

DAMAGED = 1  # exit code: something is lost, or not repaired


@click.command("check")
@projects.argument
@click.option("--no-repair", is_flag=True, help="Only say what is wrong; change nothing.")
@options.workers
@options.memory
@options.as_json
@options.follow
def command(
    project: Path, no_repair: bool, workers: int | None, memory: float | None, as_json: bool
) -> int:
    """Verify every file of PROJECT; repair what can be, and say what is lost.

    Every checksum is compared, and every snapshot of the strokes with the journal. Files that are
    there twice are put right, parts that can be computed are computed again. The exit code is 0 if
    the project is whole now, 1 if something is lost or could not be repaired, 2 if it can't be
    opened.
    """
    with Project.open(project, read_only=no_repair) as opened:
        repairs = opened.read_only_because is None
        entries = [_entry(finding, repairs) for finding in opened.findings]
        entries += _check_mask(opened)
        compared = opened.annotations.compare_snapshots(repair=repairs)
        entries += [_entry(finding, repairs) for finding in compared]
        entries += _check_derived(opened, repairs, memory, workers)
        entries += _check_volume(opened)
        if repairs:
            opened.save()
        because = opened.read_only_because
    if because is not None and not no_repair:
        entries.append({"part": "", "text": f"nothing was repaired: {because}", "state": "note"})
    if as_json:
        print_json({"command": "check", "project": str(project), "findings": entries})
    else:
        for item in entries:
            click.echo(f"{item['state']:9} {item['part']}: {item['text']}")
        click.echo(f"{project}: {_verdict(entries)}")
    return DAMAGED if any(item["state"] in ("lost", "damaged") for item in entries) else 0


def _entry(finding: Finding, repairs: bool) -> dict[str, str]:
    """Return a finding, with what became of it."""
    state = "repaired" if repairs else "damaged"
    if finding.severity is Severity.LOSS:
        state = "lost"
    return {"part": finding.part, "text": finding.text, "state": state}


def _check_derived(
    project: Project, repairs: bool, memory: float | None, workers: int | None
) -> list[dict[str, str]]:
    """Verify what was computed; compute again what is damaged."""
    damaged = project.derived.damaged()
    state = "repaired" if repairs else "damaged"
    if repairs and damaged:
        for name, _ in damaged:
            project.derived.remove(name)
        try:
            _recompute(project, {name for name, _ in damaged}, memory, workers)
        except (ProjectError, VolumeError, ValueError) as error:
            entry = {"part": "derived", "text": f"can't be computed now: {error}", "state": "note"}
            return [entry, *_list(damaged, "removed")]
    return _list(damaged, state)


def _list(damaged: list[tuple[str, str]], state: str) -> list[dict[str, str]]:
    return [{"part": f"derived/{name}", "text": why, "state": state} for name, why in damaged]


def _recompute(
    project: Project, names: set[str], memory: float | None, workers: int | None
) -> None:
    """Make what was removed again."""
    with (
        project.open_volume() as volume,
        StageProgress(workers) as stages,
        projects.rooms_of(project, volume, memory, workers) as rooms,
    ):
        data, _ = projects.read_data(project, volume, stages, rooms)
        with stages.stage("segment", "Computing what was damaged") as run:
            make = complete if names & {RESULT, MODEL} else prepare
            make(project, data, workspace=rooms.ids, run=run)


def _check_mask(project: Project) -> list[dict[str, str]]:
    """Say whether the mask can be read, if there is one."""
    try:
        load_mask(project)
    except ProjectError as error:
        return [{"part": "mask", "text": str(error), "state": "lost"}]
    return []


def _check_volume(project: Project) -> list[dict[str, str]]:
    """Say whether the volume is there, and the same."""
    try:
        project.open_volume().close()
    except (ProjectError, VolumeError) as error:
        return [{"part": "volume", "text": str(error), "state": "damaged"}]
    return []


def _verdict(entries: list[dict[str, Any]]) -> str:
    states = {item["state"] for item in entries}
    if "lost" in states:
        return "something is lost; what is left can be used"
    if "damaged" in states:
        return "not all is in order"
    if states & {"repaired", "removed"}:
        return "repaired; nothing is lost"
    return "whole"
