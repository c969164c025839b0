"""Where the brush may paint: where the image lies between two values, on a class, where unsure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from supervox.execution import VolumeLike
from supervox.napari_plugin.layers.source import finest_data
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.live import LiveLoop
from supervox.napari_plugin.tasks.places import PlaceInView, Places
from supervox.project import Paint, VoxelChange

from .view import ResultView
from .view_choices import UNSURE
from .working_image import WorkingImage

MIDDLE = (5, 95)  # percentiles of the values under strokes that a brush takes over


@dataclass(frozen=True)
class BrushLimits:
    """What must hold of a voxel for the brush to paint it.

    Attributes
    ----------
    values : tuple of 2 float or None
        Lowest and highest value of the image; None for any.
    class_id : int
        Its label; 0 for any.
    unsure : bool
        Whether its label must be in doubt.
    in_place : bool
        Whether it must be in the region that was asked about last.
    """

    values: tuple[float, float] | None = None
    class_id: int = 0
    unsure: bool = False
    in_place: bool = False

    @property
    def is_on(self) -> bool:
        """Whether anything is asked for."""
        return self != BrushLimits()


class BrushMask:
    """Keeps strokes and corrections to voxels of which something holds.

    Parameters
    ----------
    volume : WorkingImage
    painting : Painting
        Whose strokes are kept to them; corrections ask by themselves.
    live : LiveLoop
        Knows the strokes that a range of values is taken from.
    view : ResultView
        Has the result that says where labels are unsure.
    labels_of : callable
        Returns labels at voxels, given by raster index, with these corrections over them.
    """

    changed = Signal()
    hint = Signal(str)

    def __init__(
        self,
        volume: WorkingImage,
        painting: Painting,
        live: LiveLoop,
        view: ResultView,
        labels_of: Callable[[NDArray[np.int64], NDArray[np.uint8]], NDArray[np.uint8]],
    ) -> None:
        self._volume, self._painting, self._view, self._live = volume, painting, view, live
        self._labels_of = labels_of
        self.limits = BrushLimits()
        self.place: NDArray[np.int64] | None = None  # that was asked about last, ascending
        volume.watched.connect(self._forget)

    def choose(self, **limits: object) -> None:
        """Change what must hold; see `BrushLimits`."""
        self.limits = replace(self.limits, **limits)  # type: ignore[arg-type]
        self._painting.within = self._within if self.limits.is_on else None
        self.changed.emit()

    def _forget(self) -> None:
        self.place = None
        self.choose(values=None, class_id=0, unsure=False, in_place=False)

    def take_values_of_strokes(self, class_id: int) -> None:
        """Paint where the image is like most of what strokes of a class lie on."""
        strokes, image = self._live.scan.strokes, self._volume.image
        voxels = strokes.voxels[strokes.classes == class_id]
        if image is None or not voxels.size:
            self.hint.emit("This class has no strokes to take values from")
            return
        low, high = np.percentile(self._values_at(voxels).astype(np.float64), MIDDLE)
        self.choose(values=(float(low), float(high)))

    def follow(self, places: Places) -> None:
        """Know the regions that are asked about."""
        places.succeeded.connect(self._on_place)

    def _on_place(self, found: tuple[object, PlaceInView | None]) -> None:
        source, place = self._volume.source, found[1]
        if source is not None and place is not None:
            full = (np.zeros_like(place.voxels[0]), *place.voxels)[-3:]
            self.place = np.sort(np.ravel_multi_index(full, source.full_shape))

    def free(self, change: VoxelChange) -> NDArray[np.bool_]:
        """Tell which voxels of what was painted may be."""
        limits, voxels = self.limits, change.voxels
        free = np.ones(voxels.size, bool)
        if not limits.is_on or not voxels.size:
            return free
        if limits.values is not None:
            low, high = limits.values
            values = self._values_at(voxels)
            free &= (values >= low) & (values <= high)
        if limits.class_id:
            corrections = change.old
            if change.paint is Paint.STROKES:
                now = self._painting.corrections.now
                corrections = now.reshape(-1)[voxels] if now is not None else 0 * corrections
            free &= self._labels_of(voxels, corrections) == limits.class_id
        if limits.unsure:
            free &= self._is_unsure(voxels)
        if limits.in_place:
            nowhere = np.zeros(0, np.int64)
            free &= np.isin(voxels, nowhere if self.place is None else self.place)
        return free

    def words(self) -> str:
        """Say where the brush paints, by the words of the ticks; empty for everywhere."""
        limits, classes = self.limits, self._painting.classes
        parts = []
        if limits.values is not None:
            low, high = limits.values
            parts.append(f"image {_text(low)} to {_text(high)}")
        if limits.class_id in classes:
            parts.append(f"label {classes[limits.class_id].name}")
        if limits.unsure:
            parts.append("unsure")
        if limits.in_place:
            parts.append("region asked")
        return ", ".join(parts)

    def _within(self, change: VoxelChange) -> NDArray[np.bool_]:
        """Tell which voxels of a stroke stay, and a person why others don't."""
        free = self.free(change)
        if not free.all():
            self.hint.emit(self.kept(int((~free).sum())))
        return free

    def kept(self, number: int) -> str:
        """Say that voxels stay as they are."""
        return f"{count_voxels(number)} kept: only where {self.words()}"

    def _values_at(self, voxels: NDArray[np.int64]) -> NDArray[Any]:
        """Return the values of the image at voxels, as they are in the file."""
        image, source = self._volume.image, self._volume.source
        assert image is not None
        assert source is not None
        places = np.unravel_index(voxels, source.full_shape)[-image.ndim :]
        return _read(finest_data(image), places)

    def _is_unsure(self, voxels: NDArray[np.int64]) -> NDArray[np.bool_]:
        live, result, source = self._view.live, self._view.result, self._volume.source
        unsure = np.zeros(voxels.size, bool)
        if live is None or result is None or source is None:
            return unsure
        part, labels = live
        places = np.unravel_index(voxels, source.full_shape)
        inside = np.ones(voxels.size, bool)
        for at, first, size in zip(places, part.start, part.shape, strict=True):
            inside &= (at >= first) & (at < first + size)
        here = [at[inside] - k for at, k in zip(places, part.start, strict=True)]
        ids = labels.ids[tuple(here[-labels.ndim :])]
        unsure[inside] = result.uncertainty[ids] >= UNSURE
        return unsure


def count_voxels(number: int) -> str:
    """Write a number of voxels for a person: "1 voxel", "1,200 voxels"."""
    return f"{number:,} voxel{'s' * (number != 1)}"


def _text(value: float) -> str:
    """Write a value of the image, never in powers of ten where it is large."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _read(data: VolumeLike, places: tuple[NDArray[np.int64], ...]) -> NDArray[Any]:
    """Read voxels; of what isn't in memory, the box around them."""
    if isinstance(data, np.ndarray):
        return np.asarray(data[places])
    first = [int(at.min()) for at in places]
    box = tuple(slice(k, int(at.max()) + 1) for k, at in zip(first, places, strict=True))
    inside = tuple(at - k for at, k in zip(places, first, strict=True))
    return np.asarray(np.asarray(data[box])[inside])
