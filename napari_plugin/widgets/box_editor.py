"""The part of the volume to work in: typed, taken from the view, or drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from napari.layers import Shapes
from numpy.typing import NDArray
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget
from supervox.napari_plugin.layers.make_layers import BOX, FRAME_COLOUR, metadata
from supervox.napari_plugin.layers.source import Box, checked_box, placement
from supervox.napari_plugin.session.extent import seen_corners
from supervox.napari_plugin.session.working_image import WorkingImage

from .controls import button, note

AXES = ("Planes", "Rows", "Columns")


class BoxEditor(QWidget):
    """First and last voxel of a box along each axis, with buttons that fill them in.

    Parameters
    ----------
    volume : WorkingImage
        Whose box is changed.
    hint : callable
        Tells what to do.
    """

    def __init__(self, volume: WorkingImage, hint: Callable[[str], None]) -> None:
        super().__init__()
        self._volume, self._hint = volume, hint
        self._shapes: Shapes | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        buttons = QHBoxLayout()
        buttons.addWidget(
            button(
                "supervox_box_draw",
                "Draw",
                "Draw a rectangle on this slice; the box goes through all planes until you narrow "
                "them below",
                self._draw,
            )
        )
        buttons.addWidget(
            button(
                "supervox_box_from_view",
                "To view",
                "Take what is on the screen now",
                self._take_view,
            )
        )
        layout.addLayout(buttons)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        self._spins: list[tuple[QSpinBox, QSpinBox]] = []
        self._rows: list[tuple[QWidget, ...]] = []
        for axis, name in enumerate(AXES):
            words = (QLabel(name), QLabel("to"))
            grid.addWidget(words[0], axis, 0)
            pair = (
                self._spin(f"supervox_box_first_{axis}"),
                self._spin(f"supervox_box_last_{axis}"),
            )
            pair[0].setToolTip(f"First of the {name.lower()} to work in")
            pair[1].setToolTip(f"Last of the {name.lower()} to work in")
            grid.addWidget(pair[0], axis, 1)
            grid.addWidget(words[1], axis, 2)
            grid.addWidget(pair[1], axis, 3)
            self._spins.append(pair)
            self._rows.append((*words, *pair))
        layout.addLayout(grid)
        layout.addWidget(note("Strokes outside of the box are kept, but not used."))

    def _spin(self, name: str) -> QSpinBox:
        spin = QSpinBox()
        spin.setObjectName(name)
        spin.setKeyboardTracking(False)
        spin.setMinimumWidth(60)
        spin.valueChanged.connect(self._on_typed)
        return spin

    def begin(self) -> None:
        """Start with the whole volume as the box."""
        source = self._volume.source
        if source is not None and source.box is None:
            z, y, x = (slice(0, n) for n in source.full_shape)
            self._volume.set_box((z, y, x))

    def end(self) -> None:
        """Work in the whole volume again."""
        self._volume.set_box(None)

    def refresh(self) -> None:
        """Show the box that is chosen."""
        source = self._volume.source
        if source is None or source.box is None:
            self._remove_shapes()
            return
        for widget in self._rows[0]:
            widget.setVisible(not source.is_flat)
        for (first, last), part, n in zip(self._spins, source.box, source.full_shape, strict=True):
            with QSignalBlocker(first), QSignalBlocker(last):
                first.setRange(0, n - 1)
                last.setRange(0, n - 1)
                first.setValue(part.start)
                last.setValue(part.stop - 1)

    def _on_typed(self) -> None:
        source = self._volume.source
        if source is None:
            return
        corners = np.array([[spin.value() for spin in pair] for pair in self._spins], float).T
        corners[1] += 1
        self._take(checked_box(corners, source.full_shape))

    def _take(self, box: Box | None) -> None:
        if box is not None:
            self._volume.set_box(box)
        self.refresh()

    def _take_view(self) -> None:
        """Take the part of the image that the canvas shows."""
        image, source = self._volume.image, self._volume.source
        if image is None or source is None:
            return
        self._take_displayed(seen_corners(self._volume.viewer, image))

    def _draw(self) -> None:
        """Let a person draw a rectangle, and take it as the box."""
        image = self._volume.image
        if image is None:
            return
        self._remove_shapes()
        viewer = self._volume.viewer
        layer = Shapes(
            ndim=image.ndim,
            name="box",
            metadata=metadata(BOX, image),
            edge_color=FRAME_COLOUR,
            face_color="transparent",
            edge_width=2,
            **placement(image, (0, 0, 0)),
        )
        viewer.add_layer(layer)
        layer.mode = "add_rectangle"
        layer.events.data.connect(self._on_drawn)
        self._shapes = layer
        self._hint("Draw a rectangle on the slice")

    def _on_drawn(self) -> None:
        layer, source = self._shapes, self._volume.source
        if layer is None or source is None or not len(layer.data):
            return
        if len(layer.data) > 1:
            layer.data = [layer.data[-1]]
            return
        drawn = np.asarray(layer.data[0])
        self._take_displayed(np.stack([drawn.min(axis=0), drawn.max(axis=0)]))

    def _take_displayed(self, corners: NDArray[np.float64]) -> None:
        """Take corners along the axes that are displayed; the others stay as they are."""
        source, dims = self._volume.source, self._volume.viewer.dims
        assert source is not None
        displayed = {axis - dims.ndim + 3 for axis in dims.displayed}
        current = source.box or tuple(slice(0, n) for n in source.full_shape)
        both = np.array([(part.start, part.stop) for part in current], float).T
        for axis in displayed:
            both[:, axis] = corners[:, axis - 3 + corners.shape[1]]
        self._take(checked_box(both, source.full_shape))

    def _remove_shapes(self) -> None:
        layer, self._shapes = self._shapes, None
        if layer is not None:
            layer.events.data.disconnect(self._on_drawn)
            if layer in self._volume.viewer.layers:
                self._volume.viewer.layers.remove(layer)
