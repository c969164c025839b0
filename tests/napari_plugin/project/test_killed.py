"""A window's session that is killed at any moment: every stroke, every correction is there.

Once in ``make test``; ``SUPERVOX_KILLS`` times, ten by default, in ``make test-long``.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from supervox.napari_plugin.project.recent import RecentProjects
from supervox.project import Project
from supervox.volumes import write_volume

from tests.napari_plugin.painter import stroke

KILLS = int(os.environ.get("SUPERVOX_KILLS", "10"))
SHAPE = (12, 40, 40)
MOST_STROKES = 60


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, KILLS))]
)
def test_every_saved_stroke_is_there(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    volume, home = tmp_path / "cell.tif", tmp_path / "home"
    write_volume(volume, np.random.default_rng(0).normal(size=SHAPE).astype(np.float32))
    command = [sys.executable, "-m", "tests.napari_plugin.painter", str(volume), str(home)]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    root = Path(__file__).parents[3]
    wanted, saved = rng.randint(0, MOST_STROKES), -1
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            saved = int(line)
            if saved >= wanted:
                break
        try:
            process.wait(rng.random() * 0.1)
        except subprocess.TimeoutExpired:
            process.kill()
        for line in process.stdout:  # what it told before it was dead
            saved = int(line)
    assert saved >= wanted

    (entry,) = RecentProjects(home).entries()
    assert entry.is_open  # nobody closed it: it is offered
    states = painted(saved + 3)
    with Project.open(entry.folder) as project:
        found = np.stack([project.annotations.voxels, project.annotations.corrections])
        matching = [n for n, state in enumerate(states) if (state == found).all()]
        assert matching, "what is there was never painted"
        assert max(matching) > saved  # states[n] has n strokes
        n_undone = 0
        while project.annotations.undo() is not None:
            n_undone += 1
        assert n_undone > 0
        assert not project.annotations.voxels.any()
        assert not project.annotations.corrections.any()
    assert not [path for path in home.iterdir() if ".partial" in path.name]


def painted(count: int) -> list[np.ndarray]:
    """Return strokes and corrections after 0, 1, 2... of them."""
    states = [np.zeros((2, *SHAPE), np.uint8)]
    for number in range(count):
        voxels, class_id = stroke(number, SHAPE)
        states.append(states[-1].copy())
        states[-1][number % 2][voxels] = class_id
    return states
