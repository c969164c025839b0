"""The base of all our exceptions, the one of this room, and where those of libraries become it."""

import errno
import gzip
import json
import logging
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

# What libraries raise, and what their words are, about files that aren't as they were written.
_DAMAGES = (
    *(EOFError, UnicodeDecodeError, json.JSONDecodeError, struct.error, zlib.error),
    *(gzip.BadGzipFile, ElementTree.ParseError),
)
_NAMES_OF_DAMAGES = (
    "TiffFileError",
    "ImageFileError",
    "HeaderDataError",
    "NRRDError",
    "OleFileError",
)
_WORDS_OF_DAMAGE = (
    *("truncat", "corrupt", "checksum", "crc", "signature", "magic", "incomplete", "premature"),
    *("end of file", "unexpected end", "eof", "invalid header", "bad ", "wrong ", "overflow"),
    *(
        "decompress",
        "inflate",
        "decod",
        "invalid data",
        "not a tiff",
        "cannot reshape",
        "too small",
    ),
    *("mmap length is greater", "buffer", "broken", "malformed", "failed to read all"),
)
_WORDS_OF_LACK = (
    *("requires the", "codec not available", "unknown codec", "no module named"),
    *("is not registered", "lib/plugin"),  # HDF5's filters
)
_UNTOLD = (KeyError, IndexError, AttributeError, TypeError)  # whose messages are no sentences


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


class Choice(NamedTuple):
    """One of several ways to open a file.

    Attributes
    ----------
    text : str
        What it gives, for a person: "time point 2 of 6".
    address : str
        What opens it.
    """

    text: str
    address: str


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
    choices
        Ways to open the file, of which only a person can say which is meant.
    channels
        Where all that is in the way is an axis of channels: what opens each.
    what
        What the choices are about, for a person: "6 time points".
    """

    def __init__(
        self,
        message: str,
        candidates: tuple[Candidate, ...] = (),
        *,
        choices: tuple[Choice, ...] = (),
        channels: tuple[Choice, ...] = (),
        what: str = "",
    ) -> None:
        super().__init__(message)
        self.candidates, self.choices = candidates, choices
        self.channels, self.what = channels, what


def _first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, or its type where it has none.

    What the operating system says is told without its number and the name of a temporary file.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
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
    if writing and code in (errno.ENOENT, errno.ENOTDIR) and not path.parent.is_dir():
        return f"{path}: the folder {path.parent} doesn't exist; make it first"
    if code in (errno.EMFILE, errno.ENFILE):
        return f"{path}: too many files are open; close some volumes and try again"
    return None


def _is_damage(error: BaseException) -> bool:
    """Say whether an exception tells of a file that isn't as it was written."""
    kind = type(error)
    if isinstance(error, _DAMAGES) or kind.__name__ in _NAMES_OF_DAMAGES:
        return True
    if (kind.__module__ or "").startswith("imagecodecs") and kind.__name__.endswith("Error"):
        return True
    if isinstance(error, _UNTOLD):
        return False
    text = str(error).lower()
    return any(word in text for word in _WORDS_OF_DAMAGE)


def _consequence(error: BaseException) -> str:
    """Say what an exception of a library means to a person who reads a file, and what to do."""
    text = str(error).lower()
    if isinstance(error, ImportError) or any(word in text for word in _WORDS_OF_LACK):
        return "something that it needs isn't installed: install it, or export it in another way"
    if isinstance(error, OSError) and error.errno is not None:
        return "check the disk or the network that it lies on, and the access to it"
    if _is_damage(error) or isinstance(error, OSError):  # a library's own, of what it read
        return "the file is damaged, cut short or of another format: copy or export it again"
    return "if other programs read it, that is a fault of supervox's: please report it"


@contextmanager
def reading(path: Path, format_name: str) -> Iterator[None]:
    """Turn whatever a library raises about a file that it reads into a `VolumeError`."""
    try:
        yield
    except (VolumeError, MemoryError):
        raise
    except Exception as error:
        reason = _reason(path, error, writing=False) if isinstance(error, OSError) else None
        words = _first_line(error)
        if isinstance(error, _UNTOLD):
            words = f"{type(error).__name__}: {words}"
        message = reason or (
            f"{path}: can't be read as {format_name} ({words}); {_consequence(error)}"
        )
        raise VolumeError(message) from error


class _Collector(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.found.append(record.getMessage())


@contextmanager
def complaints_of(logger_name: str) -> Iterator[list[str]]:
    """Collect what a library logs: that parts are missing is no more to some than a log line."""
    logger, collector = logging.getLogger(logger_name), _Collector(logging.WARNING)
    logger.addHandler(collector)
    try:
        yield collector.found
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
    """Turn whatever a library raises about a file that it writes into a `VolumeError`.

    What says already what was wrong, and what to do, stays.
    """
    try:
        yield
    except (SupervoxError, MemoryError):
        raise
    except Exception as error:
        reason = _reason(path, error, writing=True) if isinstance(error, OSError) else None
        message = reason or f"{path}: can't be written as {format_name} ({_first_line(error)})"
        raise VolumeError(message) from error
