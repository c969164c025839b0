"""What ``supervox objects`` was asked for, and what it does then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from supervox.execution import Run, VolumeLike, Workspace
from supervox.objects import (
    EDIT_TEXTS,
    MEASURED_BYTES,
    NO_PARENTS,
    SPLIT_TEXTS,
    Calibrated,
    EditState,
    FoundBySteps,
    MeasureRequest,
    ObjectsError,
    ObjectSteps,
    ObjectTable,
    OpenedParents,
    Rule,
    Search,
    classes_of,
    measure_by_steps,
    profile,
    with_asked,
)
from supervox.reports import kept_objects, parents_of
from supervox.volumes import Address, Triple, Volume, open_labels, open_volume, refuse_image

from .budget import RoomForLabels
from .errors import say
from .inputs import tell_turned
from .labels_in import OpenedLabels, labels_in
from .object_files import ObjectFiles, write_instances, write_tables
from .outputs import Outputs
from .progress import StageProgress


@dataclass(frozen=True, kw_only=True)
class ObjectsRequest:
    """The options, understood.

    Attributes
    ----------
    labels : str
        Address of the labels, or a project.
    search : Search
        Which objects are wanted.
    images : tuple of (str, str)
        Names and addresses.
    parents : str, optional
    distance_to, depth_below : tuple of int
    step : float, optional
        Thickness of the shells of a profile.
    rules : tuple of Rule
    as_found : bool
        Whether what a project says of its objects is left out.
    spacing : tuple of 3 float, optional
    workers : int, optional
    memory : float, optional
    """

    labels: str
    search: Search
    images: tuple[tuple[str, str], ...]
    parents: str | None
    distance_to: tuple[int, ...]
    depth_below: tuple[int, ...]
    step: float | None
    rules: tuple[Rule, ...]
    as_found: bool
    spacing: Triple | None
    workers: int | None
    memory: float | None


def run_objects(
    request: ObjectsRequest, files: ObjectFiles, stages: StageProgress
) -> tuple[dict[str, Any], ObjectTable]:
    """Do it; return what the tables were made from, and the totals."""
    with ExitStack() as stack:
        how = MEASURED_BYTES, "what is measured", request.memory, files.folder
        room_for = RoomForLabels(*how)
        of = request.labels, request.spacing, stages, request.memory, request.workers
        images = {name: stack.enter_context(open_volume(path)) for name, path in request.images}
        parents = None
        if request.parents:
            opened_parents = stack.enter_context(open_labels(request.parents, "parents"))
            parents = refuse_image(opened_parents, "labels of what objects lie in")
        inputs = [Address.parse(request.labels).path, *(image.path for image in images.values())]
        inputs += [parents.path] if parents else []
        outputs = stack.enter_context(Outputs(inputs))
        planned: list[ObjectFiles] = []
        opened = labels_in(
            *of, room_for, ready=lambda ahead: planned.append(files.plan(outputs, ahead.shape))
        )
        labels, places = stack.enter_context(opened), planned[0]
        steps = _steps(request, labels)
        asked = stack.enter_context(_asked_parents(request, labels, steps))
        for beside in (*images.values(), parents, asked.volume):
            if beside is not None:
                tell_turned(labels, beside)
        lie_in = asked.labels if parents is None else parents.data
        more = with_asked(
            _request(request, labels, images, lie_in), steps, labels.data, Run(request.workers)
        )
        if places.profile is not None and not more.depth_below:
            raise ObjectsError(
                f"{labels.path}: no classes of a body are ticked in it: a profile needs "
                "--depth-below"
            )
        room = room_for(labels.data.shape)
        found = _find(request, steps, more, labels, asked, room, stages)
        after = found.tables
        tables = {"objects": after.objects, "contacts": after.contacts, "classes": after.classes}
        if places.profile is not None:
            tables["profile"] = _profile(request, more, labels, stages)
        about = _about(request, labels, steps, found, more, request.parents or asked.address)
        write_tables(places, tables, about)
        if places.instances:
            with stages.stage("write", "Writing the objects") as run:
                write_instances(places.instances, found.instances, labels, run)
        outputs.publish()
    return about, after.classes


def _request(
    request: ObjectsRequest,
    labels: OpenedLabels,
    images: Mapping[str, Volume],
    parents: VolumeLike | None,
) -> MeasureRequest:
    """Return what is measured; a project's own image as well."""
    channels: dict[str, VolumeLike] = {name: image.data for name, image in images.items()}
    if labels.image is not None:
        channels.setdefault("image", labels.image)
    distances = request.distance_to, request.depth_below
    return MeasureRequest(labels.names, channels, labels.data, *distances, parents)


def _steps(request: ObjectsRequest, labels: OpenedLabels) -> ObjectSteps:
    """Return what is done to objects: what the project says, if the command doesn't."""
    if request.as_found:
        return ObjectSteps(rules=request.rules)
    edits = () if request.search.are_ids else labels.steps.edits
    return replace(labels.steps, rules=request.rules or labels.steps.rules, edits=edits)


def _asked_parents(
    request: ObjectsRequest, labels: OpenedLabels, steps: ObjectSteps
) -> AbstractContextManager[OpenedParents]:
    """Open the parents that a project asks for, unless the command names others."""
    if labels.project is None or request.parents is not None:
        return nullcontext(NO_PARENTS)
    return parents_of(labels.project, steps)


def _find(
    request: ObjectsRequest,
    steps: ObjectSteps,
    more: MeasureRequest,
    labels: OpenedLabels,
    parents: OpenedParents,
    room: Workspace,
    stages: StageProgress,
) -> FoundBySteps:
    """Find and measure objects, and sort them by rules; refuse labels without any."""
    if parents.why_not:
        say(f"{labels.path}: what objects lie in is left out: {parents.why_not}")
    with stages.stage("objects", "Finding and measuring objects") as run:
        found = _kept(request, steps, more, labels, parents) or measure_by_steps(
            labels.data,
            steps,
            more,
            request.search,
            start=labels.start,
            spacing=labels.spacing,
            unit=labels.unit,
            origin=labels.origin,
            workspace=room,
            workers=run,
        )
    if found.ruled.refused:
        raise ObjectsError(found.ruled.refused[0])
    instances = found.edited.instances
    if not instances.number:
        raise ObjectsError(f"{labels.path}: {_no_object(request.search.classes, labels)}")
    if instances.number == 1 and int(np.count_nonzero(instances.ids)) == instances.ids.size:
        say(
            f"{labels.path}: one object fills the whole volume; what is not to be counted should "
            "be 0, or left out by --class"
        )
    _tell_lost(found, steps, labels)
    _tell_not_split(request, found, labels)
    return found


def _no_object(classes: Sequence[int], labels: OpenedLabels) -> str:
    """Say why there is no object."""
    there = ", ".join(map(str, classes_of(labels.data)))
    if not there:
        return "there is no object: all voxels are 0"
    return f"there is no object of class {', '.join(map(str, classes))}; there are: {there}"


def _kept(
    request: ObjectsRequest,
    steps: ObjectSteps,
    more: MeasureRequest,
    labels: OpenedLabels,
    parents: OpenedParents,
) -> FoundBySteps | None:
    """Return the objects that a project has, where they are the ones that are asked for."""
    wants_more = request.parents or request.distance_to or request.depth_below
    if labels.project is None or request.as_found or wants_more or request.images:
        return None
    scale = Calibrated.of(labels.spacing, labels.unit, labels.origin)
    told = steps, request.search, scale, labels.start
    kept = kept_objects(labels.project, labels.data, *told, parents=parents)
    if kept is None or kept.channels != tuple(more.channels):
        return None
    is_there = np.allclose(kept.origin, labels.origin)
    return kept.as_found(steps, more, scale) if is_there else None


def _tell_lost(found: FoundBySteps, steps: ObjectSteps, labels: OpenedLabels) -> None:
    """Tell of edits by hand whose objects aren't there any more."""
    edited = found.edited
    for edit, state, missing in zip(steps.edits, edited.states, edited.missing, strict=True):
        for (z, y, x), of in missing if state is not EditState.ELSEWHERE else ():
            say(
                f"{labels.path}: edit by hand no longer found: {EDIT_TEXTS[edit.kind][0]} at plane "
                f"{z}, row {y}, column {x}: no object of class {of} is there now"
            )


def _tell_not_split(request: ObjectsRequest, found: FoundBySteps, labels: OpenedLabels) -> None:
    """Tell of classes that were to be split and have no object."""
    there = set(found.edited.instances.class_of.tolist())
    for class_id, how in request.search.splits:
        if class_id and class_id not in there:
            say(f"{labels.path}: --split {class_id}={how}: there is no object of class {class_id}")


def _profile(
    request: ObjectsRequest, more: MeasureRequest, labels: OpenedLabels, stages: StageProgress
) -> ObjectTable:
    with stages.stage("profile", "Measuring shells") as run:
        return profile(
            labels.data,
            more.depth_below,
            step=request.step or 0.0,
            channels=more.channels,
            names=labels.names,
            spacing=labels.spacing,
            unit=labels.unit,
            workers=run,
        )


def _about(
    request: ObjectsRequest,
    labels: OpenedLabels,
    steps: ObjectSteps,
    found: FoundBySteps,
    more: MeasureRequest,
    parents: str,
) -> dict[str, Any]:
    """Return what the tables were made from."""
    states = [str(state) for state in found.edited.states]
    search, splits = request.search, request.search.splits_by(steps)
    rules = [
        {"rule": rule.text, "changed": changed}
        for rule, changed in zip(steps.rules, found.ruled.changed, strict=True)
    ]
    return {
        "labels": str(labels.path),
        "images": dict(request.images),
        "parents": parents or None,
        "shape": list(labels.data.shape),
        "spacing": list(labels.spacing) if labels.known else None,
        "unit": labels.unit,
        "objects_are": "the ids in the file" if search.are_ids else "connected components",
        "connectivity": None if search.are_ids else search.connectivity,
        "split": [
            {"class": class_id or "all", "how": how, "at": SPLIT_TEXTS[how]}
            for class_id, how in splits
        ],
        "boundaries": search.boundaries if splits else None,
        "of_classes": list(search.classes) or "all",
        "distance_to": list(more.distance_to),
        "depth_below": list(more.depth_below),
        "rules": rules,
        "by_hand": {
            "done": labels.steps.text if states else "",
            "objects": int(found.edited.by_hand.sum()),
            **{str(state): states.count(state) for state in EditState},
        },
    }
