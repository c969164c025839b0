"""How far a journal went: a note beside it, so that a journal that was cut off doesn't look whole.

The note is written after the records that it counts, in place and without waiting for the disk: it
may be behind, never ahead. Nothing is made or changed before the first note.
"""

from __future__ import annotations

import re
import zlib
from io import FileIO
from pathlib import Path

from .inside import open_inside, read_inside

ENDING = ".head"


class Head:
    """The note beside a journal.

    Parameters
    ----------
    journal : Path
    read_only : bool

    Attributes
    ----------
    number : int
        Of the last record that is known to have been written; -1 if nothing says so.
    is_damaged : bool
        Whether there is a note that can't be read.
    """

    def __init__(self, journal: Path, *, read_only: bool) -> None:
        self.path = journal.with_name(journal.name + ENDING)
        text = read_inside(self.path) if self.path.exists() else b""
        match = re.fullmatch(rb"(\d{20}) ([0-9a-f]{8})\n", text)
        is_right = match is not None and zlib.crc32(match[1]) == int(match[2], 16)
        self.number = int(match[1]) if match is not None and is_right else -1
        self.is_damaged = bool(text) and not is_right
        self._read_only = read_only
        self._file: FileIO | None = None

    def write(self, number: int) -> None:
        """Note the last record.

        Raises
        ------
        OSError
            If that fails; the journal itself is as it should be.
        """
        if self._read_only:
            return
        if self._file is None:
            self._file = open_inside(self.path, "r+b" if self.path.exists() else "wb")
        digits = b"%020d" % number
        self._file.seek(0)
        self._file.write(b"%s %08x\n" % (digits, zlib.crc32(digits)))
        self._file.truncate()
        self.number = number

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
