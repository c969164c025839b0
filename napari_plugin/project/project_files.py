"""What is done with project folders on a thread: made, opened, copied, filled and closed."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from napari.utils.notifications import show_error
from numpy.typing import NDArray
from supervox.execution import VolumeLike
from supervox.napari_plugin.io.readers import layers_of
from supervox.napari_plugin.layers.make_layers import MASK
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.tasks.finishing import Finished
from supervox.napari_plugin.tasks.jobs import Report, Task, run_to_end
from supervox.napari_plugin.tasks.preparing import Prepared
from supervox.project import (
    VOLUME,
    Finding,
    Mask,
    Project,
    ProjectClass,
    ProjectError,
    Recorder,
    Severity,
    VolumeMoved,
    keep_result,
    load_mask,
    open_channels,
)
from supervox.segmentation import (
    SegmentationParameters,
)
from supervox.volumes import SupervoxError, write_volume

from .recent import RecentProjects, unlisted
from .work import edges, settling

_logger = logging.getLogger(__name__)
_closing: dict[Path, Future[None]] = {}


@dataclass(frozen=True)
class ProjectRequest:
    """A project to be made.

    Attributes
    ----------
    folder : Path
    address : str or None
        Of the file with the volume; None if it is in memory only, and has to be copied.
    source : Source
    parameters : SegmentationParameters
    unnamed : bool
        Whether it goes into the folder for such projects, which may have to be made.
    """

    folder: Path
    address: str | None
    source: Source
    parameters: SegmentationParameters
    unnamed: bool


@dataclass(frozen=True)
class Made:
    """A new project, empty as yet."""

    project: Project


@dataclass(frozen=True)
class Opened:
    """A project that is to be gone on with.

    Attributes
    ----------
    project : Project
    recorder : Recorder
        Writes to it.
    images : tuple of layer data
        Data and fields of the layers of the volume and of its channels, if they were asked for.
    mask : Mask or None
        Of the project.
    is_newer : bool
        Whether it was changed since its strokes were in the layer, which shows them now.
    """

    project: Project
    recorder: Recorder = field(repr=False)
    images: tuple[tuple[Any, dict[str, Any]], ...] = field(default=(), repr=False)
    mask: Mask | None = None
    is_newer: bool = False


def _mask_of(project: Project, report: Report) -> Mask | None:
    """Read the mask of a project; that it is damaged is a finding, and no mask."""
    try:
        return load_mask(project, run=report.run.silent())
    except ProjectError as error:
        project.findings.append(Finding(Severity.LOSS, MASK, f"{error}; until then all is data"))
        return None


def making(request: ProjectRequest) -> Task:
    """Return the task that makes a project."""

    def make(report: Report) -> Made:
        source, address = request.source, request.address
        known = source.voxel_size.known
        if request.unnamed:
            _make_home(request.folder.parent)
        copy = request.folder.with_name(f".{request.folder.name}.{VOLUME}")
        if address is None:
            volume = source.volume
            write_volume(copy, volume, spacing=known, unit=source.unit, kind="image")
        unlisted.add(request.folder)  # it is there a moment before it is held
        try:
            project = Project.create(
                request.folder,
                str(copy) if address is None else address,
                parameters=request.parameters,
                spacing=known,
                box=edges(source.box),
                channels=source.channel_addresses,
            )
        finally:
            unlisted.discard(request.folder)
        if address is None:
            copy.rename(request.folder / VOLUME)
            project.relocate(request.folder / VOLUME)
        settling(project, source, request.parameters)(report)
        return Made(project)

    return make


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(
            f"{home}: can't be made ({error.strerror}), and strokes are not saved: Project › Save "
            "as…, or name another folder in Preferences › Supervox › Projects"
        ) from error


def make_and_close(
    request: ProjectRequest,
    recorder: Recorder,
    classes: tuple[ProjectClass, ...],
    recent: RecentProjects,
) -> None:
    """Write strokes down that have no project yet, in the background: their window is going."""

    def end() -> None:
        try:
            project = making(request)(Report(lambda value: None)).project
            recorder.attach(project.annotations)
            project.annotations.classes = classes
            project.close(force=True)
        except Exception as error:  # it would vanish in this thread
            _logger.exception("strokes could not be saved in %s", request.folder)
            show_error(f"Strokes could not be saved: {error}")
            return
        recent.note(request.folder, request.folder.stem, is_open=False)

    _closing[request.folder] = run_to_end(end)


def opening(folder: Path, moved_to: str | None) -> Task:
    """Return the task that opens a project and its volume.

    Parameters
    ----------
    folder : Path
    moved_to : str or None
        Where the volume is now, if it was moved.
    """

    def open_project(report: Report) -> Opened:
        project = reopen(folder)
        try:
            images = _images_at(project, moved_to)
            mask = _mask_of(project, report)
        except BaseException:
            project.close(force=True)
            raise
        recorder = Recorder(project.annotations.voxels, project.annotations)
        return Opened(project, recorder, images, mask)

    return open_project


def _images_at(project: Project, moved_to: str | None) -> tuple[tuple[Any, dict[str, Any]], ...]:
    """Return the layers of a project's volume, from another place if it was moved there.

    Raises
    ------
    VolumeMoved
        Whatever is wrong with the volume there: the right one may be found elsewhere.
    """
    try:
        if moved_to is not None:
            project.relocate(moved_to)
        return _images_of(project)
    except VolumeMoved:
        raise
    except SupervoxError as error:
        raise VolumeMoved(str(error), project.folder) from error


def _images_of(project: Project) -> tuple[tuple[Any, dict[str, Any]], ...]:
    """Return the layers of a project's volume and of its channels, with its voxel size."""
    settings = project.settings
    volume = settings.volume
    file = volume.find(project.folder)
    insides = [channel.inside for channel in settings.channels]
    addresses = [volume.address(file), *(f"{file}::{inside}" for inside in insides)]
    opened = [project.open_volume(), *open_channels(project)]
    images = []
    for data, fields, _ in layers_of(list(zip(addresses, opened, strict=True)), "volume"):
        fields["scale"] = settings.spacing[-data.ndim :]
        if settings.unit is not None:
            fields["units"] = (settings.unit,) * data.ndim
        images.append((data, fields))
    return tuple(images)


def reopening(
    folder: Path,
    voxels: NDArray[np.uint8],
    at: int | None = None,
    corrections: NDArray[np.uint8] | None = None,
) -> Task:
    """Return the task that opens a project whose strokes are in a layer already.

    Parameters
    ----------
    folder : Path
    voxels : uint8, (Z, Y, X)
        Of that layer; what differs from the project is found by the next scan.
    at : int, optional
        How many changes the project had when the layer was like it. If it has more, the layer gets
        what the project holds; what the layer had is one step of redo away.
    corrections : uint8, (Z, Y, X), optional
        Those of now, where nobody else can have changed the project; its own by default.
    """

    def open_project(report: Report) -> Opened:
        project = reopen(folder)
        recorder = Recorder(voxels, project.annotations, corrections)
        is_newer = at is not None and project.annotations.n_changes > at
        if is_newer and project.read_only_because is None:
            differs = recorder.confirm(recorder.look())
            if differs is not None:
                recorder.undo()
        return Opened(project, recorder, mask=_mask_of(project, report), is_newer=is_newer)

    return open_project


def is_there(folder: Path) -> bool:
    """Tell whether there is a project, or will be when this program has let go of it."""
    closing = _closing.get(folder)
    return folder.is_dir() or (closing is not None and not closing.done())


def reopen(folder: Path) -> Project:
    """Open a project, after this program has let go of it."""
    if folder in _closing:
        _closing.pop(folder).result()
    return Project.open(folder)


def storing(
    project: Project,
    source: Source,
    parameters: SegmentationParameters,
    computed: Prepared | Finished,
) -> Task:
    """Return the task that keeps what was computed, so that it needn't be computed again.

    Parameters
    ----------
    project : Project
    source : Source
    parameters : SegmentationParameters
        What was computed was computed from these two.
    computed : Prepared or Finished
    """

    def store(report: Report) -> None:
        settling(project, source, parameters)(report)
        for k, partition in enumerate(computed.segmenter.partitions):
            project.derived.save_partition(k, partition, run=report.run)
        if isinstance(computed, Finished) and computed.is_to_keep:
            keep_result(project, computed.segmenter, computed.segmentation, computed.strokes)
            of = computed.labels, computed.strokes
            project.derived.save_labels(*of, held=computed.held, run=report.run)

    return store


def copying(
    project: Project,
    folder: Path,
    voxels: NDArray[np.uint8],
    corrections: NDArray[np.uint8] | None,
    image: VolumeLike,
) -> Task:
    """Return the task that copies a project to another folder, and opens that; see `reopening`.

    The image is that of the project: the copy gets it where it was in the folder, and is gone.
    """

    def copy(report: Report) -> Opened:
        project.save_as(folder, image=image)
        opened: Opened = reopening(folder, voxels, None, corrections)(report)
        opened.project.derived.take_over(project.derived.known)
        return opened

    return copy


def close(
    project: Project,
    then: Callable[[], None] | None = None,
    last: Task | None = None,
    *,
    remove: bool,
) -> None:
    """Save and close a project in the background, whatever becomes of the window.

    Parameters
    ----------
    project : Project
    then : callable, optional
        Called afterwards, on that thread.
    last : Task, optional
        Done before, on that thread.
    remove : bool
        Whether the folder is removed: another one has taken its place.
    """

    def end() -> None:
        try:
            if last is not None:
                last(Report(lambda value: None))
        except Exception as error:  # it would vanish in this thread
            _logger.exception("%s: what was chosen last could not be saved", project.folder)
            show_error(f"What was chosen last could not be saved: {error}")
        try:
            project.close(force=True)
        except Exception:
            _logger.exception("%s could not be closed", project.folder)
        if remove:
            shutil.rmtree(project.folder, ignore_errors=True)
            unlisted.discard(project.folder)
        if then is not None:
            then()

    if remove:
        unlisted.add(project.folder)
    _closing[project.folder] = run_to_end(end)


def discard(made: object) -> None:
    """Let go of a project that nobody wants any more; of a new one nothing is left."""
    if isinstance(made, Made | Opened):
        close(made.project, remove=isinstance(made, Made))
