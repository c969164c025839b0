"""A Dask cluster gives the bytes of local threads, also when a worker is lost."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from supervox.execution import (
    Cancelled,
    Cluster,
    ClusterLost,
    Run,
    dask_cluster,
    executors,
    split_blocks,
)
from supervox.execution.errors import ExecutionError
from supervox.execution.shared_arrays import (
    SharedArray,
    SharedScratch,
    open_shared,
    persist,
    release,
)
from supervox.execution.workspace import Workspace
from supervox.features import parameters_for_preset
from supervox.sample_data import make_phantom
from supervox.segmentation import SegmentationParameters, Segmenter
from supervox.segmentation.supervoxels._touching import touching_pairs

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' brings it")
PARAMETERS = SegmentationParameters(features=parameters_for_preset("fast"), partitions=2)


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def sample():
    return make_phantom((48, 150, 160), seed=2)


@pytest.fixture(scope="module")
def expected(sample):
    segmenter = Segmenter(sample.image, parameters=PARAMETERS)
    segmenter.prepare()
    return segmenter.partitions


def prepare(client, sample, folder, **more):
    with SharedScratch(folder) as scratch:
        volume = scratch.empty(sample.image.shape, sample.image.dtype)
        volume[...] = sample.image
        workspace = Workspace(scratch, cluster=Cluster(client))
        segmenter = Segmenter(volume, parameters=PARAMETERS, workspace=workspace)
        segmenter.prepare(run=Run(**more))
        return segmenter.partitions


def compare(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.table.values, other.table.values)
        for name, values in vars(other.graph).items():
            np.testing.assert_array_equal(getattr(one.graph, name), values)


def test_the_bytes_of_threads(client, sample, expected, tmp_path):
    told = []
    found = prepare(client, sample, tmp_path, progress=lambda *step: told.append(step))
    compare(found, expected)
    assert told[-1][0] == told[-1][1]
    assert list(tmp_path.iterdir()) == []


def test_a_killed_worker_is_survived(client, sample, expected, tmp_path):
    killed = []

    def kill(done, total):
        if done > total * (1 + 2 * len(killed)) / 5 and len(killed) < 2:
            pid = next(iter(client.run(os.getpid).values()))
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    compare(prepare(client, sample, tmp_path, progress=kill), expected)
    assert len(killed) == 2


@pytest.mark.usefixtures("no_garbage_is_collected")
def test_what_was_taken_is_not_done_again_for_a_worker_that_is_lost(client, tmp_path, monkeypatch):
    """Or it would write over what later passes made of the same files."""
    monkeypatch.setattr(executors, "WAIT_SECONDS", 1e-4)  # an exception that Dask keeps a while
    log, blocks = tmp_path / "log", split_blocks((9, 9, 9), (4, 4, 4))

    def work(number):
        def one(block):
            with log.open("a") as file:
                file.write(f"{number}\n")
            return os.getpid()

        return one

    client.wait_for_workers(2)
    pids = set(Run(Cluster(client)).blocks(work(1), blocks))
    before = log.read_text()
    for pid in pids:  # a worker alone has what it did
        address = next(k for k, of in client.run(os.getpid).items() if of == pid)
        os.kill(pid, signal.SIGKILL)
        while address in client.nthreads():
            pass
        client.wait_for_workers(2)
    found = list(Run(Cluster(client)).blocks(work(2), blocks))
    assert not pids & set(found)
    assert log.read_text() == before + "2\n" * len(blocks)


@pytest.fixture
def no_garbage_is_collected():
    gc.disable()
    yield
    gc.enable()


def test_a_pass_ends_when_no_thread_of_a_worker_is_at_its_blocks():
    begun, go_on, done = threading.Event(), threading.Event(), []

    def wait(block):
        begun.set()
        assert go_on.wait(30)
        done.append(block)

    job = dask_cluster._Job("one", b"")
    job.function = wait  # as if it had travelled
    thread = threading.Thread(target=dask_cluster._work, args=(job, "a", None))
    thread.start()
    assert begun.wait(30)

    async def end():
        ending = asyncio.ensure_future(dask_cluster._end("one"))
        await asyncio.sleep(0)
        assert not ending.done()
        assert dask_cluster._work(job, "b", None) == []  # no more is begun
        go_on.set()
        await ending
        assert done == ["a"]

    asyncio.run(end())
    thread.join()


def test_it_stops_when_asked(client, sample, tmp_path):
    answers = iter([False] * 3 + [True] * 100)
    with pytest.raises(Cancelled):
        prepare(client, sample, tmp_path, should_stop=lambda: next(answers))
    assert list(tmp_path.iterdir()) == []


def test_results_come_in_order_and_errors_as_they_are(client):
    blocks = split_blocks((9, 9, 9), (4, 4, 4))
    cluster = Cluster(client)
    client.wait_for_workers(2)  # those that were killed before are started anew
    assert cluster.slots == 2
    assert list(Run(cluster).blocks(lambda block: block.index, blocks)) == list(range(27))

    def fail(block):
        raise ValueError(f"block {block.index} is bad")

    with pytest.raises(ValueError, match="block 0 is bad"):
        list(Run(cluster).blocks(fail, blocks))


def test_blocks_travel_in_batches_and_none_is_left_out(client):
    blocks = split_blocks((9, 9, 40), (3, 3, 3))
    cluster = Cluster(client)
    client.wait_for_workers(2)
    with distributed.get_task_stream(client) as stream:
        found = list(Run(cluster).blocks(lambda block: block.index, blocks))
    assert found == list(range(126))
    assert len(stream.data) == 1 + 32  # what all have in common, and four blocks each

    def fail(block):
        if block.index == 66:
            raise ValueError("block 66 is bad")
        return block.index

    results = Run(cluster).blocks(fail, blocks)
    assert [next(results) for _ in range(64)] == list(range(64))
    with pytest.raises(ValueError, match="block 66 is bad"):
        next(results)


@pytest.fixture
def lonely():
    """A client of a cluster without workers."""
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


def test_without_workers_it_can_be_stopped(lonely):
    blocks, asked = split_blocks((4, 4, 4), (2, 2, 2)), []

    def stop():
        asked.append(True)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        list(Run(Cluster(lonely), should_stop=stop).blocks(lambda block: 1, blocks))


def test_without_workers_for_long_it_is_lost(lonely, monkeypatch):
    monkeypatch.setattr("supervox.execution.dask_cluster.NO_WORKERS_SECONDS", 0.1)
    blocks = split_blocks((4, 4, 4), (2, 2, 2))
    with pytest.raises(ClusterLost, match="there have been no workers for 0 s"):
        list(Run(Cluster(lonely)).blocks(lambda block: 1, blocks))


def test_a_scheduler_that_is_gone(monkeypatch):
    cluster = distributed.LocalCluster(n_workers=1, dashboard_address=":0", processes=False)
    with distributed.Client(cluster, set_as_default=False) as client:
        blocks = split_blocks((9, 9, 40), (3, 3, 3))
        results = Run(Cluster(client)).blocks(lambda block: 1, blocks)
        assert next(results) == 1
        client.close()
        cluster.close()
        with pytest.raises(ClusterLost):
            list(results)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told by Linux")
def test_workers_let_go_of_what_mirrors_files(tmp_path):
    with SharedScratch(tmp_path) as scratch:
        array = scratch.empty((64, 64, 64), np.int32)
        array[...] = 3
        other = pickle.loads(pickle.dumps(array))
        other[0] = 4
        for let_go in (release, persist):
            assert other.sum() > 0
            before = resident(array.file)
            let_go()
            assert resident(array.file) < before
        assert (array[0] == 4).all()
        assert (array[1:] == 3).all()


def resident(file):
    """Return the kilobytes of a file that this process has in its memory."""
    found, of_file = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            of_file = line.endswith(str(file))
        elif of_file and line.startswith("Rss:"):
            found += int(line.split()[1])
    return found


class Packing:
    """Runs blocks here, by a copy of the function that has travelled as to a worker."""

    slots = slots_in_memory = 1

    def run(self, function, blocks, should_stop=None):
        packed = distributed.protocol.pickle.dumps(function)
        assert b"numba" not in packed
        yield from map(distributed.protocol.pickle.loads(packed), blocks)


def test_no_worker_compiles_what_is_compiled_here(sample, expected, tmp_path):
    """A compiled function that travels is another one on the worker, and compiled anew."""
    with SharedScratch(tmp_path) as scratch:
        volume = scratch.empty(sample.image.shape, sample.image.dtype)
        volume[...] = sample.image
        workspace = Workspace(scratch)
        segmenter = Segmenter(volume, parameters=PARAMETERS, workspace=workspace, workers=Packing())
        segmenter.prepare()
        compare(segmenter.partitions, expected)
    with pytest.raises(AssertionError):
        next(Packing().run(lambda block: touching_pairs(block), []))


def test_an_array_travels_as_the_name_of_its_file(tmp_path):
    with SharedScratch(tmp_path) as scratch:
        array = scratch.empty((30, 40, 50), np.int32)
        array[...] = np.arange(array.size).reshape(array.shape)
        for same in (array, array.view(np.float32), array.reshape(-1)):
            sent = pickle.dumps(same)
            assert len(sent) < 1000
            again = pickle.loads(sent)
            assert isinstance(again, SharedArray)
            assert again.dtype == same.dtype
            np.testing.assert_array_equal(again.view(np.int32), same.view(np.int32))
        again[0] = 7  # what one writes, the other reads
        assert array[0, 0, 0] == 7
        for part in (array[1:3], array + 1, array.copy(), array[:, :, ::2]):
            again = pickle.loads(pickle.dumps(part))
            assert type(again) is np.ndarray
            np.testing.assert_array_equal(again, part)
        file = array.file
    assert not file.exists()
    with pytest.raises(ExecutionError, match=r"can't open it .* that all workers share"):
        open_shared(str(file), "<i4", (30, 40, 50))


def test_a_folder_that_is_not_there(tmp_path):
    with (
        pytest.raises(ExecutionError, match="can't be written to"),
        SharedScratch(tmp_path / "missing"),
    ):
        pass
