"""What a person works on next: its layers come, and those of the volume before go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from napari.layers import Image, Layer
from napari.utils.notifications import show_warning
from napari.viewer import Viewer
from psygnal import Signal
from supervox.napari_plugin.io.layer_fields import KEY
from supervox.napari_plugin.io.readers import LayerData
from supervox.napari_plugin.layers.make_layers import (
    PREVIEW,
    make_annotations,
    record_of,
    role_of,
)
from supervox.napari_plugin.layers.source import finest_data
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.project.autosave import Autosave
from supervox.napari_plugin.project.project_files import Opened
from supervox.napari_plugin.project.saved import Saved, look_whether_saved
from supervox.segmentation import Model

from .file_opening import FileOpening, ReadFile
from .models import Models
from .working_image import WorkingImage

FEW = 3  # times as many rows and columns as planes


@dataclass(frozen=True)
class Offer:
    """Something that can be done now, beside the work.

    Attributes
    ----------
    text : str
        What it is about.
    action : str
        What a button says; empty where there is nothing to do.
    do : callable
    holds : callable
        Tells whether there still is something to it.
    """

    text: str
    action: str = ""
    do: Callable[[], object] = field(default=lambda: None, compare=False, repr=False)
    holds: Callable[[], bool] = field(default=lambda: True, compare=False, repr=False)


class NextVolume:
    """Shows what was opened in the place of what was worked on.

    Parameters
    ----------
    volume : WorkingImage
    painting : Painting
        Whose layer lies on what is worked on.
    autosave : Autosave
        Whose project is open.
    choose_image : callable
        Has an image worked on, or none.
    models : Models
        What was learned, and labels the next volume if a person wants that.

    Attributes
    ----------
    opening : FileOpening
        Whose files are shown.
    offers : tuple of Offer
    shown : Signal
        A volume was opened from a file, and is worked on.
    size_wanted : Signal
        A person wants to say how large voxels are.
    """

    changed = Signal()
    shown = Signal()
    size_wanted = Signal()

    def __init__(
        self,
        volume: WorkingImage,
        painting: Painting,
        autosave: Autosave,
        choose_image: Callable[[Image | None], None],
        models: Models,
    ) -> None:
        self._viewer, self._volume, self._models = volume.viewer, volume, models
        self.opening = FileOpening()
        self.opening.opened.connect(self.show)
        self.opening.looked_at.connect(self.look)
        self.opening.asked.connect(autosave.open_none)  # the last click wins
        autosave.asked.connect(self.opening.cancel)
        volume.changed.connect(self.look_again)
        models.told.connect(self.say)
        self._painting, self._autosave = painting, autosave
        self._choose_image = choose_image
        self._previews: list[Layer] = []
        self._hidden: list[Layer] = []  # meanwhile
        self.is_busy = False  # layers come and go, and nobody else is to choose among them
        self.offers: tuple[Offer, ...] = ()

    def show(self, read: ReadFile) -> None:
        """Work on an image that was read; labels are added to what there is."""
        for note in read.notes:
            show_warning(note)
        images = [Image(data, **fields) for data, fields, kind in read.layers if kind == "image"]
        others = [Layer.create(*layer) for layer in read.layers if layer[2] != "image"]
        if not images:
            for layer in others:
                self._viewer.layers.append(layer)
            return
        self._autosave.when_saved(partial(self._show, images, others))

    def _show(self, images: list[Image], others: list[Layer]) -> None:
        before, saved = self._volume.image, look_whether_saved(self._autosave, self._painting)
        learned = None if before is None else self._models.learned()
        self.close()
        self._take(images, others)
        offers = [] if before is None else self._after(before.name, saved, learned)
        if (doubt := self._doubt()) is not None:
            set_size = self.size_wanted.emit
            offers.append(
                Offer(doubt, "Set the voxel size", set_size, lambda: self._doubt() is not None)
            )
        self.propose(*offers)
        self.shown.emit()

    def _after(self, name: str, saved: Saved, learned: Model | None) -> list[Offer]:
        """Say what became of the volume before, and offer what was learned there."""
        text = f"{name} is closed. {saved.text}"
        if saved.is_complete:
            text = f"{name} is closed, its strokes are saved: Project › Recent."
            text = "" if saved.folder is None else text
        if learned is None:
            return [Offer(text)] if text else []
        if not self._models.fits(learned):
            return [Offer(text)] if text else []
        text += (
            f" This one can be labelled with what was learned on {name}; painting then begins anew."
        )
        use = partial(self._models.use, learned)
        return [Offer(text.strip(), "Label it with what was learned", use)]

    def _doubt(self) -> str | None:
        """Say that the voxel size isn't known, and how much that matters."""
        source = self._volume.source
        if source is None or source.is_flat or source.unit is not None:
            return None
        planes, rows, columns = source.full_shape
        text = "The file doesn't say how large its voxels are."
        if FEW * planes <= min(rows, columns):
            text += (
                f" With {planes} planes of {rows} × {columns} that matters: planes are often "
                "further apart than rows."
            )
        return text

    def show_project(self, opened: Opened) -> None:
        """Work on the volume of a project, with its strokes."""
        images = [Image(data, **fields) for data, fields in opened.images]
        store = opened.project.annotations
        strokes = make_annotations(images[0], store.classes, store.voxels)
        self.opening.dismiss()
        self.propose()
        self.close()
        self._remove_left(str(opened.project.folder))
        self._take(images, [strokes])

    def begin_anew(self) -> None:
        """Begin a project on the same image; the one until now stays where it is, complete."""
        self._autosave.when_saved(self._begin_anew)

    def _begin_anew(self) -> None:
        image, layer = self._volume.image, self._painting.layer
        if image is not None and layer is not None:
            self._choose_image(None)
            with self._changing_layers():
                self._viewer.layers.remove(layer)
            self._choose_image(image)

    def check_strokes(self) -> None:
        """Begin anew where the strokes don't fit the image any more; they stay in their layer."""
        image, strokes = self._volume.image, self._painting.layer
        assert image is not None
        if strokes is not None and strokes.data.shape != tuple(finest_data(image).shape):
            usable = self._volume.images()
            self._choose_image(None)
            self._choose_image(image if image in usable else next(iter(usable), None))

    def close(self) -> None:
        """Take away the image that is worked on, and all that lies on it."""
        image = self._volume.image
        if image is None:
            return
        channels, mine = self._volume.channel_layers(), str(image.unique_id)
        self._choose_image(None)
        with self._changing_layers():
            for layer in list(self._viewer.layers):
                if layer is image or layer in channels or record_of(layer).get("of") == mine:
                    self._viewer.layers.remove(layer)

    def _remove_left(self, project: str) -> None:
        """Take away what a project left when it was open before."""
        layers = self._viewer.layers
        stale = [layer for layer in layers if record_of(layer).get("project") == project]
        images = {record_of(layer).get("of") for layer in stale} - {None}
        with self._changing_layers():
            for layer in list(layers):
                if layer in stale or {str(layer.unique_id), record_of(layer).get("of")} & images:
                    layers.remove(layer)

    def _take(self, images: list[Image], others: list[Layer]) -> None:
        """Add layers, strokes before their image, which would get others; work on the image."""
        layers = self._viewer.layers
        with self._changing_layers():
            for layer in others:
                layers.append(layer)
            for image in images:
                layers.insert(0, image)
        self._choose_image(images[0])

    @contextmanager
    def _changing_layers(self) -> Iterator[None]:
        """Let nobody else choose among layers that come and go, whatever happens meanwhile."""
        self.is_busy = True
        try:
            yield
        finally:
            self.is_busy = False

    # ------------------------------------------------------------------------------- on the way

    def look(self, read: ReadFile | None) -> None:
        """Show for a while what a file would give; None shows what was there before."""
        for layer in self._previews:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self._previews = []
        if read is None:
            for layer in self._hidden:
                layer.visible = True
            self._hidden = []
            return
        if not self._hidden:
            self._hidden = [layer for layer in self._viewer.layers if layer.visible]
            for layer in self._hidden:
                layer.visible = False
        self._previews = [_preview(layer, self._viewer) for layer in read.layers]
        for layer in self._previews:
            self._viewer.layers.append(layer)

    def notice(self, layer: Layer) -> None:
        """Offer to work on an image that somebody else has added."""
        image = self._volume.image
        is_other = isinstance(layer, Image) and role_of(layer) is None and layer is not image
        if self.is_busy or image is None or not is_other:
            return
        if layer in self._volume.channel_layers() or layer not in self._volume.images():
            return
        self.propose(
            Offer(
                f"{layer.name} was added as a picture beside {image.name}.",
                f"Work on {layer.name} instead",
                lambda: self._go_to(layer),
                lambda: layer in self._viewer.layers,
            )
        )

    def _go_to(self, image: Image) -> None:
        """Work on an image that is there already."""
        if image in self._viewer.layers:
            self._autosave.when_saved(partial(self._leave_for, image))

    def _leave_for(self, image: Image) -> None:
        self.close()
        self._choose_image(image)
        self.shown.emit()

    def propose(self, *offers: Offer) -> None:
        """Offer something, instead of what was offered before."""
        self.offers = offers
        self.changed.emit()

    def look_again(self) -> None:
        """Offer no more what was done otherwise, or can't be done any more."""
        kept = tuple(offer for offer in self.offers if offer.holds())
        if len(kept) < len(self.offers):
            self.propose(*kept)

    def say(self, text: str) -> None:
        """Keep something in sight until it is read, beside what is offered."""
        offer = Offer(text)
        self.propose(offer, *(one for one in self.offers if one != offer))

    def decline(self, index: int) -> None:
        """Offer one thing no more."""
        self.propose(*(offer for k, offer in enumerate(self.offers) if k != index))

    def accept(self, index: int) -> None:
        """Do what is offered."""
        offer = self.offers[index]
        self.decline(index)
        offer.do()


def _preview(layer: LayerData, viewer: Viewer) -> Layer:
    """Return a layer that shows a file for a while, among others of whatever unit."""
    data, fields, kind = layer
    name, record = f"preview of {fields['name']}", {KEY: {"role": PREVIEW}}
    fields = fields | {"name": name, "metadata": record}
    if viewer.layers:
        units: Any = viewer.layers[0].units
        fields["units"] = units[-data.ndim :] if len(units) >= data.ndim else None
    return Layer.create(data, fields, kind)
