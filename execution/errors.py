"""What goes wrong where work is run: no room, no cluster, nothing to be written."""

from __future__ import annotations

from supervox.volumes import SupervoxError


class ExecutionError(SupervoxError):
    """Memory, disk, device or cluster can't be used as asked; the message says why."""
