"""A process is killed at random moments; nothing that was saved is lost, nothing is half-written.

Three times in ``make test``; ``SUPERVOX_KILLS`` times, ten by default, in ``make test-long``.
"""

from __future__ import annotations

import logging
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from supervox.project import Paint, Project, Severity
from supervox.volumes import open_volume

from .painter import count_changes, stroke

FEW, KILLS = 3, int(os.environ.get("SUPERVOX_KILLS", "10"))
LONGEST_LIFE = 0.7  # seconds of work before the kill

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


class Painted:
    """What was made must be, kept with two lists and no file: painted volumes, and edits."""

    def __init__(self, made: tuple) -> None:
        self.states, self.undone, self.made = [], [], made
        self.history = [(list(self.states), list(self.undone), made)]

    def do(self, words: list[str]) -> None:
        """Do what the painter said it is about to do."""
        if words[0] == "paint":
            paint, (painted, edits) = Paint(words[3]), self.made
            after = painted | {paint: painted[paint].copy()}
            stroke(after[paint], int(words[1]), int(words[2]), paint).apply(after)
            self.go_on((after, edits))
        elif words[0] == "edit":
            painted, edits = self.made
            self.go_on((painted, (*edits, {"kind": "mark", "at": [int(words[1])]})))
        elif words[0] == "undo":
            self.undone = [*self.undone, self.made]
            *self.states, self.made = self.states
        else:
            self.states = [*self.states, self.made]
            *self.undone, self.made = self.undone
        self.history.append((self.states, self.undone, self.made))

    def go_on(self, made: tuple) -> None:
        """Make a change, after which nothing can be done again."""
        self.states, self.undone, self.made = [*self.states, self.made], [], made

    def go_back(self, steps: int) -> None:
        """Go back to what was after some of the steps since the last time."""
        self.states, self.undone, self.made = self.history[steps]
        self.history = [self.history[steps]]


class Painter:
    """The process that forks workers, and what it says."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("painter.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.rest = b""
        self.heard: deque[list[str]] = deque()

    def lines(self, seconds: float) -> Iterator[list[str]]:
        """Yield what is said within a time."""
        end = time.monotonic() + seconds
        while self.heard or (left := end - time.monotonic()) > 0:
            if self.heard:
                yield self.heard.popleft()
            elif select.select([self.process.stdout], [], [], left)[0]:
                *whole, self.rest = (self.rest + os.read(self.fileno(), 2**16)).split(b"\n")
                self.heard += [line.decode().split() for line in whole]

    def until(self, *words: str) -> Iterator[list[str]]:
        """Yield what is said until all of these words were."""
        missing = set(words)
        for line in self.lines(60):
            yield line
            missing.discard(line[0])
            if not missing:
                return
        raise AssertionError(f"the painter never said {missing}")

    def fileno(self) -> int:
        return self.process.stdout.fileno()

    def live_and_die(self, words: tuple[object, ...], chance: random.Random) -> list[list[str]]:
        """Have a worker work for a while, and kill it; return what it said."""
        self.process.stdin.write(("\t".join(map(str, words)) + "\n").encode())
        said = list(self.until("worker", "ready"))
        said += self.lines(chance.uniform(0, LONGEST_LIFE))
        worker = next(int(line[1]) for line in said if line[0] == "worker")
        os.kill(worker, signal.SIGKILL)
        return said + list(self.until("dead"))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def check_outputs(out: Path) -> None:
    """Whatever has its final name is complete."""
    for path in out.iterdir():
        if path.name.startswith("."):
            continue  # never had a final name
        if path.suffix == ".supervox":
            with Project.open(path) as copy:
                assert not [item for item in copy.findings if item.severity is Severity.LOSS]
                assert copy.derived.damaged() == []
        else:
            with open_volume(path) as volume:
                values = np.unique(volume.data[:])
                assert values.size == 1
                assert values[0] > 0


@pytest.mark.parametrize("kills", [FEW, pytest.param(KILLS, marks=pytest.mark.long)])
def test_a_killed_process_loses_nothing_that_was_saved(home, tmp_path, kills):
    chance = random.Random(int(os.environ.get("SUPERVOX_SEED", "0")))
    folder = home / "cell.supervox"
    with Project.open(folder) as project:
        before = count_changes(project)
        while project.annotations.can_undo:  # so that the model knows all
            project.annotations.undo()
            before += 1
        project.annotations.apply(stroke(project.annotations.voxels, 0, 1))
        painted = {paint: v.copy() for paint, v in project.annotations.painted.items()}
        nothing = {paint: np.zeros_like(v) for paint, v in painted.items()}
        model = Painted((painted, ()))
        model.states, before = [(nothing, ())], before + 1
        model.history = [(model.states, model.undone, model.made)]
    kept, painter = 0, Painter()
    try:
        for seed in range(kills):
            out = tmp_path / f"out-{seed}"
            out.mkdir()
            said = painter.live_and_die((folder, out, seed), chance)
            steps = [words for words in said if words[0] in ("paint", "edit", "undo", "redo")]
            told = [int(words[1]) - before for words in said if words[0] == "saved"]
            for words in steps:
                model.do(words)
            with Project.open(folder) as project:
                assert project.read_only_because is None
                found = count_changes(project) - before
                assert max(told, default=0) <= found <= len(steps)
                model.go_back(found)
                painted, edits = model.made
                for paint, voxels in project.annotations.painted.items():
                    np.testing.assert_array_equal(voxels, painted[paint])
                assert project.annotations.edits == edits
                assert project.derived.damaged() == []
                assert len(project.derived.load_partitions()) == 2
                assert not list(folder.rglob("*.partial.*"))
            before += found
            kept += found
            check_outputs(out)
            shutil.rmtree(out)
    finally:
        painter.close()
    assert kept > 0
    logging.getLogger(__name__).info("%d kills, %d changes kept", kills, kept)
