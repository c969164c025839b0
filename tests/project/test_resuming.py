"""A preparation that was interrupted goes on at the block it was at, and ends with the same bytes.

A process is killed twice in ``make test``, and ``SUPERVOX_KILLS`` times, ten by default, in
``make test-long``.
"""

from __future__ import annotations

import json
import logging
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from supervox.execution import Cancelled, Run, split_blocks
from supervox.execution.workspace import Workspace
from supervox.features import PRESETS, FeatureBank, pooling
from supervox.project import Project, ProjectError
from supervox.project.compute import complete, prepare
from supervox.segmentation.preparation import stages

from .conftest import QUICK, paint_all
from .counted_blocks import BLOCKS, report_blocks, use_small_blocks

AT_WORK = 4  # blocks, on two threads, or waiting to be taken
FEW, KILLS = 2, int(os.environ.get("SUPERVOX_KILLS", "10"))
STAGES = ("compute_supervoxels", "pool_partitions", "region_graph")


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file of the pieces, by part and name."""
    found = {}
    for part in sorted((folder / "derived").glob("*-?-*.zarr")):
        for name, digest in json.loads((part / "part.json").read_text())["files"].items():
            found[f"{part.name.rpartition('-')[0]}/{name}"] = digest
    return found


@pytest.fixture(scope="module")
def begun(sample, tmp_path_factory):
    """A project with strokes, and nothing computed, beside its volume."""
    home = tmp_path_factory.mktemp("begun")
    shutil.copy(sample.file, home)
    with Project.create(home / "cell.supervox", home / "cell.tif", parameters=QUICK) as project:
        paint_all(project, sample.strokes)
    return home


@pytest.fixture(scope="module")
def expected(begun, sample, tmp_path_factory):
    """What an uninterrupted run leaves: labels and digests."""
    home = tmp_path_factory.mktemp("uninterrupted")
    shutil.copytree(begun, home, dirs_exist_ok=True)
    with Project.open(home / "cell.supervox") as project:
        labels = complete(project, sample.image).labels
    return labels, digests(home / "cell.supervox")


@pytest.fixture
def folder(begun, tmp_path):
    shutil.copytree(begun, tmp_path / "home")
    return tmp_path / "home" / "cell.supervox"


def counting(counted, name):
    """Return a stage that counts its calls."""
    function = getattr(stages, name)

    def count(*args, **more):
        counted[name] += 1
        return function(*args, **more)

    return count


@pytest.fixture
def calls(monkeypatch):
    """Count the calls of the stages."""
    counted = dict.fromkeys(STAGES, 0)
    for name in STAGES:
        monkeypatch.setattr(stages, name, counting(counted, name))
    return counted


class Worked:
    """Counts the blocks that are worked on; stops when there were enough."""

    def __init__(self, monkeypatch):
        self.blocks, self.most = [], None
        use_small_blocks(monkeypatch)
        report_blocks(monkeypatch, self.blocks.append)

    def stops(self):
        return self.most is not None and len(self.blocks) > self.most


@pytest.mark.parametrize("workers", [1, 2])
def test_only_blocks_at_work_are_repeated(folder, sample, expected, monkeypatch, workers):
    worked = Worked(monkeypatch)
    with Project.open(folder) as project:
        for stop in range(20, 1000, 60):
            worked.most = stop
            with suppress(Cancelled):
                prepare(project, sample.image, run=Run(workers, should_stop=worked.stops))
                break
        else:
            raise AssertionError("it never ended")
        repeated = len(worked.blocks) - len(set(worked.blocks))
        assert stop > 200
        assert repeated <= 2 * workers * (stop // 60)  # what was at work, or waited to be taken
        np.testing.assert_array_equal(complete(project, sample.image).labels, expected[0])
    assert digests(folder) == expected[1]
    assert not (folder / "unfinished").exists()


def test_another_number_of_threads_goes_on(folder, sample, expected, monkeypatch):
    """The blocks of the features depend on it, but those that were begun with are kept."""
    real = pooling.default_block_shape
    worked = Worked(monkeypatch)
    monkeypatch.setattr(pooling, "default_block_shape", real)
    monkeypatch.setattr(pooling, "SMALLEST_BLOCK", 16**3)
    monkeypatch.setattr(pooling, "MEMORY_BYTES", 3 * pooling.BYTES_PER_VOXEL * 20**3)
    shape, bank = sample.image.shape, FeatureBank(QUICK.features)
    blocks = {n: pooling.pooling_block(shape, bank, workers=n) for n in (1, 3)}
    assert blocks[1] != blocks[3]

    def features():
        return {block for block in worked.blocks if block[0].startswith("features")}

    with Project.open(folder) as project:
        with pytest.raises(Cancelled):
            prepare(project, sample.image, run=Run(1, should_stop=lambda: len(features()) > 6))
        assert len(features()) > 6
        begun = len(worked.blocks)
        np.testing.assert_array_equal(
            complete(project, sample.image, run=Run(3)).labels, expected[0]
        )
    again = [block for block in worked.blocks[begun:] if block in worked.blocks[:begun]]
    assert len(again) <= 2
    n_blocks = len(split_blocks(shape, blocks[1]))
    assert features() == {(name, 1, k) for name, _, _ in features() for k in range(n_blocks)}
    assert digests(folder) == expected[1]


def test_voxels_that_a_crash_took_are_written_again(folder, sample, expected, monkeypatch):
    worked = Worked(monkeypatch)
    with Project.open(folder) as project:
        worked.most = 120
        with pytest.raises(Cancelled):
            prepare(project, sample.image, run=Run(should_stop=worked.stops))
        for file in (folder / "unfinished" / "supervoxels-0").glob("*.bin"):
            content = bytearray(file.read_bytes())
            content[: len(content) // 3] = bytes(len(content) // 3)
            file.write_bytes(content)
        worked.most = None
        np.testing.assert_array_equal(complete(project, sample.image).labels, expected[0])
    assert digests(folder) == expected[1]


@pytest.mark.parametrize("kept", range(6))
def test_what_is_kept_is_not_made_again(folder, sample, expected, calls, monkeypatch, kept):
    left = iter(range(kept))

    def save(self, k, piece, **more):
        if next(left, None) is None:
            raise ProjectError("killed before it was kept")
        real(self, k, piece, **more)

    with Project.open(folder) as project:
        kind = type(project.derived)
        real = kind.save_piece
        monkeypatch.setattr(kind, "save_piece", save)
        with pytest.raises(ProjectError, match="killed"):
            prepare(project, sample.image)
        monkeypatch.setattr(kind, "save_piece", real)
    assert len(list((folder / "derived").glob("*.zarr"))) == kept
    calls.update(dict.fromkeys(STAGES, 0))
    with Project.open(folder) as project:
        np.testing.assert_array_equal(complete(project, sample.image).labels, expected[0])
        assert project.history.steps[-2]["what"] == "prepared"
    assert list(calls.values()) == [max(0, 2 - kept), int(kept < 4), min(2, 6 - kept)]
    assert digests(folder) == expected[1]


def test_one_pass_after_the_other_is_kept(folder, sample, expected, calls):
    with Project.open(folder) as project:
        answers = iter([False] * 9 + [True] * 1000)
        workspace = Workspace(pooled_together=1)
        with pytest.raises(Cancelled):
            prepare(
                project,
                sample.image,
                workspace=workspace,
                run=Run(should_stop=lambda: next(answers)),
            )
        result = prepare(project, sample.image, workspace=workspace)
        assert len(result.partitions) == 2
    assert calls["pool_partitions"] >= 2
    assert digests(folder) == expected[1]


def test_other_features_leave_the_rest(folder, sample, expected, calls):
    with Project.open(folder) as project:
        prepare(project, sample.image)
        calls.update(dict.fromkeys(STAGES, 0))
        parameters = replace(QUICK, features=PRESETS["x-ray-ct"])
        project.settings = replace(project.settings, parameters=parameters)
        found = prepare(project, sample.image)
    assert list(calls.values()) == [0, 1, 0]
    assert found.partitions[0].table.values.shape[1] > 0
    for name, digest in digests(folder).items():
        assert name.startswith("features") or digest == expected[1][name]


def test_pieces_that_do_not_fit_are_made_again(folder, sample, expected):
    with Project.open(folder) as project:
        found = prepare(project, sample.image).partitions
        ids = found[0].ids.copy()
        ids[0, 0, 0] = found[0].graph.n_supervoxels
        project.derived.save_piece(0, ids)
        assert project.derived.load_pieces(0).ids is None
        assert "do not fit each other" in project.findings[-1].text
        project.derived.save_piece(0, found[0].ids)
        project.derived.save_piece(0, found[1].graph)
        pieces = project.derived.load_pieces(0)
        assert pieces.ids is None
        assert pieces.table is None
        np.testing.assert_array_equal(complete(project, sample.image).labels, expected[0])
    assert digests(folder) == expected[1]


def test_a_project_for_reading_is_prepared_and_left_alone(folder, sample, expected):
    before = digests(folder)
    with Project.open(folder, read_only=True) as project:
        np.testing.assert_array_equal(complete(project, sample.image).labels, expected[0])
    assert digests(folder) == before == {}


class Preparer:
    """The process that forks workers."""

    def __init__(self, volume: Path) -> None:
        script = Path(__file__).with_name("preparer.py")
        self.process = subprocess.Popen(
            [sys.executable, script, volume],
            cwd=script.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def run(self, folder: Path, life: float | None) -> tuple[bool, float]:
        """Prepare for a while, and kill; return whether it was finished, and the seconds."""
        self.process.stdin.write(f"{folder}\n".encode())
        worker = int(self.said("worker")[1])
        started, finished = time.monotonic(), False
        if not select.select([self.process.stdout], [], [], life)[0]:
            with suppress(ProcessLookupError):  # it ended this very moment
                os.kill(worker, signal.SIGKILL)
        while (words := self.said())[0] != "dead":
            finished = finished or words[0] == "prepared"
        return finished, time.monotonic() - started

    def said(self, *wanted: str) -> list[str]:
        """Return the next line that begins with a word, or the next one."""
        while True:
            words = self.process.stdout.readline().decode().split()
            assert words, "the preparer ended"
            if not wanted or words[0] in wanted:
                return words

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize("wanted", [FEW, pytest.param(KILLS, marks=pytest.mark.long)])
def test_killed_at_random_moments(begun, expected, tmp_path, wanted):
    chance = random.Random(int(os.environ.get("SUPERVOX_SEED", "0")))
    preparer, kills, moments = Preparer(begun / "cell.tif"), 0, set()
    worked, repeated = [], 0
    try:
        shutil.copytree(begun, tmp_path / "whole")
        finished, whole = preparer.run(tmp_path / "whole/cell.supervox", None)
        assert finished
        assert digests(tmp_path / "whole/cell.supervox") == expected[1]
        for seed in count():  # until killed often enough: a life may be longer than the work
            folder = tmp_path / str(seed) / "cell.supervox"
            shutil.copytree(begun, folder.parent)
            before, before_kills, finished = 0, kills, False
            while not finished and kills < wanted:
                finished, seconds = preparer.run(folder, chance.uniform(0, whole))
                kills += not finished
                with Project.open(folder) as project:
                    assert project.derived.damaged() == []
                now = len(list((folder / "derived").glob("*.zarr")))
                moments.add(now)
                assert now >= before
                before = now
            if finished and kills == before_kills:  # the first may have been a slow one
                whole = min(whole, seconds)
            preparer.run(folder, None)
            assert digests(folder) == expected[1]
            lines = (folder.parent / BLOCKS).read_text().splitlines()
            again = len(lines) - len(set(lines))
            assert again <= AT_WORK * (kills - before_kills)
            worked, repeated = [*worked, len(set(lines))], repeated + again
            shutil.rmtree(folder.parent)
            if kills >= wanted:
                break
    finally:
        preparer.close()
    assert max(worked) > 100
    text = "%d kills, with %s pieces kept: %d blocks done again, of %d that a preparation has"
    logging.getLogger(__name__).info(text, kills, sorted(moments), repeated, max(worked))
