"""Reading a journal from end to end, past whatever is damaged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supervox.execution import Frame

from ._index import Index
from .inside import read_inside
from .records import LOG, Header, header_of, parse_header


@dataclass(frozen=True)
class Gap:
    """Bytes of a journal that hold no readable record.

    Attributes
    ----------
    offset, n_bytes : int
        Where they are in the file.
    first, last : int
        Numbers of the records that are lost there; `last` is before `first` if none is.
    """

    offset: int
    n_bytes: int
    first: int
    last: int

    @property
    def n_records(self) -> int:
        """How many records are lost."""
        return max(0, self.last - self.first + 1)

    @property
    def names(self) -> str:
        """What is lost, with the verb that belongs to it."""
        if self.n_records == 1:
            return f"record {self.first} is"
        return f"records {self.first} to {self.last} are"


@dataclass(frozen=True)
class JournalScan:
    """What is in a journal.

    Attributes
    ----------
    index : Index
        The records that are whole.
    gaps : tuple of Gap
        Damage between them.
    end : int
        Bytes up to the end of the last whole record.
    size : int
        Bytes of the file; what lies beyond `end` is no whole record.
    tail : Header, optional
        Of the record that begins at `end`, if it can be read.
    is_newer : bool
        Whether there is a record of a kind that only a newer version can have written.
    """

    index: Index
    gaps: tuple[Gap, ...]
    end: int
    size: int
    tail: Header | None
    is_newer: bool = False


def scan(path: Path) -> JournalScan:
    """Read a journal; no damage in it raises anything.

    Raises
    ------
    OSError
        If the file can't be read.
    """
    index, gaps, end, unknown = Index(), list[Gap](), 0, 0
    size = path.stat().st_size

    def understand(frame: Frame) -> Header | None:
        nonlocal unknown
        header = header_of(frame)
        unknown += header is None  # its checksum is right: it was meant so
        return header

    if size == 0:
        return JournalScan(index, (), 0, 0, None)
    data = read_inside(path)  # not mapped: whoever writes may cut it meanwhile
    for offset, header in LOG.scan(data, understand):
        if header.number <= index.last_number:
            continue  # a copy of an earlier part can't be what was written here
        if offset > end:
            expected = index.last_number + 1
            gaps.append(Gap(end, offset - end, expected, header.number - 1))
        elif header.number > index.last_number + 1 and len(index):
            gaps.append(Gap(end, 0, index.last_number + 1, header.number - 1))
        index.add(header, offset)
        end = offset + header.total
    tail = parse_header(data[end : end + LOG.header_bytes])
    return JournalScan(index, tuple(gaps), end, len(data), tail, unknown > 0)
