"""The log of finished blocks: a stage that was killed goes on behind the last one.

A stage asks for the same blocks in the same order each time, pass after pass. A `LoggingExecutor`
stands between it and what runs the blocks: a result that is in the log is handed out from there,
any other one is put behind it. What a pass writes into an array in a file is in the log as a
checksum.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from .blocks import Block, read_block
from .errors import NotKept
from .executors import Executor
from .progress import ShouldStop
from .record_log import RecordLog, put_behind

Result = TypeVar("Result")
# Of another form than before: a stage that an earlier version began, begins again.
LOG = RecordLog(b"\x89SVXtap\n")


@dataclass(frozen=True)
class BlockWriter:
    """A function of a block that writes the block's voxels, and may return something besides.

    Attributes
    ----------
    function : callable
    out : array, (Z, Y, X), of 4 bytes a voxel
        What it writes to; what was there before isn't needed by it.
    """

    function: Callable[[Block], Any]
    out: NDArray[Any]

    def __call__(self, block: Block) -> Any:
        """Write the voxels."""
        return self.function(block)

    def checked(self, block: Block) -> tuple[Any, int]:
        """Write the voxels; return their checksum as well."""
        return self.function(block), checksum(self.out, block)


def checksum(voxels: NDArray[Any], block: Block) -> int:
    """Return a checksum of a block of 4 bytes a voxel: of the sums of its rows, which are quick."""
    words = np.ascontiguousarray(read_block(voxels, block.core)).view(np.uint32)
    return zlib.crc32(words.sum(axis=-1, dtype=np.uint32))


class BlockLog:
    """A file of results that only grows; it survives the process, and half a result is no result.

    Nothing waits for the disk: what a crash of the machine leaves out or damages, the checksums
    tell, and the stage goes on before it.

    Parameters
    ----------
    path : Path
    origin : str
        What the stage works from; a log of anything else is begun anew.

    Attributes
    ----------
    is_continued : bool
        Whether it was of this origin.

    Raises
    ------
    OSError
        If it can't be opened.
    """

    def __init__(self, path: Path, origin: str) -> None:
        self.path = path
        self._file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT), "r+")
        self._reading, self._end, self._last = True, 0, 0
        self.is_continued = self.next([origin]) is not None
        if not self.is_continued:
            self.append([origin], None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def next(self, key: list[Any]) -> tuple[Any] | None:
        """Return the next result (as the only item), if it is of this key.

        If it isn't, it and all that follow are void.
        """
        if self._reading:
            found = self._read()
            if found is not None and found[0] == key:
                self._last, self._end = self._end, self._file.tell()
                return (found[1],)
            self._reading = False
        return None

    def append(self, key: list[Any], result: Any, *, again: bool = False) -> None:
        """Add a result behind those that were read.

        Parameters
        ----------
        key : list
            What JSON can hold.
        result : array, int, None, or tuple of such
        again : bool
            Whether it replaces the last one that was read.

        Raises
        ------
        NotKept
            If the disk is full.
        """
        if again:
            self._end, self._reading = self._last, False
        arrays: list[bytes] = []
        text = json.dumps([key, _take_out(result, arrays)]).encode()
        body = b"".join([struct.pack("<I", len(text)), text, *arrays])
        try:
            self._end = put_behind(self._file, self._end, LOG.pack(body))
        except OSError as error:
            raise NotKept(self.path, error.strerror or "") from error

    def _read(self) -> tuple[Any, Any] | None:
        """Read what comes next, if it is whole."""
        found = LOG.read(self._file)
        if found is None:
            return None
        body = found[1]
        (n,) = struct.unpack_from("<I", body)
        key, result = json.loads(body[4 : 4 + n])
        return key, _put_back(result, body, 4 + n)


class LoggingExecutor:
    """Runs blocks as another executor does, but for those whose results are in a log.

    Parameters
    ----------
    executor : Executor
    log : BlockLog
    """

    def __init__(self, executor: Executor, log: BlockLog) -> None:
        self._executor, self._log = executor, log
        self._passes = 0

    @property
    def slots(self) -> int:
        """Blocks that can be at work at the same time."""
        return self._executor.slots

    @property
    def slots_in_memory(self) -> int:
        """How many of them share the memory of one process."""
        return self._executor.slots_in_memory

    def decide(self, name: str, choose: Callable[[Any], Any]) -> Any:
        """Choose something that the blocks depend on.

        Parameters
        ----------
        name : str
        choose : callable
            Takes what an earlier run chose, or None. If it chooses anything else, what that run
            did is void.
        """
        found = self._log.next([name])
        known = None if found is None else found[0]
        choice = choose(known)
        if choice != known:
            self._log.append([name], choice, again=known is not None)
        return choice

    def run(
        self,
        function: Callable[[Block], Result],
        blocks: Sequence[Block],
        should_stop: ShouldStop | None = None,
    ) -> Generator[Result, None, None]:
        """Yield the results in block order: first those on the log, then those of the executor."""
        self._passes += 1
        keys = [[self._passes, *([c.start, c.stop] for c in block.core)] for block in blocks]
        if isinstance(function, BlockWriter):
            yield from self._fill(function, blocks, keys, should_stop)
            return
        known = 0
        for found in self._known(keys):
            yield found
            known += 1
        yield from self._new(function, blocks[known:], keys[known:], should_stop)

    def _fill(
        self,
        fill: BlockWriter,
        blocks: Sequence[Block],
        keys: Sequence[Any],
        should_stop: ShouldStop | None,
    ) -> Generator[Any, None, None]:
        """Yield results of what writes; what isn't there any more is written again."""
        known = list(self._known(keys))
        written = blocks[: len(known)]
        there = self._executor.run(partial(checksum, fill.out), written, should_stop)
        for block, (found, expected), actual in zip(written, known, there, strict=True):
            if actual != expected:
                [_] = self._executor.run(fill, [block], should_stop)
            yield found
        new = self._new(fill.checked, blocks[len(known) :], keys[len(known) :], should_stop)
        yield from (found for found, _ in new)

    def _known(self, keys: Sequence[Any]) -> Iterator[Any]:
        """Yield results from the log as long as it has them."""
        for key in keys:
            found = self._log.next(key)
            if found is None:
                return
            yield found[0]

    def _new(
        self,
        function: Callable[[Block], Any],
        blocks: Sequence[Block],
        keys: Sequence[Any],
        should_stop: ShouldStop | None,
    ) -> Iterator[Any]:
        """Yield results of the executor; each goes onto the log when somebody asks for it."""
        with closing(self._executor.run(function, blocks, should_stop)) as results:
            for key, found in zip(keys, results, strict=True):
                self._log.append(key, found)
                yield found


def _take_out(value: Any, arrays: list[bytes]) -> Any:
    """Return a result with only the description of its arrays; their bytes are added to a list."""
    if isinstance(value, np.ndarray):
        at = sum(map(len, arrays))
        arrays.append(value.tobytes())
        return {"dtype": value.dtype.str, "shape": value.shape, "at": at}
    if isinstance(value, tuple | list):
        return [_take_out(item, arrays) for item in value]
    return value


def _put_back(value: Any, body: bytes, start: int) -> Any:
    """Return the result that `_take_out` described; its lists are tuples."""
    if isinstance(value, dict):
        dtype, shape = np.dtype(value["dtype"]), tuple(value["shape"])
        flat = np.frombuffer(body, dtype, math.prod(shape), start + value["at"])
        return flat.reshape(shape).copy()  # aligned, and like any other to compiled code
    if isinstance(value, list):
        return tuple(_put_back(item, body, start) for item in value)
    return value
