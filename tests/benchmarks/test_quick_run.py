"""The benchmarks run, on tiny volumes; what they say there means nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skimage", reason="scikit-image is a peer to measure against")
NAMES = (
    "accuracy",
    "correction",
    "classifiers",
    "fill",
    "device",
    "feature_speed",
    "roofline",
    "refinement_speed",
    "objects",
    "between_slices",
    "live_update",
    "putting_right",
    "by_hand",
    "application",
    "large",
    "visit",
    "project",
    "memory",
    "scale",
)
SLOW = ("large", "visit", "by_hand", "application", "memory")  # up to minutes, even so
OF_PROCESSES = ("scale",)  # these begin processes of their own
PEERED = ("supervoxel_quality", "preparation_speed")
PEERS = {
    "accuracy": ["matplotlib"],
    "correction": ["matplotlib"],
    "scale": ["matplotlib"],
    "supervoxel_quality": ["SimpleITK"],
    "preparation_speed": ["SimpleITK"],
}
ALL = (*NAMES, *PEERED)


def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


def is_there(name: str) -> bool:
    return all(map(find_spec, [*PEERS.get(name, []), "psutil"]))


def check(folder: Path, name: str) -> None:
    found = json.loads((folder / f"{name}.json").read_text())
    assert found["quick"]
    assert found["results"] if name != "device" else {"results", "skipped"} & set(found)


@pytest.fixture(scope="module")
def together(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[str], subprocess.CompletedProcess[str]]:
    """Run most of them in one process, which loads and compiles once; its folder and names."""
    names = [name for name in ALL if name not in (*SLOW, *OF_PROCESSES) and is_there(name)]
    folder = tmp_path_factory.mktemp("results")
    return folder, names, run(repository, *names, "--quick", "--results", str(folder))


@pytest.mark.parametrize("name", [name for name in ALL if name not in (*SLOW, *OF_PROCESSES)])
def test_quick_run_of_many(
    together: tuple[Path, list[str], subprocess.CompletedProcess[str]], name: str
) -> None:
    folder, names, done = together
    if name not in names:
        pytest.skip("`make bench` installs what it needs")
    if not (folder / f"{name}.json").exists():
        pytest.fail(done.stderr)
    check(folder, name)


def test_many_are_on_one_page(
    together: tuple[Path, list[str], subprocess.CompletedProcess[str]],
) -> None:
    folder, names, done = together
    assert done.returncode == 0, done.stderr
    page = (folder / "benchmarks.md").read_text()
    assert "A quick run" in page
    assert page.count("Not measured yet.") == len(ALL) - len(names)


@pytest.mark.parametrize(
    "name",
    [pytest.param(k, marks=pytest.mark.long) if k in SLOW else k for k in (*SLOW, *OF_PROCESSES)],
)
def test_quick_run(repository: Path, tmp_path: Path, name: str) -> None:
    if not is_there(name):
        pytest.skip("`make bench` installs what it needs")
    done = run(repository, name, "--quick", "--results", str(tmp_path))
    assert done.returncode == 0, done.stderr
    check(tmp_path, name)
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.count("Not measured yet.") == len(ALL) - 1


def test_unknown_name_is_refused(repository: Path) -> None:
    done = run(repository, "speed_of_light")
    assert done.returncode == 2
    assert "no benchmark speed_of_light" in done.stderr


def test_the_voxel_forest_predicts_as_scikit_learn_does(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(repository)
    from benchmarks.voxel_forest import grow

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 7)).astype(np.float32)
    classes = (rows[:, 0] + rng.normal(0, 0.5, 300) > 0).astype(np.uint8) * 2 + 1
    grown, forest = grow(rows, classes)
    assert forest.class_ids == (1, 3)
    np.testing.assert_allclose(forest.predict(rows), grown.predict_proba(rows), atol=1e-6)


def test_scores_of_partitions(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(repository)
    from benchmarks.partition_scores import score_partition

    truth = np.ones((4, 4, 8), np.uint16)
    truth[..., 4:] = 2
    halves = (truth - 1).astype(np.int32)
    found = score_partition(halves, truth)
    assert found["achievable accuracy"] == found["boundary recall"] == 1
    assert found["undersegmentation"] == 0
    whole = score_partition(np.zeros_like(halves), truth)
    assert whole["achievable accuracy"] == 0.5
    assert whole["boundary recall"] == 0
    assert whole["undersegmentation"] == 1
    shifted = np.zeros_like(halves)
    shifted[..., 5:] = 1
    found = score_partition(shifted, truth)
    assert found["achievable accuracy"] == 7 / 8
    assert found["boundary recall"] == 1
    assert found["recall at 0"] == 0
    # the leak of one plane of 16 voxels counts for the instance that it is in and the one it is of
    assert found["undersegmentation"] == pytest.approx(2 * 16 / 128)
