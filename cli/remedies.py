"""What a person can do about errors of the engine, in the options of the commands."""

from __future__ import annotations

import math
from collections.abc import Iterator

from supervox.execution import NoRoom, NotKept
from supervox.segmentation import (
    DeviceAndCluster,
    DiskTooSmall,
    FolderUnusable,
    NotEnoughMemory,
    WhatWouldFit,
)
from supervox.volumes import SupervoxError


def with_remedy(error: SupervoxError) -> str:
    """Return the message of an error, with what to do about it."""
    if isinstance(error, NotEnoughMemory):
        return f"{error}: {', or '.join(_proposals(error.instead))}"
    if isinstance(error, DiskTooSmall):
        in_memory = error.plan.ids_on_disk and not error.is_shared
        otherwise = ", or give more --memory" if in_memory else ""
        return f"{error}: write to a larger disk{otherwise}"
    if isinstance(error, FolderUnusable):
        return f"{error}: write to another folder"
    if isinstance(error, DeviceAndCluster):
        return (
            "--device gpu and --scheduler don't go together: the workers of a cluster compute on "
            "their processors; leave one of them out"
        )
    if isinstance(error, NoRoom):
        return f"{error}: write to a larger disk, or give more --memory"
    if isinstance(error, NotKept):
        return f"{error}: make room on the disk, and give the same command again"
    return str(error)


def _proposals(instead: WhatWouldFit) -> Iterator[str]:
    yield f"give --memory {math.ceil(instead.least / 1e9)}GB if the machine has as much"
    if instead.size_voxels is not None:
        yield f"use --supervoxel-size {instead.size_voxels}"
    if instead.partitions is not None:
        yield f"use --partitions {instead.partitions}"
    if instead.box is not None:
        yield f"cut out a box of {' x '.join(map(str, instead.box))} voxels"
