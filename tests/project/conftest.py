"""A small volume with strokes, and a project of it with everything in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from supervox.features import parameters_for_preset
from supervox.project import Project, ProjectClass, VoxelChange, change_between
from supervox.sample_data import make_phantom
from supervox.segmentation import (
    ClassifierParameters,
    SegmentationParameters,
    Segmenter,
    find_strokes,
)
from supervox.volumes import write_volume

QUICK = SegmentationParameters(
    features=parameters_for_preset("fast"), classifier=ClassifierParameters(trees=20), partitions=2
)
CLASSES = (ProjectClass(1, "outside", "#56b4e9"), ProjectClass(3, "nucleus", "#0072b2"))


@dataclass(frozen=True)
class Sample:
    """A volume as a file and as an array, with strokes."""

    file: Path
    image: np.ndarray
    strokes: np.ndarray


def paint_all(project: Project, strokes: np.ndarray) -> None:
    """Record strokes as one change."""
    store = project.annotations
    store.apply(change_between(find_strokes(store.voxels), find_strokes(strokes)))


def row(store, place: int, class_id: int) -> VoxelChange:
    """Return the change that paints six voxels."""
    voxels = np.arange(place, place + 6)
    return VoxelChange(voxels, store.voxels.reshape(-1)[voxels], np.full(6, class_id, np.uint8))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("volume")
    made = make_phantom((40, 44, 48), seed=4)
    file = folder / "cell.tif"
    write_volume(file, made.image, spacing=(30, 30, 30), unit="nm", kind="image")
    return Sample(file, made.image, made.strokes)


@pytest.fixture(scope="session")
def finished(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed project with strokes, partitions, model and result, beside its volume."""
    home = tmp_path_factory.mktemp("finished")
    shutil.copy(sample.file, home)
    with Project.create(home / "cell.supervox", home / "cell.tif", parameters=QUICK) as project:
        project.annotations.classes = CLASSES
        paint_all(project, sample.strokes)
        project.save()
        project.annotations.apply(row(project.annotations, 5000, 1))
        strokes = project.strokes
        segmenter = Segmenter(sample.image, spacing=(30, 30, 30), parameters=QUICK)
        result = segmenter.segment(strokes)
        for k, partition in enumerate(segmenter.partitions):
            project.derived.save_partition(k, partition)
        project.derived.save_result(result, strokes)
        model = segmenter.model(unit="nm", classes=[item.for_files() for item in CLASSES])
        project.derived.save_model(model, strokes)
        project.history.note("segmented", seconds=segmenter.seconds)
    return home


@pytest.fixture
def home(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project and its volume, to be spoilt."""
    place = tmp_path / "home"
    shutil.copytree(finished, place)
    return place


@pytest.fixture
def flip() -> Callable[[Path, int], None]:
    """Change one bit of a file."""

    def inner(path: Path, at: int = -1) -> None:
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(data)

    return inner


@pytest.fixture
def failing_disk(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing gets onto the disk until this is undone."""

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    return monkeypatch
