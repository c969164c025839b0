"""The window closed right after a stroke, as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from supervox.napari_plugin.project.recent import RecentProjects
from supervox.project import Project
from supervox.volumes import write_volume


def test_closing_the_window_saves_and_says_so(tmp_path: Path) -> None:
    volume = tmp_path / "cell.tif"
    write_volume(volume, np.random.default_rng(0).integers(0, 9, (5, 12, 14)).astype(np.uint8))
    done = subprocess.run(
        [sys.executable, "-m", "tests.napari_plugin.visitor", str(volume)],
        capture_output=True,
        text=True,
        env=os.environ
        | {
            "XDG_DATA_HOME": str(tmp_path),
            "NAPARI_CONFIG": str(tmp_path / "settings.yaml"),
        },
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    (entry,) = RecentProjects(tmp_path / "supervox" / "projects").entries()
    assert not entry.is_open
    with Project.open(entry.folder, read_only=True) as project:
        assert project.annotations.voxels[2, 3, 4] == 2
        assert np.count_nonzero(project.annotations.voxels) == 1
        assert project.annotations.tail == 0  # a snapshot was written
