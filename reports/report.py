"""A report on a project: what was done with what, and what came out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.objects import ObjectSteps
from supervox.project import Project, Severity
from supervox.segmentation import count_labels
from supervox.volumes import cubed

from .document import Picture, Section, Table
from .methods import LeftOut, methods_paragraph
from .object_totals import objects_section, of_all, totals_of_objects
from .summary import class_entries, describe_project, described_parameters, mask_text


def make_report(
    project: Project,
    labels: NDArray[np.unsignedinteger],
    picture: bytes,
    fill_values: tuple[float, ...] = (),
) -> list[Section]:
    """Put the report together.

    Parameters
    ----------
    project : Project
    labels : uint8 or uint16, (Z, Y, X)
        Of the box, or of all.
    picture : bytes
        Three sections with overlay, as PNG.
    fill_values : tuple of float
        Constants that stand for no data.

    Returns
    -------
    list of Section
    """
    summary, settings = describe_project(project), project.settings
    painted = class_entries(project)
    names = {item["id"]: item["name"] for item in painted}
    steps = summary["history"]
    prepared = [step["supervoxels"] for step in steps if "supervoxels" in step]
    versions = steps[-1]["versions"] if steps else {}
    left_out = LeftOut(1 - np.count_nonzero(labels) / labels.size, fill_values)
    balance = settings.parameters.refinement.balance
    of_nothing = {k for k, _ in balance} - set(project.strokes.class_ids)
    used = settings.parameters.balanced(*((k, 0.0) for k in of_nothing))
    paragraph, cited = methods_paragraph(
        replace(settings, parameters=used),
        str(versions.get("supervox", "")),
        sum(item["painted_voxels"] > 0 for item in painted),
        sum(item["strokes"] for item in painted),
        prepared[-1] if prepared else [],
        names,
        n_steps=np.unique(project.strokes.steps).size,
        left_out=left_out,
    )
    edits = ObjectSteps.of(project.annotations.edits)
    measured = totals_of_objects(labels, project, names, edits)
    objects = None
    if measured is not None:
        totals = of_all(measured[0])
        objects = dict(zip(totals["class"].tolist(), totals["objects"].tolist(), strict=True))
    name = project.folder.name
    drawn = Picture("sections.png", picture, f"Sections of {name}")
    parameters = tuple(
        (entry.stage.title if entry.stage else "", entry.about.title, text)
        for entry, text in described_parameters(settings.parameters, names)
    )
    sections = [
        Section(f"Segmentation {name}", (_facts(summary, left_out, _by_hand(painted, labels)),)),
        Section("Result", (_classes(project, labels, painted, objects), drawn)),
        *(
            [objects_section(*measured, settings, edits.asked.parents)]
            if measured is not None
            else []
        ),
        Section("Methods", (paragraph, *(f"[{k}] {text}" for k, text in enumerate(cited, 1)))),
        Section("Parameters", (Table(("stage", "parameter", "value"), parameters),)),
        Section("What was done", (_history(steps),)),
        Section("Versions", (Table(("software", "version"), tuple(versions.items())),)),
    ]
    lasting = [item for item in summary["findings"] if item["severity"] is not Severity.DERIVED]
    if lasting:  # the rest was computed again
        found = tuple(f"{item['part']}: {item['text']}" for item in lasting)
        sections.append(Section("Damage that was found", found))
    return sections


def _by_hand(painted: Sequence[Mapping[str, Any]], labels: NDArray[np.unsignedinteger]) -> str:
    """Say how much was corrected by hand; empty if nothing was."""
    number = sum(item["corrected_voxels"] for item in painted)
    return f"{number:,} voxels ({100 * number / labels.size:.2g} %)" if number else ""


def _facts(summary: Mapping[str, Any], left_out: LeftOut, by_hand: str) -> Table:
    settings, journal = summary["settings"], summary["journal"]
    volume, unit = settings["volume"], settings["unit"] or ""
    known = settings["spacing_from"] != "unknown"
    size = " x ".join(f"{value:g}" for value in settings["spacing"]) if known else "not stated"
    box = settings["box"]
    return Table(
        ("", ""),
        (
            ("volume", f"{volume['absolute']} {volume['inside']}".strip()),
            ("fingerprint", volume["fingerprint"]),
            ("voxels (planes x rows x columns)", " x ".join(map(str, volume["shape"]))),
            ("segmented part", " x ".join(f"{a}:{b}" for a, b in box) if box else "all"),
            ("voxel size", f"{size} {unit}".strip()),
            *([("mask", mask_text(settings))] if mask_text(settings) else []),
            *([("no data", left_out.text)] if left_out.text else []),
            *([("corrected by hand", by_hand)] if by_hand else []),
            ("changes of strokes", f"{journal['changes']:,}"),
            ("painted", f"{journal['first']} to {journal['last']}"),
        ),
    )


def _classes(
    project: Project,
    labels: NDArray[np.unsignedinteger],
    painted: Sequence[Mapping[str, Any]],
    objects: Mapping[int, int] | None,
) -> Table:
    """Return the table of classes: voxels, share, volume and objects of each."""
    settings = project.settings
    unit, factor = cubed(settings.unit)
    voxels = count_labels(labels)
    total = max(1, int(voxels[1:].sum()))  # with data
    by_hand = any(item["corrected_voxels"] for item in painted)
    rows = []
    for item in painted:
        k = item["id"]
        number = int(voxels[k])
        volume = factor * number * settings.voxel_size.voxel_volume
        counted = "not counted" if objects is None else f"{objects.get(k, 0):,}"
        rows.append(
            (
                *(str(k), item["name"], f"{item['strokes']:,}", f"{number:,}"),
                *(f"{100 * number / total:.1f} %", "" if math.isnan(volume) else f"{volume:.4g}"),
                *([f"{item['corrected_voxels']:,}"] if by_hand else []),
                counted,
            )
        )
    header = (
        "class",
        "name",
        "strokes",
        "voxels",
        "share",
        f"volume ({unit}^3)" if unit else "volume",
    )
    corrected = ("voxels by hand",) if by_hand else ()
    return Table((*header, *corrected, "objects"), tuple(rows))


def _history(steps: Sequence[Mapping[str, Any]]) -> Table:
    hidden = {"what", "when", "time", "versions", "parameters"}
    rows = []
    for step in steps:
        details = ", ".join(f"{name} {value}" for name, value in step.items() if name not in hidden)
        rows.append((step["when"], step["what"], details))
    return Table(("when", "what", "details"), tuple(rows))
