"""Options that several commands have."""

from __future__ import annotations

import re

import click
from supervox.execution import CHOICES
from supervox.volumes import Triple, follow_links

UNITS = {
    unit + suffix: base**power
    for power, unit in enumerate(("k", "m", "g", "t"), 1)
    for suffix, base in (("", 1000), ("b", 1000), ("ib", 1024))
}


def _checked_spacing(
    ctx: click.Context, param: click.Parameter, value: Triple | None
) -> Triple | None:
    if value is None:
        return None
    from supervox.segmentation import check_spacing

    from .errors import checking

    with checking("--spacing"):
        return check_spacing(value)


def _bytes(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Read a size like 8GB, 500 MB or 1.5GiB."""
    if value is None:
        return None
    found = re.fullmatch(r"\s*(\d+\.?\d*)\s*([a-z]+)\s*", value.lower())
    size = float(found[1]) * UNITS.get(found[2], 0) if found else 0.0
    if size <= 0:
        raise click.BadParameter(f"{value!r} is no size; write it like 8GB or 500MB")
    return size


def _follow(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        follow_links()


spacing = click.option(
    "--spacing",
    nargs=3,
    type=float,
    metavar="Z Y X",
    callback=_checked_spacing,
    help="Voxel size along planes, rows and columns, in the unit of the file. Only needed where "
    "the file doesn't state it, or states it wrongly.",
)
channels = click.option(
    "--channel",
    "channels",
    multiple=True,
    metavar="FILE",
    help="Another image of the same voxels, as of another energy or detector, that helps to tell "
    "the classes apart. May be given several times.",
)
mask = click.option(
    "--mask",
    metavar="FILE",
    help="Volume of the same shape: 0 where there is no data, and anything else elsewhere. Labels "
    "are 0 there. A project keeps it, until it gets another one, or none.",
)
no_data = click.option(
    "--no-data",
    metavar="VALUE",
    help="What stands for no data: auto, none, or values, as for 'supervox segment'. That of the "
    "model by default.",
)
workers = click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processors to use; all by default. The result doesn't depend on it.",
)
memory = click.option(
    "--memory",
    metavar="SIZE",
    callback=_bytes,
    help="Memory to use at most, like 8GB; 70 % of what is available by default. What doesn't fit "
    "is kept on the disk meanwhile. The result doesn't depend on it.",
)
scheduler = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Prepare on the workers of a Dask cluster, like tcp://node:8786, or on processes of this "
    "machine: local, or local:4 for four. The output must lie on storage that all of them share. "
    "The result doesn't depend on it.",
)
device = click.option(
    "--device",
    type=click.Choice(CHOICES),
    default="auto",
    show_default=True,
    help="What computes supervoxels and features: a CUDA GPU, with the extra gpu, or the "
    "processors (cpu); auto takes a GPU if one answers, and 'supervox info' says whether one does.",
)
follow = click.option(
    "--follow-links",
    is_flag=True,
    expose_value=False,
    callback=_follow,
    help="Read what a volume refers to outside of its folder, too. Only for files that you trust: "
    "they could name any of yours.",
)
as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of a table."
)
