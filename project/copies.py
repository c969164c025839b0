"""A project copied to another folder, with what is in memory only."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

from supervox.execution import VolumeLike
from supervox.volumes import SupervoxError, appearing, remove_leftovers_in, write_volume

from ._folder import UNFINISHED
from ._head import ENDING as HEAD
from .annotations import JOURNAL, AnnotationStore
from .changes import Paint
from .documents import write_document
from .errors import ProjectError, VolumeMoved, writing
from .inside import copy_inside
from .layout import ANNOTATIONS, BEGUN, ENDING, SETTINGS, VOLUME
from .lock import LOCK, TAKEN
from .recorder import Recorder
from .references import VolumeReference
from .settings import ProjectSettings

_logger = logging.getLogger(__name__)
# The head of the journal may be ahead of the copy of a journal that is written meanwhile.
NOT_COPIED = (LOCK, TAKEN, UNFINISHED, BEGUN, f"*{HEAD}")


def check_place(folder: Path, place: Path) -> None:
    """Refuse to copy a project to where something is, or into itself.

    Raises
    ------
    ProjectError
        If it can't be copied there.
    """
    if place.exists():
        raise ProjectError(f"{place}: already exists; give another name")
    if folder.resolve() in place.resolve().parents:
        raise ProjectError(f"{place}: lies within the project itself; give another place")


def copy_project(
    folder: Path, place: Path, settings: ProjectSettings, image: VolumeLike | None = None
) -> None:
    """Copy a project to a new folder, which appears when it is complete.

    Parameters
    ----------
    folder, place : Path
        From and to.
    settings : ProjectSettings
        Of the project.
    image : array-like, (Z, Y, X) or (Y, X), optional
        Its volume, for where it was inside and is gone.

    Raises
    ------
    ProjectError
        If it can't be written.
    """
    remove_leftovers_in(place.parent, ENDING)
    with writing(place), appearing(place) as temporary:
        copy_inside(folder, temporary, NOT_COPIED)
        _write_settings(folder, place, temporary, settings, image)


def _write_settings(
    folder: Path, place: Path, temporary: Path, settings: ProjectSettings, image: VolumeLike | None
) -> None:
    """Write the settings of a copy that is being made, and its volume if that has to be."""
    volume = _volume_of_copy(folder, place, settings.volume)
    if (
        image is not None
        and _was_inside(folder, settings)
        and not (temporary / volume.path).exists()
    ):
        volume = _written_again(image, place, temporary, settings) or volume
    write_document(temporary / SETTINGS, replace(settings, volume=volume).to_json())


def _was_inside(folder: Path, settings: ProjectSettings) -> bool:
    """Tell whether a project held its volume itself, and no further images in that file."""
    beside = Path(os.path.normpath(folder.resolve() / settings.volume.path))
    return folder.resolve() in beside.parents and not settings.channels


def _written_again(
    image: VolumeLike, place: Path, temporary: Path, settings: ProjectSettings
) -> VolumeReference | None:
    """Write the volume of a project into its copy; None if these voxels are not that volume.

    So it is with an image that was read from the folder that is gone: strokes are rescued then.
    """
    volume, size = settings.volume, settings.voxel_size
    file, known = temporary / VOLUME, size.known
    try:
        write_volume(file, image, spacing=known, unit=size.unit, origin=volume.origin, kind="image")
        again = replace(
            volume, path=VOLUME, absolute=str(place.resolve() / VOLUME), inside="", size=0
        )
        again.open(file).close()
    except (SupervoxError, ValueError, OSError) as error:
        _logger.warning("%s: its volume can't be written again: %s", place, error)
        rmtree(file, ignore_errors=True)
        return None
    return again


def _volume_of_copy(folder: Path, place: Path, volume: VolumeReference) -> VolumeReference:
    """Return where a copy of a project finds its volume: what is inside is copied, too.

    It counts where the volume is now; the path that was noted may be of a folder from before.
    """
    try:
        file = volume.find(folder)
    except VolumeMoved:
        return volume.seen_from(place)
    if folder.resolve() in file.parents:
        inside = file.relative_to(folder.resolve())
        return replace(volume, absolute=str(place.resolve() / inside), path=inside.as_posix())
    return replace(volume, absolute=str(file)).seen_from(place)


def make_again(
    folder: Path,
    place: Path,
    settings: ProjectSettings,
    store: AnnotationStore,
    image: VolumeLike | None = None,
) -> None:
    """Make a project whose folder is gone again, of its records as far as they can be read.

    Parameters
    ----------
    folder, place : Path
        Where it was, and a new folder, which appears when it is complete.
    settings : ProjectSettings
    store : AnnotationStore
        Of the project that was opened; what the records lack is for `catch_up`.
    image : array-like, optional
        As for `copy_project`.

    Raises
    ------
    ProjectError
        If it can't be written.
    """
    with writing(place), appearing(place) as temporary:
        (temporary / ANNOTATIONS).mkdir(parents=True)
        store.journal.write_again(temporary / ANNOTATIONS / JOURNAL)
        _write_settings(folder, place, temporary, settings, image)


def catch_up(copy: AnnotationStore, original: AnnotationStore) -> None:
    """Record in a copy what the original has in memory only."""
    recorder = Recorder(original.voxels, copy, original.corrections)
    for paint in Paint:
        recorder.confirm(recorder.look(paint=paint), paint)
    copy.classes = original.classes
