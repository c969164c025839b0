"""Keyboard shortcuts, bound while the dock is there, and given back when it goes.

Napari's own keys keep their meaning: on the strokes' layer, only the digits are taken, whose tools
have letters as well (P brush, E eraser, F fill, L picker, Z move), and undo and redo, which reach
back to the first stroke that there ever was; Space stays pan and zoom. Enter and Esc, which
complete and reset napari's polygons, are taken only while something is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from napari.layers import Labels
from napari.viewer import Viewer
from supervox.napari_plugin.layers.make_layers import CORRECTIONS, role_of
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.session.questions import Answer
from supervox.napari_plugin.session.view import ResultView

MOST_CLASSES = 9


class Keys:
    """Binds the keys of one viewer.

    Parameters
    ----------
    viewer : Viewer
    classes : ClassList
        The digits select them.
    painting : Painting
        Whose layer has the digits.
    view : ResultView
    paint_class : callable
        Takes the id of a class that is to be painted.
    use_tool, toggle_live, update, look_on, compare : callable
        What else there are keys for.
    is_asked : callable
        Tells whether a question is open.
    answer : callable
        Takes the answer.
    nudge : callable
        Gives the class that is chosen more or less, by steps.
    correct : callable
        Changes between strokes and corrections.
    fill : callable
        Fills between painted slices.
    """

    def __init__(
        self,
        viewer: Viewer,
        classes: ClassList,
        painting: Painting,
        view: ResultView,
        *,
        paint_class: Callable[[int], None],
        use_tool: Callable[[str], None],
        toggle_live: Callable[[], None],
        update: Callable[[], None],
        look_on: Callable[[], None],
        is_asked: Callable[[], bool],
        answer: Callable[[Answer], None],
        compare: Callable[[], None],
        nudge: Callable[[int], None],
        correct: Callable[[], None],
        fill: Callable[[], None],
    ) -> None:
        self._viewer, self._classes, self._painting, self._view = viewer, classes, painting, view
        self._use_tool, self._is_asked = use_tool, is_asked
        self._paint_class = paint_class
        self._answers: dict[str, Callable[..., Any]] = {
            "Enter": lambda _: answer(Answer.YES),
            "Shift-Enter": lambda _: answer(Answer.OTHER),
            "Escape": lambda _: answer(Answer.LEAVE),
        }
        self._answering: list[Viewer | Labels] = []  # where these keys are bound now
        self._layer: Labels | None = None
        self._steps: dict[str, Callable[..., Any]] = {  # napari's own know the last 100 strokes
            "Control-Z": lambda _: painting.undo(),
            "Control-Shift-Z": lambda _: painting.redo(),
        }
        self._on_layer = {"C": lambda _: correct()}  # elsewhere napari's: contrast
        self._viewer_keys: dict[str, Callable[..., Any]] = {
            "R": lambda _: use_tool("regions"),
            "H": self._hide_while_held,
            "O": lambda _: view.choose(outline=not view.choices.outline),
            "Shift-L": lambda _: toggle_live(),
            "U": lambda _: update(),
            "N": lambda _: look_on(),
            "K": lambda _: compare(),
            "I": lambda _: fill(),
            ",": lambda _: nudge(-1),
            ".": lambda _: nudge(1),
        }
        self._viewer_keys |= self._steps  # for when another layer is active
        for key, action in self._viewer_keys.items():
            viewer.bind_key(key, action, overwrite=True)
        self.follow()

    def release(self) -> None:
        """Give all keys back."""
        self._release_answers()
        for key in self._viewer_keys:
            self._viewer.bind_key(key, None)
        self._release_layer()

    def follow(self) -> None:
        """Bind the digits on the layer that is painted on now, and the answers to a question."""
        layer = self._painting.hand.layer
        if layer is not self._layer:
            self._follow_layer(layer)
        if not self._is_asked():
            self._release_answers()
        elif not self._answering and layer is not None:
            self._answering = [self._viewer, layer]
            for place in self._answering:
                for key, action in self._answers.items():
                    place.bind_key(key, action, overwrite=True)

    def _release_answers(self) -> None:
        places, self._answering = self._answering, []
        for place in places:
            for key in self._answers:
                place.bind_key(key, None)

    def _follow_layer(self, layer: Labels | None) -> None:
        self._release_layer()
        self._layer = layer
        if layer is not None:
            for digit in range(1, MOST_CLASSES + 1):
                layer.bind_key(str(digit), self._choose(digit - 1), overwrite=True)
            for key, step in (self._steps | self._on_layer).items():
                layer.bind_key(key, step, overwrite=True)
            layer.bind_key("0", lambda _: self._use_tool("erase"), overwrite=True)

    def _release_layer(self) -> None:
        layer, self._layer = self._layer, None
        if layer is not None:
            for key in (*self._steps, *self._on_layer, *map(str, range(MOST_CLASSES + 1))):
                layer.bind_key(key, None)

    def _choose(self, index: int) -> Callable[[Any], None]:
        def choose(_: Any) -> None:
            if index < len(self._classes.ids):
                self._paint_class(self._classes.ids[index])

        return choose

    def _hide_while_held(self, _: Any) -> Generator[None, None, None]:
        """Hide what lies over the image while the key is held."""
        view = self._view
        by_hand = (layer for layer in self._viewer.layers if role_of(layer) == CORRECTIONS)
        shown = [
            layer
            for layer in (view.prediction, view.map, view.final, *by_hand)
            if layer is not None and layer.visible
        ]
        for layer in shown:
            layer.visible = False
        yield
        for layer in shown:
            layer.visible = True
