"""Each call by which a project gets onto the disk fails once: no acknowledged stroke is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from supervox.project import AnnotationStore, Project, ProjectError, Severity
from supervox.volumes import VolumeError, write_volume

from .conftest import row

CALLS = ["os.fsync", "pathlib.Path.rename", "pathlib.Path.replace", "os.open"]


@dataclass
class Done:
    """What became of the work.

    Attributes
    ----------
    is_open : bool
        Whether the project was opened for writing.
    n_acknowledged : int
        How often all was said to be on the disk.
    states : list of uint8, (Z, Y, X)
        The annotations as they were acknowledged last, and after each change since.
    """

    is_open: bool = False
    n_acknowledged: int = 0
    states: list[np.ndarray] = field(default_factory=list)


def work(folder: Path, done: Done) -> None:
    """Paint, erase, undo, save, copy and export, as long as it goes; note what is on the disk."""
    project = Project.open(folder)
    store = project.annotations
    done.is_open = project.read_only_because is None
    done.states.append(store.voxels.copy())
    try:
        for step in range(6):
            with suppress(ProjectError, VolumeError, OSError):
                for change in changes(step):
                    change(store)
                    done.states.append(store.voxels.copy())
                store.flush()
                done.n_acknowledged += 1
                done.states = [store.voxels.copy()]
                if step % 2:
                    project.save()
                if step == 2:
                    project.save_as(folder.with_name("copy.supervox"))
                write_volume(folder.with_name("out.zarr"), np.full((4, 5, 6), step, np.uint8))
    finally:
        with suppress(ProjectError, OSError):
            project.close(force=True)


def changes(step: int) -> Iterator[Callable[[AnnotationStore], object]]:
    """Return what is done in a step: something is painted, or erased and painted."""
    if step % 2:
        yield lambda store: store.apply(row(store, 1000 * (step - 1), 0))
    yield lambda store: store.apply(row(store, 1000 * step, 1 + step % 2))
    if step == 3:
        yield AnnotationStore.undo


def check(folder: Path, done: Done) -> None:
    """What was acknowledged last is there, voxel by voxel, or that and what was done after it."""
    assert bool(done.n_acknowledged) == done.is_open
    with Project.open(folder) as project:
        assert not any(item.severity is Severity.LOSS for item in project.findings)
        assert not project.annotations.compare_snapshots()
        found = project.annotations.voxels
        assert not done.states or any(np.array_equal(found, state) for state in done.states)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("nth", [0, 1, 2, 3, 5, 8, 13, 21, 34])
def test_a_call_that_fails_once_loses_nothing(home, monkeypatch, call, nth):
    folder = home / "cell.supervox"
    shutil.rmtree(folder / "derived")
    original = _resolve(call)
    count = iter(range(10**9))
    done = Done()

    def once(*arguments, **options):
        if next(count) == nth:
            raise OSError(5, "Input/output error")
        return original(*arguments, **options)

    with monkeypatch.context() as patch, suppress(ProjectError):
        patch.setattr(call, once)
        work(folder, done)
    check(folder, done)
    copy = folder.with_name("copy.supervox")
    if copy.exists():
        Project.open(copy).close()


def _resolve(name: str) -> Callable:
    room, _, function = name.rpartition(".")
    return getattr(Path if room.startswith("pathlib") else os, function)
