"""Opening HDF5 files that other programs may be writing."""

import errno
from pathlib import Path

import h5py

from .errors import VolumeError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


def open_file(path: Path) -> tuple[h5py.File, tuple[str, ...]]:
    """Open a file for reading, while it is being written if its writer allows it (SWMR).

    Returns
    -------
    file : h5py.File
    notes : tuple of str
        What a person should know.

    Raises
    ------
    VolumeError
        If it is no HDF5 file, or a program holds it for writing.
    """
    try:
        return h5py.File(path, "r"), ()
    except OSError as error:
        text = str(error)
        is_locked = "lock file" in text or error.errno == errno.EAGAIN
        if is_locked and any(f"errno = {code}" in text for code in _NO_LOCKS):
            return h5py.File(path, "r", locking=False), ()  # nobody can lock there
        if (
            not is_locked
            and "already open for" not in text
            and "file consistency flags" not in text
        ):
            if not _has_signature(path):
                raise VolumeError(
                    f"{path}: isn't an HDF5 file, or its beginning is damaged; export it again"
                ) from error
            raise
        try:
            file = h5py.File(path, "r", swmr=True)
        except OSError:
            raise VolumeError(_held(path, is_locked)) from error
    return file, (
        "the file is still being written: it is read as far as it was when it was opened",
    )


def _held(path: Path, is_locked: bool) -> str:
    """Say why a file can't be read now."""
    if is_locked:
        return (
            f"{path}: another program has it open for writing; wait until it is finished, or close "
            "it there"
        )
    return (
        f"{path}: another program has it open for writing, or didn't close it properly; wait until "
        f"it is finished, or, if none has it open any more: h5clear -s {path.name}"
    )


def _has_signature(path: Path) -> bool:
    """Say whether an HDF5 file begins at one of the places where it may."""
    size, place = path.stat().st_size, 0
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            if file.read(len(_SIGNATURE)) == _SIGNATURE:
                return True
            place = max(512, 2 * place)
    return False
