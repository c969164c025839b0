"""What was done: tables for people and JSON for machines, on stdout."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from supervox.volumes import cubed


def counted(number: int, thing: str) -> str:
    """Write a number of things: "1 voxel", "1,200 voxels"."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def print_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object; what is not a number becomes null."""
    click.echo(json.dumps(_plain(content), indent=2, allow_nan=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns: the second to the left, like names, all others to the right."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        cells = [
            text.ljust(width) if i == 1 else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one a line, aligned."""
    known = [(name, value) for name, value in facts if value]
    width = max(len(name) for name, _ in known)
    for name, value in known:
        click.echo(f"{name.ljust(width)}  {value}")


def class_entries(
    voxels: Mapping[int, int], names: Mapping[int, str], voxel_volume: float
) -> list[dict[str, Any]]:
    """Return what there is to say about the classes of labels.

    Parameters
    ----------
    voxels
        Voxels by class id; 0 stands for voxels without data, of which there are no shares.
    names
        Names by class id, as far as there are any.
    voxel_volume
        Volume of a voxel, NaN if the voxel size isn't known.
    """
    total = max(1, sum(number for class_id, number in voxels.items() if class_id))
    return [
        {
            "id": class_id,
            "name": names.get(class_id),
            "voxels": number,
            "fraction": number / total,
            "volume": number * voxel_volume,
        }
        for class_id, number in sorted(voxels.items())
        if class_id
    ]


def print_classes(entries: Sequence[Mapping[str, Any]], unit: str | None) -> None:
    """Print what `class_entries` gave."""
    shown, factor = cubed(unit)
    print_table(
        ["class", "name", "voxels", "share", f"volume ({shown}^3)" if shown else "volume"],
        [
            [
                str(item["id"]),
                item["name"] or "",
                f"{item['voxels']:,}",
                f"{100 * item['fraction']:.1f} %",
                "" if math.isnan(item["volume"]) else f"{factor * item['volume']:.4g}",
            ]
            for item in entries
        ],
    )


def _plain(value: Any) -> Any:
    """Return what JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
