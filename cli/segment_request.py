"""What a person asks ``supervox segment`` for, and what is told of it, in a project or without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from supervox.execution import Choice, Device, count_workers, name_of
from supervox.segmentation import (
    Balance,
    FoundBalance,
    SegmentationParameters,
    Strokes,
    check_balance,
    check_shares,
    libraries_of,
    versions,
)
from supervox.volumes import VoxelSize

from .errors import say
from .inputs import classes_taught, classes_text
from .report import class_entries
from .results import ResultFiles


@dataclass(frozen=True, kw_only=True)
class SegmentRequest:
    """The options and arguments, understood.

    Attributes
    ----------
    volume, annotations : str, optional
        Addresses of what to segment and of the strokes; a project that exists has its own.
    stroke_order : str, optional
        Address of the steps at which the strokes were painted.
    channels : tuple of str
        Addresses of further images of the volume.
    mask : str, optional
        Address of a volume that is 0 where there is no data.
    project : Path, optional
        Folder to keep everything in.
    files : ResultFiles
        What to write; beside the project, if there is one.
    model : Path, optional
        Where to save the model.
    spacing : tuple of 3 float, optional
        Voxel size, where the person gave one.
    change : callable
        Puts the options that were given into parameters, but for those of the balance.
    balance : tuple of (int, float)
        Class ids, and the balance that was given.
    shares : tuple of (int, float)
        Class ids, and the share of the volume that each should have.
    workers : int, optional
    memory : float, optional
        Bytes to use at most.
    scheduler : str, optional
        Address of a Dask cluster.
    device : str
        What computes: auto, cpu or gpu.
    """

    volume: str | None
    annotations: str | None
    files: ResultFiles
    change: Callable[[SegmentationParameters], SegmentationParameters]
    balance: Balance = ()
    shares: Balance = ()
    stroke_order: str | None = None
    channels: tuple[str, ...] = ()
    mask: str | None = None
    project: Path | None = None
    model: Path | None = None
    spacing: tuple[float, float, float] | None = None
    workers: int | None = None
    memory: float | None = None
    scheduler: str | None = None
    device: Choice = "auto"

    @property
    def outputs(self) -> dict[str, str]:
        """Everything that is written, by what it is."""
        project = {} if self.project is None else {"project": str(self.project)}
        model = {} if self.model is None else {"model": str(self.model)}
        return project | self.files.as_dict() | model

    def check_painted(self, class_ids: Sequence[int], earlier: Balance = ()) -> None:
        """Refuse a balance, or a share, of a class without strokes; and shares that can't be.

        An `earlier` balance can be taken away from a class that has no strokes any more.

        Raises
        ------
        SegmentationError
            If there is one.
        """
        had = dict(earlier)
        given = tuple((k, value) for k, value in self.balance if value or k not in had)
        check_balance(given, class_ids)
        check_shares(self.shares, class_ids)


def tell_shares(
    shares: Balance, found: Mapping[int, FoundBalance], voxels: Mapping[int, int]
) -> None:
    """Say which balances were found for shares, as far as any were, and what they lead to.

    Parameters
    ----------
    shares : tuple of (int, float)
        That were asked for.
    found : mapping of int to FoundBalance
    voxels : mapping of int to int
        Those of each class in the labels that were written; empty if none were.
    """
    total = sum(number for class_id, number in voxels.items() if class_id)
    for class_id, wanted in shares:
        if class_id not in found:
            continue
        reached = found[class_id]
        if total:
            reached = reached._replace(share=voxels.get(class_id, 0) / total)
        balance, share = reached
        asked, given = f"{100 * wanted:.4g} %", f"{100 * share:.3g} %"
        if why := reached.why_missed(wanted):
            say(
                f"class {class_id}: {asked} of the volume can't be reached; a balance of "
                f"{balance:+g} gives {given}, the closest ({why})"
            )
        else:
            leads_to = f"a balance of {balance:+g} gives {given} of the volume"
            say(f"class {class_id}: {leads_to}, {asked} were asked for")


def tell_lost_classes(painted: Strokes, without_data: Strokes, found: Sequence[int]) -> None:
    """Warn of classes that lost every supervoxel to another one's strokes."""
    if gone := sorted(classes_taught(painted, without_data) - set(found)):
        say(
            f"{classes_text(gone)}: painted, but every supervoxel there has more strokes of "
            "another class: paint more of it, or use a smaller --supervoxel-size"
        )


def painted_classes(
    painted: Strokes, voxels: dict[int, int], names: dict[int, str], size: VoxelSize
) -> list[dict[str, Any]]:
    """Return the classes with what was painted and what was found of them."""
    ids, numbers = np.unique(painted.classes, return_counts=True)
    strokes = dict(zip(ids.tolist(), numbers.tolist(), strict=True))
    every = dict.fromkeys(strokes, 0) | voxels
    entries = class_entries(every, names, size.voxel_volume)
    return [item | {"painted_voxels": strokes.get(item["id"], 0)} for item in entries]


def report_of_run(
    request: SegmentRequest,
    parameters: SegmentationParameters,
    size: VoxelSize,
    device: Device | None,
    seconds: dict[str, float],
) -> dict[str, Any]:
    """Return how it was done: voxel size, parameters, what computed, and how long."""
    return {
        "spacing": list(size.spacing),
        "spacing_from": size.source,
        "unit": size.unit,
        "parameters": parameters.to_dict(),
        "workers": count_workers(request.workers),
        "device": name_of(device),
        "seconds": seconds,
        "versions": versions(*libraries_of(parameters.classifier.method)),
    }
