"""A brush that paints whole supervoxels: one drag is one step of undo."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from napari.layers import Labels
from psygnal import Signal
from supervox.napari_plugin.tasks.preparing import Prepared

from .correction_layer import CorrectionLayer
from .hand import REGIONS
from .stroke_layer import Painting


class RegionBrush:
    """Paints the supervoxels under the mouse with the selected class, or erases them.

    Parameters
    ----------
    painting : Painting
        Whose layer is painted on.
    by_hand : CorrectionLayer
        Painted on in its place, while it is in hand.
    prepared : callable
        Returns what is prepared, or None.
    """

    hint = Signal(str)

    def __init__(
        self,
        painting: Painting,
        by_hand: CorrectionLayer,
        prepared: Callable[[], Prepared | None],
    ) -> None:
        self._painting, self._by_hand = painting, by_hand
        self._prepared = prepared
        self._layer: Labels | None = None
        painting.hand.changed.connect(self._on_hand)

    @property
    def is_on(self) -> bool:
        """Whether the mouse paints supervoxels."""
        return self._layer is not None

    def _on_hand(self) -> None:
        """Take the mouse on the layer that is painted on, or give it back to napari's tools."""
        hand = self._painting.hand
        layer = hand.layer if hand.tool == REGIONS else None
        if layer is self._layer:
            return
        if self._layer is not None:
            self._layer.mouse_drag_callbacks.remove(self._drag)
        if layer is not None:
            layer.mouse_drag_callbacks.append(self._drag)
        self._layer = layer

    def _drag(self, layer: Labels, event: Any) -> Generator[None, None, None]:
        if event.button != 1:
            return
        prepared = self._prepared()
        if prepared is None:
            self.hint.emit("Regions can be painted once the volume is prepared")
            return
        if not layer.editable or len(event.dims_displayed) != 2:
            self.hint.emit("This class is locked" if not layer.editable else "Regions: paint in 2D")
            return
        erase = "Control" in event.modifiers
        label = 0 if erase else int(layer.selected_label)
        touched: set[int] = set()
        with layer.block_history():
            self._touch(layer, prepared, event.position, label, touched)
            yield
            while event.type == "mouse_move":
                self._touch(layer, prepared, event.position, label, touched)
                yield

    def _touch(
        self, layer: Labels, prepared: Prepared, position: Any, label: int, touched: set[int]
    ) -> None:
        """Paint the supervoxel at a place, unless this drag did so already."""
        place = np.round(np.asarray(layer.world_to_data(position))).astype(int)
        full = (0, *place) if place.size == 2 else tuple(place)
        inside = tuple(int(p) - s for p, s in zip(full, prepared.source.start, strict=True))
        ids = prepared.ids
        if any(not 0 <= p < n for p, n in zip(inside, ids.shape, strict=True)):
            self.hint.emit("There are no regions outside of the box")
            return
        supervoxel = int(ids[inside])
        if supervoxel in touched:
            return
        touched.add(supervoxel)
        target = self._by_hand if self._by_hand.is_in_hand else self._painting
        target.paint(prepared.voxels_at(inside), label)
