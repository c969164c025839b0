"""What project.json says: which volume, which part of it, which parameters."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from supervox.execution import Slices
from supervox.features import fingerprint
from supervox.parameters import read_json
from supervox.segmentation import (
    SegmentationParameters,
    Spacing,
    check_spacing,
)
from supervox.volumes import Address, SizeSource, Volume, VoxelSize, open_volume, times, unit_symbol

from .documents import plain
from .errors import ProjectError, VolumeMoved

SCHEMA = 2
# From each older schema to the next one: what reads a dict of the one and returns the other's.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: dict,  # classifiers have no name yet: they are of the default
}

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


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
        for place in (beside, Path(self.absolute)):
            if place.exists():
                return place
        raise VolumeMoved(
            f"{folder}: its volume is neither {beside} nor {self.absolute}; say where it is now",
            beside,
        )

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


@dataclass(frozen=True)
class PreparedFrom:
    """All that the partitions of a volume depend on.

    Attributes
    ----------
    fingerprint : str
        Of the voxels of the whole volume.
    box : tuple of 3 (first, beyond) or None
        The part that is prepared; None for all.
    shape : tuple of 3 int
        Of that part.
    spacing : tuple of 3 float
        Voxel size.
    parameters : SegmentationParameters
    mask : str or None
        Digest of the mask.
    channels : tuple of str
        Fingerprints of the further channels.
    """

    fingerprint: str
    box: Box | None
    shape: tuple[int, int, int]
    spacing: Spacing
    parameters: SegmentationParameters
    mask: str | None = None
    channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProjectSettings:
    """All that a person decided about a project, but strokes and classes.

    Attributes
    ----------
    volume : VolumeReference
    spacing : tuple of 3 float
        Voxel size; ones if nothing is known.
    spacing_from : str
        Who says so: "file", "option", "model", or "unknown".
    unit : str or None
        Unit of the spacing.
    parameters : SegmentationParameters
    box : tuple of 3 (first, beyond) or None
        The part of the volume that is segmented; None for all.
    mask : MaskReference or None
        Where the volume has no data, beside what the parameters say.
    channels : tuple of ChannelReference
        Further images of the same voxels, whose features are used as well.

    Raises
    ------
    ValueError
        If the box isn't in the volume, or the spacing is none.
    """

    volume: VolumeReference
    spacing: Spacing
    spacing_from: SizeSource
    unit: str | None
    parameters: SegmentationParameters
    box: Box | None = None
    mask: MaskReference | None = None
    channels: tuple[ChannelReference, ...] = ()

    def __post_init__(self) -> None:
        check_spacing(self.spacing)
        box = self.box or ()
        if any(not 0 <= a < b <= n for (a, b), n in zip(box, self.volume.shape, strict=False)):
            raise ValueError(
                f"the box {self.box} does not lie in {times(self.volume.shape)} voxels"
            )

    @property
    def slices(self) -> Slices | None:
        """The box as an index; None for all."""
        if self.box is None:
            return None
        z, y, x = (slice(*edge) for edge in self.box)
        return z, y, x

    @property
    def start(self) -> tuple[int, int, int]:
        """Place of the first voxel of what is segmented in the volume."""
        z, y, x = (0, 0, 0) if self.box is None else (first for first, _ in self.box)
        return z, y, x

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels of what is segmented."""
        if self.box is None:
            return self.volume.shape
        z, y, x = (stop - start for start, stop in self.box)
        return z, y, x

    @property
    def prepared_from(self) -> PreparedFrom:
        """What the partitions of the project depend on."""
        mask = None if self.mask is None else self.mask.digest
        return PreparedFrom(
            self.volume.fingerprint,
            self.box,
            self.shape,
            self.spacing,
            self.parameters,
            mask,
            tuple(channel.fingerprint for channel in self.channels),
        )

    @property
    def voxel_size(self) -> VoxelSize:
        """Size of a voxel, its unit, and who says so."""
        return VoxelSize(self.spacing, self.unit, self.spacing_from)

    def to_json(self) -> dict[str, Any]:
        """Return what stands in project.json."""
        content = vars(self) | {
            "volume": vars(self.volume),
            "parameters": self.parameters.to_dict(),
            "mask": self.mask and vars(self.mask),
            "channels": [vars(channel) for channel in self.channels],
        }
        for name in ("mask", "channels"):  # versions without them can go on with it
            if not content[name]:
                del content[name]
        result: dict[str, Any] = plain({"schema": SCHEMA} | content)
        return result

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ProjectSettings:
        """Read what `to_json` wrote, of this schema or an older one.

        Raises
        ------
        ValueError
            If it is damaged, or of a newer schema.
        """
        settings = read_json(cls, migrate(content))
        if settings.unit is not None and unit_symbol(settings.unit) != settings.unit:
            raise ValueError(f"its unit {settings.unit!r} is none of length")
        return settings


def migrate(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what project.json says in the words of this version.

    Raises
    ------
    ValueError
        If it was written by a newer version.
    """
    values = dict(content)
    schema = values.pop("schema", None)
    if type(schema) is not int or schema < 1:
        raise ValueError("it doesn't say which version wrote it")
    if schema > SCHEMA:
        raise ValueError(
            f"it has the schema {schema}, this version of supervox knows {SCHEMA}: it was made by "
            "a newer one, use that"
        )
    while schema < SCHEMA:
        values = MIGRATIONS[schema](values)
        schema += 1
    return values


def _relative(file: Path, folder: Path) -> str:
    """Return the way from a folder to a file; the file itself if there is none."""
    try:
        return Path(os.path.relpath(file, folder.resolve())).as_posix()
    except ValueError:  # another drive of Windows
        return file.as_posix()
