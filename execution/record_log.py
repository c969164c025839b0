"""Records in files that only grow: each proves its own integrity, and half of one is none.

A record is a header, little-endian, and a payload::

    magic 8s | fields of the log | payload length u64 | CRC32 of the payload u32
    CRC32 of the header so far u32

The header's own checksum tells where the next record stands even if the payload is damaged. CRC32
as in zlib.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from io import FileIO
from typing import Any, NamedTuple, TypeAlias, TypeVar

Buffer: TypeAlias = bytes | memoryview
Header = TypeVar("Header")

_CRC = struct.Struct("<I")


class Frame(NamedTuple):
    """The header of a record, checked.

    Attributes
    ----------
    fields : tuple
        Those of the log.
    length, crc : int
        Bytes of the payload, and their checksum.
    """

    fields: tuple[Any, ...]
    length: int
    crc: int

    def fits(self, payload: Buffer) -> bool:
        """Return whether this is the payload that was written."""
        return len(payload) == self.length and zlib.crc32(payload) == self.crc


class RecordLog:
    """The form of the records of one kind of file.

    Parameters
    ----------
    magic : bytes, 8 of them
        What every record begins with; another one for every form of what follows.
    fields : str
        What else stands in the header, as in `struct`.
    """

    def __init__(self, magic: bytes, fields: str = "") -> None:
        self.magic = magic
        self._head = struct.Struct(f"<8s{fields}QI")
        self.header_bytes = self._head.size + _CRC.size

    def pack(self, payload: bytes, *fields: Any) -> bytes:
        """Return a record as it stands in the file."""
        head = self._head.pack(self.magic, *fields, len(payload), zlib.crc32(payload))
        return b"".join([head, _CRC.pack(zlib.crc32(head)), payload])

    def parse(self, data: Buffer) -> Frame | None:
        """Return the header that a record begins with; None if it is cut off or damaged."""
        if len(data) < self.header_bytes:
            return None
        head = data[: self._head.size]
        if _CRC.unpack_from(data, self._head.size) != (zlib.crc32(head),):
            return None
        magic, *fields, length, crc = self._head.unpack(head)
        return Frame(tuple(fields), length, crc) if magic == self.magic else None

    def read(self, file: FileIO) -> tuple[Frame, bytes] | None:
        """Read the record that begins where the file stands, if it is whole."""
        frame = self.parse(file.read(self.header_bytes))
        if frame is None or frame.length > os.fstat(file.fileno()).st_size - file.tell():
            return None
        payload = file.read(frame.length)
        return (frame, payload) if frame.fits(payload) else None

    def scan(
        self, data: bytes, understand: Callable[[Frame], Header | None]
    ) -> Iterator[tuple[int, Header]]:
        """Find all records that are whole, past whatever is damaged.

        Parameters
        ----------
        data : bytes
            Of the file.
        understand : callable
            Makes the log's own header of a frame; None if it is none of this log.

        Yields
        ------
        offset : int
        header
            What `understand` made.
        """
        at = 0
        while at + self.header_bytes <= len(data):
            frame = self.parse(data[at : at + self.header_bytes])
            header = understand(frame) if frame is not None else None
            start = at + self.header_bytes
            if frame is not None and header is not None and start + frame.length <= len(data):
                if frame.fits(data[start : start + frame.length]):
                    yield at, header
                at = start + frame.length  # a header that is right says where the next one stands
            else:
                at = data.find(self.magic, at + 1)
                if at < 0:
                    return


def put_behind(file: FileIO, end: int, records: bytes) -> int:
    """Write records behind the bytes that count, in place of whatever is there; return the new end.

    What was there goes first: no part of it may follow the new records if this is interrupted.

    Raises
    ------
    OSError
        If the disk is full, or fails; what is before `end` is as it was.
    """
    file.seek(end)
    file.truncate()
    rest = memoryview(records)
    while rest:
        rest = rest[file.write(rest) :]
    return file.tell()
