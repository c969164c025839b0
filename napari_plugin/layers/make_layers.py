"""The layers that belong to a segmentation: how they are made, and what they look like."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Layer, Points, Vectors
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray
from supervox.napari_plugin.io.layer_fields import KEY, record
from supervox.project import ProjectClass

from .corrected import Corrected, Overlay
from .lookup import LookupPyramid, coarse_steps
from .outlines import OutlineVolume, leave_contours_out_in_space
from .source import finest_data, placement

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from supervox.volumes import VolumeClass

ANNOTATIONS, PREDICTION, SUPERVOXELS = "annotations", "prediction", "supervoxels"
MAP, PREVIEW, FINAL, BOX, MARK, MASK = "map", "preview", "final", "box", "mark", "mask"
INSTANCES, CORRECTIONS = "instances", "corrections"
_STRANGER = (0.5, 0.5, 0.5, 1.0)  # a value that is no class
MAP_COLOURS = "magma"  # of probability and doubt
FRAME_COLOUR = "#f0e442"
LINE_COLOUR = "#ff4d4d"  # seen on objects, and on what is chosen
_NOTHING = (0.0, 0.0, 0.0, 0.0)
_LEFT_OUT = (0.0, 0.0, 0.0, 1.0)


def record_of(layer: Layer) -> dict[str, Any]:
    """Return what the plugin keeps in a layer's metadata; nothing if it isn't ours."""
    return record(layer.metadata)


def role_of(layer: Layer) -> str | None:
    """Return what a layer is to us, from its metadata; None if it isn't ours."""
    return record_of(layer).get("role")


def address_of(layer: Layer) -> str | None:
    """Return the address of the file that we read a layer from; None if we read it from none."""
    address = record_of(layer).get("address")
    return address if isinstance(address, str) else None


def metadata(role: str, image: Image, classes: Iterable[VolumeClass] = ()) -> dict[str, Any]:
    """Return the metadata that mark a layer as ours."""
    entries = [item.as_json() for item in classes]
    return {KEY: {"role": role, "of": str(image.unique_id), "classes": entries}}


def class_colormap(
    classes: Iterable[ProjectClass], aside: Collection[int] = ()
) -> DirectLabelColormap:
    """Return the colours of the classes; hidden ones and those set aside are clear, as is 0."""
    colours: dict[int | None, Any] = {None: _STRANGER, 0: _NOTHING}
    for item in classes:
        is_seen = item.visible and item.id not in aside
        colours[item.id] = item.colour if is_seen else _NOTHING
    return DirectLabelColormap(color_dict=colours)


def make_annotations(
    image: Image, classes: Iterable[ProjectClass], planes: NDArray[np.uint8] | None = None
) -> Labels:
    """Return a layer to paint on, uint8, with the voxels of the image.

    Parameters
    ----------
    image : Image
    classes : iterable of ProjectClass
    planes : uint8, (Z, Y, X), optional
        The strokes, painted on in place; none by default.
    """
    if planes is None:
        strokes = np.zeros(finest_data(image).shape, np.uint8)
    else:
        strokes = planes[0] if image.ndim == 2 else planes
    return Labels(
        strokes,
        name="strokes",
        metadata=metadata(ANNOTATIONS, image),
        opacity=0.8,
        colormap=class_colormap(classes),
        **placement(image, (0, 0, 0)),
    )


def make_corrections(
    image: Image, classes: Iterable[ProjectClass], voxels: NDArray[np.uint8]
) -> Labels:
    """Return the layer that shows corrections (Z, Y, X), and is painted on in place."""
    return Labels(
        voxels[0] if image.ndim == 2 else voxels,
        name="corrections",
        metadata=metadata(CORRECTIONS, image),
        opacity=0.6,
        colormap=class_colormap(classes),
        **placement(image, (0, 0, 0)),
    )


def make_prediction(
    image: Image,
    pyramid: LookupPyramid,
    over: Overlay | None,
    start: tuple[int, int, int],
    classes: Iterable[ProjectClass],
    opacity: float,
) -> Labels:
    """Return the layer of predicted labels: a view through a table over supervoxels.

    Parameters
    ----------
    image : Image
    pyramid : LookupPyramid
    over : Overlay or None
        Corrections, as many axes as the image shows.
    start : tuple of 3 int
        Place of the first voxel in the image.
    classes : iterable of ProjectClass
    opacity : float
    """
    return Labels(
        corrected_levels(pyramid, over),
        multiscale=pyramid.is_multiscale,
        name="live labels",
        metadata=metadata(PREDICTION, image),
        opacity=opacity,
        blending="translucent_no_depth",
        colormap=class_colormap(classes),
        **placement(image, start),
    )


def corrected_levels(pyramid: LookupPyramid, over: Overlay | None) -> Corrected | list[Corrected]:
    """Return what a layer is given to show labels with the corrections over them."""
    fine = Corrected(pyramid.fine, over)
    if not pyramid.is_multiscale:
        return fine
    steps = coarse_steps(pyramid.fine.shape)
    return [fine, Corrected(pyramid.coarse, over and over.thinned(steps))]


def cover(layer: Labels, over: Overlay | None) -> None:
    """Lay corrections over the labels of a layer, in place of those that lay there."""
    levels = list(layer.data) if layer.multiscale else [layer.data]
    steps = coarse_steps(levels[0].shape)
    for k, level in enumerate(levels):
        if isinstance(level, Corrected):
            level.over = over and over.thinned(steps) if k else over
        elif over is not None and not over.is_blank:
            layer.data = Corrected(level, over)
    layer.refresh(extent=False)


def make_supervoxels(image: Image, ids: NDArray[np.int32], start: tuple[int, int, int]) -> Labels:
    """Return the outlines of the supervoxels."""
    layer = Labels(
        OutlineVolume(ids),
        name="supervoxels",
        metadata=metadata(SUPERVOXELS, image),
        opacity=0.35,
        colormap=outline_colormap(),
        **placement(image, start),
    )
    layer.editable = False
    return layer


def make_map(
    image: Image,
    data: Any,
    start: tuple[int, int, int],
    *,
    multiscale: bool,
    name: str,
    colormap: str = MAP_COLOURS,
) -> Image:
    """Return a layer of values between 0 and 1 over the image: a probability, or uncertainty."""
    return Image(
        data,
        multiscale=multiscale,
        name=name,
        metadata=metadata(MAP, image),
        contrast_limits=(0.0, 1.0),
        colormap=colormap,
        blending="translucent_no_depth",
        opacity=0.6,
        interpolation2d="nearest",
        **placement(image, start),
    )


def make_final(
    image: Image,
    labels: NDArray[np.unsignedinteger] | Corrected,
    start: tuple[int, int, int],
    classes: Iterable[ProjectClass],
    named: Iterable[VolumeClass],
) -> Labels:
    """Return the layer of the full pipeline's labels."""
    return Labels(
        labels,
        name="final labels",
        metadata=metadata(FINAL, image, named),
        colormap=class_colormap(classes),
        **placement(image, start),
    )


def make_mask(image: Image, voxels: NDArray[np.uint8], name: str) -> Labels:
    """Return a layer that shades what a mask (Z, Y, X) leaves out; erasing leaves more out."""
    return Labels(
        voxels[0] if image.ndim == 2 else voxels,
        name=name,
        metadata=metadata(MASK, image),
        opacity=0.6,
        colormap=DirectLabelColormap(color_dict={None: _NOTHING, 0: _LEFT_OUT}),
        **placement(image, (0, 0, 0)),
    )


def note_mask(layer: Labels, image: Image | None) -> None:
    """Note in a layer which image it is the mask of, if any."""
    layer.metadata.setdefault(KEY, {})["masks"] = None if image is None else str(image.unique_id)


def outline_colormap() -> DirectLabelColormap:
    """Return a map that draws outlines in white, which no class begins with."""
    return DirectLabelColormap(color_dict={1: "white", None: "transparent"})


def make_mark(
    image: Image, place: Sequence[int], voxels: float, name: str, colour: str = "white"
) -> Points:
    """Return a ring around a voxel of the image, some voxels wide."""
    ndim = image.ndim
    return Points(
        np.asarray(place[-ndim:], float)[np.newaxis],
        name=name,
        metadata=metadata(MARK, image),
        size=voxels,
        symbol="disc",
        face_color="transparent",
        border_color=colour,
        border_width=0.08,
        **placement(image, (0, 0, 0)),
    )


def make_line(image: Image, vector: NDArray[np.float64], width: float) -> Vectors:
    """Return a line on the image: its beginning and its way, in voxels; the width as well."""
    return Vectors(
        vector,
        name="line",
        metadata=metadata(MARK, image),
        edge_width=width,
        edge_color=LINE_COLOUR,
        vector_style="line",
        **placement(image, (0, 0, 0)),
    )


def object_colormap(colours: Mapping[int, Any], others: Any = None) -> DirectLabelColormap:
    """Return a map that gives objects colours of their own.

    Parameters
    ----------
    colours : mapping of int to colour
    others : colour, optional
        Of all other objects; they are invisible without it.
    """
    rest = _NOTHING if others is None else others
    every: dict[int | None, Any] = {None: rest, 0: _NOTHING}
    return DirectLabelColormap(color_dict=every | dict(colours))


def make_outline(
    image: Image, indices: tuple[NDArray[np.int64], ...], name: str, colour: str
) -> Labels:
    """Return the outline of some voxels, given as indices into the image, on every slice."""
    start = [int(axis.min()) for axis in indices]
    mask = np.zeros([int(axis.max()) + 1 - k for axis, k in zip(indices, start, strict=True)], bool)
    mask[tuple(axis - first for axis, first in zip(indices, start, strict=True))] = True
    return outline_mask(image, mask, start, name, colour)


def outline_mask(
    image: Image, mask: NDArray[np.bool_], start: Sequence[int], name: str, colour: str
) -> Labels:
    """Return the outline of some voxels, on every slice.

    Parameters
    ----------
    image : Image
    mask : bool, as many axes as the image shows
    start : sequence of int
        Place of its first voxel in the image.
    name, colour : str
    """
    padded, placed = _with_rim(image, mask, start)
    layer = Labels(
        padded,
        name=name,
        metadata=metadata(MARK, image),
        opacity=1.0,
        colormap=DirectLabelColormap(color_dict={None: _NOTHING, 0: _NOTHING, 1: colour}),
        **placed,
    )
    leave_contours_out_in_space()
    layer.contour = 1
    layer.editable = False
    return layer


def move_outline(
    layer: Labels, image: Image, mask: NDArray[np.bool_], start: Sequence[int]
) -> None:
    """Have an outline be of other voxels: much quicker than another layer in its place."""
    padded, placed = _with_rim(image, mask, start)
    layer.data = padded
    layer.translate = placed["translate"]


def _with_rim(
    image: Image, mask: NDArray[np.bool_], start: Sequence[int]
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Give voxels a rim for the line, and say where they lie.

    Not beyond the image: the slider would have more planes.
    """
    shape = finest_data(image).shape[-mask.ndim :]
    before = [min(first, 1) for first in start]
    sizes = zip(start, mask.shape, shape, strict=True)
    after = [min(n - first - size, 1) for first, size, n in sizes]
    padded = np.pad(mask.astype(np.uint8), list(zip(before, after, strict=True)))
    return padded, placement(image, [k - rim for k, rim in zip(start, before, strict=True)])


def make_instances(image: Image, ids: NDArray[Any], start: tuple[int, int, int]) -> Labels:
    """Return the layer of objects, each with its number."""
    layer = Labels(
        ids,
        name="objects",
        metadata=metadata(INSTANCES, image),
        opacity=0.7,
        visible=False,
        **placement(image, start),
    )
    layer.editable = False
    return layer


def frame(layer: Layer) -> None:
    """Draw a line around a layer that covers a part of the image."""
    box = layer.bounding_box
    box.line_color = FRAME_COLOUR
    box.points = False
    box.visible = True


def is_picture(layer: Layer) -> bool:
    """Tell whether a layer is an image that isn't ours: all that we show lies above it."""
    return isinstance(layer, Image) and role_of(layer) is None


def lower_pictures(viewer: Viewer) -> None:
    """Put images that were added under everything that is painted or was computed."""
    layers = viewer.layers
    lowest = next((k for k, layer in enumerate(layers) if not is_picture(layer)), len(layers))
    for picture in [layer for layer in layers[lowest:] if is_picture(layer)]:
        layers.move(layers.index(picture), lowest)
        lowest += 1


def insert_above(viewer: Viewer, below: Layer, layer: Layer) -> None:
    """Put a layer right above another one and all images, and leave the selection as it is."""
    layers = viewer.layers
    selected, active = set(layers.selection), layers.selection.active
    pictures = [k for k, other in enumerate(layers) if is_picture(other)]
    layers.insert(max(layers.index(below), *pictures, 0) + 1, layer)
    layers.selection = selected
    layers.selection.active = active
