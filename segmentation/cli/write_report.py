"""``supervox report``: a project described, for the lab book and for the methods of a paper."""

from __future__ import annotations

import io
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from supervox.segmentation.picture import Look, draw_picture
from supervox.segmentation.project.pages import pictures_of, to_html, to_markdown
from supervox.segmentation.project.project import ENDING, Project
from supervox.segmentation.project.report import make_report
from supervox.segmentation.result import Segmentation
from supervox.segmentation.workspace import Workspace

from . import options, projects
from .outputs import Outputs, making_folder
from .progress import Progress, Stages


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
    with project.open_volume() as volume, Outputs([volume.path]) as outputs, Stages() as stages:
        names = ("report.md", "report.html", "sections.png")
        places = {name: outputs.plan_file(folder / name) for name in names}
        rooms = projects.rooms_of(project, volume, memory, workers)
        data, _ = projects.read_data(project, volume, stages, rooms, workers)
        result = projects.result_of(project, data, stages, rooms, workers)
        with stages.stage("labels", "Making the labels") as progress:
            labels = _labels(result, rooms.ids, progress)
        with stages.stage("write", "Describing"):
            sections = make_report(project, labels, _picture(project, data, labels))
        places["report.md"].write_text(to_markdown(sections), "utf-8")
        places["report.html"].write_text(to_html(sections), "utf-8")
        for picture in pictures_of(sections):
            places[picture.name].write_bytes(picture.data)
        outputs.publish()


def _labels(
    result: Segmentation, workspace: Workspace, progress: Progress
) -> NDArray[np.unsignedinteger]:
    labels = workspace.empty(result.shape, result.label_dtype)
    for part in result.render(progress=workspace.releasing(progress)):
        labels[part.block.core] = part.labels
    return labels


def _picture(
    project: Project, data: NDArray[np.generic], labels: NDArray[np.unsignedinteger]
) -> bytes:
    """Draw three sections with the labels beside, as PNG."""
    from PIL import Image

    settings, store = project.settings, project.annotations
    drawn = draw_picture(
        data,
        spacing=settings.spacing,
        unit=settings.unit if settings.spacing_from != "unknown" else None,
        labels=labels,
        strokes=store.voxels if settings.slices is None else store.voxels[settings.slices],
        looks={item.id: Look(item.name, item.colour) for item in store.classes},
    )
    stream = io.BytesIO()
    Image.fromarray(drawn).save(stream, "png")
    return stream.getvalue()
