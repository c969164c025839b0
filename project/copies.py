"""A project copied to another folder, with what is in memory only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from supervox.volumes import appearing, remove_leftovers_in

from ._folder import UNFINISHED
from ._head import ENDING as HEAD
from .annotations import JOURNAL, AnnotationStore
from .changes import Paint
from .documents import write_document
from .errors import ProjectError, VolumeMoved, writing
from .inside import copy_inside
from .layout import ANNOTATIONS, BEGUN, ENDING, SETTINGS
from .lock import LOCK, TAKEN
from .recorder import Recorder
from .references import VolumeReference
from .settings import ProjectSettings

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


def copy_project(folder: Path, place: Path, settings: ProjectSettings) -> None:
    """Copy a project to a new folder, which appears when it is complete.

    Parameters
    ----------
    folder, place : Path
        From and to.
    settings : ProjectSettings
        Of the project.

    Raises
    ------
    ProjectError
        If it can't be written.
    """
    settings = replace(settings, volume=_volume_of_copy(folder, place, settings.volume))
    remove_leftovers_in(place.parent, ENDING)
    with writing(place), appearing(place) as temporary:
        copy_inside(folder, temporary, NOT_COPIED)
        write_document(temporary / SETTINGS, settings.to_json())


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
    folder: Path, place: Path, settings: ProjectSettings, store: AnnotationStore
) -> None:
    """Make a project whose folder is gone again, of its records as far as they can be read.

    Parameters
    ----------
    folder, place : Path
        Where it was, and a new folder, which appears when it is complete.
    settings : ProjectSettings
    store : AnnotationStore
        Of the project that was opened; what the records lack is for `catch_up`.

    Raises
    ------
    ProjectError
        If it can't be written.
    """
    with writing(place), appearing(place) as temporary:
        (temporary / ANNOTATIONS).mkdir(parents=True)
        store.journal.write_again(temporary / ANNOTATIONS / JOURNAL)
        volume = _volume_of_copy(folder, place, settings.volume)
        write_document(temporary / SETTINGS, replace(settings, volume=volume).to_json())


def catch_up(copy: AnnotationStore, original: AnnotationStore) -> None:
    """Record in a copy what the original has in memory only."""
    recorder = Recorder(original.voxels, copy, original.corrections)
    for paint in Paint:
        recorder.confirm(recorder.look(paint=paint), paint)
    copy.classes = original.classes
