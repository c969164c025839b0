"""A picture of a volume and its labels: three sections at right angles, true to scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw
from supervox.execution import IntTriple, VolumeLike
from supervox.segmentation import find_strokes
from supervox.volumes import class_colour

from ._page import PAPER, Look, Sheet, font

__all__ = ["Look", "draw_picture"]

Rgb = NDArray[np.uint8]

BLOCK_PIXELS = 640  # the longer edge of three sections together
GAP = 6
FILL, BORDER = 0.4, 0.9  # how much of a class's colour covers the image
MOST_CLASSES = 30  # in the legend


@dataclass(frozen=True)
class Sections:
    """Where a volume is cut, and how large the sections become.

    Attributes
    ----------
    at : tuple of 3 int
        Plane, row and column of the cuts.
    pixels : tuple of 3 int
        Pixels that the volume's planes, rows and columns take.
    """

    at: IntTriple
    pixels: IntTriple

    @classmethod
    def through(cls, shape: Sequence[int], spacing: Sequence[float], plane: int) -> Sections:
        """Cut through a plane, and the middle of the rows and columns."""
        extent = [n * size for n, size in zip(shape, spacing, strict=True)]
        depth = extent[0] if shape[0] > 1 else 0.0
        scale = BLOCK_PIXELS / (depth + max(extent[1:]))
        z, y, x = (max(1, round(length * scale)) for length in extent)
        return cls((plane, shape[1] // 2, shape[2] // 2), (z if shape[0] > 1 else 0, y, x))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the three sections together."""
        planes, rows, columns = self.pixels
        beyond = planes + GAP if planes else 0
        return rows + beyond, columns + beyond

    def cut(self, volume: VolumeLike) -> list[NDArray[Any]]:
        """Read the plane, the section along its rows, and the one along its columns."""
        z, y, x = self.at
        parts = [np.asarray(volume[z])]
        if self.pixels[0]:
            parts += [np.asarray(volume[:, y]), np.asarray(volume[:, :, x]).T]
        return parts

    def places(self) -> list[tuple[slice, slice]]:
        """Return where each section lies in the picture of all three."""
        planes, rows, columns = self.pixels
        places = [(slice(0, rows), slice(0, columns))]
        if planes:
            places.append((slice(rows + GAP, None), slice(0, columns)))
            places.append((slice(0, rows), slice(columns + GAP, None)))
        return places


def draw_picture(
    volume: VolumeLike,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    unit: str | None = None,
    labels: VolumeLike | None = None,
    strokes: VolumeLike | None = None,
    looks: Mapping[int, Look] | None = None,
) -> Rgb:
    """Draw three sections of a volume; beside them the same with its labels.

    The plane is the one with the most strokes, or the middle one; the sections along rows and
    columns go through the middle. Lengths are true to the voxel size.

    Parameters
    ----------
    volume : array-like, (Z, Y, X)
        Only the three sections are read.
    spacing : sequence of 3 float
        Voxel size per axis.
    unit : str, optional
        Unit of `spacing`; there is a scale bar if it is given.
    labels, strokes : array-like of integers, (Z, Y, X), optional
        Strokes are drawn on the plain image.
    looks : mapping of int to Look, optional
        Names and colours of classes; others get their ids and the colours of `class_colour`.

    Returns
    -------
    uint8, (H, W, 3)
    """
    shape = volume.shape
    plane = shape[0] // 2 if strokes is None else _most_painted(strokes)
    sections = Sections.through(shape, spacing, plane)
    grey = _grey(sections, volume)
    looks = looks or {}
    blocks: list[tuple[str, Rgb]] = []
    seen: set[int] = set()
    for title, classes, fill in (
        ("image" if strokes is None else "image with strokes", strokes, 1.0),
        ("labels", labels, FILL),
    ):
        if classes is None and blocks:
            continue
        block, ids = _block(sections, grey, classes, fill, looks)
        _scale_bar(block, sections.pixels, shape[2] * spacing[2], unit)
        blocks.append((f"{title}, plane {plane}" if shape[0] > 1 else title, block))
        seen |= ids
    legend = [look_of(k, looks) for k in sorted(seen)]
    if len(legend) > MOST_CLASSES:
        more = f"and {len(legend) - MOST_CLASSES} more"
        legend = [*legend[:MOST_CLASSES], Look(more, "")]
    return Sheet(blocks, legend).draw()


def look_of(class_id: int, looks: Mapping[int, Look]) -> Look:
    """Return the name and colour to show a class with; the name starts with its id."""
    known = looks.get(class_id, Look("", ""))
    colour = known.colour or class_colour(class_id)
    return Look(f"{class_id} {known.name}".strip(), colour)


def _most_painted(strokes: VolumeLike) -> int:
    """Return the plane with the most painted voxels, the middle one if there are none."""
    painted = find_strokes(strokes).voxels // (strokes.shape[1] * strokes.shape[2])
    if not painted.size:
        return int(strokes.shape[0]) // 2
    return int(np.bincount(painted).argmax())


def _grey(sections: Sections, volume: VolumeLike) -> Rgb:
    """Return the sections as a grey picture on paper, from the 0.5th to the 99.5th percentile."""
    cuts = [part.astype(np.float32) for part in sections.cut(volume)]
    values = np.concatenate([part.ravel() for part in cuts])
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, (0.5, 99.5)) if values.size else (0, 1)
    result = np.full((*sections.size, 3), PAPER, np.uint8)
    for part, place in zip(cuts, sections.places(), strict=True):
        scaled = np.nan_to_num((part - low) / max(high - low, 1e-12), nan=0.0)
        picture = Image.fromarray((scaled.clip(0, 1) * 255).astype(np.uint8))
        height, width, _ = result[place].shape
        resized = picture.resize((width, height), Image.Resampling.BICUBIC)
        result[place] = np.asarray(resized)[..., np.newaxis]
    return result


def _block(
    sections: Sections,
    grey: Rgb,
    classes: VolumeLike | None,
    fill: float,
    looks: Mapping[int, Look],
) -> tuple[Rgb, set[int]]:
    """Lay classes over the sections; return the picture and the classes in it."""
    result = grey.copy()
    seen: set[int] = set()
    if classes is None:
        return result, seen
    for part, place in zip(sections.cut(classes), sections.places(), strict=True):
        at = result[place]
        ids = part[np.ix_(*(_nearest(n, m) for n, m in zip(part.shape, at.shape, strict=False)))]
        for class_id in np.unique(ids[ids > 0]):
            colour = np.array(ImageColor.getrgb(look_of(int(class_id), looks).colour)[:3])
            inside = ids == class_id
            share = np.where(_rim(inside), max(BORDER, fill), fill)[inside, np.newaxis]
            at[inside] = (at[inside] * (1 - share) + colour * share).astype(np.uint8)
            seen.add(int(class_id))
    return result, seen


def _nearest(n: int, pixels: int) -> NDArray[np.intp]:
    """Return which of n voxels each pixel shows."""
    return ((np.arange(pixels) + 0.5) * n / pixels).astype(np.intp)


def _rim(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a class that touch others."""
    padded = np.pad(inside, 1, mode="edge")
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    rim: NDArray[np.bool_] = inside & ~core
    return rim


def _scale_bar(block: Rgb, pixels: IntTriple, extent: float, unit: str | None) -> None:
    """Draw a bar of a round length into the corner of the plane."""
    if unit is None:
        return
    power = 10.0 ** math.floor(math.log10(extent / 4))
    length = max(step * power for step in (1, 2, 5) if step * power <= extent / 4)
    canvas = Image.fromarray(block)
    pen = ImageDraw.Draw(canvas)
    text = f"{length / 1000:g} um" if unit == "nm" and length >= 1000 else f"{length:g} {unit}"
    right, bottom = pixels[2] - 12, pixels[1] - 12
    left = right - round(length / extent * pixels[2])
    pen.rectangle((left, bottom - 5, right, bottom), (255, 255, 255), (0, 0, 0))
    pen.text(
        ((left + right) / 2, bottom - 8),
        text,
        "white",
        font(),
        "mb",
        stroke_width=2,
        stroke_fill="black",
    )
    block[:] = np.asarray(canvas)
