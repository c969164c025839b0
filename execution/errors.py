"""What goes wrong where work is run: no room, no cluster, nothing to be written."""

from __future__ import annotations

from pathlib import Path

from supervox.volumes import SupervoxError


class ExecutionError(SupervoxError):
    """Memory, disk, device or cluster can't be used as asked; the message says why."""


class NoRoom(ExecutionError):
    """A large array has no room on the disk.

    Attributes
    ----------
    folder : Path
    size : float
        Bytes that it takes.
    """

    def __init__(self, folder: Path, size: float, reason: str) -> None:
        self.folder, self.size = folder, size
        super().__init__(
            f"{folder}: no room for {size / 1e9:.2g} GB that don't fit into memory ({reason})"
        )


class NotKept(ExecutionError):
    """What is finished can't be kept, and so the rest isn't begun.

    Attributes
    ----------
    path : Path
        Where it was to be written.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: what is finished can't be kept ({reason})")
