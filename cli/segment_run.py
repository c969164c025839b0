"""What ``supervox segment`` does once its options are understood."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from supervox.execution import Choice, Device, count_workers, name_of
from supervox.segmentation import (
    SegmentationParameters,
    Segmenter,
    Strokes,
    check_classes,
    choose_device,
    find_strokes,
    save_model,
)
from supervox.volumes import Volume, open_volume

from .budget import rooms_for
from .errors import say
from .inputs import (
    VoxelSize,
    check_channels,
    check_same_shape,
    class_names,
    read_channels,
    read_volume,
    voxel_size,
)
from .outputs import Outputs
from .progress import Stages
from .report import class_entries, versions
from .results import ResultFiles


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    Attributes
    ----------
    volume : str
        Address of what to segment.
    channels : tuple of str
        Addresses of further images of it.
    annotations : str
        Address of the strokes.
    files : ResultFiles
        What to write.
    model : Path, optional
        Where to save the model.
    spacing : tuple of 3 float, optional
        Voxel size, where the person gave one.
    parameters : SegmentationParameters
    workers : int, optional
    memory : float, optional
        Bytes to use at most.
    scheduler : str, optional
        Address of a Dask cluster.
    device : str
        What computes: auto, cpu or gpu.
    """

    volume: str
    channels: tuple[str, ...]
    annotations: str
    files: ResultFiles
    model: Path | None
    spacing: tuple[float, float, float] | None
    parameters: SegmentationParameters
    workers: int | None
    memory: float | None
    scheduler: str | None
    device: Choice


def run(request: Request) -> dict[str, Any]:
    """Segment, write the files, and return what was done."""
    started = time.perf_counter()
    device = choose_device(request.device, request.scheduler, say)
    with ExitStack() as stack:
        volume, strokes, *further = [
            stack.enter_context(open_volume(path))
            for path in (request.volume, request.annotations, *request.channels)
        ]
        check_same_shape(volume, strokes)
        check_channels(volume, further)
        size = voxel_size(volume, request.spacing)
        inputs = [item.path for item in (volume, strokes, *further)]
        with Outputs(inputs) as outputs, Stages(request.workers) as stages:
            files = request.files.plan(outputs, volume.shape)
            model_file = request.model and outputs.plan_file(request.model)
            painted = find_strokes(strokes.data, workers=request.workers)
            strokes.data.release()
            check_classes(painted.class_ids)
            rooms = stack.enter_context(
                rooms_for(
                    (volume, *further),
                    request.parameters,
                    request.memory,
                    outputs.folder,
                    spacing=size.spacing,
                    n_classes=len(painted.class_ids),
                    workers=request.workers,
                    scheduler=request.scheduler,
                    device=device,
                )
            )
            data, masked = read_volume(volume, stages, workspace=rooms.images)
            segmenter = Segmenter(
                data,
                channels=read_channels(further, stages, rooms.images),
                spacing=size.spacing,
                parameters=request.parameters,
                workers=request.workers,
                workspace=rooms.ids,
            )
            with stages.stage("segment", "Segmenting") as run:
                # training and refinement, after the preparation, take a little
                result = segmenter.segment(painted, run=run.part(0, 0.95))
            tell_lost_classes(painted, result.class_ids)
            with stages.stage("write", "Writing the labels") as run:
                voxels = files.write(
                    result, volume, size, strokes.classes, rooms.ids.releasing(run)
                )
                if model_file is not None:
                    model = segmenter.model(classes=strokes.classes, unit=size.unit)
                    save_model(model, model_file)
                outputs.publish()
        seconds = {"read": stages.seconds["read"], **segmenter.seconds}
        seconds |= {"write": stages.seconds["write"], "total": time.perf_counter() - started}
        return _report(request, volume, size, masked, device, seconds) | {
            "supervoxels": [int(p.graph.mean_intensity.size) for p in segmenter.partitions],
            "classes": painted_classes(painted, voxels, class_names(strokes.classes), size),
        }


def tell_lost_classes(painted: Strokes, found: Sequence[int]) -> None:
    """Warn of classes that lost every supervoxel to another one's strokes."""
    for class_id in sorted(set(painted.class_ids) - set(found)):
        say(
            f"class {class_id} was painted, but each of its supervoxels has more strokes of "
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
    return [item | {"painted_voxels": strokes[item["id"]]} for item in entries]


def _report(
    request: Request,
    volume: Volume,
    size: VoxelSize,
    masked: int,
    device: Device | None,
    seconds: dict[str, float],
) -> dict[str, Any]:
    """Return what was done, but for the classes."""
    outputs = request.files.as_dict()
    if request.model is not None:
        outputs["model"] = str(request.model)
    return {
        "command": "segment",
        "volume": request.volume,
        "channels": list(request.channels),
        "annotations": request.annotations,
        "outputs": outputs,
        "shape": list(volume.shape),
        "voxels": volume.data.size,
        "masked_voxels": masked,
        "spacing": list(size.spacing),
        "spacing_from": size.source,
        "unit": size.unit,
        "parameters": request.parameters.to_dict(),
        "workers": count_workers(request.workers),
        "device": name_of(device),
        "seconds": seconds,
        "versions": versions(),
    }
