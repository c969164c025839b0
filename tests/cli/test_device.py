"""--device: the same labels from a device, and what is said where there is none."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

QUICK = ("--partitions", 1, "--preset", "fast")
WITHOUT_CUPY = 'supervox: error: CuPy, which computes on GPUs, is not installed: pip install "super'


@pytest.fixture
def no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)


@pytest.fixture
def numpy_device(monkeypatch, pretend):
    """A device that is there, and NumPy."""
    found = []

    def find(choice, tell):
        found.append(choice)
        return None if choice == "cpu" else pretend(np, tell=tell)

    monkeypatch.setattr("supervox.segmentation.preparation.allocate.find_device", find)
    return found


def words(files, out):
    strokes = ("--annotations", files / "strokes.tif", "--output", out / "labels.tif")
    return ("segment", files / "volume.tif", *strokes, *QUICK, "--json")


def test_the_same_labels(files, run, read, tmp_path, numpy_device):
    made = {}
    for choice in ("auto", "cpu", "gpu"):
        out = tmp_path / choice
        out.mkdir()
        done = run(*words(files, out), "--device", choice, "--save-model", out / "model.npz")
        assert done.code == 0, done.err
        assert json.loads(done.out)["device"] == ("cpu" if choice == "cpu" else "NumPy")
        made[choice] = read(out / "labels.tif")
    assert numpy_device == ["auto", "cpu", "gpu"]
    np.testing.assert_array_equal(made["gpu"], made["cpu"])
    np.testing.assert_array_equal(made["auto"], made["cpu"])
    done = run(
        *("apply", tmp_path / "cpu" / "model.npz", files / "volume.tif"),
        *("--output", tmp_path / "applied", "--device", "gpu", "--json"),
    )
    assert done.code == 0, done.err
    assert json.loads(done.out)["device"] == "NumPy"
    np.testing.assert_array_equal(read(tmp_path / "applied" / "volume_labels.tif"), made["cpu"])


def test_a_project_is_the_same_on_a_device(files, run, read, tmp_path, numpy_device):
    project = ("--project", tmp_path / "cell.supervox")
    assert run(*words(files, tmp_path), *project, "--device", "gpu").code == 0
    first = read(tmp_path / "labels.tif")
    (tmp_path / "labels.tif").unlink()
    done = run(*words(files, tmp_path), *project, "--device", "cpu")  # resumed
    assert json.loads(done.out)["device"] == "cpu"
    np.testing.assert_array_equal(read(tmp_path / "labels.tif"), first)


@pytest.mark.parametrize("command", ["segment", "project", "apply"])
def test_a_device_that_is_not_there(files, run, tmp_path, segmented, no_cupy, command):
    call = words(files, tmp_path)
    if command == "project":
        call = (*call, "--project", tmp_path / "cell.supervox")
    if command == "apply":
        model = segmented.folder / "model.npz"
        call = ("apply", model, files / "volume.tif", "--output", tmp_path / "out")
    done = run(*call, "--device", "gpu")
    assert done.code == 2
    assert done.err.startswith(WITHOUT_CUPY)
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_by_default_nobody_hears_of_it(files, run, tmp_path, no_cupy):
    done = run(*words(files, tmp_path))
    assert done.code == 0
    assert "CuPy" not in done.err
    assert json.loads(done.out)["device"] == "cpu"


def test_a_cluster_has_no_device(files, run, tmp_path):
    done = run(*words(files, tmp_path), "--device", "gpu", "--scheduler", "tcp://nowhere:1")
    assert done.code == 2
    assert "--device gpu and --scheduler don't go together" in done.err


def test_info_without_a_file(run, no_cupy):
    done = run("info")
    assert done.code == 0
    assert "device      none: CuPy, which computes on GPUs, is not installed" in done.out
    content = json.loads(run("info", "--json").out)
    assert {"processors", "memory", "device", "versions"} == set(content)
