"""The images of a project, which stay where they are: found, opened, and known again."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from supervox.features import fingerprint
from supervox.segmentation import Spacing
from supervox.volumes import Address, Volume, open_volume, times

from .errors import ProjectError, VolumeMoved


@dataclass(frozen=True)
class VolumeReference:
    """The volume of a project, which stays where it is.

    Attributes
    ----------
    path : str
        From the folder of the project to the file, with forward slashes.
    absolute : str
        Where the file was when it was looked at last.
    inside : str
        What is taken from inside it, as behind ``::``; empty for all.
    size : int
        Bytes of the file; 0 for a folder.
    fingerprint : str
        Digest of a sample of the voxels.
    shape : tuple of 3 int
    dtype : str
    origin : tuple of 3 float
        Position of the first voxel.
    """

    path: str
    absolute: str
    inside: str
    size: int
    fingerprint: str
    shape: tuple[int, int, int]
    dtype: str
    origin: Spacing

    def __post_init__(self) -> None:
        try:
            np.dtype(self.dtype)
        except TypeError as error:
            raise ValueError(f"{self.dtype!r} is no type of voxels") from error

    @classmethod
    def of(cls, volume: Volume, address: Address, folder: Path) -> VolumeReference:
        """Note all that is needed to find and recognise a volume that is open."""
        file = address.path.resolve()
        return cls(
            _relative(file, folder),
            str(file),
            address.inside,
            file.stat().st_size if file.is_file() else 0,
            fingerprint(volume.data),
            volume.shape,
            volume.data.dtype.name,
            volume.origin,
        )

    def seen_from(self, folder: Path) -> VolumeReference:
        """Return the reference for a project in another folder."""
        return replace(self, path=_relative(Path(self.absolute), folder))

    def address(self, file: Path) -> str:
        """Return what opens the volume, if its file is this one."""
        return f"{file}::{self.inside}" if self.inside else str(file)

    def find(self, folder: Path) -> Path:
        """Return the file: beside the project as it was, or where it was.

        Raises
        ------
        VolumeMoved
            If it is in neither place.
        """
        beside = Path(os.path.normpath(folder.resolve() / self.path))
        places = list(dict.fromkeys((beside, Path(self.absolute))))
        for place in places:
            if place.exists():
                return place
        where = f"not {beside}" if len(places) == 1 else f"neither {beside} nor {self.absolute}"
        raise VolumeMoved(f"{folder}: its volume is {where} any more; say where it is now", beside)

    def open(self, file: Path) -> Volume:
        """Open the volume in a file, if it is the same.

        Raises
        ------
        ProjectError
            If it is another one.
        VolumeError
            If it can't be opened.
        """
        volume = open_volume(self.address(file))
        if volume.shape != self.shape:
            volume.close()
            raise ProjectError(
                f"{file}: has {times(volume.shape)} voxels, the volume of the project "
                f"{times(self.shape)}; give the volume that the project was made for"
            )
        if fingerprint(volume.data) != self.fingerprint:
            volume.close()
            raise ProjectError(
                f"{file}: its voxels are not those that the project was made for; give the "
                "original file, or make a new project"
            )
        return volume


@dataclass(frozen=True)
class ChannelReference:
    """A further image of the voxels of a project's volume, in the same file.

    Attributes
    ----------
    inside : str
        What is taken from inside the file, as behind ``::``.
    fingerprint : str
        Digest of a sample of the voxels.
    """

    inside: str
    fingerprint: str

    @classmethod
    def at(cls, address: str) -> ChannelReference:
        """Note what is needed to find and recognise the channel at an address.

        Raises
        ------
        VolumeError
            If it can't be opened.
        """
        with open_volume(address) as volume:
            return cls(Address.parse(address).inside, fingerprint(volume.data))

    def open(self, file: Path, shape: tuple[int, int, int]) -> Volume:
        """Open the channel in the file of the volume, if it is the same.

        Raises
        ------
        ProjectError
            If it is another one.
        VolumeError
            If it can't be opened.
        """
        volume = open_volume(f"{file}::{self.inside}")
        if volume.shape != shape or fingerprint(volume.data) != self.fingerprint:
            volume.close()
            raise ProjectError(
                f"{file}: its channel {self.inside} is not the one that the project was made for; "
                "give the original file, or make a new project"
            )
        return volume


@dataclass(frozen=True)
class MaskReference:
    """The mask of a project, which is kept in its folder. Same digest, same mask.

    Attributes
    ----------
    digest : str
        Of all its voxels.
    name : str
        Of the file or layer that it came from.
    left_out : int
        Voxels that it leaves out.
    """

    digest: str
    name: str = field(compare=False)
    left_out: int = field(compare=False)


def _relative(file: Path, folder: Path) -> str:
    """Return the way from a folder to a file; the file itself if there is none."""
    try:
        return Path(os.path.relpath(file, folder.resolve())).as_posix()
    except ValueError:  # another drive of Windows
        return file.as_posix()
