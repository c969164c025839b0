"""Large arrays on the disk instead of in memory: the same bytes."""

from __future__ import annotations

import mmap
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from supervox.execution import Run
from supervox.execution.errors import ExecutionError
from supervox.execution.workspace import Scratch, Workspace
from supervox.features import parameters_for_preset
from supervox.sample_data import make_phantom
from supervox.segmentation import (
    ClassifierParameters,
    SegmentationParameters,
    Segmenter,
    compute_supervoxels,
)

PARAMETERS = SegmentationParameters(
    features=parameters_for_preset("fast"), classifier=ClassifierParameters(trees=20), partitions=3
)


def test_in_memory_by_default() -> None:
    found = Workspace().empty((2, 3, 4), np.int32)
    assert (found.shape, found.dtype) == ((2, 3, 4), np.int32)
    assert found.base is None


def test_what_is_released_is_still_there(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    first, second = (scratch.empty((7, 50, 60), kind) for kind in (np.int32, np.uint8))
    first[...] = np.arange(first.size).reshape(first.shape)
    second[...] = 9
    scratch.release()
    np.testing.assert_array_equal(first.ravel(), np.arange(first.size))
    assert (second == 9).all()
    first.view(np.float32)[0] = 0.5
    scratch.release()
    assert (first.view(np.float32)[0] == 0.5).all()
    assert not list(tmp_path.iterdir())  # the files have no names: nothing can be left


def test_progress_that_releases(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    for workspace in (Workspace(), Workspace(Scratch(tmp_path))):
        workspace.releasing(Run(progress=lambda *step: told.append(step))).report(1, 2)
        workspace.releasing().report(2, 2)
    assert told == [(1, 2), (1, 2)]


def test_a_full_disk_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", fail, raising=False)
    with pytest.raises(ExecutionError, match=r"no room for 4 GB that .* \(No space left on de"):
        Scratch(tmp_path).empty((1000, 1000, 1000), np.int32)
    with pytest.raises(ExecutionError, match=r"no room for .* that don't fit into memory"):
        Scratch(tmp_path / "missing").empty((1, 1, 1), np.int32)


def test_systems_without_the_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    monkeypatch.delattr(mmap, "MADV_DONTNEED", raising=False)
    scratch = Scratch(tmp_path)
    found = scratch.empty((3, 4), np.int32)
    found[...] = 5
    scratch.release()
    assert (found == 5).all()


@pytest.mark.parametrize("together", [1, 2, 3])
def test_a_result_does_not_depend_on_the_workspace(tmp_path: Path, together: int) -> None:
    sample = make_phantom((40, 44, 48), seed=2)
    expected = Segmenter(sample.image, parameters=PARAMETERS).segment(sample.strokes)
    scratch = Scratch(tmp_path)
    volume = scratch.empty(sample.image.shape, sample.image.dtype)
    volume[...] = sample.image
    told: list[tuple[int, int]] = []
    segmenter = Segmenter(volume, parameters=PARAMETERS, workspace=Workspace(scratch, together))
    segmenter.prepare(run=Run(progress=lambda *step: told.append(step)))
    found = segmenter.segment(sample.strokes)
    assert told[-1][0] == told[-1][1]
    np.testing.assert_array_equal(found.labels, expected.labels)
    for one, other in zip(found.probabilities, expected.probabilities, strict=True):
        np.testing.assert_array_equal(one, other)
    for part in segmenter.partitions:
        assert not part.ids.flags.owndata
    segmenter.configure(replace(PARAMETERS, partitions=1))
    assert len(segmenter.partitions) == 1


def test_an_array_for_the_ids() -> None:
    volume = np.random.default_rng(0).normal(size=(12, 20, 16)).astype(np.float32)
    expected = compute_supervoxels(volume, 5)
    out = np.empty(volume.shape, np.int32)
    found = compute_supervoxels(volume, 5, out=out)
    np.testing.assert_array_equal(out, expected)
    assert np.shares_memory(found, out)
    flat = np.empty(volume.shape[1:], np.int32)
    np.testing.assert_array_equal(
        compute_supervoxels(volume[0], 5, out=flat), compute_supervoxels(volume[0], 5)
    )
    assert flat.max() > 0
    for wrong in (out[:-1], out.astype(np.int64), np.asfortranarray(out)):
        with pytest.raises(ValueError, match=r"out must be a C-contiguous int32 array of shape"):
            compute_supervoxels(volume, 5, out=wrong)
