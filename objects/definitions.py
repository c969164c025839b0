"""What each measure is, in a sentence, and where it is from: for headers, documents and checks."""

from __future__ import annotations

CROFTON = (
    "Crofton's formula along 13 directions (Legland, Kiêu & Devaux 2007, Image Anal. Stereol. 26; "
    "Ohser & Mücklich 2000), orientations by maximum entropy (Jaynes 1957)"
)
FERET = "Walton 1948, Nature 162"
WADELL = "Wadell 1932, J. Geol. 40"
MOMENTS = "second moments, as of Legland & Arganda-Carreras 2016 (MorphoLibJ), Bioinformatics 32"
BRICK = "unbiased brick rule: Gundersen 1977, J. Microsc. 111; Howard et al. 1985, J. Microsc. 138"
EDT = "exact Euclidean distance: Felzenszwalb & Huttenlocher 2012, Theory Comput. 8"
QUANTILE = "linear interpolation between ranks: Hyndman & Fan 1996, Am. Stat. 50, type 7"

DEFINITIONS: dict[str, tuple[str, str]] = {
    "id": ("number of the object: its value in the volume of instances", ""),
    "class": ("class of the object", ""),
    "class_name": ("name of the class", ""),
    "voxels": ("voxels of the object", ""),
    "volume": ("voxels times the volume of a voxel", ""),
    "surface": (
        "area of the surface, where the object ends at the border of the volume as well",
        CROFTON,
    ),
    "sphericity": (
        "surface of a ball of the same volume, divided by the object's surface: "
        "pi^(1/3) (6 volume)^(2/3) / surface; at most 1",
        WADELL,
    ),
    "equivalent_diameter": ("diameter of a ball of the same volume", ""),
    "feret_max": ("longest distance of two places on the surface", FERET),
    "feret_min": (
        "shortest distance of two parallel planes that hold the object between them",
        FERET,
    ),
    "axis_major": ("longest axis of the ellipsoid with the same second moments", MOMENTS),
    "axis_middle": ("its middle axis", MOMENTS),
    "axis_minor": ("its shortest axis", MOMENTS),
    "direction_plane": ("component along planes of a unit vector along the longest axis", MOMENTS),
    "direction_row": ("its component along rows", MOMENTS),
    "direction_column": ("its component along columns", MOMENTS),
    "elongation": ("axis_major / axis_middle: 1 for a ball, more for a rod", MOMENTS),
    "flatness": ("axis_middle / axis_minor: 1 for a ball, more for a sheet", MOMENTS),
    "first_plane": ("first plane that the object is in, counted from 0", ""),
    "first_row": ("first row that the object is in, counted from 0", ""),
    "first_column": ("first column that the object is in, counted from 0", ""),
    "last_plane": ("last plane that the object is in", ""),
    "last_row": ("last row that the object is in", ""),
    "last_column": ("last column that the object is in", ""),
    "centre_plane": ("mean place of the voxels along planes, from the volume's origin", ""),
    "centre_row": ("mean place of the voxels along rows", ""),
    "centre_column": ("mean place of the voxels along columns", ""),
    "touches_border": ("1 if the object reaches the border of the volume, else 0", ""),
    "counted": (
        "1 if the object touches none of the first plane, row and column: their number is right "
        "for objects that the border cuts",
        BRICK,
    ),
    "neighbours": ("objects that share a face of a voxel with it", ""),
    "contact_area": ("sum of the areas that it shares with other objects", ""),
    "nearest": ("the object of the same class whose centre is nearest", ""),
    "nearest_distance": ("distance of the two centres", ""),
    "parent": ("the object around it: that in which most of its voxels lie", ""),
    "parent_share": ("share of its voxels that lie in the parent", ""),
}
STATISTIC_TEXTS = {
    "mean": ("mean of {what} over the object's voxels", ""),
    "sd": ("standard deviation of {what} over the object's voxels (of the population)", ""),
    "minimum": ("least value of {what} in the object", ""),
    "maximum": ("largest value of {what} in the object", ""),
    **{
        f"p{p}": (f"percentile {p} of {{what}} in the object", QUANTILE)
        for p in (5, 25, 50, 75, 95)
    },
}
