"""Labels that can be compared: ours as they are now, layers of others, files, projects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.io.layer_fields import classes_of_layer
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.napari_plugin.layers.lookup import LookupVolume
from supervox.napari_plugin.layers.source import finest_data
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.compared_sides import Side
from supervox.napari_plugin.tasks.measuring import FinalLabels
from supervox.project import is_project

from .other_labels import labels_of_others
from .view import ResultView
from .view_choices import Shown
from .working_image import WorkingImage

FINAL, LIVE, COMPUTED, BEFORE = "final", "live", "computed", "before"
LAYER, FILE = "layer ", "file "  # before a layer's id, and a path

Snapshot = tuple[NDArray[Any], tuple[int, int, int]]  # labels of a part, and where it begins


class LabelsToCompare:
    """Knows what there is to compare, by keys, and whether it changes.

    Parameters
    ----------
    volume : WorkingImage
    painting : Painting
    view : ResultView
    final : callable
        Returns the final labels, or None.
    then : callable
        Returns the labels of a key when they were compared, or None.
    """

    changed = Signal()

    def __init__(
        self,
        volume: WorkingImage,
        painting: Painting,
        view: ResultView,
        final: Callable[[], FinalLabels | None],
        then: Callable[[str], Snapshot | None],
    ) -> None:
        self._volume, self._painting, self._view = volume, painting, view
        self._final, self._then = final, then
        self._files: list[Path] = []
        self._last: FinalLabels | None = None
        self._before: FinalLabels | None = None  # what was final before that
        self._drawn: set[str] = set()  # keys of layers that changed since they are followed
        self._watched: list[Labels] = []

    def forget(self) -> None:
        """Let go of everything that belongs to the image."""
        self.watch()
        self._last = self._before = None
        self._files = []

    def note_final(self) -> None:
        """Know what was final before the labels that are so now."""
        final = self._final()
        if final is None:
            self._last = None
        elif self._last is None or final.labels is not self._last.labels:
            self._last, self._before = final, self._last

    def choices(self) -> list[tuple[str, str]]:
        """Return words and key of all that can be compared; what is shown now comes first."""
        known = [(key, side) for key in self._all_keys() if (side := self.side(key)) is not None]
        shown = FINAL if self._view.choices.shown is Shown.FINAL else LIVE
        known.sort(key=lambda item: item[0] != shown)
        return [
            (f"{side.name} (shown now)" if key == shown else side.name, key) for key, side in known
        ]

    def _all_keys(self) -> list[str]:
        ours = [FINAL, LIVE, COMPUTED, BEFORE]
        layers = [f"{LAYER}{layer.unique_id}" for layer in self._layers()]
        return [*ours, *layers, *(f"{FILE}{path}" for path in self._files)]

    def _layers(self) -> list[Labels]:
        return labels_of_others(self._volume)

    def layer(self, key: str) -> Labels | None:
        """Return the layer of a key; None if it is of none, or that is gone."""
        return next((x for x in self._layers() if key == f"{LAYER}{x.unique_id}"), None)

    def side(self, key: str) -> Side | None:
        """Return one of those that can be compared; None if it isn't there."""
        corrections, final = self._painting.corrections, self._final()
        if key.startswith(FILE):
            path = Path(key.removeprefix(FILE))
            name = f"project {path.stem}" if is_project(path) else path.name
            return Side(name, path, state=key)
        if key.startswith(LAYER):
            layer = self.layer(key)
            return None if layer is None else self._side_of_layer(layer, key)
        if key == LIVE:
            return self._live()
        if key == BEFORE:
            name = "final labels before the last Finish, uncorrected"
            return _plain(name, self._before)
        if final is None:
            return None
        if key == COMPUTED:
            name = "final labels, uncorrected"
            return None if corrections.is_blank else _plain(name, final)
        labels = Corrected(final.labels, final.over)
        state = id(final.labels), final.corrections
        return Side("final labels", labels, final.source.box, state=state)

    def _live(self) -> Side | None:
        live, result = self._view.live, self._view.result
        if live is None or result is None:
            return None
        source, fine = live
        corrections = self._painting.corrections
        # without planes that are known better by chance, since they were looked at
        labels = LookupVolume(fine.ids, result.labels, fine.finer)
        state = id(result.labels), corrections.state
        over = corrections.of(source)
        return Side("live labels", Corrected(labels, over), source.box, state=state)

    def _side_of_layer(self, layer: Labels, key: str) -> Side:
        classes = classes_of_layer({"metadata": layer.metadata}) or ()
        names = {item.value: item.name for item in classes}
        labels = finest_data(layer)
        state = id(labels), key in self._drawn
        return Side(layer.name, labels, None, names, state)

    def add_file(self, path: Path) -> str:
        """Offer a file, or the folder of a project, and return its key."""
        if path not in self._files:
            self._files.append(path)
        return f"{FILE}{path}"

    # ----------------------------------------------------------------------- what changes

    def watch(self, *keys: str) -> None:
        """Follow the layers of some keys from now on, and no others any more."""
        self._drawn = set()
        for layer in self._watched:
            layer.events.paint.disconnect(self._on_drawn)
            layer.events.data.disconnect(self._on_drawn)
            layer.events.set_data.disconnect(self._on_sliced)
        self._watched = [x for x in self._layers() if f"{LAYER}{x.unique_id}" in keys]
        for layer in self._watched:
            layer.events.paint.connect(self._on_drawn)
            layer.events.data.connect(self._on_drawn)
            layer.events.set_data.connect(self._on_sliced)

    def _on_drawn(self, event: Any) -> None:
        key = f"{LAYER}{event.source.unique_id}"
        if key not in self._drawn:
            self._drawn.add(key)
            self.changed.emit()

    def _on_sliced(self, event: Any) -> None:
        """Notice an undo, of which napari tells as of a new slice: by a look at the slice."""
        layer, image, dims = event.source, self._volume.image, self._volume.viewer.dims
        known = self._then(f"{LAYER}{layer.unique_id}")
        if known is None or image is None or dims.ndisplay != 2:
            return
        values, start = known
        here = [slice(first, first + n) for first, n in zip(start, values.shape, strict=True)]
        if layer.ndim == 3:
            axis = self._volume.axis_across()
            at = round(float(np.asarray(image.world_to_data(dims.point), float)[-3:][axis]))
            if not 0 <= at - start[axis] < values.shape[axis]:
                return
            here[axis] = slice(at, at + 1)
            values = np.take(values, [at - start[axis]], axis)
        now = np.asarray(finest_data(layer)[tuple(here[-layer.ndim :])])
        if not np.array_equal(now.ravel(), values.ravel()):
            self._on_drawn(event)


def _plain(name: str, final: FinalLabels | None) -> Side | None:
    """Return final labels without corrections."""
    if final is None:
        return None
    return Side(name, final.labels, final.source.box, state=id(final.labels))
