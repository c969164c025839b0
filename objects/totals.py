"""Totals of classes: number, volume, surface, spread, and how many touch what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .definitions import BRICK
from .scale import Calibrated
from .table import Column, ObjectTable


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
    classes = np.unique(objects["class"]).tolist()
    every = np.ones(len(objects), np.bool_)
    labelled = int(objects["voxels"].sum())
    rows = [_row(objects, value, 0, every, labelled, scale) for value in classes]
    for parent, voxels in parents.items():
        inside = objects["parent"] == parent
        rows += [_row(objects, value, parent, inside, voxels, scale) for value in classes]
    columns = _columns(objects, scale, with_parents=bool(parents))
    return ObjectTable(
        tuple(
            Column(name, _array([row[name] for row in rows], name), unit, text, source)
            for name, unit, text, source in columns
        )
    )


def _array(values: list[Any], name: str) -> NDArray[Any]:
    return np.array(values, object if name == "class_name" else None)


def _row(
    objects: ObjectTable,
    value: int,
    parent: int,
    chosen: NDArray[np.bool_],
    voxels: int,
    scale: Calibrated,
) -> dict[str, Any]:
    """Return the totals of one class among the chosen objects."""
    part = objects.where(chosen & (objects["class"] == value))
    n = len(part)
    names = objects["class_name"][objects["class"] == value]
    own = int(part["voxels"].sum())
    volumes = part["volume"]
    row: dict[str, Any] = {
        "parent": parent,
        "class": value,
        "class_name": names[0] if names.size else "",
        "objects": n,
        "touching_border": int(part["touches_border"].sum()),
        "counted": int(part["counted"].sum()),
        "voxels": own,
        "volume": own * scale.voxel_volume,
        "share": own / voxels if voxels else float("nan"),
        "surface": float(part["surface"].sum()),
        "mean_volume": float(volumes.mean()) if n else float("nan"),
        "sd_volume": float(volumes.std()) if n else float("nan"),
        "median_volume": float(np.median(volumes)) if n else float("nan"),
    }
    for name in part.names:
        if name.startswith("neighbours_"):
            other = name.removeprefix("neighbours_")
            touching = int((part[name] > 0).sum())
            row[f"touching_{other}"] = touching
            row[f"share_touching_{other}"] = touching / n if n else float("nan")
        elif name.startswith("mean_"):
            known = part[name][~np.isnan(part[name])]
            row[name] = float(known.mean()) if known.size else float("nan")
            row[f"sd_of_{name}"] = float(known.std()) if known.size else float("nan")
    return row


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
            yield f"touching_{other}", "", f"objects that touch {other}", ""
            yield f"share_touching_{other}", "", f"share of the objects that touch {other}", ""
        elif name.startswith("mean_"):
            yield name, "", f"mean over the objects of {name}", ""
            yield f"sd_of_{name}", "", f"standard deviation over the objects of {name}", ""
