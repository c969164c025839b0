"""``supervox apply``: label volumes with a model that was trained on another."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click
from supervox.execution import Choice, Device, count_workers, name_of
from supervox.features import NOTHING, fingerprint
from supervox.segmentation import (
    Balance,
    Model,
    SegmentationError,
    Segmenter,
    check_balance,
    check_channel_count,
    choose_device,
    libraries_of,
    load_model,
    versions,
)
from supervox.volumes import (
    Address,
    Volume,
    VoxelSize,
    open_volume,
)

from . import balance_options, options
from .batch import FAILED, Batch, name_files, without_repeats
from .budget import rooms_for
from .errors import Stopped, checking, say
from .inputs import (
    check_channels,
    class_names,
    learned_size,
    opened_mask,
    read_channels,
    read_mask,
    read_volume,
    voxel_size,
)
from .outputs import ENDINGS, Outputs, making_folder
from .progress import StageProgress
from .report import class_entries, print_classes, print_json
from .results import ResultFiles

ALIKE = 0.01  # relative difference of voxel sizes that is no difference


@dataclass(frozen=True)
class ApplyRequest:
    """Arguments and options of ``supervox apply``, checked.

    Attributes
    ----------
    model : Model
    model_file : Path
    volumes : tuple of str
        Addresses of the volumes.
    channels : tuple of str
        Addresses of further images of the volume, if there is only one.
    mask : str, optional
        Address of its mask.
    folder : Path
        Where the files go.
    ending : str, optional
        Of the files; that of each volume by default.
    kinds : tuple of str
        What to write for each.
    spacing : tuple of 3 float, optional
        Voxel size, where the person gave one.
    workers : int, optional
    memory : float, optional
        Bytes to use at most.
    device : Device, optional
        Computes in place of the processors.
    """

    model: Model
    model_file: Path
    volumes: tuple[str, ...]
    channels: tuple[str, ...]
    mask: str | None
    folder: Path
    ending: str | None
    kinds: tuple[str, ...]
    spacing: tuple[float, float, float] | None
    workers: int | None
    memory: float | None
    device: Device | None


@click.command("apply")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("volumes", nargs=-1, required=True, metavar="VOLUME...")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    required=True,
    help="Folder for the labels; it is made if it is missing.",
)
@click.option(
    "--format",
    "ending",
    type=click.Choice(ENDINGS),
    help="Format of the labels; that of each volume by default.",
)
@click.option("--probabilities", is_flag=True, help="Also write the probabilities of the classes.")
@click.option("--uncertainty", is_flag=True, help="Also write how undecided each voxel is.")
@options.channels
@options.mask
@options.no_data
@options.spacing
@balance_options.balance
@options.workers
@options.memory
@options.device
@options.as_json
@options.follow
def command(
    model: Path,
    volumes: tuple[str, ...],
    output: Path,
    ending: str | None,
    probabilities: bool,
    uncertainty: bool,
    channels: tuple[str, ...],
    mask: str | None,
    no_data: str | None,
    spacing: tuple[float, float, float] | None,
    balance: Balance,
    workers: int | None,
    memory: float | None,
    device: Choice,
    as_json: bool,
) -> int:
    """Label each VOLUME with MODEL, which 'supervox segment --save-model' made.

    The labels of cell.mrc become DIR/cell_labels.mrc. On the volume that the model was trained on
    they are those of the training run; elsewhere the image should look alike: the same kind of
    sample, microscope and voxel size.

    How much there is of each class is the model's balance; --balance replaces that of single
    classes.

    A VOLUME that fails doesn't keep the others from being labelled: why it failed is said at once
    and at the end, and the exit code is 1. Volumes of the same name in several folders get the
    names of their folders.

    A model of several channels labels one VOLUME at a time, with its other channels as --channel in
    the order of the training run.
    """
    volumes = without_repeats(volumes)
    if channels and len(volumes) > 1:
        raise SegmentationError(
            f"--channel belongs to one VOLUME, and {len(volumes)} are given: label them one by one"
        )
    if mask not in (None, NOTHING) and len(volumes) > 1:
        raise SegmentationError(
            f"--mask belongs to one VOLUME, and {len(volumes)} are given: label them one by one"
        )
    extras = [("probabilities", probabilities), ("uncertainty", uncertainty)]
    kinds = ["labels", *(name for name, wanted in extras if wanted)]
    loaded = load_model(model)
    if no_data is not None:
        with checking("--no-data"):
            loaded = replace(loaded, parameters=replace(loaded.parameters, no_data=no_data))
    check_channel_count(loaded.n_images, 1 + len(channels))
    check_balance(balance, loaded.classifier.class_ids)
    loaded = replace(loaded, parameters=loaded.parameters.balanced(*balance))
    chosen = choose_device(device, None, say)
    request = ApplyRequest(
        model=loaded,
        model_file=model,
        volumes=volumes,
        channels=channels,
        mask=mask,
        folder=output,
        ending=ending,
        kinds=tuple(kinds),
        spacing=spacing,
        workers=workers,
        memory=memory,
        device=chosen,
    )
    with making_folder(output):
        batch = run(request)
    if as_json:
        common = {"command": "apply", "model": str(model), "workers": count_workers(workers)}
        common["device"] = name_of(request.device)
        parameters = request.model.parameters.to_dict()
        used = versions(*libraries_of(request.model.parameters.classifier.method))
        done = {"volumes": batch.listed(), "failed": len(batch.errors)}
        print_json(common | done | {"parameters": parameters, "versions": used})
    else:
        for entry in batch.entries.values():
            print_classes(entry["classes"], entry["unit"])
            written = ", ".join(entry["outputs"].values())
            click.echo(f"{written}: written after {entry['seconds']['total']:.1f} s")
        batch.print_summary()
    return FAILED if batch.errors else 0


def run(request: ApplyRequest) -> Batch:
    """Label the volumes one after the other; each one's files appear when they are complete."""
    batch = Batch(request.volumes)
    files = name_files(batch, request.folder, request.ending, request.kinds)
    with ExitStack() as stack:
        channels = [stack.enter_context(open_volume(path)) for path in request.channels]
        mask = opened_mask(stack, request.mask)
        beside = [*channels] if mask is None else [*channels, mask]
        inputs = [request.model_file, *(item.path for item in beside)]
        inputs += [Address.parse(path).path for path in request.volumes]

        def check(path: str) -> None:
            with open_volume(path) as volume, Outputs(inputs) as outputs:
                check_channels(volume, channels)
                files[path].plan(outputs, volume.shape)

        def label(path: str) -> None:
            with open_volume(path) as volume, Outputs(inputs) as outputs:
                staged = files[path].plan(outputs, volume.shape)
                entry = _label(request, volume, channels, mask, staged, outputs, stages)
                outputs.publish()
            batch.entries[path] = entry | {"volume": path, "outputs": files[path].as_dict()}

        for path in batch.left:  # what can't work is said before the long work begins
            batch.attempt(path, partial(check, path))
        with StageProgress(request.workers) as stages:
            try:
                for path in batch.left:
                    batch.attempt(path, partial(label, path))
            except KeyboardInterrupt:
                if not batch.entries:
                    raise
                count = f"{len(batch.entries)} of {len(batch.volumes)} volumes were labelled"
                raise Stopped(f"stopped; {count}") from None
    return batch


def _label(
    request: ApplyRequest,
    volume: Volume,
    channels: Sequence[Volume],
    mask: Volume | None,
    files: ResultFiles,
    outputs: Outputs,
    stages: StageProgress,
) -> dict[str, Any]:
    """Label one volume, write its files, and return what was done."""
    started = time.perf_counter()
    model = request.model
    with rooms_for(
        (volume, *channels),
        model.parameters,
        request.memory,
        outputs.folder,
        spacing=request.spacing or volume.spacing,
        n_classes=len(model.classifier.class_ids),
        workers=request.workers,
        device=request.device,
        beside_bytes=0 if mask is None else mask.data.dtype.itemsize,
    ) as rooms:
        no_data = model.parameters.no_data
        masked = read_mask(mask, volume, stages, rooms.images)
        data, gaps = read_volume(
            volume,
            stages,
            no_data=no_data,
            mask=masked,
            workspace=rooms.images,
        )
        further = read_channels(channels, stages, no_data, masked, rooms.images)
        at_home = fingerprint(data, *further) == model.trained_on
        learned = learned_size(model)
        size = voxel_size(volume, request.spacing, learned, prefer_learned=at_home)
        _compare_voxel_sizes(volume, size, learned)
        segmenter = Segmenter(
            data,
            channels=further,
            # with the very same numbers at home: conversion between units rounds
            spacing=model.spacing if at_home and not request.spacing else size.spacing,
            parameters=model.parameters,
            workers=request.workers,
            workspace=rooms.ids,
        )
        with stages.stage("segment", f"Labelling {volume.path.name}") as run:
            result = segmenter.apply(model, run=run)
        with stages.stage("write", "Writing the labels") as run:
            voxels = files.write(result, volume, size, model.classes, rooms.ids.releasing(run))
        every = dict.fromkeys(result.class_ids, 0) | voxels
        return {
            "shape": list(volume.shape),
            **gaps.as_json(),
            "spacing": list(size.spacing),
            "unit": size.unit,
            "classes": class_entries(every, class_names(model.classes), size.voxel_volume),
            "seconds": segmenter.seconds | {"total": time.perf_counter() - started},
        }


def _compare_voxel_sizes(volume: Volume, size: VoxelSize, learned: VoxelSize) -> None:
    """Warn of a volume on another scale: its organelles have another size in voxels."""
    here, there = size.spacing, learned.in_unit(size.unit).spacing
    trained_on = str(learned)
    if learned.source == "unknown":  # only the proportions tell anything
        here, trained_on = _proportions(here), "cubes"
    if any(abs(a - b) > ALIKE * b for a, b in zip(here, there, strict=True)):
        say(
            f"warning: {volume.path} has voxels of {size}, the model was trained on "
            f"{trained_on}; the labels may be poor"
        )


def _proportions(spacing: tuple[float, float, float]) -> tuple[float, float, float]:
    z, y, x = (value / min(spacing) for value in spacing)
    return z, y, x
