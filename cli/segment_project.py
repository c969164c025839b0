"""What ``supervox segment --project`` does: a project made or resumed, and only what is missing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from supervox.project import (
    MAX_ID,
    Mask,
    Project,
    ProjectClass,
    ProjectSettings,
    change_between,
    changes_in_turn,
    count_corrected,
    keep_mask,
)
from supervox.segmentation import (
    Rooms,
    Segmentation,
    SegmentationError,
    SegmentationParameters,
    Strokes,
    check_classes,
    choose_device,
    find_strokes,
)
from supervox.volumes import Volume, VolumeClass, class_colour, open_strokes, open_volume

from . import projects
from .errors import note_written, say
from .export import write_model
from .inputs import (
    check_mask,
    check_same_shape,
    class_names,
    in_order,
    opened_mask,
    tell_mask,
    tell_strokes_without_data,
)
from .outputs import Outputs
from .progress import StageProgress
from .results import ResultFiles
from .segment_request import (
    SegmentRequest,
    painted_classes,
    report_of_run,
    tell_lost_classes,
    tell_shares,
)


def run(request: SegmentRequest) -> dict[str, Any]:
    """Segment within a project, write what was asked for, and return what was done."""
    started = time.perf_counter()
    device = choose_device(request.device, request.scheduler, say)
    with (
        _opened(request) as project,
        StageProgress(request.workers) as stages,
        project.open_volume() as volume,
    ):
        settings = project.settings
        with Outputs([volume.path]) as outputs, ExitStack() as stack:
            files = request.files.plan(outputs, settings.shape)
            model = request.model and outputs.plan_file(request.model)
            earlier = settings.parameters.refinement.balance
            read = _read_strokes(request, volume)
            coming = read[0].crop(volume.shape, settings.slices) if read else project.strokes
            check_classes(coming.class_ids)
            request.check_painted(coming.class_ids, earlier)
            # what can be refused is looked at before anything is changed
            if request.mask is not None:
                _change_mask(project, request.mask, volume, stages)
            project.settings = settings = _settings(project, request)
            if read:
                _keep_strokes(project, *read)
            painted = project.strokes
            rooms = stack.enter_context(
                projects.rooms_of(
                    project, volume, request.memory, request.workers, request.scheduler, device
                )
            )
            data, gaps = projects.read_data(project, volume, stages, rooms)
            lost = tell_strokes_without_data(painted, data, gaps)
            of = project, data, stages, rooms
            result, found = projects.result_with_shares(*of, request.shares)
            tell_lost_classes(painted, lost, result.class_ids)
            voxels = _write(project, volume, files, result, rooms, stages)
            if model is not None:
                write_model(project, model)
            outputs.publish()
        tell_shares(request.shares, found, voxels)
        size = settings.voxel_size
        seconds = stages.seconds | {"total": time.perf_counter() - started}
        names = class_names([item.for_files() for item in project.annotations.classes])
        return {
            "command": "segment",
            "project": str(request.project),
            "volume": settings.volume.address(volume.path),
            "outputs": request.outputs,
            "shape": list(settings.shape),
            "mask": project.settings.mask and project.settings.mask.name,
            **gaps.as_json(),
            "painted_without_data": lost.voxels.size,
            "corrected_voxels": sum(count_corrected(project).values()),
            **report_of_run(request, project.settings.parameters, size, device, seconds),
            "classes": painted_classes(painted, voxels, names, size) if voxels else [],
        }


@contextmanager
def _opened(request: SegmentRequest) -> Iterator[Project]:
    """Open the project, or make it with what the options say."""
    assert request.project is not None
    if not request.project.exists():
        assert request.volume is not None
        assert request.annotations is not None
        with ExitStack() as stack:  # before anything is made
            volume = stack.enter_context(open_volume(request.volume))
            strokes = stack.enter_context(open_strokes(request.annotations))
            request.check_painted(_check_strokes(strokes, volume).class_ids)
            if (mask := opened_mask(stack, request.mask)) is not None:
                check_mask(mask, volume)
        parameters = request.change(SegmentationParameters())
        Project.create(
            request.project, request.volume, parameters=parameters, spacing=request.spacing
        ).close()
        note_written(str(request.project))
    with projects.opened(request.project) as project:
        if request.volume is not None and project.read_only_because is None:
            project.relocate(request.volume)
        yield project


def _settings(project: Project, request: SegmentRequest) -> ProjectSettings:
    """Return the settings of a project with what the options say."""
    settings = project.settings
    parameters = request.change(settings.parameters).balanced(*request.balance)
    if request.spacing is not None:
        settings = replace(settings, spacing=request.spacing, spacing_from="option")
    return replace(settings, parameters=parameters)


def _read_strokes(
    request: SegmentRequest, volume: Volume
) -> tuple[Strokes, tuple[VolumeClass, ...]] | None:
    """Read the strokes of a file in their order, and its classes; None if no file is given."""
    if request.annotations is None:
        return None
    with open_strokes(request.annotations) as strokes:
        painted = in_order(_check_strokes(strokes, volume), strokes, request.stroke_order)
        return painted, tuple(strokes.classes)


def _keep_strokes(project: Project, painted: Strokes, classes: Sequence[VolumeClass]) -> None:
    """Make strokes those of the project; undoing brings the old ones back."""
    store = project.annotations
    present = find_strokes(store.voxels)
    if not painted.steps.any():
        store.apply(change_between(present, painted))
    elif store.order(present).in_turn() != painted.in_turn():
        store.apply(change_between(present, Strokes.empty()))
        for change in changes_in_turn(painted):
            store.apply(change)
    table = {item.id: item for item in store.classes}
    for item in classes:
        if 1 <= item.value <= MAX_ID:
            colour = item.colour or class_colour(item.value)
            table[item.value] = ProjectClass(item.value, item.name, colour)
    store.classes = tuple(table.values())


def _change_mask(project: Project, address: str, volume: Volume, stages: StageProgress) -> None:
    """Make the mask of the project that of a file, or leave it without one."""
    with ExitStack() as stack:
        file = opened_mask(stack, address)
        if file is None:
            keep_mask(project, None)
            return
        check_mask(file, volume)
        with stages.stage("mask", f"Keeping the mask {file.path.name}") as run:
            looking, writing = run.steps([1, 2])
            mask = Mask.of(file.data, file.path.name, run=looking)
            keep_mask(project, mask, run=writing)
            tell_mask(mask, file)


def _check_strokes(strokes: Volume, volume: Volume) -> Strokes:
    """Return the strokes of a file, if they can be those of a project."""
    check_same_shape(volume, strokes)
    painted = find_strokes(strokes.data)
    check_classes(painted.class_ids)
    if painted.class_ids[-1] > MAX_ID:
        raise SegmentationError(
            f"{strokes.path}: has the class id {painted.class_ids[-1]}; those of a project go up "
            f"to {MAX_ID}: give the classes other ids, or segment without --project"
        )
    return painted


def _write(
    project: Project,
    volume: Volume,
    files: ResultFiles,
    result: Segmentation,
    rooms: Rooms,
    stages: StageProgress,
) -> dict[int, int]:
    """Write what is wanted beside the project; return the voxels by label."""
    if not files.as_dict():
        return {}
    classes = [item.for_files() for item in project.annotations.classes]
    size = project.settings.voxel_size
    with stages.stage("write", "Writing the labels") as run:
        place = projects.in_box(volume, project.settings)
        return files.write(result, place, size, classes, rooms.ids.releasing(run))
