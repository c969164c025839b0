"""Each call by which a project gets onto the disk fails once: no acknowledged stroke is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from supervox.project import Project, ProjectError, Severity
from supervox.volumes import VolumeError, write_volume

from .conftest import row

CALLS = ["os.fsync", "pathlib.Path.rename", "pathlib.Path.replace", "os.open"]


def work(folder: Path, acknowledged: list[np.ndarray]) -> None:
    """Paint, undo, save, copy and export, as long as it goes; note what is on the disk for sure."""
    project = Project.open(folder)
    store = project.annotations
    try:
        for step in range(6):
            with suppress(ProjectError, VolumeError, OSError):
                store.apply(row(store, 1000 * step, 1 + step % 2))
                if step == 3:
                    store.undo()
                store.flush()
                acknowledged.append(store.voxels.copy())
                if step % 2:
                    project.save()
                if step == 2:
                    project.save_as(folder.with_name("copy.supervox"))
                write_volume(folder.with_name("out.zarr"), np.full((4, 5, 6), step, np.uint8))
    finally:
        with suppress(ProjectError, OSError):
            project.close(force=True)


def check(folder: Path, acknowledged: list[np.ndarray]) -> None:
    """What was acknowledged last is there, or what was painted after it."""
    with Project.open(folder) as project:
        assert not any(item.severity is Severity.LOSS for item in project.findings)
        assert not project.annotations.compare_snapshots()
        found = project.annotations.voxels
        if acknowledged:
            painted = acknowledged[-1] > 0
            np.testing.assert_array_equal(found[painted], acknowledged[-1][painted])


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("nth", [0, 1, 2, 3, 5, 8, 13, 21, 34])
def test_a_call_that_fails_once_loses_nothing(home, monkeypatch, call, nth):
    folder = home / "cell.supervox"
    shutil.rmtree(folder / "derived")
    original = _resolve(call)
    count = iter(range(10**9))
    acknowledged: list[np.ndarray] = []

    def once(*arguments, **options):
        if next(count) == nth:
            raise OSError(5, "Input/output error")
        return original(*arguments, **options)

    with monkeypatch.context() as patch, suppress(ProjectError):
        patch.setattr(call, once)
        work(folder, acknowledged)
    check(folder, acknowledged)
    copy = folder.with_name("copy.supervox")
    if copy.exists():
        Project.open(copy).close()


def _resolve(name: str) -> Callable:
    room, _, function = name.rpartition(".")
    return getattr(Path if room.startswith("pathlib") else os, function)
