"""``supervox convert``: a volume of any format into any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import click
import numpy as np
from numpy.typing import NDArray
from supervox.volumes import (
    FORMATS,
    Address,
    Triple,
    Volume,
    VolumeArray,
    VolumeError,
    format_of,
    open_volume,
    times,
    unit_symbol,
    whole_numbers,
    write_volume,
)

from . import options
from .outputs import Outputs
from .progress import StageProgress
from .report import print_json

Kind = Literal["labels", "image"]
TYPES = sorted({name for entry in FORMATS for name in entry.dtypes})


@click.command("convert")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@options.spacing
@click.option("--unit", metavar="UNIT", help="Unit of the voxel size: nm, um, mm, angstrom...")
@click.option(
    "--kind",
    type=click.Choice(["labels", "image"]),
    help="What the values are. Labels are compressed, and integers; by default what has names for "
    "its values, and what becomes a mesh, is labels.",
)
@click.option(
    "--dtype",
    type=click.Choice(TYPES),
    metavar="TYPE",
    help="Type of the values, where the new format can't hold the old one; refused if it "
    "can't hold a value.",
)
@options.as_json
@options.follow
def command(
    source: str,
    target: str,
    spacing: Triple | None,
    unit: str | None,
    kind: Kind | None,
    dtype: str | None,
    as_json: bool,
) -> None:
    """Write the volume IN as OUT, whose ending says the format.

    Voxel size, place and classes come along as far as the new format can hold them. A part of a
    file is named after '::', as in scan.h5::/entry/data; raw files need scan.raw::shape=ZxYxX,
    dtype=uint16 (without the space). OUT may be a mesh: labels.stl, cell.ply::class=3.
    """
    if unit is not None and unit_symbol(unit) is None:
        raise click.BadParameter(
            f"{unit!r} isn't a unit of length; say nm, um, mm or angstrom", param_hint="'--unit'"
        )
    with open_volume(source) as volume:
        stated = spacing or volume.stated_spacing
        if unit is not None and stated is None:
            raise click.UsageError(f"{source} states no voxel size; give --spacing with --unit")
        place = _Place(stated, unit_symbol(unit) or volume.unit, volume.origin)
        chosen = kind or _kind(volume, target)
        seconds = _convert(volume, target, place, chosen, dtype)
    content = {
        "command": "convert",
        "volume": source,
        "output": target,
        "kind": chosen,
        "shape": list(volume.shape),
        "spacing": list(stated) if stated else None,
        "unit": place.unit,
        "seconds": seconds,
    }
    if as_json:
        print_json(content)
    else:
        click.echo(f"{target}: {times(volume.shape)} voxels written after {seconds:.1f} s")


@dataclass(frozen=True)
class _Place:
    """Voxel size and place of the new file."""

    spacing: Triple | None
    unit: str | None
    origin: Triple


def _kind(volume: Volume, target: str) -> Kind:
    """Return what the values are, as far as can be told."""
    if format_of(Address.parse(target)).is_mesh:
        return "labels"
    return "labels" if volume.classes and volume.data.dtype.kind in "ui" else "image"


def _convert(volume: Volume, target: str, place: _Place, kind: Kind, dtype: str | None) -> float:
    """Write the new file; return the seconds that it took."""
    data: Any = volume.data
    if kind == "labels" and dtype is None:
        data = whole_numbers(volume).data
    if dtype is not None:
        data = _Cast(volume.data, np.dtype(dtype), str(volume.path))
    with Outputs([volume.path]) as outputs, StageProgress() as stages:
        staged = outputs.plan_volume(target, volume.shape, data.dtype, kind)
        with stages.stage("convert", f"Writing {Address.parse(target).path.name}") as run:
            write_volume(
                staged,
                data,
                spacing=place.spacing,
                unit=place.unit,
                origin=place.origin,
                kind=kind,
                classes=volume.classes,
                progress=run.report,
            )
        outputs.publish()
    return stages.seconds["convert"]


class _Cast:
    """A volume's values as another type, if that holds them; numbers with a point are rounded."""

    def __init__(self, data: VolumeArray, dtype: np.dtype[Any], path: str) -> None:
        self._data, self._path = data, path
        self.shape, self.chunks, self.dtype = data.shape, data.chunks, dtype

    def __getitem__(self, key: Any) -> NDArray[Any]:
        values = self._data[key]
        with np.errstate(
            invalid="ignore", over="ignore"
        ):  # what can't be represented is found below
            cast = values.astype(self.dtype)
            back = cast.astype(values.dtype)
        if values.dtype.kind == self.dtype.kind == "f":
            held = np.isfinite(cast) | ~np.isfinite(values)
        else:
            held = (cast == values) & (back == values)  # one alone misses signs, or rounding
        if not held.all():
            raise VolumeError(
                f"{self._path}: holds {values[~held][0]}, which {self.dtype} can't hold; choose "
                "another --dtype"
            )
        return cast
