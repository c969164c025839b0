"""Planes far apart in the volume, side by side: one plane tells little of a balance.

While they are seen, they are labelled in full quality behind the quick answer, as the slice in view
is: a balance that is set on quick labels can be wrong for the final ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import psygnal
from numpy.typing import NDArray
from supervox.napari_plugin.layers.corrected import Overlay
from supervox.napari_plugin.layers.lookup import Finer
from supervox.napari_plugin.layers.source import Box, CroppedVolume
from supervox.napari_plugin.painting.corrections import Corrections
from supervox.napari_plugin.tasks.in_full import SliceInFull
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report, Task
from supervox.napari_plugin.tasks.live import LiveResult
from supervox.napari_plugin.tasks.preparing import Preparation, Prepared

from .working_image import WorkingImage

PLANES = 4
MOST_PIXELS = 400  # along a side; larger planes are thinned out


@dataclass(frozen=True, eq=False)
class ComparedPlane:
    """A plane of the volume, as a small picture can show it.

    Attributes
    ----------
    at : int
        Its place in the image, along the axis that is not displayed.
    part : tuple of 3 slice
        The plane in voxels of the part to work in.
    thin : tuple of 3 slice
        Which voxels of the plane are shown.
    grey : uint8, (H, W)
    ids : int32, (H, W)
        Supervoxels.
    by_hand : uint8, (H, W)
        What is corrected there, as it is now; 0 = nothing.
    aspect : float
        Height of a pixel over its width.
    """

    at: int
    part: Box
    thin: Box
    grey: NDArray[np.uint8]
    ids: NDArray[np.int32]
    by_hand: NDArray[np.uint8]
    aspect: float


class Comparison(BackgroundTask):
    """Reads the planes, and knows their labels; succeeds with a tuple of `ComparedPlane`.

    Parameters
    ----------
    volume : WorkingImage
    preparation : Preparation
    corrections : Corrections

    Attributes
    ----------
    planes : tuple of ComparedPlane
        Those that were read; empty if none were.
    is_watched : bool
        Whether somebody sees them.
    state : int
        The same as long as the planes, and what is known of them in full quality, are the same.
    """

    watched = psygnal.Signal()

    def __init__(
        self, volume: WorkingImage, preparation: Preparation, corrections: Corrections
    ) -> None:
        super().__init__()
        self._volume, self._preparation = volume, preparation
        self._corrections = corrections
        self.planes: tuple[ComparedPlane, ...] = ()
        self.is_watched, self.state = False, 0
        self._in_full: dict[int, Finer] = {}  # by the plane's place in the image
        self._of: tuple[Prepared, Overlay | None] | None = None  # what the planes are of
        self._axis = 0
        self.succeeded.connect(self._keep)

    @property
    def is_possible(self) -> bool:
        """Whether there are planes to compare."""
        prepared = self._preparation.prepared
        return prepared is not None and not prepared.source.is_flat

    def watch(self, is_seen: bool) -> None:
        """Hear whether somebody sees the planes."""
        self.is_watched = is_seen
        if is_seen:
            self.watched.emit()

    def look(self) -> None:
        """Read the planes, unless those of what is prepared were read, or are being read."""
        prepared, image = self._preparation.prepared, self._volume.image
        axis = self._volume.axis_across()
        over = self._corrections.over
        if prepared is None or image is None:
            return
        if (self._of, self._axis) == ((prepared, over), axis):
            return
        self._of, self._axis = (prepared, over), axis
        low, high = image.contrast_limits
        nothing = np.broadcast_to(np.uint8(0), prepared.source.shape)
        by_hand = nothing if over is None else over.of(prepared.source.box).voxels
        self.run(_task(prepared, by_hand, axis, (float(low), float(high))), "Reading planes")

    def parts_to_label(self, result: LiveResult) -> list[Box]:
        """Return the planes that are seen and not known in full quality for a result."""
        if not self.is_watched:
            return []
        return [at.part for at in self.planes if not self._is_in_full(at, result)]

    def take(self, found: SliceInFull) -> None:
        """Keep a slice of what is prepared now, in full quality, if it is one of the planes."""
        for plane in self.planes:
            if plane.part == found.part:
                values = np.squeeze(found.labels[plane.thin], self._axis)
                self._in_full[plane.at] = Finer(values, found.result.labels)
                self.state += 1
                self.changed.emit()

    def renew_planes(self) -> None:
        """Take what is known in full quality for old: better can be had. It stays until then."""
        for at, known in self._in_full.items():
            self._in_full[at] = replace(known, then=known.then.copy())  # of no result any more

    def labels_of(self, result: LiveResult | None) -> list[NDArray[np.uint8]]:
        """Return the labels of each plane, uint8 (H, W): in full quality as far as they hold.

        Parameters
        ----------
        result : LiveResult, optional
            The one of now; without any, nothing is labelled.
        """
        return [
            np.zeros_like(at.grey) if result is None else self._labels_of(at, result.labels)
            for at in self.planes
        ]

    def _labels_of(self, plane: ComparedPlane, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        quick, known = labels[plane.ids], self._in_full.get(plane.at)
        if known is None:
            return quick
        return np.where((known.then == labels)[plane.ids], known.values, quick)

    def _is_in_full(self, plane: ComparedPlane, result: LiveResult) -> bool:
        known = self._in_full.get(plane.at)
        return known is not None and known.then is result.labels

    def go_to(self, plane: ComparedPlane) -> None:
        """Show a plane in the viewer."""
        self._volume.show_plane(self._axis, plane.at)

    def forget(self) -> None:
        """Let go of all planes."""
        self.cancel()
        self._of = None
        self._keep(())

    def _keep(self, planes: tuple[ComparedPlane, ...]) -> None:
        self.planes, self._in_full = planes, {}
        self.state += 1


def _task(
    prepared: Prepared, by_hand: NDArray[np.uint8], axis: int, limits: tuple[float, float]
) -> Task:
    def read(report: Report) -> tuple[ComparedPlane, ...]:
        source = prepared.source
        volume = CroppedVolume(source.volume, source.box)
        size = source.shape[axis]
        places = sorted({int((2 * k + 1) * size / (2 * PLANES)) for k in range(PLANES)})
        rows, columns = (k for k in range(3) if k != axis)
        step = max(1, -(-max(source.shape[rows], source.shape[columns]) // MOST_PIXELS))
        aspect = source.spacing[rows] / source.spacing[columns]
        found = []
        for done, at in enumerate(places):
            report.progress(done, len(places))
            part, thin = [slice(0, n) for n in source.shape], [slice(None, None, step)] * 3
            part[axis], thin[axis] = slice(at, at + 1), slice(None)
            where, every = (part[0], part[1], part[2]), (thin[0], thin[1], thin[2])
            grey = grey_of(np.squeeze(volume[where][every], axis), limits)
            ids = np.ascontiguousarray(np.squeeze(prepared.ids[where][every], axis))
            over = np.squeeze(by_hand[where][every], axis)  # the corrections themselves: no copy
            place = at + source.start[axis]
            found.append(ComparedPlane(place, where, every, grey, ids, over, aspect))
        return tuple(found)

    return read


def grey_of(values: NDArray[np.generic], limits: tuple[float, float]) -> NDArray[np.uint8]:
    """Map values onto 0 to 255 as the viewer does."""
    low, high = limits
    scaled = (values.astype(np.float32) - low) * (255 / max(high - low, 1e-12))
    grey: NDArray[np.uint8] = np.nan_to_num(scaled).clip(0, 255).astype(np.uint8)
    return grey


def blending(colours: NDArray[np.uint8], opacity: float) -> NDArray[np.uint8]:
    """Return what each class makes of each grey: a look-up is quick while a slider is moved.

    Parameters
    ----------
    colours : uint8, (256, 4)
        Red, green, blue of each class id, and 0 where it is hidden, else 255.
    opacity : float

    Returns
    -------
    uint8, (256, 256, 3)
        Red, green, blue by class id and grey.
    """
    alpha = (opacity / 255) * colours[:, np.newaxis, 3:].astype(np.float32)
    greys = np.arange(256, dtype=np.float32)[:, np.newaxis]
    mixed = (1 - alpha) * greys + alpha * colours[:, np.newaxis, :3]
    result: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return result
