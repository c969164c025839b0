"""Options for more and less of a class: its balance, or the share that it should have."""

from __future__ import annotations

import math

import click
from supervox.segmentation import Balance, RefinementParameters

from .errors import checking


def _pairs(texts: tuple[str, ...], example: str, unit: str = "") -> Balance:
    """Read what was given as ID=VALUE, once for each class; the value may have a unit."""
    found: dict[int, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            class_id, number = int(name), float(value.removesuffix(unit))
        except ValueError:
            raise click.BadParameter(
                f"{text!r} can't be read; write the id of a class and its value, like {example}"
            ) from None
        if class_id in found:
            raise click.BadParameter(f"class {class_id} is given twice: give it once")
        found[class_id] = number
    return tuple(found.items())


def _balance(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> Balance:
    pairs = _pairs(value, "3=0.7")
    with checking("--balance"):
        RefinementParameters(balance=pairs)
    return pairs


def _share(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> Balance:
    """Return shares from 0 to 1."""
    pairs = _pairs(value, "3=4.5", "%")
    for class_id, percent in pairs:
        if not math.isfinite(percent) or not 0 < percent < 100:
            raise click.BadParameter(
                f"the share of class {class_id} must lie between 0 and 100 percent, not {percent:g}"
            )
    return tuple((class_id, percent / 100) for class_id, percent in pairs)


balance = click.option(
    "--balance",
    multiple=True,
    callback=_balance,
    metavar="ID=VALUE",
    help="More or less of a class: what is added to its log-probability before refinement. 3=0.7 "
    "makes class 3 twice as likely against every other one, 3=-0.7 half as likely, 3=0 as the "
    "strokes say. Nothing is learned anew. May be given several times. Between -10 and 10.",
)
share = click.option(
    "--share",
    "shares",
    multiple=True,
    callback=_share,
    metavar="ID=PERCENT",
    help="Find the balance that gives a class this share of the volume: 3=4.5 for about 4.5 % of "
    "class 3. May be given several times: they are found together.",
)
