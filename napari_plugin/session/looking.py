"""Where to look next: what each plane has of each class, and one place in doubt after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from napari.layers import Layer
from psygnal import Signal
from supervox.napari_plugin.layers.make_layers import insert_above, make_mark
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.live import LiveLoop, LiveResult
from supervox.napari_plugin.tasks.measuring import FinalLabels
from supervox.napari_plugin.tasks.places import PlaceInView, Places
from supervox.napari_plugin.tasks.plane_amounts import AmountsPerPlane, PlaneAmounts
from supervox.napari_plugin.tasks.preparing import Preparation, Prepared
from supervox.project import ProjectClass
from supervox.segmentation import Strokes

from .sight import bring_into_sight
from .view import ResultView
from .working_image import WorkingImage

MARK = 3.0  # diameter of the ring around a place, in supervoxels


@dataclass(frozen=True)
class LookState:
    """What there is to look at.

    Attributes
    ----------
    can_look : bool
        Whether there is a result, in which places may be in doubt.
    is_looking : bool
        Whether a place is being looked for.
    options : tuple of ProjectClass
        The classes that are asked about: what the place is labelled first.
    has_planes : bool
        Whether the image has more than one plane.
    amounts : PlaneAmounts or None
        What each plane has.
    classes : tuple of ProjectClass
    """

    can_look: bool = False
    is_looking: bool = False
    options: tuple[ProjectClass, ...] = ()
    has_planes: bool = False
    amounts: PlaneAmounts | None = None
    classes: tuple[ProjectClass, ...] = ()


class Looking:
    """Follows the results, and asks about one place at a time.

    Parameters
    ----------
    volume : WorkingImage
        In whose viewer the view is moved.
    preparation : Preparation
    painting : Painting
        The next stroke ends the question; an answer is a stroke.
    live : LiveLoop
    view : ResultView
        Of whose result places are looked for.
    final : callable
        Returns the final labels, or None.

    Attributes
    ----------
    asked : PlaceInView or None
        The place that is asked about now.
    """

    changed = Signal()
    hint = Signal(str)

    def __init__(
        self,
        volume: WorkingImage,
        preparation: Preparation,
        painting: Painting,
        live: LiveLoop,
        view: ResultView,
        final: Callable[[], FinalLabels | None],
    ) -> None:
        self._viewer, self._volume, self._preparation = volume.viewer, volume, preparation
        self._painting, self._classes = painting, painting.classes
        self._live, self._view, self._final = live, view, final
        self.per_plane, self.places = AmountsPerPlane(), Places()
        self.asked: PlaceInView | None = None
        self._mark: Layer | None = None
        self.per_plane.succeeded.connect(self._emit_changed)
        self.places.succeeded.connect(self._on_found)
        painting.began.connect(self.clear)
        painting.corrections.changed.connect(self.follow)
        self._viewer.dims.events.order.connect(self.follow)
        self._viewer.dims.events.ndisplay.connect(self.follow)

    def release(self) -> None:
        """Let go of the viewer."""
        self._viewer.dims.events.order.disconnect(self.follow)
        self._viewer.dims.events.ndisplay.disconnect(self.follow)

    def _emit_changed(self, *_: object) -> None:
        self.changed.emit()

    # --------------------------------------------------------------------------------- planes

    @property
    def amounts(self) -> PlaneAmounts | None:
        """What the planes have of the result that is shown; None where there is none."""
        measured, prepared = self.per_plane.measured, self._preparation.prepared
        is_there = prepared is not None and not prepared.source.is_flat
        if measured is None or not is_there or measured.of is not prepared:
            return None
        return None if self._view.result is None else measured.amounts

    @property
    def plane(self) -> int | None:
        """The plane of the image that is in view; None where there is one only, or in 3D."""
        image, dims = self._volume.image, self._viewer.dims
        if image is None or image.ndim < 3 or dims.ndisplay != 2 or not dims.not_displayed:
            return None
        axis = self._volume.axis_across() + image.ndim - 3
        return round(float(np.asarray(image.world_to_data(dims.point))[axis]))

    def go_to_plane(self, plane: int) -> None:
        """Show a plane in the viewer."""
        self._volume.show_plane(self._volume.axis_across(), plane)

    def follow(self, *_: object) -> None:
        """Sum up the result of now over the planes across the axis that isn't displayed."""
        if (now := self._now()) is None:
            return
        corrections, source = self._painting.corrections, now[0].source
        final = self._final()
        labels = None if final is None or final.source != source else final.labels
        is_nothing = corrections.is_blank and not self._is_moved and labels is None
        if source.is_flat and is_nothing:
            return
        over = None if corrections.over is None else corrections.over.of(source.box)
        self.per_plane.follow(*now, self._volume.axis_across(), over, labels)

    @property
    def _is_moved(self) -> bool:
        """Whether corrections had a part in what is known."""
        measured = self.per_plane.measured
        return measured is not None and bool(measured.moved.any())

    @property
    def shares(self) -> dict[int, float]:
        """Share of the voxels with data that each class has in the labels, corrections over them.

        In the final labels while they are those of now, which are what is shown and written then;
        else in the live ones.
        """
        result, measured = self._view.result, self.per_plane.measured
        if result is None:
            return {}
        final, counted = self._final(), measured and measured.final
        if final and counted and final.is_current and counted.labels is final.labels:
            voxels = counted.corrected
            total = max(int(voxels[1:].sum()), 1)
            return {k: int(voxels[k]) / total for k in result.shares}
        shares = {k: found.share for k, found in result.shares.items()}
        if measured is None or measured.of is not self._preparation.prepared:
            return shares
        total = int(measured.of.segmenter.partitions[0].graph.size.sum())
        all_of_it = total + int(measured.moved.sum())  # some was corrected where there is no data
        return {
            k: max(0.0, share * total + int(measured.moved[k])) / all_of_it
            for k, share in shares.items()
        }

    def _now(self) -> tuple[Prepared, Strokes, LiveResult] | None:
        """Return what there is to look at."""
        prepared, strokes = self._preparation.prepared, self._live.strokes
        result = self._view.result
        if prepared is None or strokes is None or result is None:
            return None
        if len(result.labels) != prepared.n_supervoxels:
            return None  # of what was prepared before
        return prepared, strokes, result

    # --------------------------------------------------------------------------------- places

    def go_on(self) -> None:
        """Go to the next place that is worth a look."""
        self.clear()
        if (now := self._now()) is None:
            self.hint.emit("Places to look at: once there are live labels")
            return
        prepared, strokes, result = now
        extents = self.per_plane.extents_of(prepared)
        over = self._painting.corrections.over
        here = None if over is None else over.of(prepared.source.box)
        self.places.start(prepared, extents, strokes, result, here)

    def _on_found(self, found: tuple[object, PlaceInView | None]) -> None:
        image, now = self._volume.image, found[1]
        if image is None or image not in self._viewer.layers:
            return
        if now is None:
            self.hint.emit("No place is in doubt")
            return
        self._show(now)
        self.asked = now
        self.changed.emit()

    def _show(self, now: PlaceInView) -> None:
        image, dims = self._volume.image, self._viewer.dims
        assert image is not None
        graph = self._preparation.prepared.segmenter.partitions[0].graph  # type: ignore[union-attr]
        width = float(graph.size[graph.size > 0].mean()) ** (1 / image.ndim)
        world = image.data_to_world(np.asarray(now.voxel[-image.ndim :], float))
        dims.point = (*dims.point[: dims.ndim - image.ndim], *world)
        if (layer := self._painting.layer) is not None:
            bring_into_sight(self._viewer, image, layer, now.voxel, MARK / 2 * width)
        self._mark = make_mark(image, now.voxel, MARK * width, "place in doubt")
        insert_above(self._viewer, self._viewer.layers[-1], self._mark)

    @property
    def state(self) -> LookState:
        """What the panel shows."""
        source, place = self._volume.source, None if self.asked is None else self.asked.place
        ids, amounts = () if place is None else (place.class_id, place.other), self.amounts
        return LookState(
            self._view.result is not None,
            self.places.is_running,
            tuple(self._classes[k] for k in ids if k in self._classes),
            source is not None and not source.is_flat,
            amounts,
            () if amounts is None else tuple(self._classes),
        )

    def answer(self, class_id: int) -> None:
        """Paint the region at the place with a class, as one step that can be undone."""
        now = self.asked
        self.clear()
        if now is None or self._painting.layer is None:
            return
        if why := self._painting.hand.why_not(self._classes[class_id]):
            self.hint.emit(f"{why}: nothing was painted")
            return
        self._painting.paint(now.voxels, class_id)

    def clear(self) -> None:
        """Ask no more, and take the ring away; nothing is painted."""
        self.places.cancel()
        was_asked, self.asked = self.asked is not None, None
        mark, self._mark = self._mark, None
        if mark is not None and mark in self._viewer.layers:
            self._viewer.layers.remove(mark)
        if was_asked:
            self.changed.emit()

    def forget(self) -> None:
        """Let go of everything that belongs to the image."""
        self.clear()
        self.per_plane.forget()
        self.places.forget()
