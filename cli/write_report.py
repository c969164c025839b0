"""``supervox report``: a project described, for the lab book and for the methods of a paper."""

from __future__ import annotations

from pathlib import Path

import click
from supervox.project import ENDING, Project
from supervox.reports import report_files

from . import options, projects
from .outputs import Outputs, making_folder
from .progress import StageProgress


@click.command("report")
@projects.argument
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the report; NAME_report beside the project by default.",
)
@options.workers
@options.memory
@options.follow
def command(project: Path, output: Path | None, workers: int | None, memory: float | None) -> None:
    """Describe PROJECT: what was done with what, volumes and counts of the classes, pictures.

    DIR gets report.md with its picture, and report.html, which is one file of the same. Both have a
    methods paragraph with citations.
    """
    stem = project.name.removesuffix(ENDING)
    folder = output or project.parent / f"{stem}_report"
    with projects.opened(project) as opened, making_folder(folder):
        _write(opened, folder, memory, workers)
    click.echo(f"{folder / 'report.html'}: written")


def _write(project: Project, folder: Path, memory: float | None, workers: int | None) -> None:
    with (
        project.open_volume() as volume,
        Outputs([volume.path]) as outputs,
        StageProgress(workers) as stages,
        projects.rooms_of(project, volume, memory, workers) as rooms,
    ):
        data, _ = projects.read_data(project, volume, stages, rooms)
        result = projects.result_of(project, data, stages, rooms)
        with stages.stage("labels", "Making the labels") as run:
            labels = projects.labels_of(result, rooms.ids, run)
        with stages.stage("write", "Describing"):
            files = report_files(project, data, labels)
        for name, content in files.items():
            outputs.plan_file(folder / name).write_bytes(content)
        outputs.publish()
