"""--memory: the same labels from less memory, or a refusal that says what would fit."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from supervox.features import parameters_for_preset
from supervox.segmentation.parameters import SegmentationParameters
from supervox.segmentation.preparation.memory_plan import Workload, plan_memory

SHAPE = (40, 48, 56)
QUICK = ("--partitions", 2, "--preset", "fast")


@pytest.fixture
def budgets(files, monkeypatch):
    """Budgets for ids and for all voxels on the disk; on this volume voxels are most of a run."""
    for name in ("BASE_BYTES", "BLOCK_BYTES", "SLAB_BYTES", "MAPPED_VOXELS"):
        monkeypatch.setattr(f"supervox.segmentation.preparation.memory_plan.{name}", 0)
    monkeypatch.setattr("supervox.segmentation.preparation.estimate.WORKING_BYTES", 0)
    parameters = SegmentationParameters(features=parameters_for_preset("fast"), partitions=2)
    task = Workload(SHAPE, files.image.itemsize, parameters, (30.0, 30.0, 30.0), n_classes=6)
    whole = plan_memory(task, 1e12)
    ids = plan_memory(task, whole.bytes - 1)
    volume = plan_memory(task, ids.bytes - 1)
    return SimpleNamespace(
        ids=f"{(whole.bytes + ids.bytes) / 2e3:.3f}kB",
        volume=f"{(ids.bytes + volume.bytes) / 2e3:.3f}kB",
    )


def segment(run, files, out, *words):
    return run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--output", out / "labels.tif", "--json", *words),
    )


def test_what_lies_on_the_disk_gives_the_same_labels(files, run, read, tmp_path, budgets):
    done = segment(run, files, tmp_path)
    assert done.code == 0, done.err
    assert "are kept in" not in done.err
    expected = read(tmp_path / "labels.tif")
    for name, what in (("ids", "; supervoxels ("), ("volume", "; volume and supervoxels (")):
        out = tmp_path / name
        out.mkdir()
        done = segment(run, files, out, "--memory", getattr(budgets, name))
        assert done.code == 0, done.err
        assert what in done.err
        assert f"are kept in {out} until the end" in done.err
        np.testing.assert_array_equal(read(out / "labels.tif"), expected)
        assert [path.name for path in out.iterdir()] == ["labels.tif"]


def test_a_project_and_a_model_within_a_budget(files, run, read, tmp_path, budgets):
    few = ("--memory", budgets.volume)
    words = ("--project", tmp_path / "cell.supervox", "--save-model", tmp_path / "cell.model")
    done = segment(run, files, tmp_path, *words, *few)
    assert done.code == 0, done.err
    assert f"are kept in {tmp_path / 'cell.supervox'} until the end" in done.err
    expected = read(tmp_path / "labels.tif")
    for command in (
        ("export", tmp_path / "cell.supervox", "--output", tmp_path / "out", "--format", "tif"),
        ("apply", tmp_path / "cell.model", files / "volume.tif", "--output", tmp_path / "out"),
    ):
        done = run(*command, *few)
        assert done.code == 0, done.err
        assert "are kept in" in done.err
    np.testing.assert_array_equal(read(tmp_path / "out/cell_labels.tif"), expected)
    np.testing.assert_array_equal(read(tmp_path / "out/volume_labels.tif"), expected)
    done = run("report", tmp_path / "cell.supervox", *few)
    assert done.code == 0, done.err
    assert "are kept in" in done.err


def test_what_can_not_be_done_is_refused(files, run, tmp_path):
    done = segment(run, files, tmp_path, "--memory", "100 MB")
    assert done.code == 2
    (line,) = [text for text in done.err.splitlines() if "error" in text]
    assert "40 x 48 x 56 voxels need about" in line
    assert "0.1 GB may be used: give --memory 1GB" in line
    assert not list(tmp_path.iterdir())


def test_a_disk_without_room_is_refused(files, run, tmp_path, budgets, monkeypatch):
    free = SimpleNamespace(free=1000)
    monkeypatch.setattr(
        "supervox.segmentation.preparation.allocate.shutil.disk_usage", lambda _: free
    )
    done = segment(run, files, tmp_path, "--memory", budgets.volume)
    assert done.code == 2
    assert f"{tmp_path}: needs room for 0.0 GB meanwhile, and has 0.0 GB: write to a" in done.err
    assert "larger disk, or give more --memory" in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", ["8", "much", "-1GB", "0GB", "8 elephants", "1e3GB", "GB", ""])
def test_what_is_no_size(files, run, tmp_path, size):
    done = segment(run, files, tmp_path, f"--memory={size}")
    assert done.code == 2
    assert "is no size; write it like 8GB or 500MB" in done.err


@pytest.mark.parametrize("size", ["2GB", "2000mb", "2 gib", "1.5TB", "3G"])
def test_sizes(files, run, tmp_path, size):
    done = segment(run, files, tmp_path, "--memory", size)
    assert done.code == 0, done.err
    assert json.loads(done.out)["command"] == "segment"
