"""The base of all our exceptions, the one of this room, and where those of libraries become it."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Candidate(NamedTuple):
    """One of several volumes that a file holds.

    Attributes
    ----------
    inner : str
        What picks it: it stands behind ``::`` in an address.
    shape : tuple of int
        Its size along every axis.
    dtype : str
        Type of its values.
    """

    inner: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.inner} ({' x '.join(str(length) for length in self.shape)} {self.dtype})"


class SupervoxError(Exception):
    """Something can't be done as asked: the message says what was wrong, and what to do."""


class VolumeError(SupervoxError):
    """A file can't be read or written; the message says why and what to do about it.

    Parameters
    ----------
    message
        One line.
    candidates
        What there is to choose from, where a file holds several volumes and none was named.
    """

    def __init__(self, message: str, candidates: tuple[Candidate, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


def _first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, or its type where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _reason(path: Path, error: OSError, *, writing: bool) -> str | None:
    """Say in plain words what the operating system refused; None if it was something else."""
    code = error.errno
    text = str(error).lower()
    # numpy, which writes TIFF's uncompressed values, gives no code: "9801 requested and 4 written".
    cut_off = "requested and" in text and "written" in text
    if code in (errno.ENOSPC, errno.EDQUOT) or "no space left" in text or cut_off:
        return f"{path}: the disk is full, nothing was written; free some space or write elsewhere"
    if code in (errno.EACCES, errno.EPERM, errno.EROFS) or "permission denied" in text:
        if writing:
            return f"{path}: no permission to write in this folder; choose another one"
        return f"{path}: no permission to read this file; check its owner and its mode"
    if code in (errno.EMFILE, errno.ENFILE):
        return f"{path}: too many files are open; close some volumes and try again"
    return None


@contextmanager
def reading(path: Path, format_name: str) -> Iterator[None]:
    """Turn whatever a library raises about a file that it reads into a `VolumeError`."""
    try:
        yield
    except (VolumeError, MemoryError):
        raise
    except Exception as error:
        reason = _reason(path, error, writing=False) if isinstance(error, OSError) else None
        message = reason or (
            f"{path}: can't be read as {format_name} ({_first_line(error)}); "
            "the file is damaged, cut short or of another format: copy or export it again"
        )
        raise VolumeError(message) from error


@contextmanager
def complaints_of(logger_name: str) -> Iterator[list[str]]:
    """Collect what a library logs: that parts are missing is no more to some than a log line."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    logger = logging.getLogger(logger_name)
    collector = Collector(logging.WARNING)
    logger.addHandler(collector)
    try:
        yield found
    finally:
        logger.removeHandler(collector)


@contextmanager
def needing(package: str, path: Path, format_name: str) -> Iterator[None]:
    """Say how to get a library that only some formats need, where its import fails.

    Parameters
    ----------
    package
        What is imported in the ``with`` block.
    path, format_name
        For the message.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise VolumeError(
            f"{path}: {format_name} files need the package {package}; install it with: "
            "pip install 'supervox[formats]'"
        ) from error


@contextmanager
def writing(path: Path, format_name: str) -> Iterator[None]:
    """Turn whatever a library raises about a file that it writes into a `VolumeError`."""
    try:
        yield
    except (VolumeError, MemoryError):
        raise
    except Exception as error:
        reason = _reason(path, error, writing=True) if isinstance(error, OSError) else None
        message = reason or f"{path}: can't be written as {format_name} ({_first_line(error)})"
        raise VolumeError(message) from error
