"""Records of the journal: one change each, as bytes that prove their own integrity.

A record is framed as in `segmentation.record_log`, its header of 56 bytes with these fields::

    kind u8 | role u8 | by u16 | voxels u32 | number u64 | target u64 | time f64

Of voxels that a tool changed, `by` is 1, of those of a lock 2, of all else 0. Of a balance,
`voxels` is the id of its class. The payload is compressed by zlib. That of a voxel change, before
compression, is one byte that says how wide the steps are (4 or 8), then the steps from each voxel
to the next with their bytes in planes (all lowest bytes first), which compresses well, then the old
and the new classes. That of all other kinds is JSON.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Buffer, Frame, RecordLog

from .changes import (
    BalanceChange,
    By,
    Change,
    ClassChange,
    LockChange,
    ObjectChange,
    Paint,
    VoxelChange,
    frozen,
)
from .documents import to_text

LOG = RecordLog(b"\x89SVXrec\n", "BBHIQQd")
NO_TARGET = 2**64 - 1
COMPRESSION = 1  # zlib's level: strokes are so regular that more saves little
MOST_JSON_BYTES = 2**24  # that a table of classes may unpack to


class RecordKind(IntEnum):
    """What a record holds."""

    START = 0  # shape of the volume: the first record
    VOXELS = 1  # voxels of the strokes that changed
    CLASSES = 2  # the whole table of classes
    PROJECT = 3  # what project.json says
    STEP = 4  # what was done, for provenance.json
    BALANCE = 5  # the balance of a class that changed
    CLASS = 6  # a class that was deleted
    CORRECTIONS = 7  # voxels of the corrections that changed
    OBJECTS = 8  # an edit of the objects
    LOCK = 9  # a class whose labels are held, or not any more


class Role(IntEnum):
    """How a change that can be undone came about."""

    CHANGE = 0
    UNDO = 1  # takes the target back
    REDO = 2  # makes the target again


PAINTED = {RecordKind.VOXELS: Paint.STROKES, RecordKind.CORRECTIONS: Paint.CORRECTIONS}
BY = {By.HAND: 0, By.TOOL: 1, By.LOCK: 2}
OF_CHANGES = {
    BalanceChange: RecordKind.BALANCE,
    ClassChange: RecordKind.CLASS,
    ObjectChange: RecordKind.OBJECTS,
    LockChange: RecordKind.LOCK,
}
UNDOABLE = (*PAINTED, *OF_CHANGES.values())
Content = Change | Mapping[str, Any]


def kind_of(change: Change) -> RecordKind:
    """Return the kind of the record of a change."""
    if isinstance(change, VoxelChange):
        return next(kind for kind, paint in PAINTED.items() if paint is change.paint)
    return OF_CHANGES[type(change)]


@dataclass(frozen=True)
class Record:
    """One entry of the journal.

    Attributes
    ----------
    number : int
        Its place in the sequence; never used twice.
    time : float
        When it was made, in seconds since 1970.
    content : Change or mapping
        What can be undone, or what JSON can hold.
    kind : RecordKind
    role : Role
    target : int or None
        The record that this one undoes or redoes.
    """

    number: int
    time: float
    content: Content
    kind: RecordKind = RecordKind.VOXELS
    role: Role = Role.CHANGE
    target: int | None = None


_KINDS, _ROLES = frozenset(RecordKind), frozenset(Role)
_BY = {number: by for by, number in BY.items()}


class Header(NamedTuple):
    """What stands before a payload, checked; of a balance, `n_voxels` is its class."""

    kind: RecordKind
    role: Role
    n_voxels: int
    number: int
    target: int | None
    time: float
    by: By
    frame: Frame

    @property
    def total(self) -> int:
        """Bytes of the record."""
        return LOG.header_bytes + self.frame.length


def encode(record: Record) -> bytes:
    """Return a record as it stands in the journal."""
    content, n_voxels, by = record.content, 0, By.HAND
    plain: Buffer
    if isinstance(content, VoxelChange):
        by, n_voxels, plain = content.by, content.voxels.size, _pack(content)
    elif isinstance(content, BalanceChange):
        n_voxels, plain = content.class_id, _json(vars(content))
    elif isinstance(content, LockChange):
        plain = _json(vars(content))
    elif isinstance(content, ClassChange | ObjectChange):
        plain = _json(content.to_json())
    else:
        plain = _json(content)
    payload = zlib.compress(plain, COMPRESSION)
    return LOG.pack(
        payload,
        record.kind,
        record.role,
        BY[by],
        n_voxels,
        record.number,
        NO_TARGET if record.target is None else record.target,
        record.time,
    )


def _json(values: Mapping[str, Any]) -> bytes:
    return to_text(values).encode()


def parse_header(data: Buffer) -> Header | None:
    """Return the header that a record begins with; None if it is cut off or damaged."""
    frame = LOG.parse(data)
    return None if frame is None else header_of(frame)


def header_of(frame: Frame) -> Header | None:
    """Return what the frame of a record says; None if it is of no kind that there is."""
    kind, role, by, n_voxels, number, target, time = frame.fields
    if kind not in _KINDS or role not in _ROLES:
        return None
    aim = None if target == NO_TARGET else target
    whose = _BY.get(by, By.HAND)
    return Header(RecordKind(kind), Role(role), n_voxels, number, aim, time, whose, frame)


def decode(header: Header, payload: Buffer) -> Record:
    """Return the record of a header and its payload.

    Raises
    ------
    ValueError
        If the payload is damaged, or not what `encode` makes.
    """
    if not header.frame.fits(payload):
        raise ValueError("its checksum is wrong")
    content: Content
    if (paint := PAINTED.get(header.kind)) is not None:
        plain = _inflate(payload, 1 + 10 * header.n_voxels)
        content = _unpack(plain, header.n_voxels, paint, header.by)
    else:
        content = json.loads(_inflate(payload, MOST_JSON_BYTES))
        if not isinstance(content, dict):
            raise ValueError("its content is of another kind")
        if header.kind is RecordKind.BALANCE:
            content = BalanceChange.from_json(content)
        elif header.kind is RecordKind.CLASS:
            content = ClassChange.from_json(content)
        elif header.kind is RecordKind.OBJECTS:
            content = ObjectChange.from_json(content)
        elif header.kind is RecordKind.LOCK:
            content = LockChange.from_json(content)
    return Record(header.number, header.time, content, header.kind, header.role, header.target)


def _inflate(payload: Buffer, most: int) -> bytes:
    """Decompress what may not become larger than expected."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(payload, most + 1)
    except zlib.error as error:
        raise ValueError("it can't be decompressed") from error
    if len(plain) > most or not stream.eof:
        raise ValueError("it is larger than its header says")
    return plain


def _pack(change: VoxelChange) -> memoryview:
    """Return the content of a payload."""
    # Written by NumPy into one buffer, which leaves other threads the interpreter meanwhile: a
    # change may be of millions of voxels, and a person goes on painting.
    voxels, n = change.voxels, change.voxels.size
    steps = voxels.copy()
    np.subtract(voxels[1:], voxels[:-1], out=steps[1:])
    width = 4 if int(steps.max(initial=0)) < 2**32 else 8
    packed = np.empty(1 + (width + 2) * n, np.uint8)
    packed[0] = width
    planes = packed[1 : 1 + width * n].reshape(width, n)
    planes[...] = steps.astype(f"<u{width}").view(np.uint8).reshape(n, width).T
    packed[1 + width * n : 1 + (width + 1) * n] = change.old
    packed[1 + (width + 1) * n :] = change.new
    return packed.data


def _unpack(plain: bytes, n: int, paint: Paint, by: By) -> VoxelChange:
    """Return the change in a payload of n voxels."""
    width = plain[0] if plain else 0
    if width not in (4, 8) or len(plain) != 1 + (width + 2) * n:
        raise ValueError("its size does not fit its voxels")
    values = np.frombuffer(plain, np.uint8, offset=1)
    planes = np.ascontiguousarray(values[: width * n].reshape(width, n).T)
    steps: NDArray[np.int64] = planes.view(f"<u{width}").reshape(n).astype(np.int64)
    old, new = values[width * n : (width + 1) * n], values[(width + 1) * n :]
    return frozen(VoxelChange(np.cumsum(steps), old, new, paint, by))
