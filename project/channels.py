"""Further images of the voxels of a project's volume, in the same file."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from supervox.volumes import Volume

if TYPE_CHECKING:
    from .project import Project


def open_channels(project: Project) -> list[Volume]:
    """Open the further channels of a project.

    Raises
    ------
    VolumeMoved
        If the file of the volume is not where it was.
    ProjectError
        If there are other channels in their place.
    VolumeError
        If one can't be opened.
    """
    volume = project.settings.volume
    with ExitStack() as opened:
        channels = [
            opened.enter_context(channel.open(volume.find(project.folder), volume.shape))
            for channel in project.settings.channels
        ]
        opened.pop_all()  # all went well: they stay open
    return channels
