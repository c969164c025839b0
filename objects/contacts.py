"""Contacts: which objects share faces of voxels, and how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from .instances import Instances
from .scale import Calibrated
from .shape_columns import defined
from .sums import ObjectSums
from .table import Column, ObjectTable

_AREA = (
    "area that both share: that of a flat contact, the length of the sum of its faces' normals, or "
    "of a rounded one, 2/3 of face_area, whichever is more"
)
_FACES = "area of the faces of voxels that both share: up to 1.7 times too large for oblique ones"


def contact_table(instances: Instances, sums: ObjectSums, scale: Calibrated) -> ObjectTable:
    """Return a row for each two objects that share a face of a voxel.

    Parameters
    ----------
    instances : Instances
    sums : ObjectSums
    scale : Calibrated

    Returns
    -------
    ObjectTable
        Ids and classes of both, faces, area of the faces, and area corrected for orientation.
    """
    first, second = sums.pairs[:, 0], sums.pairs[:, 1]
    behind, before = sums.contacts[:, 0::2], sums.contacts[:, 1::2]
    faces = (behind + before) @ np.array(scale.face_areas)
    flat = np.linalg.norm((behind - before) * scale.face_areas, axis=1)
    return ObjectTable(
        (
            Column("id_1", first, "", "the object with the lower number"),
            Column("class_1", instances.class_of[first - 1], "", "its class"),
            Column("id_2", second, "", "the object with the higher number"),
            Column("class_2", instances.class_of[second - 1], "", "its class"),
            Column("faces", sums.contacts.sum(axis=1), "", "faces of voxels that both share"),
            Column("face_area", faces, scale.power(2), _FACES),
            Column("area", np.maximum(flat, faces / 1.5), scale.power(2), _AREA),
        )
    )


def contact_columns(
    instances: Instances,
    contacts: ObjectTable,
    scale: Calibrated,
    names: Mapping[int, str],
) -> list[Column]:
    """Return what objects have of their contacts: neighbours and areas, in all and by class."""
    n = instances.number
    one, other = contacts["id_1"] - 1, contacts["id_2"] - 1
    ends = np.concatenate([one, other])
    partners = np.concatenate([other, one])
    areas = np.concatenate([contacts["area"], contacts["area"]])
    columns = [
        defined("neighbours", np.bincount(ends, minlength=n)),
        defined("contact_area", np.bincount(ends, areas, minlength=n), scale.power(2)),
    ]
    for value, name in column_parts(np.unique(instances.class_of).tolist(), names).items():
        of_class = instances.class_of[partners] == value
        met, area = ends[of_class], areas[of_class]
        what = f"objects of class {value} that share a face of a voxel with it"
        columns.append(Column(f"neighbours_{name}", np.bincount(met, minlength=n), "", what))
        columns.append(
            Column(
                f"contact_area_{name}",
                np.bincount(met, area, minlength=n),
                scale.power(2),
                f"area that it shares with objects of class {value}",
            )
        )
    return columns


def column_parts(values: Iterable[int], names: Mapping[int, str]) -> dict[int, str]:
    """Return what stands for classes in the names of columns.

    Examples
    --------
    >>> column_parts([3, 4, 5], {3: "Lipid droplets", 5: "lipid-droplets"})
    {3: 'lipid_droplets', 4: 'class_4', 5: 'lipid_droplets_5'}
    """
    parts: dict[int, str] = {}
    for value in values:
        letters = "".join(x if x.isalnum() else "_" for x in names.get(value, "").lower())
        part = "_".join(piece for piece in letters.split("_") if piece) or f"class_{value}"
        parts[value] = f"{part}_{value}" if part in parts.values() else part
    return parts
