"""What a drag on the picture does: which tool is in hand, and what keeps it from painting."""

from __future__ import annotations

from collections.abc import Generator
from enum import StrEnum
from typing import Any

from napari.layers import Labels, Layer
from napari.utils.interactions import mouse_release_callbacks
from napari.viewer import Viewer
from psygnal import Signal
from supervox.napari_plugin.layers.make_layers import ANNOTATIONS, role_of
from supervox.project import ProjectClass

from .class_list import ClassList

HELP = (
    "1 to 9 choose a class, P brush, R regions, E eraser, C corrects, hold Space to move the view"
)
PAINT, ERASE, MOVE = "paint", "erase", "pan_zoom"  # modes of napari's Labels layer
REGIONS = "regions"  # ours: napari moves nothing, and a brush of ours has the mouse
FILL = "fill"  # napari's for strokes; for corrections ours, which fills by labels
CUT, MERGE, SPLIT = "cut", "merge", "split"  # ours, too: lines are drawn on objects
OURS = frozenset({REGIONS, CUT, MERGE, SPLIT})


class Obstacle(StrEnum):
    """Why nothing is painted."""

    NONE = ""
    READ_ONLY = "read-only"
    UNSEEN = "unseen"  # the layer of the strokes
    HIDDEN = "hidden"  # the class
    LOCKED = "locked"
    ELSEWHERE = "elsewhere"  # another layer is active, and has a tool of its own in use


class Hand:
    """Sees to it that a drag paints, whichever layer is selected, or that it is known why not.

    Nothing is painted where it would not be seen, and nothing with a class that is locked: the
    mouse then does nothing at all.

    Parameters
    ----------
    viewer : Viewer
    classes : ClassList

    Attributes
    ----------
    layer : Labels or None
        The strokes, or the corrections.
    own : frozenset of str
        Tools of ours: with those napari's layer moves nothing.
    """

    changed = Signal()

    def __init__(self, viewer: Viewer, classes: ClassList) -> None:
        self._viewer, self._classes = viewer, classes
        self.layer: Labels | None = None
        self.own = OURS
        self._other: Layer | None = None  # that is active, and whose mode is followed
        self._is_read_only = False
        self._tool = PAINT  # that is wanted, whether it is possible or not
        self._is_setting = False
        classes.changed.connect(self.update)
        classes.selected_changed.connect(self.update)

    def take_up(self, layer: Labels) -> None:
        """Paint on a layer from now on."""
        self.layer, self._is_read_only = layer, False
        self.own = OURS if self.painted == "strokes" else OURS | {FILL}
        self._tool = PAINT
        layer.events.mode.connect(self._on_mode)
        layer.events.visible.connect(self.update)
        self._viewer.layers.selection.events.active.connect(self._on_active)
        self._viewer.mouse_move_callbacks.append(self._on_hover)
        self._viewer.mouse_drag_callbacks.append(self._end_stroke)
        self.update()
        self._on_mode()

    def turn_to(self, layer: Labels) -> None:
        """Paint on another layer from now on, with the tool that is in hand."""
        before, tool, is_read_only = self.layer, self._tool, self._is_read_only
        if layer is before:
            return
        if before is not None:
            layer.brush_size, layer.n_edit_dimensions = before.brush_size, before.n_edit_dimensions
            self.put_down()
            before.mode = MOVE
        self.take_up(layer)
        self._is_read_only = is_read_only
        self.take(tool)

    def put_down(self) -> None:
        """Let go of the layer."""
        layer, self.layer = self.layer, None
        self._follow_other(None)
        if layer is not None:
            if str(layer.mode) == MOVE:
                layer.mouse_pan, layer.cursor = True, "standard"
            layer.events.mode.disconnect(self._on_mode)
            layer.events.visible.disconnect(self.update)
            self._viewer.layers.selection.events.active.disconnect(self._on_active)
            self._viewer.mouse_move_callbacks.remove(self._on_hover)
            self._viewer.mouse_drag_callbacks.remove(self._end_stroke)
            self.changed.emit()

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be painted."""
        return self._is_read_only

    def set_read_only(self, on: bool) -> None:
        """Let nothing be painted, or let it again."""
        self._is_read_only = on
        self.update()

    @property
    def tool(self) -> str:
        """A mode of napari's, or "regions": what is in use, or would be without the obstacle."""
        return self._tool

    @property
    def obstacle(self) -> Obstacle:
        """Why a drag paints nothing."""
        mine = self._own_obstacle
        return Obstacle.ELSEWHERE if not mine and self.elsewhere is not None else mine

    @property
    def elsewhere(self) -> Layer | None:
        """The active layer, if it is another one that has a tool of its own in use."""
        active = self._viewer.layers.selection.active
        if self.layer is None or active is None or active == self.layer:  # it may be a proxy
            return None
        return active if str(getattr(active, "mode", MOVE)) != MOVE else None

    @property
    def _own_obstacle(self) -> Obstacle:
        return self.obstacle_of(self._classes.chosen)

    def why_not(self, item: ProjectClass) -> str:
        """Say why nothing is painted with a class, whatever paints; empty if it can be."""
        return {
            Obstacle.READ_ONLY: "The project is read-only",
            Obstacle.UNSEEN: f"The {self.painted} are hidden",
            Obstacle.HIDDEN: f"{item.name} is hidden",
            Obstacle.LOCKED: f"{item.name} is locked",
        }.get(self.obstacle_of(item), "")

    @property
    def painted(self) -> str:
        """What is painted: "strokes" or "corrections", as the layers are called at first."""
        is_stroke = self.layer is None or role_of(self.layer) == ANNOTATIONS
        return "strokes" if is_stroke else "corrections"

    def obstacle_of(self, item: ProjectClass | None) -> Obstacle:
        """Tell why nothing is painted with a class."""
        if self._is_read_only:
            return Obstacle.READ_ONLY
        if self.layer is not None and not self.layer.visible:
            return Obstacle.UNSEEN
        if item is not None and not item.visible:
            return Obstacle.HIDDEN
        return Obstacle.LOCKED if item is not None and item.locked else Obstacle.NONE

    def take(self, tool: str) -> None:
        """Use a tool as soon as nothing keeps from it: a mode of napari's Labels layer, or ours."""
        if self.layer is not None:
            self._tool = tool
            self._viewer.layers.selection.active = self.layer
            self.update()

    def update(self, *_: object) -> None:
        """Let the layer be painted on, or not."""
        layer = self.layer
        if layer is None:
            return
        is_free = not self._own_obstacle
        mode = MOVE if self._tool in self.own else self._tool
        self._is_setting = True
        try:
            if layer.editable != is_free:
                layer.editable = is_free  # napari puts the tool down where it isn't
            if is_free and str(layer.mode) != mode:
                layer.mode = mode
            if not is_free or mode == MOVE:
                is_moving = self._tool == MOVE or self._is_read_only
                at_rest = "pointing" if is_free else "forbidden"  # cursors of napari's
                layer.mouse_pan, layer.cursor = is_moving, "standard" if is_moving else at_rest
        finally:
            self._is_setting = False
        self.changed.emit()

    def _on_mode(self) -> None:
        """Follow napari's tools; its help in the status bar has our keys: digits are classes."""
        layer = self.layer
        assert layer is not None
        if not self._is_setting:
            self._tool = str(layer.mode)
            if self._tool in self.own:
                self.update()  # napari's tool of this name would do something else
        layer.help = HELP
        if self._viewer.layers.selection.active == layer:
            self._viewer.help = HELP
        self.changed.emit()

    def _on_active(self) -> None:
        active = self._viewer.layers.selection.active
        self._follow_other(None if active == self.layer else active)
        self.changed.emit()

    def _follow_other(self, layer: Layer | None) -> None:
        """Notice when another layer's tool is chosen."""
        old, self._other = self._other, layer
        for other, is_new in ((old, False), (layer, True)):
            mode = None if other is None else getattr(other.events, "mode", None)
            if mode is not None:
                (mode.connect if is_new else mode.disconnect)(self._on_other)

    def _on_other(self) -> None:
        self.changed.emit()

    def _end_stroke(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        """Have a stroke end with the drag that it began with.

        Napari tells the layer that is active then of the end. Another one, as one that was added
        meanwhile, would leave the stroke open, and the next movement of the mouse would go on with
        it from where it was: a line between two strokes.
        """
        yield
        while event.type == "mouse_move":
            yield
        if self.layer is not None and self._viewer.layers.selection.active != self.layer:
            mouse_release_callbacks(self.layer, event.__wrapped__)

    def _on_hover(self, viewer: Any, event: Any) -> None:
        """Have the mouse on the picture paint, whichever layer was selected."""
        layers = self._viewer.layers
        is_ours = layers.selection.active == self.layer or self.layer not in layers
        if is_ours or self._tool == MOVE or self._viewer.dims.ndisplay != 2:
            return
        if self.elsewhere is None:
            layers.selection.active = self.layer
