"""A project: one folder with all that belongs to the segmentation of one volume."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from supervox.execution import VolumeLike
from supervox.segmentation import SegmentationParameters, Strokes, find_strokes
from supervox.volumes import (
    Address,
    Volume,
    appearing,
)

from ._folder import remove_leftovers, take_lock
from .annotations import AnnotationStore
from .copies import catch_up, check_place, copy_project, make_again
from .derived import Derived
from .errors import Finding, ProjectError, writing
from .history import History
from .inside import check_inside
from .layout import is_project
from .lock import FolderLock
from .settings import Box, ProjectSettings
from .settings_file import (
    check_settings,
    complete_settings,
    kept_settings,
    parse_settings,
    read_settings,
    shape_in,
    with_last_balance,
    write_settings,
)
from .writer import SaveState

OnState = Callable[[SaveState], None]


class Project:
    """An open project; close it, or use it in a ``with`` statement.

    Made by `create` and `open`.

    Attributes
    ----------
    folder : Path
    annotations : AnnotationStore
        Strokes and classes.
    derived : Derived
        What was computed: partitions, model, last result.
    history : History
        What was done, with versions, parameters and times.
    findings : list of Finding
        What was found damaged or outdated, and what became of it.
    read_only_because : str or None
        Why nothing can be changed; None if it can.
    """

    def __init__(
        self,
        folder: Path,
        settings: ProjectSettings,
        store: AnnotationStore,
        lock: FolderLock | None,
        read_only_because: str | None,
        findings: list[Finding],
    ) -> None:
        self.folder = folder
        self.annotations = store
        self.findings = [*findings, *store.findings]
        self.read_only_because = read_only_because
        self._settings = settings
        self._lock = lock
        self.derived = Derived(folder, lambda: self._settings.prepared_from, self._report)
        self.history = History(folder, store, self._report)

    # ---------------------------------------------------------------------- making and opening

    @classmethod
    def create(
        cls,
        folder: str | os.PathLike[str],
        volume: str | os.PathLike[str],
        *,
        parameters: SegmentationParameters | None = None,
        spacing: tuple[float, float, float] | None = None,
        box: Box | None = None,
        channels: Sequence[str] = (),
        on_state: OnState | None = None,
    ) -> Project:
        """Make the project of a volume; the folder appears when it is complete.

        Parameters
        ----------
        folder : path
            Its name should end in ``.supervox``.
        volume : path
            Address of the volume, as for `open_volume`. It is not copied.
        parameters : SegmentationParameters, optional
        spacing : tuple of 3 float, optional
            Voxel size, if the file doesn't state it, or states it wrongly.
        box : tuple of 3 (first, beyond), optional
            The part that is to be segmented.
        channels : sequence of str
            Addresses of further images of the same voxels, in its file.
        on_state : callable, optional
            Called with the `SaveState` of the strokes whenever it changed, on another thread.

        Raises
        ------
        ProjectError
            If the folder exists, or can't be made.
        VolumeError
            If the volume can't be opened.
        ValueError
            If box or spacing are none.
        """
        place = Path(folder)
        if place.exists():
            raise ProjectError(f"{place}: already exists; open it, or give another name")
        if not place.parent.is_dir():
            raise ProjectError(f"{place}: the folder {place.parent} doesn't exist; make it first")
        settings = ProjectSettings.of_new(
            place, volume, parameters=parameters, spacing=spacing, box=box, channels=channels
        )
        with writing(place), appearing(place) as temporary:
            temporary.mkdir()
            store = AnnotationStore.create(temporary, settings.volume.shape)
            write_settings(temporary, store, settings)
            store.close()
        project = cls.open(place, on_state=on_state)
        project.history.note("created", volume=str(volume), parameters=settings.to_json())
        return project

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        read_only: bool = False,
        on_state: OnState | None = None,
    ) -> Project:
        """Open a project; nothing is computed, and the volume isn't looked at.

        Where another program has it open, or the folder can't be written to, it is opened for
        reading only: `read_only_because` says why.

        Parameters
        ----------
        folder : path
        read_only : bool
            Change nothing in any case.
        on_state : callable, optional
            As for `create`.

        Raises
        ------
        ProjectError
            If it is no project, has links in it, was made by a newer version, or what is needed
            can't be read any more. Lesser damage is told in `findings`.
        """
        place = Path(folder)
        if not is_project(place):
            raise ProjectError(f"{place}: is no project of supervox; a project is a folder")
        check_inside(place)
        check_settings(place)
        lock, because = (None, "it was opened for reading") if read_only else take_lock(place)
        try:
            return cls._open_locked(place, lock, because, on_state)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    @classmethod
    def _open_locked(
        cls, folder: Path, lock: FolderLock | None, because: str | None, on_state: OnState | None
    ) -> Project:
        findings: list[Finding] = []
        content = read_settings(folder, findings)
        store = AnnotationStore.open(
            folder,
            shape_in(content),
            on_state,
            read_only=lock is None,
            check=lambda journal: parse_settings(folder, content, kept_settings(journal)),
        )
        try:
            settings = parse_settings(folder, content, kept_settings(store.journal))
            settings = with_last_balance(settings, store.journal)
            project = cls(folder, settings, store, lock, because, findings)
            if lock is not None:
                remove_leftovers(folder)
                complete_settings(folder, store, settings, content)
        except BaseException:
            store.close(force=True)
            raise
        return project

    # ------------------------------------------------------------------------------- settings

    @property
    def settings(self) -> ProjectSettings:
        """Volume, voxel size, box, mask and parameters; `keep_mask` changes the mask."""
        return self._settings

    @settings.setter
    def settings(self, settings: ProjectSettings) -> None:
        if settings == self._settings:
            return
        self.check_writable()
        write_settings(self.folder, self.annotations, settings)
        self._settings = settings

    @property
    def strokes(self) -> Strokes:
        """All painted voxels in their order, in raster indices of the box if there is one."""
        strokes = self.annotations.order(find_strokes(self.annotations.voxels))
        return strokes.crop(self._settings.volume.shape, self._settings.slices)

    # --------------------------------------------------------------------------------- volume

    def open_volume(self) -> Volume:
        """Open the volume, if it is still the one that the project was made for.

        Raises
        ------
        VolumeMoved
            If it is not where it was; `relocate` takes the new place.
        ProjectError
            If there is another volume in its place.
        VolumeError
            If it can't be opened.
        """
        volume = self._settings.volume
        return volume.open(volume.find(self.folder))

    def relocate(self, file: str | os.PathLike[str]) -> None:
        """Say where the volume is now.

        Parameters
        ----------
        file : path
            What is taken from inside it stays as it was.

        Raises
        ------
        ProjectError
            If it isn't the volume that the project was made for.
        VolumeError
            If it can't be opened.
        """
        old, place = self._settings.volume, Address.parse(file).path
        old.open(place).close()
        moved = replace(old, absolute=str(place.resolve())).seen_from(self.folder)
        self.settings = replace(self._settings, volume=moved)

    # --------------------------------------------------------------------------------- saving

    def save(self) -> None:
        """Write all that isn't on the disk yet; strokes are, within a second, without it.

        Raises
        ------
        ProjectError
            If it can't be written.
        """
        self.check_writable()
        self.annotations.snapshot()
        self.history.write()

    def save_as(self, folder: str | os.PathLike[str], *, image: VolumeLike | None = None) -> None:
        """Copy the project to a new folder, which appears when it is complete.

        This project stays open as it is. If its folder was moved or removed, the copy has strokes,
        classes, history of the strokes and settings; and the volume, if the project held that
        itself and it is given here.

        Parameters
        ----------
        folder : path
        image : array-like, (Z, Y, X) or (Y, X), optional
            The volume of the project, where somebody has it: read only if the project held it
            itself and it is gone.

        Raises
        ------
        ProjectError
            If the folder exists, or can't be written.
        """
        place = Path(folder)
        check_place(self.folder, place)
        is_behind = False
        if self._lock is not None:
            try:
                self.save()
            except ProjectError:  # a full disk may be the reason for the copy
                is_behind = True
        if self.annotations.journal.is_in_place():
            copy_project(self.folder, place, self._settings, image)
        else:
            make_again(self.folder, place, self._settings, self.annotations, image)
        if is_behind or self.annotations.state.pending:
            with Project.open(place) as copy:
                catch_up(copy.annotations, self.annotations)
                copy.save()

    def close(self, *, force: bool = False) -> None:
        """Save everything, and release the folder and its lock.

        Parameters
        ----------
        force : bool
            Release it even if not all can be saved.

        Raises
        ------
        ProjectError
            If something can't be written; without `force` the project stays open then.
        """
        failed: ProjectError | None = None
        steps: list[Callable[[], None]] = [partial(self.annotations.close, force=force)]
        if self._lock is not None:
            steps.insert(0, self.history.write)
        for step in steps:
            try:
                step()
            except ProjectError as error:
                if not force:
                    raise
                failed = failed or error
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if failed is not None:
            raise failed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close(force=True)

    def check_writable(self) -> None:
        """Refuse to change what can't be changed.

        Raises
        ------
        ProjectError
            If nothing can be.
        """
        if self.read_only_because is not None:
            raise ProjectError(
                f"{self.folder}: can't be changed: {self.read_only_because}; save it under "
                "another name to go on"
            )

    def _report(self, finding: Finding) -> None:
        if finding not in self.findings:
            self.findings.append(finding)
