"""``supervox objects``: labels into objects, measures, rules and tables."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from supervox.execution import VolumeLike
from supervox.objects import (
    CONNECTIVITIES,
    Instances,
    Measured,
    MeasureRequest,
    ObjectsError,
    ObjectTable,
    Rule,
    RuledObjects,
    apply_rules,
    find_objects,
    measure_objects,
    objects_of_ids,
    parse_rules,
    profile,
)
from supervox.volumes import Triple, open_labels, open_volume

from . import options
from .errors import say
from .labels_in import OpenedLabels, labels_in
from .object_files import ObjectFiles, write_instances, write_tables
from .outputs import Outputs
from .progress import StageProgress
from .report import print_json, print_table

_file = click.Path(path_type=Path)
SHOWN = ("class", "class_name", "objects", "touching_border", "volume", "share", "mean_volume")


@dataclass(frozen=True, kw_only=True)
class ObjectsRequest:
    """The options, understood.

    Attributes
    ----------
    labels : str
        Address of the labels, or a project.
    are_ids : bool
        Whether the values number objects already.
    classes : tuple of int
        Whose objects are wanted; all if there are none.
    connectivity : int
    images : tuple of (str, str)
        Names and addresses.
    parents : str, optional
    distance_to, depth_below : tuple of int
    step : float, optional
        Thickness of the shells of a profile.
    rules : tuple of Rule
    spacing : tuple of 3 float, optional
    workers : int, optional
    memory : float, optional
    """

    labels: str
    are_ids: bool
    classes: tuple[int, ...]
    connectivity: int
    images: tuple[tuple[str, str], ...]
    parents: str | None
    distance_to: tuple[int, ...]
    depth_below: tuple[int, ...]
    step: float | None
    rules: tuple[Rule, ...]
    spacing: Triple | None
    workers: int | None
    memory: float | None


def _named_images(
    ctx: click.Context, param: click.Parameter, values: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Split NAME=FILE; without a name it is that of the file."""
    found: dict[str, str] = {}
    for value in values:
        name, equals, address = value.partition("=")
        if not equals or not name.isidentifier():
            name, address = Path(value.partition("::")[0]).name.partition(".")[0], value
        if name in found:
            raise click.BadParameter(f"two images are called {name!r}; give NAME=FILE")
        found[name] = address
    return tuple(found.items())


def _read_rules(ctx: click.Context, param: click.Parameter, value: Path | None) -> tuple[Rule, ...]:
    if value is None:
        return ()
    try:
        return parse_rules(value.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ObjectsError(f"{value}: can't be read ({reason})") from error
    except ObjectsError as error:
        raise ObjectsError(f"{value}: {error}") from error


@click.command("objects")
@click.argument("labels")
@click.option("--table", type=_file, metavar="OUT.csv", help="Table of the objects, a row each.")
@click.option("--contacts", type=_file, metavar="OUT.csv", help="Table of objects that touch.")
@click.option("--classes", type=_file, metavar="OUT.csv", help="Table of totals of the classes.")
@click.option(
    "--instances",
    metavar="OUT",
    help="Volume of the objects' numbers, in any format of labels; or a mesh (.ply, .stl, .obj) "
    "with a part for each object.",
)
@click.option(
    "--image",
    "images",
    multiple=True,
    callback=_named_images,
    metavar="[NAME=]FILE",
    help="Image whose values are measured in each object, as they are; also a probability. May be "
    "given several times. A project's own is measured by itself.",
)
@click.option(
    "--class",
    "only",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="ID",
    help="Take the objects of this class; may be given several times. All by default.",
)
@click.option(
    "--connectivity",
    type=click.Choice([str(number) for number in CONNECTIVITIES]),
    default="26",
    show_default=True,
    help="Neighbours of a voxel: those that share a face (6), an edge (18) or a corner (26).",
)
@click.option("--are-objects", is_flag=True, help="The values of LABELS number objects already.")
@click.option("--parents", metavar="FILE", help="Labels of what objects lie in, such as cells.")
@click.option(
    "--distance-to",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="ID",
    help="Measure each object's distance to this class; may be given several times.",
)
@click.option(
    "--depth-below",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="ID",
    help="Measure depths below the surface of the body that this class, and all others that are "
    "given so, make up.",
)
@click.option(
    "--profile",
    "profile_file",
    type=_file,
    metavar="OUT.csv",
    help="Table of the shells of that body: shares of classes and mean intensities by depth.",
)
@click.option("--step", type=float, metavar="LENGTH", help="Thickness of those shells.")
@click.option(
    "--rules",
    type=_file,
    callback=_read_rules,
    metavar="FILE",
    help="Rules, one a line, applied in order: 'volume > 0.02 um^3 and sphericity < 0.4 -> class "
    "5', or '-> remove'.",
)
@options.spacing
@options.workers
@options.memory
@options.as_json
@options.follow
def command(
    labels: str,
    table: Path | None,
    contacts: Path | None,
    classes: Path | None,
    instances: str | None,
    images: tuple[tuple[str, str], ...],
    only: tuple[int, ...],
    connectivity: str,
    are_objects: bool,
    parents: str | None,
    distance_to: tuple[int, ...],
    depth_below: tuple[int, ...],
    profile_file: Path | None,
    step: float | None,
    rules: tuple[Rule, ...],
    spacing: Triple | None,
    workers: int | None,
    memory: float | None,
    as_json: bool,
) -> None:
    """Measure the objects of LABELS, or of the labels of a project: number, size, shape, contacts.

    An object is a connected piece of a class. Lengths, areas and volumes are in the unit of the
    voxel size; beside each table a file of the same name and .json says what every column is and
    what the table was made from.
    """
    if (profile_file is None) != (step is None) or (profile_file and not depth_below):
        raise click.UsageError("a profile needs --profile, --step and --depth-below")
    files = ObjectFiles(table, contacts, classes, profile_file, instances)
    request = ObjectsRequest(
        labels=labels,
        are_ids=are_objects,
        classes=only,
        connectivity=int(connectivity),
        images=images,
        parents=parents,
        distance_to=distance_to,
        depth_below=depth_below,
        step=step,
        rules=rules,
        spacing=spacing,
        workers=workers,
        memory=memory,
    )
    with StageProgress(workers) as stages:
        about, totals = _run(request, files, stages)
    written = {name: str(path) for name, path in files.tables.items()}
    written |= {"instances": instances} if instances else {}
    if as_json:
        rows = [dict(zip(totals.names, row, strict=True)) for row in totals.rows()]
        print_json({"command": "objects"} | about | {"files": written, "classes": rows})
        return
    _print(totals)
    for rule in about["rules"]:
        click.echo(f"rule {rule['rule']}: {rule['changed']:,} objects")
    for path in written.values():
        click.echo(f"{path}: written")


def _run(
    request: ObjectsRequest, files: ObjectFiles, stages: StageProgress
) -> tuple[dict[str, Any], ObjectTable]:
    """Do it; return what the tables were made from, and the totals."""
    with ExitStack() as stack:
        labels = stack.enter_context(
            labels_in(request.labels, request.spacing, stages, request.memory, request.workers)
        )
        images = {name: stack.enter_context(open_volume(path)) for name, path in request.images}
        parents = stack.enter_context(open_labels(request.parents)) if request.parents else None
        inputs = [labels.path, *(image.path for image in images.values())]
        outputs = stack.enter_context(Outputs(inputs))
        places = files.plan(outputs, labels.data.shape)
        channels: dict[str, VolumeLike] = {name: image.data for name, image in images.items()}
        if labels.image is not None:
            channels.setdefault("image", labels.image)
        more = MeasureRequest(
            labels.names,
            channels,
            labels.data,
            request.distance_to,
            request.depth_below,
            None if parents is None else parents.data,
        )
        found = _find(request, labels, stages)
        measured = _measure(found, more, labels, stages)
        ruled = apply_rules(measured.objects, request.rules, labels.names)
        if request.rules:
            found = ruled.instances(found)
            measured = measured.after(ruled, labels.names)
        tables = {
            "objects": measured.objects,
            "contacts": measured.contacts,
            "classes": measured.classes,
        }
        if places.profile is not None:
            tables["profile"] = _profile(request, more, labels, stages)
        about = _about(request, labels, ruled)
        write_tables(places, tables, about)
        if places.instances:
            with stages.stage("write", "Writing the objects") as run:
                write_instances(places.instances, found, labels, run)
        outputs.publish()
    return about, measured.classes


def _find(request: ObjectsRequest, labels: OpenedLabels, stages: StageProgress) -> Instances:
    """Find the objects; refuse labels without any."""
    with stages.stage("objects", "Finding objects") as run:
        if request.are_ids:
            found = objects_of_ids(labels.data, workers=run)
        else:
            found = find_objects(
                labels.data,
                classes=request.classes or None,
                connectivity=request.connectivity,
                workers=run,
            )
    if not found.number:
        of = f" of class {', '.join(map(str, request.classes))}" if request.classes else ""
        raise ObjectsError(f"{labels.path}: there is no object{of}: all other voxels are 0")
    voxels = int(np.count_nonzero(found.ids))
    if found.number == 1 and voxels == found.ids.size:
        say(
            f"{labels.path}: one object fills the whole volume; what is not to be counted should "
            "be 0, or left out by --class"
        )
    return found


def _measure(
    found: Instances, more: MeasureRequest, labels: OpenedLabels, stages: StageProgress
) -> Measured:
    with stages.stage("measure", f"Measuring {found.number:,} objects") as run:
        return measure_objects(
            found,
            more,
            spacing=labels.spacing,
            unit=labels.unit,
            origin=labels.origin,
            workers=run,
        )


def _profile(
    request: ObjectsRequest, more: MeasureRequest, labels: OpenedLabels, stages: StageProgress
) -> ObjectTable:
    with stages.stage("profile", "Measuring shells") as run:
        return profile(
            labels.data,
            request.depth_below,
            step=request.step or 0.0,
            channels=more.channels,
            names=labels.names,
            spacing=labels.spacing,
            unit=labels.unit,
            workers=run,
        )


def _about(request: ObjectsRequest, labels: OpenedLabels, ruled: RuledObjects) -> dict[str, Any]:
    """Return what the tables were made from."""
    rules = [
        {"rule": rule.text, "changed": changed}
        for rule, changed in zip(request.rules, ruled.changed, strict=True)
    ]
    return {
        "labels": str(labels.path),
        "images": dict(request.images),
        "parents": request.parents,
        "shape": list(labels.data.shape),
        "spacing": list(labels.spacing) if labels.known else None,
        "unit": labels.unit,
        "objects_are": "the ids in the file" if request.are_ids else "connected components",
        "connectivity": None if request.are_ids else request.connectivity,
        "of_classes": list(request.classes) or "all",
        "distance_to": list(request.distance_to),
        "depth_below": list(request.depth_below),
        "rules": rules,
    }


def _print(totals: ObjectTable) -> None:
    """Print the totals of the classes."""
    columns = [totals.column(name) for name in SHOWN]
    rows = [list(row) for row in zip(*(c.values.tolist() for c in columns), strict=True)]
    if "parent" in totals:
        rows = rows[: int((totals["parent"] == 0).sum())]
    print_table([column.title for column in columns], [[_shown(v) for v in row] for row in rows])


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value}"
