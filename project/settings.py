"""What project.json says: which volume, which part of it, which parameters."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervox.execution import Slices
from supervox.parameters import read_json
from supervox.segmentation import SegmentationParameters, Spacing, check_spacing
from supervox.volumes import (
    Address,
    SizeSource,
    VoxelSize,
    choose_voxel_size,
    open_volume,
    times,
    unit_symbol,
)

from .documents import plain
from .references import ChannelReference, MaskReference, VolumeReference

SCHEMA = 2
# From each older schema to the next one: what reads a dict of the one and returns the other's.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: dict,  # classifiers have no name yet: they are of the default
}

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


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

    @classmethod
    def of_new(
        cls,
        folder: Path,
        volume: str | os.PathLike[str],
        *,
        parameters: SegmentationParameters | None,
        spacing: Spacing | None,
        box: Box | None,
        channels: Sequence[str],
    ) -> ProjectSettings:
        """Return those of a new project: as its file says, or by default, what isn't chosen.

        Parameters are those of `Project.create`.

        Raises
        ------
        VolumeError
            If the volume or a channel can't be opened.
        ValueError
            If box or spacing are none.
        """
        further = tuple(map(ChannelReference.at, channels))
        parameters = parameters or SegmentationParameters()
        with open_volume(volume) as opened:
            reference = VolumeReference.of(opened, Address.parse(volume), folder)
            size = choose_voxel_size(opened, spacing)
        known = (reference, size.spacing, size.source, size.unit)
        return cls(*known, parameters, box, channels=further)

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
