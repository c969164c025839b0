"""Files that a command writes: refused early if they can't be, and published together."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy.typing as npt
from supervox.volumes import (
    FORMATS,
    Address,
    VolumeError,
    create_volume,
    put_in_place,
    remove_leftovers,
    temporary_beside,
)

from .errors import finishing, note_written

Kind = Literal["labels", "image", "probabilities"]
ENDINGS = [entry.extensions[0].lstrip(".") for entry in FORMATS if entry.create]

_HIDDEN = "supervox"  # ends the names of hidden folders


class Outputs:
    """The files that a command is to write.

    Each is planned first, which finds out whether it can be written, and gives a place to write it
    to meanwhile: in a hidden folder beside its own. `publish` gives those that are finished their
    names. When the ``with`` block ends, nothing is left of the others, and what was there before
    stays.

    Parameters
    ----------
    inputs
        Files that must not be overwritten.
    """

    def __init__(self, inputs: Iterable[Path]) -> None:
        self._taken = {path.resolve(): "is read by this command" for path in inputs}
        self._staging: dict[Path, Path] = {}
        self._planned: list[tuple[Path, Path]] = []

    def plan_volume(
        self, text: str, shape: Sequence[int], dtype: npt.DTypeLike, kind: Kind = "labels"
    ) -> str:
        """Plan a volume; return the address to write it to meanwhile.

        Parameters
        ----------
        text
            Its final address.
        shape, dtype, kind
            What it will hold, as far as that is known.

        Raises
        ------
        VolumeError
            If it can't be written there.
        """
        address = Address.parse(text)
        self._check_free(address.path)
        create_volume(address_text := str(address), shape, dtype, kind=kind)
        staged = self._stage(address.path)
        return address_text.replace(str(address.path), str(staged), 1)

    def plan_file(self, path: Path) -> Path:
        """Plan a file of another kind; return the path to write it to meanwhile."""
        if path.is_dir():
            raise VolumeError(f"{path}: is a folder; give the name of a file")
        self._check_free(path)
        if not path.parent.is_dir():
            raise VolumeError(f"{path}: the folder {path.parent} doesn't exist; make it first")
        return self._stage(path)

    @property
    def folder(self) -> Path:
        """The folder of the first output."""
        return next(iter(self._staging))

    def publish(self) -> None:
        """Give all files that are finished by now their names."""
        with finishing():
            for staged, target in self._planned:
                if staged.exists():
                    put_in_place(staged, target)
                    note_written(str(target))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for folder in self._staging.values():
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, VolumeError | OSError):
            raise VolumeError(self._in_final_words(error)) from error

    def _check_free(self, path: Path) -> None:
        """Refuse a place that an input or another output has."""
        place = path.resolve()
        for taken, reason in self._taken.items():
            if place == taken or place in taken.parents:
                raise VolumeError(f"{path}: {reason}; give another name")
        self._taken[place] = "is written by this command already"

    def _stage(self, target: Path) -> Path:
        """Return a place in a hidden folder beside the target."""
        parent = target.parent
        remove_leftovers(target)
        if parent not in self._staging:
            remove_leftovers(parent / _HIDDEN)
            folder = temporary_beside(parent / _HIDDEN)
            try:
                folder.mkdir(mode=0o700)
            except OSError as error:
                raise VolumeError(
                    f"{target}: the folder can't be written to ({error.strerror}); choose another"
                ) from error
            self._staging[parent] = folder
        staged = self._staging[parent] / target.name
        self._planned.append((staged, target))
        return staged

    def _in_final_words(self, error: VolumeError | OSError) -> str:
        """Name the final places in a message about those in between."""
        if isinstance(error, OSError):
            message = f"{error.filename or 'writing failed'}: {error.strerror or error}"
        else:
            message = str(error)
        for staged, target in self._planned:
            message = message.replace(str(staged), str(target))
        for parent, folder in self._staging.items():
            message = message.replace(f"{folder}{os.sep}", f"{parent}{os.sep}")
        return message


@contextmanager
def making_folder(folder: Path) -> Iterator[None]:
    """Make a folder where it is missing; remove it again if the ``with`` block leaves it empty."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VolumeError(f"{folder}: can't be made ({error.strerror}); choose another") from error
    try:
        yield
    finally:
        with suppress(OSError):  # the first that is not empty ends it
            for path in missing:
                path.rmdir()
