"""``supervox objects``: labels into objects, measures, rules and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from supervox.objects import (
    CONNECTIVITIES,
    SPLITS,
    Boundaries,
    ObjectsError,
    ObjectTable,
    Rule,
    Search,
    Split,
    parse_rules,
)
from supervox.project import is_project
from supervox.volumes import Address, Triple

from . import options
from .object_files import ObjectFiles
from .objects_run import ObjectsRequest, run_objects
from .progress import StageProgress
from .report import counted, print_json, print_table

_file = click.Path(path_type=Path)
SHOWN = ("class", "class_name", "objects", "touching_border", "volume", "share", "mean_volume")


def _splits(
    ctx: click.Context, param: click.Parameter, values: Sequence[str]
) -> tuple[tuple[int, Split], ...]:
    """Read HOW, for all classes (0), or ID=HOW."""
    found: list[tuple[int, Split]] = []
    for value in values:
        class_id, equals, how = value.rpartition("=")
        if how not in SPLITS or (equals and not class_id.isdecimal()):
            ways = " or ".join(SPLITS)
            raise click.BadParameter(f"{value!r}: say {ways}, or ID=HOW for one class")
        found.append((int(class_id or 0), how))
    return tuple(found)


def _named_images(
    ctx: click.Context, param: click.Parameter, values: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Split NAME=FILE; without a name it is that of the file, in letters that rules can ask for."""
    found: dict[str, str] = {}
    for value in values:
        name, _, address = value.partition("=")
        file = Address.parse(value).path
        if not name.isidentifier() or not address or file.exists():
            stem, address = file.name.partition(".")[0], value
            name = "_".join(re.findall(r"\w+", stem)) or "image"
        if name in found:
            raise click.BadParameter(f"two images are called {name!r}; give NAME=FILE")
        found[name] = address
    return tuple(found.items())


def _read_rules(ctx: click.Context, param: click.Parameter, value: Path | None) -> tuple[Rule, ...]:
    if value is None:
        return ()
    try:
        rules = parse_rules(value.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ObjectsError(f"{value}: can't be read ({reason})") from error
    except ObjectsError as error:
        raise ObjectsError(f"{value}: {error}") from error
    if not rules:
        raise ObjectsError(
            f"{value}: holds no rule; write one a line, like: volume > 0.02 um^3 -> class 5"
        )
    return rules


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
    help="Table of the shells of that body: shares of classes and mean intensities by depth. A "
    "project may say of which classes the body is.",
)
@click.option(
    "--step",
    type=click.FloatRange(min=0, min_open=True),
    metavar="LENGTH",
    help="Thickness of those shells, in the unit of the voxel size.",
)
@click.option(
    "--split",
    "splits",
    multiple=True,
    callback=_splits,
    metavar="HOW",
    help="Split objects that are several things which touch: round (at necks between round things) "
    "or image (where the first --image has boundaries); 4=round for class 4 alone. May be given "
    "several times. Nothing is split by default.",
)
@click.option(
    "--boundaries",
    type=click.Choice(["bright", "dark"]),
    default="bright",
    show_default=True,
    help="What lies between things in the image, for --split image.",
)
@click.option(
    "--rules",
    type=_file,
    callback=_read_rules,
    metavar="FILE",
    help="Rules, one a line, applied in order: 'volume > 0.02 um^3 and sphericity < 0.4 -> class "
    "5', or '-> remove'.",
)
@click.option(
    "--as-found",
    is_flag=True,
    help="Of a project: leave out its edits of objects by hand, its rules and how it splits.",
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
    splits: tuple[tuple[int, Split], ...],
    boundaries: Boundaries,
    rules: tuple[Rule, ...],
    as_found: bool,
    spacing: Triple | None,
    workers: int | None,
    memory: float | None,
    as_json: bool,
) -> None:
    """Measure the objects of LABELS, or of the labels of a project: number, size, shape, contacts.

    An object is a connected piece of a class. Lengths, areas and volumes are in the unit of the
    voxel size; beside each table a file of the same name and .json says what every column is and
    what the table was made from. What was done to the objects of a project by hand, its rules, and
    how it splits them, hold here as well.
    """
    has_body = bool(depth_below) or is_project(Path(labels))
    if (profile_file is None) != (step is None) or (profile_file and not has_body):
        raise click.UsageError("a profile needs --profile, --step and --depth-below")
    asks_for_classes = bool(only or distance_to or depth_below or any(k for k, _ in splits))
    if are_objects and asks_for_classes:
        raise click.UsageError(
            "with --are-objects the values of LABELS are no classes: leave out --class, "
            "--distance-to, --depth-below and a class of --split"
        )
    files = ObjectFiles(table, contacts, classes, profile_file, instances)
    request = ObjectsRequest(
        labels=labels,
        search=Search(only, int(connectivity), are_objects, splits, boundaries),
        images=images,
        parents=parents,
        distance_to=distance_to,
        depth_below=depth_below,
        step=step,
        rules=rules,
        as_found=as_found,
        spacing=spacing,
        workers=workers,
        memory=memory,
    )
    with StageProgress(workers) as stages:
        about, totals = run_objects(request, files, stages)
    written = {name: str(path) for name, path in files.tables.items()}
    written |= {"instances": instances} if instances else {}
    if as_json:
        rows = [dict(zip(totals.names, row, strict=True)) for row in totals.rows()]
        print_json({"command": "objects"} | about | {"files": written, "classes": rows})
        return
    _print(totals)
    by_hand = about["by_hand"]
    if by_hand["done"]:
        lost = f"; {by_hand['lost']:,} no longer found" if by_hand["lost"] else ""
        click.echo(f"by hand: {by_hand['done']}{lost}")
    for rule in about["rules"]:
        click.echo(f"rule {rule['rule']}: {counted(rule['changed'], 'object')}")
    for path in written.values():
        click.echo(f"{path}: written")


def _print(totals: ObjectTable) -> None:
    """Print the totals of the classes."""
    columns = [totals.column(name) for name in SHOWN]
    rows = [list(row) for row in zip(*(c.values.tolist() for c in columns), strict=True)]
    if "parent" in totals:
        rows = rows[: int((totals["parent"] == 0).sum())]
    print_table([column.title for column in columns], [[_shown(v) for v in row] for row in rows])


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value}"
