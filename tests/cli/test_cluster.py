"""--scheduler: the same labels from a Dask cluster."""

import builtins
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from supervox.volumes import temporary_beside

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' brings it")
QUICK = ("--partitions", 2, "--supervoxel-size", 6, "--preset", "fast")


@pytest.fixture(scope="module")
def cluster():
    """A cluster within this process; tests/execution/test_shared_arrays.py has one of processes."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp"
    ) as found:
        yield found


def segment(run, files, out, *words):
    return run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--output", out / "labels.tif", *words),
    )


def test_the_same_labels(files, run, read, cluster, tmp_path):
    done = segment(run, files, tmp_path)
    assert done.code == 0, done.err
    expected = read(tmp_path / "labels.tif")
    words = ("--scheduler", cluster.scheduler_address)
    for name, more in (
        ("plain", words),
        ("project", (*words, "--project", tmp_path / "cell.supervox")),
        ("local", ("--scheduler", "local:1")),
    ):
        out = tmp_path / name
        out.mkdir()
        done = segment(run, files, out, *more)
        assert done.code == 0, done.err
        np.testing.assert_array_equal(read(out / "labels.tif"), expected)
        assert [path.name for path in out.iterdir()] == ["labels.tif"]
    assert not list((tmp_path / "cell.supervox").glob(".*"))


def test_nobody_answers(files, run, tmp_path, monkeypatch):
    monkeypatch.setattr("supervox.execution.connect_cluster.CONNECT_SECONDS", 0.2)
    for address in ("tcp://127.0.0.1:9", "nonsense://nowhere"):
        done = segment(run, files, tmp_path, "--scheduler", address)
        assert done.code == 2
        assert f"{address}: no Dask scheduler answers there; start one" in done.err
    assert list(tmp_path.iterdir()) == []


def test_no_workers(files, run, tmp_path):
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as cluster:
        done = segment(run, files, tmp_path, "--scheduler", cluster.scheduler_address)
    assert done.code == 2
    assert "has no workers; start some with 'dask worker tcp://" in done.err


def test_a_worker_that_does_not_see_the_folder(files, run, tmp_path, cluster, monkeypatch):
    monkeypatch.setattr("distributed.Client.run", lambda *_: {"tcp://far:1": False})
    done = segment(run, files, tmp_path, "--scheduler", cluster.scheduler_address)
    assert done.code == 2
    assert f"tcp://far:1: this worker doesn't see {tmp_path}; write to a folder" in done.err


def test_a_cluster_that_is_lost_on_the_way(files, run, tmp_path, cluster, monkeypatch):
    gone = "its scheduler is gone"
    losses = {
        distributed.KilledWorker("block", None, 3): "several workers ended at the same block",
        distributed.client.FutureCancelledError("block", "lost"): gone,
        distributed.client.ClosedClientError("Client is closed"): gone,
        distributed.comm.CommClosedError("closed"): gone,
    }

    address = cluster.scheduler_address
    for loss, reason in losses.items():

        def lose(*_, loss=loss, **__):
            raise loss

        monkeypatch.setattr("distributed.Client.submit", lose)
        done = segment(run, files, tmp_path, "--scheduler", address)
        assert done.code == 2
        assert f"{address}: the cluster was lost on the way ({reason}): " in done.err
        assert "see the workers' logs" in done.err
        assert "Traceback" not in done.err
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batches", [1, 3, 6])
def test_a_project_goes_on_without_the_cluster(
    files, run, read, tmp_path, cluster, monkeypatch, batches
):
    done = segment(run, files, tmp_path)
    expected = read((tmp_path / "labels.tif").rename(tmp_path / "expected.tif"))
    left = [batches]
    submit = distributed.Client.submit

    def lose_later(*args, **more):
        if not left[0]:
            raise distributed.client.FutureCancelledError("block", "lost")
        left[0] -= 1
        return submit(*args, **more)

    project = ("--project", tmp_path / "cell.supervox")
    with monkeypatch.context() as patched:
        patched.setattr("distributed.Client.submit", lose_later)
        words = ("--scheduler", cluster.scheduler_address, *project)
        done = segment(run, files, tmp_path, *words)
        assert done.code == 2
        assert "the cluster was lost on the way" in done.err
    done = segment(run, files, tmp_path, *project)
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "labels.tif"), expected)


def test_a_disk_without_room(files, run, tmp_path, cluster, monkeypatch):
    free = SimpleNamespace(free=1000)
    monkeypatch.setattr(
        "supervox.segmentation.preparation.allocate.shutil.disk_usage", lambda _: free
    )
    done = segment(run, files, tmp_path, "--scheduler", cluster.scheduler_address)
    assert done.code == 2
    assert f"{tmp_path}: needs room for 0.0 GB meanwhile, and has 0.0 GB: write to a" in done.err
    assert "--memory" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed(files, run, tmp_path, cluster):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = temporary_beside(tmp_path / "shared")
    left = left.with_name(left.name.replace(f"-{os.getpid()}-", f"-{gone.pid}-"))
    left.mkdir()
    (left / "1.bin").write_bytes(b"voxels")
    done = segment(run, files, tmp_path, "--scheduler", cluster.scheduler_address)
    assert done.code == 0, done.err
    assert [path.name for path in tmp_path.iterdir()] == ["labels.tif"]


def test_a_number_of_local_workers_that_is_none(files, run, tmp_path):
    for words in ("local:", "local:0", "local:many", "local:-2"):
        done = segment(run, files, tmp_path, "--scheduler", words)
        assert done.code == 2
        assert f"{words}: say how many workers to start on this computer, like local:4" in done.err
    assert list(tmp_path.iterdir()) == []


def test_without_dask(files, run, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **more):
        if name == "distributed":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    done = segment(run, files, tmp_path, "--scheduler", "tcp://127.0.0.1:9")
    assert done.code == 2
    assert 'a scheduler needs Dask: pip install "supervox[cluster]"' in done.err
