"""What a person can do about errors of the engine, in the words of the window."""

from __future__ import annotations

from supervox.execution import NoRoom, NotKept
from supervox.segmentation import DeviceAndCluster, DiskTooSmall, FolderUnusable, NotEnoughMemory

PREFERENCES = "Preferences › Supervox › Preparation"
COARSEST = 24  # edge of a supervoxel that is still proposed


def with_remedy(error: Exception) -> str:
    """Return the message of an error, with what to do about it."""
    if isinstance(error, NotEnoughMemory):
        return _too_large(error)
    if isinstance(error, DiskTooSmall):
        return f"{error}: choose a folder on a larger disk in {PREFERENCES}"
    if isinstance(error, FolderUnusable):
        return f"{error}: choose another folder in {PREFERENCES}"
    if isinstance(error, DeviceAndCluster):
        return f"{error}; change one of the two in {PREFERENCES}"
    if isinstance(error, NoRoom):
        return f"{error}: choose a folder on a larger disk, or allow more memory, in {PREFERENCES}"
    if isinstance(error, NotKept):
        return f"{error}: make room on the disk, and prepare again"
    if isinstance(error, MemoryError):
        return "There isn't enough memory for that: close what you don't need, or work in a box"
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    return str(error)


def _too_large(error: NotEnoughMemory) -> str:
    instead, ways = error.instead, []
    if instead.box is not None:
        ways.append(f"work in a box of up to {' × '.join(map(str, instead.box))} voxels")
    if instead.size_voxels is not None and instead.size_voxels <= COARSEST:
        ways.append(f"choose a detail size of {instead.size_voxels} voxels")
    ways.append(f"allow more memory in {PREFERENCES}")
    return (
        f"{' × '.join(map(str, error.shape))} voxels need about {instead.least / 1e9:.1f} GB of "
        f"memory, and {instead.budget / 1e9:.1f} GB may be used: {', or '.join(ways)}"
    )
