"""What ``supervox objects`` was asked for, and what it does then."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from supervox.execution import VolumeLike
from supervox.objects import (
    EDIT_TEXTS,
    SPLIT_TEXTS,
    Boundaries,
    Edited,
    EditState,
    Instances,
    Measured,
    MeasureRequest,
    ObjectsError,
    ObjectTable,
    Rule,
    RuledObjects,
    Split,
    apply_edits,
    apply_rules,
    find_objects,
    measure_objects,
    objects_of_ids,
    profile,
    split_objects,
)
from supervox.volumes import Triple, open_labels, open_volume

from .errors import say
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
    are_ids : bool
        Whether the values number objects already.
    classes : tuple of int
        Whose objects are wanted; all if there are none.
    connectivity : int
    images : tuple of (str, str)
        Names and addresses.
    parents : str, optional
    distance_to, depth_below : tuple of int
    step : float, optional
        Thickness of the shells of a profile.
    rules : tuple of Rule
    splits : tuple of (int, str)
        Class, or 0 for all, and how its objects are split.
    boundaries : str
        What lies between things in the image.
    as_found : bool
        Whether what a project says of its objects is left out.
    spacing : tuple of 3 float, optional
    workers : int, optional
    memory : float, optional
    """

    labels: str
    are_ids: bool
    classes: tuple[int, ...]
    connectivity: int
    images: tuple[tuple[str, str], ...]
    parents: str | None
    distance_to: tuple[int, ...]
    depth_below: tuple[int, ...]
    step: float | None
    rules: tuple[Rule, ...]
    splits: tuple[tuple[int, Split], ...]
    boundaries: Boundaries
    as_found: bool
    spacing: Triple | None
    workers: int | None
    memory: float | None


def run_objects(
    request: ObjectsRequest, files: ObjectFiles, stages: StageProgress
) -> tuple[dict[str, Any], ObjectTable]:
    """Do it; return what the tables were made from, and the totals."""
    with ExitStack() as stack:
        labels = stack.enter_context(
            labels_in(request.labels, request.spacing, stages, request.memory, request.workers)
        )
        images = {name: stack.enter_context(open_volume(path)) for name, path in request.images}
        parents = stack.enter_context(open_labels(request.parents)) if request.parents else None
        inputs = [labels.path, *(image.path for image in images.values())]
        inputs += [parents.path] if parents else []
        outputs = stack.enter_context(Outputs(inputs))
        places = files.plan(outputs, labels.data.shape)
        channels: dict[str, VolumeLike] = {name: image.data for name, image in images.items()}
        if labels.image is not None:
            channels.setdefault("image", labels.image)
        more = MeasureRequest(
            labels.names,
            channels,
            labels.data,
            request.distance_to,
            request.depth_below,
            None if parents is None else parents.data,
        )
        request = _with_project(request, labels)
        found = _split(request, _find(request, labels, stages), channels, labels, stages)
        edited = _edit(request, found, labels, stages)
        found = edited.instances
        measured = _measure(found, more, labels, stages)
        ruled = apply_rules(measured.objects, request.rules, labels.names, edited.by_hand)
        if request.rules or not ruled.class_of.all():
            found = ruled.instances(found)
            measured = measured.after(ruled, labels.names)
        tables = {
            "objects": measured.objects,
            "contacts": measured.contacts,
            "classes": measured.classes,
        }
        if places.profile is not None:
            tables["profile"] = _profile(request, more, labels, stages)
        about = _about(request, labels, ruled, edited)
        write_tables(places, tables, about)
        if places.instances:
            with stages.stage("write", "Writing the objects") as run:
                write_instances(places.instances, found, labels, run)
        outputs.publish()
    return about, measured.classes


def _with_project(request: ObjectsRequest, labels: OpenedLabels) -> ObjectsRequest:
    """Take from the project what the command doesn't say otherwise."""
    steps = labels.steps
    if request.as_found:
        return request
    splits = request.splits or (((0, steps.split),) if steps.split else ())
    return replace(request, rules=request.rules or steps.rules, splits=splits)


def _edit(
    request: ObjectsRequest, found: Instances, labels: OpenedLabels, stages: StageProgress
) -> Edited:
    """Carry out what was done by hand in a project; tell of what isn't found any more."""
    edits = () if request.as_found or request.are_ids else labels.steps.edits
    if not edits:
        return apply_edits(found, ())
    with stages.stage("edits", "Edits by hand") as run:
        edited = apply_edits(
            found,
            edits,
            start=labels.start,
            classes=request.classes,
            spacing=labels.spacing,
            workers=run,
        )
    for edit, state, missing in zip(edits, edited.states, edited.missing, strict=True):
        for (z, y, x), of in missing if state is not EditState.ELSEWHERE else ():
            say(
                f"{labels.path}: edit by hand no longer found: {EDIT_TEXTS[edit.kind][0]} at plane "
                f"{z}, row {y}, column {x}: no object of class {of} is there now"
            )
    return edited


def _find(request: ObjectsRequest, labels: OpenedLabels, stages: StageProgress) -> Instances:
    """Find the objects; refuse labels without any."""
    with stages.stage("objects", "Finding objects") as run:
        if request.are_ids:
            found = objects_of_ids(labels.data, workers=run)
        else:
            found = find_objects(
                labels.data,
                classes=request.classes or None,
                connectivity=request.connectivity,
                workers=run,
            )
    if not found.number:
        of = f" of class {', '.join(map(str, request.classes))}" if request.classes else ""
        raise ObjectsError(f"{labels.path}: there is no object{of}: all other voxels are 0")
    voxels = int(np.count_nonzero(found.ids))
    if found.number == 1 and voxels == found.ids.size:
        say(
            f"{labels.path}: one object fills the whole volume; what is not to be counted should "
            "be 0, or left out by --class"
        )
    return found


def _split(
    request: ObjectsRequest,
    found: Instances,
    channels: Mapping[str, VolumeLike],
    labels: OpenedLabels,
    stages: StageProgress,
) -> Instances:
    """Split objects, one way after the other."""
    for class_id, how in request.splits:
        with stages.stage("split", "Splitting objects") as run:
            found = split_objects(
                found,
                how,
                image=next(iter(channels.values()), None),
                boundaries=request.boundaries,
                classes=[class_id] if class_id else [],
                spacing=labels.spacing,
                workers=run,
            )
    return found


def _measure(
    found: Instances, more: MeasureRequest, labels: OpenedLabels, stages: StageProgress
) -> Measured:
    with stages.stage("measure", f"Measuring {found.number:,} objects") as run:
        return measure_objects(
            found,
            more,
            spacing=labels.spacing,
            unit=labels.unit,
            origin=labels.origin,
            workers=run,
        )


def _profile(
    request: ObjectsRequest, more: MeasureRequest, labels: OpenedLabels, stages: StageProgress
) -> ObjectTable:
    with stages.stage("profile", "Measuring shells") as run:
        return profile(
            labels.data,
            request.depth_below,
            step=request.step or 0.0,
            channels=more.channels,
            names=labels.names,
            spacing=labels.spacing,
            unit=labels.unit,
            workers=run,
        )


def _about(
    request: ObjectsRequest, labels: OpenedLabels, ruled: RuledObjects, edited: Edited
) -> dict[str, Any]:
    """Return what the tables were made from."""
    states = [str(state) for state in edited.states]
    rules = [
        {"rule": rule.text, "changed": changed}
        for rule, changed in zip(request.rules, ruled.changed, strict=True)
    ]
    return {
        "labels": str(labels.path),
        "images": dict(request.images),
        "parents": request.parents,
        "shape": list(labels.data.shape),
        "spacing": list(labels.spacing) if labels.known else None,
        "unit": labels.unit,
        "objects_are": "the ids in the file" if request.are_ids else "connected components",
        "connectivity": None if request.are_ids else request.connectivity,
        "split": [
            {"class": class_id or "all", "how": how, "at": SPLIT_TEXTS[how]}
            for class_id, how in request.splits
        ],
        "boundaries": request.boundaries if request.splits else None,
        "of_classes": list(request.classes) or "all",
        "distance_to": list(request.distance_to),
        "depth_below": list(request.depth_below),
        "rules": rules,
        "by_hand": {
            "done": labels.steps.text if states else "",
            "objects": int(edited.by_hand.sum()),
            **{str(state): states.count(state) for state in EditState},
        },
    }
