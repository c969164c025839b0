"""What was learned on one volume, used on another: labels without a stroke."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from psygnal import Signal
from supervox.napari_plugin.layers.reading_units import unit_text
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.labelling import Labelling
from supervox.napari_plugin.tasks.preparing import Prepared, with_prepared_of
from supervox.napari_plugin.tasks.resources import Resources
from supervox.segmentation import (
    Model,
    SegmentationError,
    SegmentationParameters,
    check_channel_count,
    load_model,
)
from supervox.volumes import convert_length

from .delivery import Delivery
from .extent import Extent

ALIKE = 0.01  # relative difference of voxel sizes that is no difference


class Models:
    """Labels the volume with a model, as soon as it is prepared for that.

    Parameters
    ----------
    extent : Extent
        What is worked in, and prepared.
    delivery : Delivery
        Makes the labels, and has those that were made last.
    classes : ClassList
    choose : callable
        Changes the parameters.
    resources : Resources
        What labelling more volumes may use.

    Attributes
    ----------
    loading : BackgroundTask
        The file that is being read.
    labelling : Labelling
        More volumes, in files.
    told : Signal
        What a person should know of a model that is used.
    """

    told = Signal(str)

    def __init__(
        self,
        extent: Extent,
        delivery: Delivery,
        classes: ClassList,
        choose: Callable[[SegmentationParameters], None],
        resources: Resources,
    ) -> None:
        self._extent, self._volume, self._preparation = extent, extent.volume, extent.preparation
        self._delivery, self._classes, self._choose = delivery, classes, choose
        self._waiting: Model | None = None  # for the volume to be prepared
        self.loading = BackgroundTask()
        self.loading.succeeded.connect(self.use)
        self.labelling = Labelling(resources)
        extent.preparation.succeeded.connect(self._on_prepared)
        extent.volume.watched.connect(self._forget)

    def load(self, path: Path) -> None:
        """Label the volume with the model in a file."""
        self.loading.run(lambda _: load_model(path), f"Reading {path.name}")

    def use(self, model: Model) -> None:
        """Label the volume with a model; its parameters, and names of classes, are taken."""
        source = self._volume.source
        try:
            if source is None:
                raise SegmentationError("open a volume first, and load the model then")
            check_channel_count(model.n_images, 1 + len(source.channels))
            self._check_names(model)
        except SegmentationError as error:
            self.loading.failed.emit(error)
            return
        if model.classes:
            self._classes.adopt(model.classes)
        self._classes.ensure(model.classifier.class_ids)
        self._choose(model.parameters)
        self._waiting = model
        if source is not None and (doubt := _other_scale(model, source)):
            self.told.emit(doubt)
        prepared = self._preparation.prepared
        if prepared is not None and prepared.is_for(source, model.parameters):
            self._on_prepared(prepared)
        else:
            self._extent.prepare()

    def fits(self, model: Model) -> bool:
        """Tell whether a model is of as many channels as the volume has."""
        source = self._volume.source
        return source is not None and model.n_images == 1 + len(source.channels)

    def _check_names(self, model: Model) -> None:
        """Refuse a model that would give strokes another meaning: its ids are other classes."""
        names = {item.value: item.name.strip() for item in model.classes if item.name.strip()}
        for item in self._classes:
            mine, its = item.name, names.get(item.id, item.name)
            if item.id not in self._delivery.painted:
                continue
            if its != mine:
                raise SegmentationError(
                    f"what is painted as {mine} would become {its}, as the model calls class "
                    f"{item.id}: rename {mine} if it is the same, or delete its strokes, and use "
                    "the model then"
                )
            if item.id not in names and mine in names.values():
                raise SegmentationError(
                    f"{mine} is another class of the model than of the strokes here: rename it, "
                    "and use the model then"
                )

    def learned(self) -> Model | None:
        """Return what was learned on the volume last; None if nothing was."""
        finished, prepared = self._delivery.finishing.finished, self._preparation.prepared
        segmenters = [work.segmenter for work in (finished, prepared) if work is not None]
        if not self._delivery.is_finished:  # live labels are of newer strokes
            segmenters.reverse()
        unit = None if self._volume.source is None else self._volume.source.unit
        for segmenter in segmenters:
            try:
                model = segmenter.model(classes=self._classes.for_files(None), unit=unit)
            except SegmentationError:
                continue  # nothing was painted for it
            parameters = with_prepared_of(model.parameters, self._extent.parameters())
            return replace(model, parameters=parameters, painted=())
        return None

    def _on_prepared(self, prepared: Prepared) -> None:
        model = self._waiting
        if model is not None and prepared.is_for(prepared.source, model.parameters):
            self._waiting = None
            self._delivery.finish_with(prepared, model)

    def _forget(self, _: object) -> None:
        """Label no other volume than the one that was meant."""
        self._waiting = None
        self.loading.cancel()


def _other_scale(model: Model, source: Source) -> str:
    """Say that organelles have another size in voxels than where a model learned; empty if not."""
    if model.unit is None or source.unit is None:
        return ""
    there = [convert_length(size, model.unit, source.unit) for size in model.spacing]
    pairs = list(zip(source.spacing, there, strict=True))[source.is_flat :]
    if all(abs(here - learned) <= ALIKE * learned for here, learned in pairs):
        return ""
    sizes = " × ".join(f"{learned:g}" for _, learned in pairs)
    return (
        f"What was learned is of voxels of {sizes} {unit_text(source.unit)}: on these, the labels "
        "may be poor."
    )
