"""Totals of classes: number, volume, surface, spread, and how many touch what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .definitions import BRICK
from .scale import Calibrated
from .table import Column, ObjectTable

_FIXED = ("touching_border", "mean_volume")  # columns that those of a class or an image may be like


def class_totals(
    objects: ObjectTable, scale: Calibrated, parents: Mapping[int, int]
) -> ObjectTable:
    """Add up the measures of the objects of each class.

    Parameters
    ----------
    objects : ObjectTable
        Of `measure_objects`.
    scale : Calibrated
    parents : mapping of int to int
        Voxels of each parent; none if there are no parents.

    Returns
    -------
    ObjectTable
        A row for each class. Where there are parents, a row for each class in each of them follows.
    """
    classes = np.unique(objects["class"])
    names = dict(zip(objects["class"].tolist(), objects["class_name"].tolist(), strict=True))
    labelled = int(objects["voxels"].sum())
    groups = [(0, labelled, np.arange(len(objects)))]
    if parents:
        groups += zip(parents, parents.values(), _members(objects["parent"], parents), strict=True)
    rows = []
    for parent, voxels, inside in groups:
        of_class = _members(objects["class"][inside], classes.tolist())
        for value, members in zip(classes.tolist(), of_class, strict=True):
            row = _row(objects, inside[members], voxels, scale)
            rows.append({"parent": parent, "class": value, "class_name": names[value]} | row)
    columns = _columns(objects, scale, with_parents=bool(parents))
    return ObjectTable(
        tuple(
            Column(name, _array([row[name] for row in rows], name), unit, text, source)
            for name, unit, text, source in columns
        )
    )


def _members(values: NDArray[Any], wanted: Iterable[int]) -> list[NDArray[np.int64]]:
    """Return the rows that have each of some values."""
    order = np.argsort(values, kind="stable")
    numbers = np.array(list(wanted), np.int64)
    first, last = (np.searchsorted(values[order], numbers, side) for side in ("left", "right"))
    return [order[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True)]


def _array(values: list[Any], name: str) -> NDArray[Any]:
    return np.array(values, object if name == "class_name" else None)


def _row(
    objects: ObjectTable, members: NDArray[np.int64], voxels: int, scale: Calibrated
) -> dict[str, Any]:
    """Return the totals of some objects of a class."""
    n = len(members)
    own = int(objects["voxels"][members].sum())
    volumes = objects["volume"][members]
    row: dict[str, Any] = {
        "objects": n,
        "touching_border": int(objects["touches_border"][members].sum()),
        "counted": int(objects["counted"][members].sum()),
        "voxels": own,
        "volume": own * scale.voxel_volume,
        "share": own / voxels if voxels else float("nan"),
        "surface": float(objects["surface"][members].sum()),
        "mean_volume": float(volumes.mean()) if n else float("nan"),
        "sd_volume": float(volumes.std()) if n else float("nan"),
        "median_volume": float(np.median(volumes)) if n else float("nan"),
    }
    for column in objects.columns:
        name = column.name
        if name.startswith("neighbours_"):
            other = name.removeprefix("neighbours_")
            touching = int((column.values[members] > 0).sum())
            row[_touching(other)] = touching
            row[f"share_touching_{other}"] = touching / n if n else float("nan")
        elif name.startswith("mean_"):
            known = column.values[members]
            known = known[~np.isnan(known)]
            row[_mean_of(name)] = float(known.mean()) if known.size else float("nan")
            row[f"sd_of_{name}"] = float(known.std()) if known.size else float("nan")
    return row


def _touching(other: str) -> str:
    """Return the column of the objects that touch a class; one may be called "border"."""
    name = f"touching_{other}"
    return f"touching_class_{other}" if name in _FIXED else name


def _mean_of(name: str) -> str:
    """Return the column of the mean of an image's means; one may be called "volume"."""
    return f"mean_of_{name}" if name in _FIXED else name


def _columns(
    objects: ObjectTable, scale: Calibrated, *, with_parents: bool
) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, unit, definition and source of the columns."""
    if with_parents:
        yield "parent", "", "the parent that the objects lie in; 0 for all objects", ""
    yield "class", "", "class of the objects", ""
    yield "class_name", "", "its name", ""
    yield "objects", "", "number of objects", ""
    yield "touching_border", "", "how many of them reach the border of the volume", ""
    yield "counted", "", "number that is right for objects that the border cuts", BRICK
    yield "voxels", "", "voxels of the class", ""
    yield "volume", scale.power(3), "volume of the class", ""
    what = "share of the parent's voxels; of all objects' where there is no parent"
    yield "share", "", what, ""
    yield "surface", scale.power(2), "sum of the objects' surfaces", ""
    yield "mean_volume", scale.power(3), "mean over the objects", ""
    yield "sd_volume", scale.power(3), "standard deviation over the objects (population)", ""
    yield "median_volume", scale.power(3), "median over the objects", ""
    for name in objects.names:
        if name.startswith("neighbours_"):
            other = name.removeprefix("neighbours_")
            yield _touching(other), "", f"objects that touch {other}", ""
            yield f"share_touching_{other}", "", f"share of the objects that touch {other}", ""
        elif name.startswith("mean_"):
            yield _mean_of(name), "", f"mean over the objects of {name}", ""
            yield f"sd_of_{name}", "", f"standard deviation over the objects of {name}", ""
