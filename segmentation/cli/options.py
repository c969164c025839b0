"""Options that several commands have."""

from __future__ import annotations

import click

Triple = tuple[float, float, float]


def _checked_spacing(
    ctx: click.Context, param: click.Parameter, value: Triple | None
) -> Triple | None:
    if value is None:
        return None
    from supervox.segmentation.checks import check_spacing

    from .errors import checking

    with checking("--spacing"):
        return check_spacing(value)


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
workers = click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processors to use; all by default. The result doesn't depend on it.",
)
as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of a table."
)
