"""A window that is killed while it prepares goes on at the block it was at, to the same bytes.

``SUPERVOX_KILLS`` says how often the long test kills it, ten times by default, while it prepares a
volume of 256 voxels along each axis.
"""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage as ndi
from supervox.execution import Run
from supervox.project import checkpoints, prepare_kept
from supervox.project.checkpoints import FOLDER, MOST
from supervox.segmentation import SegmentationParameters, Segmenter
from supervox.volumes import write_volume

from tests.napari_plugin.preparer import digest_of
from tests.project.counted_blocks import report_blocks, use_small_blocks

EDGE, LONG_EDGE = 48, 256
FEW, KILLS = 1, int(os.environ.get("SUPERVOX_KILLS", "10"))
AT_WORK = 4  # blocks, on two threads, or waiting to be taken
ROOT = Path(__file__).parents[3]
LIVE = SegmentationParameters(partitions=1)


def image_of(edge: int) -> Any:
    noise = np.random.default_rng(5).normal(size=(edge, edge, edge)).astype(np.float32)
    return ndi.gaussian_filter(noise, 2)


@pytest.fixture(scope="module")
def image() -> Any:
    return image_of(EDGE)


def live(*words: object) -> tuple[int, str]:
    """Prepare in a window; return how its process ended, and what it said at the end."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.napari_plugin.preparer", *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        cwd=ROOT,
        check=False,
    )
    return done.returncode, done.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs SIGKILL")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("kind", "edge", "kills"),
    [
        ("new small", EDGE, FEW),
        ("painted small", EDGE, FEW),
        pytest.param("new", LONG_EDGE, KILLS, marks=pytest.mark.long),
        pytest.param("painted", LONG_EDGE, KILLS, marks=pytest.mark.long),
    ],
)
def test_a_killed_window_goes_on_at_the_block(
    kind: str, edge: int, kills: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = image_of(edge)
    if "small" in kind:
        use_small_blocks(monkeypatch)
    write_volume(tmp_path / "cell.mrc", image, spacing=(1, 1, 1))
    whole: list[object] = []
    report_blocks(monkeypatch, whole.append)
    segmenter = Segmenter(image, parameters=LIVE, workers=2)
    with checkpoints(tmp_path / "whole", image, (1.0, 1.0, 1.0), LIVE) as kept:
        assert kept is not None
        prepare_kept(segmenter, kept, run=Run(2))
    expected = digest_of(segmenter.partitions[0])

    chance = random.Random(int(os.environ.get("SUPERVOX_SEED", "0")))
    moments = sorted(chance.uniform(0, len(whole)) for _ in range(kills))
    log, home = tmp_path / "blocks.log", tmp_path / "home"
    for moment in moments:
        assert live(tmp_path / "cell.mrc", home, log, kind, moment) == (-signal.SIGKILL, "")
    assert live(tmp_path / "cell.mrc", home, log, kind, np.inf) == (0, expected)
    worked = log.read_text().splitlines()
    again = len(worked) - len(set(worked))
    assert len(set(worked)) == len(whole)
    assert again <= AT_WORK * kills
    found = json.dumps({"edge": edge, "kills": kills, "blocks": len(whole), "again": again})
    logging.getLogger(__name__).info("%s: %s", kind, found)
    (entry,) = (home / FOLDER).iterdir()
    assert not (entry / "unfinished").exists()
    assert len(list((entry / "derived").iterdir())) == 3


def test_nobody_shares_a_checkpoint(image: Any, tmp_path: Path) -> None:
    where = (tmp_path, image, (1.0, 1.0, 1.0), LIVE)
    with checkpoints(*where) as one, checkpoints(*where) as other:
        assert one is not None
        assert other is None
    with checkpoints(*where) as again:
        assert again is not None


def test_other_voxels_are_another_volume(image: Any, tmp_path: Path) -> None:
    changed = image.copy()
    changed[3, 5, 7] += 1
    with checkpoints(tmp_path, image, (1.0, 1.0, 1.0), LIVE) as one:
        assert one is not None
        one.save_piece(0, np.zeros(image.shape, np.int32))
        assert one.load_pieces(0).ids is not None
    with checkpoints(tmp_path, changed, (1.0, 1.0, 1.0), LIVE) as other:
        assert other is not None
        assert other.load_pieces(0).ids is None
    with checkpoints(tmp_path, image, (2.0, 1.0, 1.0), LIVE) as coarser:
        assert coarser is not None
        assert coarser.load_pieces(0).ids is None


def test_old_checkpoints_are_removed(tmp_path: Path) -> None:
    for number in range(MOST + 3):
        with checkpoints(tmp_path, np.full((2, 3, 4), number), (1.0, 1.0, 1.0), LIVE):
            pass
    assert len(list((tmp_path / FOLDER).iterdir())) == MOST + 1
