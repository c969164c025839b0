"""The journal: an append-only file of all that was done to the annotations."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock

from supervox.execution import put_behind
from supervox.volumes import sync

from ._head import Head
from ._index import Index
from ._scan import Gap, JournalScan, scan
from .aside import free_name, keep_aside
from .errors import Finding, ProjectError, Severity
from .inside import open_inside
from .records import LOG, Record, RecordKind, decode, encode, parse_header
from .undo import UndoStack

SCHEMA = 1
AWAY = "it was moved or removed"
_COPIED_BYTES = 2**20

_logger = logging.getLogger(__name__)


class Journal:
    """An open journal; records are read from the file when they are asked for.

    Several threads may read, while one writes. Only one process may have it open for writing.

    Attributes
    ----------
    path : Path
    gaps : tuple of Gap
        Damage in the middle of the file, found when it was opened.
    dropped : Gap or None
        What follows the last whole record, and is no record. Before anything is written its bytes
        are moved to the file `damaged`.
    damaged : Path or None
        Where they are kept; None if there are none, or nothing may be written.
    known_number : int
        The last record that is known to have been written before it was opened, be it there or not.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self._is_kept = self._is_cut_off = False  # what `dropped` is about
        self._lock = Lock()  # of the reader's position
        source = Path(os.devnull) if read_only and not path.exists() else path
        self._reader = open_inside(source, "rb")  # its own, so as not to wait for the disk
        try:
            self._file = open_inside(source, "rb" if read_only else "r+b")
        except OSError:
            self._reader.close()
            raise
        try:
            self._head = Head(path, read_only=read_only)
            found = scan(source)
            if found.is_newer:
                raise ProjectError(
                    f"{path}: has records of a kind that this version of supervox doesn't know: it "
                    "was written by a newer one, use that"
                )
            self._index: Index = found.index
            self._check_schema()
            self._end = found.end
            self.gaps: tuple[Gap, ...] = found.gaps
            self.dropped = self._tail_of(found)
            self.damaged = None if read_only or self.dropped is None else free_name(path)
            self.known_number = max(self.end_number, self._head.number)
        except BaseException:
            self._file.close()
            self._reader.close()
            raise

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, read_only: bool = False) -> Journal:
        """Open a journal, and make a new one if there is none and it may be written to.

        All records are verified. Half a record at the end, which a crash left, and damage in the
        middle are passed over; `findings` tells of both. Nothing in the file changes before
        `repair`, or the first record that is written.

        A file that isn't there is read as an empty one.

        Raises
        ------
        ProjectError
            If the file can't be opened, or was written by a newer version.
        """
        place = Path(path)
        try:
            if not read_only and not place.exists():
                place.touch()
                sync(place.parent)
            return cls(place, read_only=read_only)
        except OSError as error:
            reason = error.strerror or error
            raise ProjectError(f"{place}: the journal can't be opened ({reason})") from error

    def __len__(self) -> int:
        """Count the records that can be read."""
        return len(self._index)

    def __iter__(self) -> Iterator[Record]:
        """Read all records, in order."""
        return self.after(-1)

    def after(self, number: int) -> Iterator[Record]:
        """Read all records beyond a number, in order."""
        for each in self.numbers_after(number):
            yield self.read(each)

    def numbers_after(self, number: int) -> list[int]:
        """Return the numbers of all records beyond one, ascending."""
        numbers = self._index.rows["number"]
        found: list[int] = numbers[numbers > number].tolist()
        return found

    @property
    def first_number(self) -> int:
        """Number of the first record; -1 if there is none."""
        return int(self._index.rows["number"][0]) if len(self._index) else -1

    @property
    def last_number(self) -> int:
        """Number of the last record; -1 if there is none."""
        return self._index.last_number

    @property
    def size(self) -> int:
        """Bytes of the file that are records."""
        return self._end

    def last_of(self, kind: RecordKind) -> Record | None:
        """Read the last record of a kind."""
        numbers = self._index.of_kind(kind)
        return self.read(int(numbers[-1])) if numbers.size else None

    def count(self, kind: RecordKind) -> int:
        """Count the records of a kind."""
        return self._index.of_kind(kind).size

    def numbers_of(self, kind: RecordKind) -> list[int]:
        """Return the numbers of all records of a kind, ascending."""
        found: list[int] = self._index.of_kind(kind).tolist()
        return found

    def times(self) -> tuple[float, float] | None:
        """Return when the first and the last record were made; None if there is none."""
        times = self._index.rows["time"]
        return (float(times[0]), float(times[-1])) if times.size else None

    def undo_stack(self) -> UndoStack:
        """Make the stack of what can be undone and redone after the last record."""
        stack = UndoStack()
        for entry in self._index.roles():
            stack.note(*entry)
        return stack

    def findings(self, covered: int = -1) -> list[Finding]:
        """Say what is wrong with the file, and what is lost for that.

        Parameters
        ----------
        covered : int
            The annotations up to this record are known from elsewhere.
        """
        found = []
        for gap in self.gaps:
            where = f"{gap.n_bytes:,} bytes at {gap.offset:,} are damaged"
            if gap.n_records:
                found.append(_loss(self.path.name, f"{where}: {gap.names} lost", gap, covered))
            else:
                text = f"{where}; no record is lost there"
                found.append(Finding(Severity.NOTE, self.path.name, text))
        if self.dropped is not None:
            gap = self.dropped
            what = f"the last {gap.n_bytes:,} bytes are no whole record: {gap.names} dropped"
            if self.damaged is not None:
                what += f" (the bytes are kept in {self.damaged.name})"
            found.append(_loss(self.path.name, what, gap, covered))
        missing = Gap(self._end, 0, self.end_number + 1, max(self.known_number, covered))
        if missing.n_records:
            what = f"it is cut off: {missing.names} lost"
            found.append(_loss(self.path.name, what, missing, covered))
        if self._head.is_damaged:
            text = f"it is damaged: whether record {self.end_number} is the last can't be told"
            found.append(Finding(Severity.NOTE, self._head.path.name, text))
        return found

    @property
    def end_number(self) -> int:
        """Number of the last record of which anything was found."""
        return max(self.last_number, -1 if self.dropped is None else self.dropped.last)

    def voxels_of(self, number: int) -> int:
        """Return how many voxels a record changes, without reading it."""
        return self._index.voxels_of(number)

    def read(self, number: int) -> Record:
        """Read a record.

        Raises
        ------
        ProjectError
            If there is none of this number, or it was damaged since the journal was opened.
        """
        offset = self._index.offset_of(number)
        if offset is None:
            raise ProjectError(f"{self.path}: has no record {number}")
        try:
            header = parse_header(self._read_bytes(offset, LOG.header_bytes))
            if header is None or header.number != number:
                raise ValueError("its header was overwritten")
            return decode(header, self._read_bytes(offset + LOG.header_bytes, header.frame.length))
        except (OSError, ValueError) as error:
            raise ProjectError(
                f"{self.path}: record {number} can't be read any more ({error}); open the project "
                "again, which recovers what can be"
            ) from error

    def write(self, records: Sequence[Record]) -> list[str]:
        """Append records; they are on the disk when this returns.

        After an `OSError` none of them counts, and all can be written again.

        Returns
        -------
        list of str
            Why some were left out: those that can't be encoded. What makes records refuses such,
            so this tells of a bug; it mustn't cost the others.

        Raises
        ------
        OSError
            If the disk is full, or fails, or the file isn't where it was any more: what is written
            into a file that was removed is lost.
        """
        encoded, left_out = [], []
        for record in records:
            try:
                encoded.append(encode(record))
            except Exception as error:
                left_out.append(f"{self.path}: record {record.number} can't be written ({error!r})")
        self._move_tail()
        data = b"".join(encoded)
        put_behind(self._file, self._end, data)
        os.fsync(self._file.fileno())
        if not self.is_in_place(self._end + len(data)):
            raise FileNotFoundError(errno.ENOENT, AWAY)
        for each in encoded:
            header = parse_header(each)
            assert header is not None
            self._index.add(header, self._end)
            self._end += header.total
        self._note_end()
        return left_out

    def repair(self) -> None:
        """Move what follows the last whole record aside, and note how far the journal goes.

        Where the disk is full, that is left to the first record that is written.
        """
        try:
            self._move_tail()
        except OSError as error:
            _logger.warning("%s: can't be repaired yet (%s)", self.path, error.strerror)
        if self._head.number < 0 <= self.last_number:
            self._note_end()

    def is_in_place(self, size: int | None = None) -> bool:
        """Tell whether the file is where it was opened.

        Another one in its place has fewer bytes than were written; its number tells nothing, since
        some shares give a file a new one at each look.

        Parameters
        ----------
        size : int, optional
            Bytes that it has at least; by default, those that are records.
        """
        try:
            return os.stat(self.path).st_size >= (self._end if size is None else size)
        except OSError:
            return False

    def write_again(self, path: Path) -> None:
        """Write the records to another file, as far as they can be read.

        Raises
        ------
        OSError
            If they can't be written.
        """
        with open_inside(path, "xb") as file:
            for start in range(0, self._end, _COPIED_BYTES):
                try:
                    data = self._read_bytes(start, min(_COPIED_BYTES, self._end - start))
                except (OSError, ValueError) as error:
                    _logger.warning("%s: can't be read any more (%s)", self.path, error)
                    break
                put_behind(file, start, data)
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._reader.close()
        self._head.close()

    def _read_bytes(self, offset: int, n: int) -> bytes:
        with self._lock:
            self._reader.seek(offset)
            data = b""
            while len(data) < n:
                part = self._reader.read(n - len(data))
                if not part:
                    raise ValueError("the file is shorter than it was")
                data += part
            return data

    def _check_schema(self) -> None:
        """Refuse a journal that says that a newer version began it."""
        start = self.last_of(RecordKind.START)
        content = start.content if start is not None else None
        schema = content.get("schema") if isinstance(content, Mapping) else None
        if type(schema) is int and schema > SCHEMA:
            raise ProjectError(
                f"{self.path}: has the schema {schema}, this version of supervox knows {SCHEMA}: "
                "it was made by a newer one, use that"
            )

    def _note_end(self) -> None:
        try:
            self._head.write(self.last_number)
        except OSError as error:  # the records are safe: only a cut would go unnoticed
            _logger.warning("%s: can't be written (%s)", self._head.path, error.strerror)

    def _tail_of(self, found: JournalScan) -> Gap | None:
        """Return what follows the last whole record."""
        if found.size == found.end:
            return None
        first = self.last_number + 1
        last = found.tail.number if found.tail is not None else first
        return Gap(found.end, found.size - found.end, first, max(first, last))

    def _move_tail(self) -> None:
        """Keep what follows the last whole record in a file of its own, and then cut it off."""
        if self.dropped is None or self.damaged is None or self._is_cut_off:
            return
        if not self._is_kept:
            if os.path.lexists(self.damaged):  # half a copy that a failing disk didn't let go of
                self.damaged = free_name(self.path)
            keep_aside(self.damaged, self._read_bytes(self._end, self.dropped.n_bytes))
            self._is_kept = True
        self._file.truncate(self._end)
        os.fsync(self._file.fileno())
        self._is_cut_off = True


def _loss(part: str, what: str, gap: Gap, covered: int) -> Finding:
    """Say whether what is lost from the history is lost from the annotations, too."""
    if gap.last <= covered:
        return Finding(Severity.NOTE, part, f"{what} from the history; the annotations are whole")
    return Finding(Severity.LOSS, part, f"{what}; whatever was changed there is lost")
