"""A Zarr folder whose members are read only if they are in the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import LocalStore

from .outside import check_outside


class MemberStore(LocalStore):
    """A folder to be read; a member that is a link, or no file, is looked at before it is opened.

    Parameters
    ----------
    root : Path
    read_only : bool
    """

    def __init__(self, root: Path | str, *, read_only: bool = True) -> None:
        super().__init__(root, read_only=read_only)
        self._known: set[str] = set()  # folders of members, found to be inside

    async def get(
        self,
        key: str,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Read a member."""
        self._check(key)
        return await super().get(key, prototype, byte_range)

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Read a member, and wait for it."""
        self._check(key)
        return super().get_sync(key, prototype=prototype, byte_range=byte_range)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Read parts of members."""
        wanted = list(key_ranges)
        for key, _ in wanted:
            self._check(key)
        return await super().get_partial_values(prototype, wanted)

    def _check(self, key: str) -> None:
        path = self.root / key
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            return  # it isn't there: Zarr knows what that means
        folder = os.path.dirname(path)
        if folder in self._known and stat.S_ISREG(mode):
            return
        check_outside(self.root, path, "a member that leads to")
        self._known.add(folder)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, MemberStore) and super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]
