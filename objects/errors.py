"""The exception of this room."""

from supervox.volumes import SupervoxError


class ObjectsError(SupervoxError, ValueError):
    """Objects can't be found or measured as asked; the message is one line that says why."""
