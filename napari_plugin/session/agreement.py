"""Two segmentations compared in the window: which there are, what came of it, where they differ."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels
from psygnal import Signal
from supervox.napari_plugin.io.file_names import stem_of
from supervox.napari_plugin.layers.agreement_layer import AGREEMENT_COLOURS, AgreementVolume
from supervox.napari_plugin.layers.make_layers import address_of
from supervox.napari_plugin.layers.outline_layer import OutlineLayer
from supervox.napari_plugin.layers.reading_units import reading_unit, unit_text
from supervox.napari_plugin.layers.trial_layer import TrialLayer
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.agreement import Agreeing, AgreementOrder, Compared, Refused
from supervox.napari_plugin.tasks.measuring import FinalLabels, SavingTable
from supervox.napari_plugin.tasks.resources import Resources
from supervox.objects import ONLY_A, ONLY_B, OTHER, SAME, ObjectTable

from .agreement_state import AgreementState
from .object_marks import MOST_OUTLINED
from .object_voxels import AXES
from .sides import LabelsToCompare, Snapshot
from .sight import fly_to
from .state_pieces import progress_of
from .view import ResultView
from .view_choices import Shown
from .working_image import WorkingImage

ALPHA = {SAME: "50", ONLY_A: "e0", ONLY_B: "e0", OTHER: "e0"}  # the picture is seen below
CHANGED = "The labels have changed since: compare again"


class TwoLabels:
    """Compares two segmentations of the image, and shows where they agree and where they don't.

    Parameters
    ----------
    volume : WorkingImage
    painting : Painting
    view : ResultView
    final : callable
        Returns the final labels, or None.
    resources : Resources

    Attributes
    ----------
    working, saving : Agreeing, SavingTable
    found : Compared or None
        What came of the last comparison.
    """

    changed = Signal()
    failed = Signal(Exception)

    def __init__(
        self,
        volume: WorkingImage,
        painting: Painting,
        view: ResultView,
        final: Callable[[], FinalLabels | None],
        resources: Resources,
    ) -> None:
        self._volume, self._painting, self._view = volume, painting, view
        self._resources = resources
        self.working, self.saving = Agreeing(), SavingTable()
        self.found: Compared | None = None
        self._layer = TrialLayer(volume.viewer, "agreement")
        self._outline = OutlineLayer(volume.viewer, "difference")
        self._keys = ("", "")  # that are compared, or were
        self._hidden: list[Labels] = []  # for the overlay
        self._clear()
        self.sides = LabelsToCompare(volume, painting, view, final, self._then)
        self.sides.changed.connect(self.changed.emit)
        self.working.succeeded.connect(self._keep)
        self.saving.succeeded.connect(self._on_saved)
        for work in (self.working, self.saving):
            work.failed.connect(self._tell)
            work.changed.connect(self.changed.emit)
        volume.watched.connect(self.forget)
        volume.viewer.dims.events.ndisplay.connect(self._on_ndisplay, position="last")

    def _clear(self) -> None:
        self._why, self._class_id, self._at = "", 0, -1
        self._places: ObjectTable | None = None  # where the class that is chosen differs
        self._saved: Path | None = None

    def release(self) -> None:
        """Stop, and follow nothing any more."""
        self._volume.watched.disconnect(self.forget)
        self._volume.viewer.dims.events.ndisplay.disconnect(self._on_ndisplay)
        self.forget()

    def forget(self, *_: object) -> None:
        """Let go of everything that belongs to the image."""
        self.working.cancel()
        self.saving.cancel()
        self.hide()
        self.sides.forget()
        self._clear()
        self.found = None

    # --------------------------------------------------------------------------- comparing

    def compare(self, a: str, b: str) -> None:
        """Compare two, by their keys."""
        self.hide()
        self.found = None
        self._clear()
        self._keys = a, b
        self.sides.watch(a, b)
        source, one, other = self._volume.source, self.sides.side(a), self.sides.side(b)
        if source is None or one is None or other is None or a == b:
            self._why = "Choose two labels that are not the same"
            self.changed.emit()
            return
        names = {item.id: item.name for item in self._painting.classes}
        self.working.start(AgreementOrder(one, other, source, names, self._resources))

    def _keep(self, result: Compared | Refused) -> None:
        if isinstance(result, Refused):
            self._why = result.why
            return
        self.found, self._places = result, result.places
        self.show(True)

    def _tell(self, error: Exception) -> None:
        self._why = "That didn't work; the labels are as they were"
        self.failed.emit(error)

    @property
    def is_old(self) -> bool:
        """Whether either is another one than when they were compared."""
        if self.found is None:
            return False
        then = self.found.order.a, self.found.order.b
        now = (self.sides.side(key) for key in self._keys)
        return any(b is None or a.state != b.state for a, b in zip(then, now, strict=True))

    def _then(self, key: str) -> Snapshot | None:
        """Return the labels of a key when they were compared."""
        found = self.found
        if found is None or key not in self._keys:
            return None
        return (found.a if key == self._keys[0] else found.b), found.start

    def add_file(self, path: Path) -> str:
        """Offer a file, or the folder of a project, and return its key."""
        key = self.sides.add_file(path)
        self.changed.emit()
        return key

    # ----------------------------------------------------------------------------- showing

    def choose_class(self, class_id: int) -> None:
        """Show overlay and differences of a class; 0 for all."""
        if class_id == self._class_id:
            return
        self._class_id, self._at = class_id, -1
        self._places = None if self.found is None else self.found.places_of(class_id)
        self._outline.clear()
        if self._layer.is_shown:
            self.show(True)
        self.changed.emit()

    def show(self, on: bool) -> None:
        """Show the overlay in place of the labels, or take it away."""
        image, found = self._volume.image, self.found
        if not on or image is None or found is None or image not in self._volume.viewer.layers:
            self.hide()
            self.changed.emit()
            return
        is_flat = image.ndim == 2
        a, b = (found.a[0], found.b[0]) if is_flat else (found.a, found.b)
        values = AgreementVolume(a, b, self._class_id or None)
        colours: dict[int | None, Any] = {None: (0, 0, 0, 0), 0: (0, 0, 0, 0)}
        colours |= {k: colour + ALPHA[k] for k, colour in AGREEMENT_COLOURS.items()}
        if self._volume.viewer.dims.ndisplay == 3 and not self._class_id:
            colours[SAME] = colours[0]  # what all classes together fill would hide the rest
        self._layer.show(image, values, found.start, colours)
        self._hide_labels()
        self.changed.emit()

    def _on_ndisplay(self) -> None:
        """Show the overlay as it is seen best in space, or in a slice, and nothing in its place."""
        if self._layer.is_shown:
            self.show(True)

    def hide(self) -> None:
        """Take the overlay away, and the outline; the labels are shown again."""
        self._layer.clear()
        self._outline.clear()
        hidden, self._hidden = self._hidden, []
        for layer in hidden:
            if layer in self._volume.viewer.layers:
                layer.visible = True

    def _hide_labels(self) -> None:
        """Hide the labels, ours and compared ones, whose colours would mix with the overlay's."""
        view = self._view
        ours = {Shown.LABELS: view.prediction, Shown.FINAL: view.final}
        compared = (self.sides.layer(key) for key in self._keys)
        for layer in (ours.get(view.choices.shown), *compared):
            if layer is not None and layer.visible:
                layer.visible = False
                self._hidden.append(layer)

    # ------------------------------------------------------------------------- differences

    def go(self, steps: int) -> None:
        """Fly to the next difference by size, or to the one before."""
        found, places, strokes = self.found, self._places, self._painting.layer
        image = self._volume.image
        if found is None or places is None or image is None:
            return
        if image not in self._volume.viewer.layers:
            return
        at = self._at + steps
        if not 0 <= at < len(places):
            return
        self._at = at
        first, last = (
            [int(places[f"{end}_{axis}"][at]) for axis in AXES] for end in ("first", "last")
        )
        box = tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))
        start = [a + b for a, b in zip(first, found.start, strict=True)]
        if math.prod(b + 1 - a for a, b in zip(first, last, strict=True)) <= MOST_OUTLINED:
            mask = found.a[box] == places["class_a"][at]
            mask &= found.b[box] == places["class_b"][at]
            self._outline.show(image, mask, start)
        else:
            mask = np.broadcast_to(np.True_, [part.stop - part.start for part in box])
            self._outline.clear()
        if strokes is not None:
            fly_to(self._volume, strokes, mask, start)
        self.changed.emit()

    def _describe(self, found: Compared) -> str:
        """Say what the difference is that is shown."""
        places = self._places
        if places is None or not len(places):
            return "No place differs"
        if self._at < 0:
            n = len(places)
            return f"{n:,} places differ" if n > 1 else "1 place differs"
        a, b, voxels, volume = (
            places[name][self._at].item() for name in ("class_a", "class_b", "voxels", "volume")
        )
        said = [found.name_of(k) if k else "nothing" for k in (a, b)]
        unit = found.order.source.unit
        size = f"{voxels:,} voxels" if voxels > 1 else "1 voxel"
        if unit is not None:
            size = f"{_volume(volume, unit)}, {size}"
        return f"{self._at + 1:,} of {len(places):,}: A says {said[0]}, B says {said[1]} ({size})"

    # ------------------------------------------------------------------------ files, words

    def start_path(self) -> Path:
        """Return where a dialog for the table begins: beside the volume."""
        image = self._volume.image
        name = "labels" if image is None else stem_of(image.name)
        return self._volume.folder / f"{name}-compared.csv"

    def save(self, path: Path) -> None:
        """Write the table, and beside it what it was made from."""
        image, found = self._volume.image, self.found
        if image is not None and found is not None:
            about = found.about(address_of(image) or image.name)
            self.saving.start(path, found.table, about, "agreement")

    def _on_saved(self, path: Path) -> None:
        self._saved = path

    def state(self) -> AgreementState:
        """Return what the window shows."""
        choices, found = tuple(self.sides.choices()), self.found
        keys = [key for _, key in choices]
        n_places = 0 if self._places is None else len(self._places)
        says, is_bad = self._says(len(keys))
        return AgreementState(
            choices,
            keys[0] if keys else "",
            keys[1] if len(keys) > 1 else "",
            says,
            is_bad,
            progress_of(self.working),
            found,
            self._class_id,
            self._layer.is_shown,
            "" if found is None else self._describe(found),
            self._at > 0,
            self._at + 1 < n_places,
            self._saved,
        )

    def _says(self, n_choices: int) -> tuple[str, bool]:
        if self._why:
            return self._why, True
        if self.found is None:
            if self._volume.image is None:
                return "Open a volume first", False
            if not n_choices:
                return "There are no labels as yet: paint, press Finish, or choose a file", False
            return "Choose two labels of this volume, and press Compare", False
        if self.is_old:
            return CHANGED, True
        found = self.found
        same = 100 * found.agreement.agreement
        names = found.order.a.name, found.order.b.name
        saved = f"; saved: {self._saved.name}" if self._saved else ""
        says = (
            f"{same:.2f} % of all voxels have the same label in A ({names[0]}) and B ({names[1]})"
        )
        return f"{says}{saved}", False


def _volume(volume: float, unit: str) -> str:
    """Write a volume for a person."""
    read, factor = reading_unit(volume, unit, 3)
    return f"{volume * factor:.4g} {unit_text(f'{read}^3')}"
