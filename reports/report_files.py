"""The report on a project as files: Markdown with a picture, and one HTML file of the same."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from supervox.execution import VolumeLike
from supervox.features import fill_values_of, leave_out
from supervox.project import Project

from .document import pictures_of, to_html, to_markdown
from .picture import Look, draw_picture
from .report import make_report

HTML, MARKDOWN = "report.html", "report.md"


def report_files(
    project: Project, volume: VolumeLike, labels: NDArray[np.unsignedinteger]
) -> dict[str, bytes]:
    """Describe a project, for the lab book and for the methods of a paper.

    Parameters
    ----------
    project : Project
    volume : array-like, (Z, Y, X)
        Of the box, or all.
    labels : uint8 or uint16, (Z, Y, X)
        Of the same voxels.

    Returns
    -------
    dict of str to bytes
        Contents by name of file. ``report.html`` needs no other one.
    """
    no_data = project.settings.parameters.no_data
    fill_values = fill_values_of(leave_out(volume, no_data))
    drawn = _picture(project, volume, labels)
    sections = make_report(project, labels, drawn, fill_values)
    pictures = {picture.name: picture.data for picture in pictures_of(sections)}
    return {
        MARKDOWN: to_markdown(sections).encode(errors="backslashreplace"),
        HTML: to_html(sections).encode(errors="backslashreplace"),
        **pictures,
    }


def _picture(project: Project, volume: VolumeLike, labels: NDArray[np.unsignedinteger]) -> bytes:
    """Draw three sections with the labels beside, as PNG."""
    from PIL import Image

    settings, store = project.settings, project.annotations
    drawn = draw_picture(
        volume,
        spacing=settings.spacing,
        unit=settings.unit if settings.spacing_from != "unknown" else None,
        labels=labels,
        strokes=store.voxels if settings.slices is None else store.voxels[settings.slices],
        looks={item.id: Look(item.name, item.colour) for item in store.classes},
    )
    stream = io.BytesIO()
    Image.fromarray(drawn).save(stream, "png")
    return stream.getvalue()
