"""What ``supervox segment`` does once its options are understood."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

from supervox.segmentation import (
    SegmentationParameters,
    Segmenter,
    check_classes,
    choose_device,
    find_strokes,
    save_model,
    segment_with_shares,
)
from supervox.volumes import open_strokes, open_volume

from .budget import rooms_for
from .errors import say
from .inputs import (
    check_channels,
    check_same_shape,
    class_names,
    in_order,
    opened_mask,
    read_channels,
    read_mask,
    read_volume,
    tell_strokes_without_data,
    voxel_size,
)
from .outputs import Outputs
from .progress import StageProgress
from .segment_request import (
    SegmentRequest,
    painted_classes,
    report_of_run,
    tell_lost_classes,
    tell_shares,
)


def run(request: SegmentRequest) -> dict[str, Any]:
    """Segment, write the files, and return what was done."""
    started = time.perf_counter()
    assert request.volume is not None
    assert request.annotations is not None
    parameters = request.change(SegmentationParameters())
    device = choose_device(request.device, request.scheduler, say)
    with ExitStack() as stack:
        volume, *further = [
            stack.enter_context(open_volume(path)) for path in (request.volume, *request.channels)
        ]
        strokes = stack.enter_context(open_strokes(request.annotations))
        check_same_shape(volume, strokes)
        check_channels(volume, further)
        mask = opened_mask(stack, request.mask)
        beside = () if mask is None else (mask,)
        size = voxel_size(volume, request.spacing)
        inputs = [item.path for item in (volume, strokes, *further, *beside)]
        with Outputs(inputs) as outputs, StageProgress(request.workers) as stages:
            files = request.files.plan(outputs, volume.shape)
            model_file = request.model and outputs.plan_file(request.model)
            painted = find_strokes(strokes.data, workers=request.workers)
            painted = in_order(painted, strokes, request.stroke_order, request.workers)
            check_classes(painted.class_ids)
            request.check_painted(painted.class_ids)
            parameters = parameters.balanced(*request.balance)
            rooms = stack.enter_context(
                rooms_for(
                    (volume, *further),
                    parameters,
                    request.memory,
                    outputs.folder,
                    spacing=size.spacing,
                    n_classes=len(painted.class_ids),
                    workers=request.workers,
                    scheduler=request.scheduler,
                    device=device,
                    beside_bytes=0 if mask is None else mask.data.dtype.itemsize,
                )
            )
            masked = read_mask(mask, volume, stages, rooms.images)
            data, gaps = read_volume(
                volume,
                stages,
                no_data=parameters.no_data,
                mask=masked,
                workspace=rooms.images,
            )
            lost = tell_strokes_without_data(painted, data, gaps)
            segmenter = Segmenter(
                data,
                channels=read_channels(further, stages, parameters.no_data, masked, rooms.images),
                spacing=size.spacing,
                parameters=parameters,
                workers=request.workers,
                workspace=rooms.ids,
            )
            with stages.stage("segment", "Segmenting") as run:
                # training and refinement, after the preparation, take a little
                of = segmenter, painted, request.shares
                result, found = segment_with_shares(*of, run=run.part(0, 0.95))
                tell_lost_classes(painted, lost, result.class_ids)
                parameters = segmenter.parameters
            with stages.stage("write", "Writing the labels") as run:
                voxels = files.write(
                    result, volume, size, strokes.classes, rooms.ids.releasing(run)
                )
                if model_file is not None:
                    model = segmenter.model(classes=strokes.classes, unit=size.unit)
                    save_model(model, model_file)
                outputs.publish()
            tell_shares(request.shares, found, voxels)
        seconds = {"read": stages.seconds["read"], **segmenter.seconds}
        seconds |= {"write": stages.seconds["write"], "total": time.perf_counter() - started}
        return {
            "command": "segment",
            "volume": request.volume,
            "channels": list(request.channels),
            "annotations": request.annotations,
            "outputs": request.outputs,
            "shape": list(volume.shape),
            "voxels": volume.data.size,
            "mask": None if mask is None else request.mask,
            **gaps.as_json(),
            "painted_without_data": lost.voxels.size,
            **report_of_run(request, parameters, size, device, seconds),
            "supervoxels": [int(p.graph.mean_intensity.size) for p in segmenter.partitions],
            "classes": painted_classes(painted, voxels, class_names(strokes.classes), size),
        }
