"""The body below whose surface depths are measured, from its surface inwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from supervox.napari_plugin.io.file_names import stem_of
from supervox.napari_plugin.layers.make_layers import address_of
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.measuring import SavingTable
from supervox.napari_plugin.tasks.profiling import Profiled, Profiling

from .clean_state import in_two_digits
from .objects import Objects
from .state_pieces import WorkProgress, progress_of
from .working_image import WorkingImage

FIRST = 1 / 2  # thickness of a shell that nobody chose, in sizes of a supervoxel


@dataclass(frozen=True)
class ProfileState:
    """What the tab Profile shows.

    Attributes
    ----------
    body : tuple of str
        Names of the classes in which depths are measured.
    can_measure : bool
        Whether there are labels of now to measure in.
    progress : WorkProgress or None
        None where nothing runs.
    found : Profiled or None
        What was measured last.
    why_old : str
        What changed since that was measured; empty if nothing did.
    saved : Path or None
        The file of it that was written last.
    spacing : tuple of 3 float
    unit : str or None
        Of the voxel size.
    first_step : float
        Thickness of the shells to begin with, in that unit.
    colours : tuple of (int, str)
        Ids and colours of the classes.
    """

    body: tuple[str, ...] = ()
    can_measure: bool = False
    progress: WorkProgress | None = None
    found: Profiled | None = None
    why_old: str = ""
    saved: Path | None = None
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    unit: str | None = None
    first_step: float = 1.0
    colours: tuple[tuple[int, str], ...] = ()


class Profiles:
    """Measures the body from its surface inwards, and keeps that until another is measured.

    Parameters
    ----------
    volume : WorkingImage
    classes : ClassList
    objects : Objects
        Has the labels, and what the project says of the body.
    size_voxels : callable
        Returns the edge of a supervoxel.

    Attributes
    ----------
    measuring, saving : Profiling, SavingTable
    found : Profiled or None
    """

    def __init__(
        self,
        volume: WorkingImage,
        classes: ClassList,
        objects: Objects,
        size_voxels: Callable[[], float],
    ) -> None:
        self._volume, self._classes, self._objects = volume, classes, objects
        self._size_voxels = size_voxels
        self.measuring, self.saving = Profiling(), SavingTable()
        self.found: Profiled | None = None
        self._saved: Path | None = None
        self.measuring.succeeded.connect(self._keep)
        self.saving.succeeded.connect(self._on_saved)
        objects.forgotten.connect(self._forget)

    @property
    def stages(self) -> tuple[BackgroundTask, ...]:
        """The long work."""
        return self.measuring, self.saving

    def _forget(self) -> None:
        """Let go of everything that belongs to the image."""
        for stage in self.stages:
            stage.cancel()
        self.found = self._saved = None

    def measure(self, step: float) -> None:
        """Measure shells of a thickness, in the unit of the voxel size."""
        order = self._objects.order(0)
        if order is not None and order.steps.asked.depth_below:
            self.measuring.start(order, step)

    def _keep(self, found: Profiled) -> None:
        self.found, self._saved = found, None

    def _why_old(self) -> str:
        """Say what is another one now than when the profile was measured; empty if nothing is."""
        final, found = self._objects.final, self.found
        if found is None:
            return ""
        if final is None or not final.is_current or not final.is_like(found.order.of):
            return "the labels changed"
        if self._objects.steps().asked.depth_below != found.order.steps.asked.depth_below:
            return "other classes were ticked"
        names = {item.id: item.name for item in self._classes}
        there = found.order.names
        if any(names.get(k, there.get(k)) != there.get(k) for k in found.body):
            return "classes were renamed"
        return ""

    def state(self) -> ProfileState:
        """Return what the tab shows."""
        final, source = self._objects.final, self._volume.source
        body = self._objects.steps().asked.depth_below
        spacing = (1.0, 1.0, 1.0) if source is None else source.spacing
        shell = max(FIRST * self._size_voxels() * min(spacing), *spacing)
        return ProfileState(
            tuple(item.name for item in self._classes if item.id in body),
            bool(body) and final is not None and final.is_current,
            progress_of(self.measuring),
            self.found,
            self._why_old(),
            self._saved,
            spacing,
            None if source is None else source.unit,
            in_two_digits(shell),
            tuple((item.id, item.colour) for item in self._classes),
        )

    # ---------------------------------------------------------------------------------- saving

    def start_path(self, folder: Path | None) -> Path:
        """Return where a dialog for the table begins: beside the volume."""
        image = self._volume.image
        name = "profile" if image is None else f"{stem_of(image.name)}-profile"
        return (folder or self._volume.folder) / f"{name}.csv"

    def save(self, path: Path) -> None:
        """Write the table, and beside it what it was made from."""
        image, found = self._volume.image, self.found
        if found is not None and image is not None and found.table.columns:
            about = found.about(address_of(image) or image.name)
            self.saving.start(path, found.table, about, "profile")

    def _on_saved(self, path: Path) -> None:
        self._saved = path
