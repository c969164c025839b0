"""Preparing and finishing within what a person allows: the same bytes, and clear refusals."""

from __future__ import annotations

import builtins
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from supervox.execution.errors import ExecutionError
from supervox.napari_plugin.io.browsing import BrowsedVolume
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.tasks.finishing import Finishing
from supervox.napari_plugin.tasks.preparing import Preparation
from supervox.napari_plugin.tasks.remedies import with_remedy
from supervox.napari_plugin.tasks.resources import Resources
from supervox.segmentation import (
    DeviceAndCluster,
    DiskTooSmall,
    FolderUnusable,
    MemoryPlan,
    NotEnoughMemory,
    SegmentationParameters,
    find_strokes,
)
from supervox.volumes import open_volume, write_volume

from tests.napari_plugin.conftest import Scene

PARAMETERS = SegmentationParameters(partitions=2)
BOX = (slice(2, 16), slice(0, 40), slice(0, 48))
LARGE = (600, 1000, 1000)


@pytest.fixture
def source(scene: Scene, tmp_path: Path) -> Source:
    """A box of a chunked file."""
    write_volume(tmp_path / "scene.zarr", scene.image, kind="image")
    volume = BrowsedVolume(open_volume(tmp_path / "scene.zarr"))
    return Source("id", volume, 0, (1.0, 1.0, 1.0), None, BOX)


@pytest.fixture
def finish(scene: Scene, run_stage: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """Prepare and finish; return the final labels."""
    painted = np.zeros(Scene.shape, np.uint8)
    for class_id in (1, 2, 3):
        painted[scene.stroke(class_id)] = class_id
    strokes = find_strokes(painted).crop(Scene.shape, BOX)

    def work(source: Source, resources: Resources) -> np.ndarray:
        prepared = run_stage(Preparation(resources), source, PARAMETERS)
        done = run_stage(Finishing(resources), prepared, strokes, prepared.parameters)
        labels: np.ndarray = done.labels
        return labels

    return work


def large(itemsize: int = 4) -> Source:
    """Return a volume that nobody reads."""
    voxel = np.zeros((1, 1, 1), f"f{itemsize}")
    return Source("id", np.broadcast_to(voxel, LARGE), 0, (1.0, 1.0, 1.0), None)


@pytest.mark.parametrize("volume_too", [False, True])
def test_on_the_disk_the_labels_are_the_same(
    source: Source, finish: Callable[..., Any], tmp_path: Path, monkeypatch: Any, volume_too: bool
) -> None:
    scratch = tmp_path / "new" / "scratch"
    expected = finish(source, Resources(scratch))
    assert not scratch.exists()
    plan = MemoryPlan(True, volume_too, 1, 1e9, 1e6)
    monkeypatch.setattr(Resources, "plan", lambda *_, **__: plan)
    np.testing.assert_array_equal(finish(source, Resources(scratch)), expected)
    assert list(scratch.iterdir()) == []


def test_a_cluster_gives_the_same_labels(
    source: Source, finish: Callable[..., Any], tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' brings it")
    expected = finish(source, Resources(tmp_path / "none"))
    shared = tmp_path / "shared"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp"
    ) as cluster:
        resources = Resources(shared, scheduler=cluster.scheduler_address)
        np.testing.assert_array_equal(finish(source, resources), expected)
    assert list(shared.iterdir()) == []


def test_a_cluster_that_is_not_there(
    source: Source, run_stage: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    pytest.importorskip("distributed", reason="the extra 'cluster' brings it")
    monkeypatch.setattr("supervox.execution.connect_cluster.CONNECT_SECONDS", 0.2)
    stage = Preparation(Resources(tmp_path, scheduler="tcp://127.0.0.1:9"))
    with pytest.raises(ExecutionError, match=r"tcp://127.0.0.1:9: no Dask scheduler answers"):
        run_stage(stage, source, PARAMETERS)


def test_a_cluster_has_no_gpu(
    source: Source, run_stage: Callable[..., Any], tmp_path: Path
) -> None:
    stage = Preparation(Resources(tmp_path, scheduler="local", device="gpu"))
    with pytest.raises(
        DeviceAndCluster, match="GPU and a Dask cluster don't go together"
    ) as caught:
        run_stage(stage, source, PARAMETERS)
    assert "change one of the two in Preferences" in with_remedy(caught.value)


def test_without_dask(
    source: Source, run_stage: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name == "distributed":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    stage = Preparation(Resources(tmp_path, scheduler="local"))
    with pytest.raises(ExecutionError, match=r'a scheduler needs Dask: pip install "supervox'):
        run_stage(stage, source, PARAMETERS)


@pytest.mark.parametrize(("free", "bytes_per_voxel"), [(1e12, 4 + 12), (5e9, 4)])
def test_what_does_not_fit_goes_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, bytes_per_voxel: int
) -> None:
    """With the files that a stage goes on from, if there is room for them."""
    live = replace(PARAMETERS, partitions=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert not Resources(tmp_path, memory=30e9).plan(large(), live).ids_on_disk
    assert Resources(tmp_path, memory=5e9).plan(large(), live).ids_on_disk
    needs = Preparation(Resources(tmp_path, memory=5e9)).needs(large(), live)
    assert needs.disk_bytes == bytes_per_voxel * np.prod(LARGE)
    assert needs.bytes < 3e9
    assert not needs.refusal


def test_a_copy_of_a_chunked_file_counts(source: Source, tmp_path: Path) -> None:
    preparation = Preparation(Resources(tmp_path, memory=30e9))
    mapped = replace(source, volume=np.zeros(Scene.shape, np.uint8))
    more = preparation.needs(source, PARAMETERS).bytes - preparation.needs(mapped, PARAMETERS).bytes
    assert more == np.prod(source.shape)


def test_what_is_too_large_is_refused_with_what_would_help(tmp_path: Path) -> None:
    words = (
        r"600 × 1000 × 1000 voxels need about \d\.\d GB of memory, and 3\.0 GB may be used: "
        r"work in a box of up to \d+ × \d+ × \d+ voxels, or choose a detail size of \d+ voxels, "
        r"or allow more memory in Preferences › Supervox › Preparation$"
    )
    with pytest.raises(NotEnoughMemory) as caught:
        Resources(tmp_path, memory=3e9).plan(large(), PARAMETERS)
    assert re.search(words, with_remedy(caught.value))
    refusal = Preparation(Resources(tmp_path, memory=1e9)).needs(large(), PARAMETERS).refusal
    assert "work in a box" in refusal


def test_a_full_disk(
    source: Source, run_stage: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    plan = MemoryPlan(True, False, 1, 1e9, 1e18)
    monkeypatch.setattr(Resources, "plan", lambda *_, **__: plan)
    with pytest.raises(DiskTooSmall, match=r"needs room for 1000000000\.0 GB mean") as caught:
        run_stage(Preparation(Resources(tmp_path)), source, PARAMETERS)
    assert "choose a folder on a larger disk in Preferences" in with_remedy(caught.value)


def test_a_folder_that_can_not_be_made(
    source: Source, run_stage: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(Resources, "plan", lambda *_, **__: MemoryPlan(True, False, 1, 1e9, 1e6))
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusable, match=r"can't be used for large arrays \(.* no fold") as no:
        run_stage(Preparation(Resources(tmp_path / "file" / "in")), source, PARAMETERS)
    assert "choose another folder in Preferences" in with_remedy(no.value)
