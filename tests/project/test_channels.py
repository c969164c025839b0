"""Further images of the same file belong to a project, and are known again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from supervox.project import Project, ProjectError, open_channels, prepare


def write(path: Path, seed: int = 0) -> Path:
    values = np.random.default_rng(seed).integers(0, 255, (4, 3, 20, 24), np.uint8)
    tifffile.imwrite(path, values, imagej=True, metadata={"axes": "ZCYX"})
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = write(tmp_path / "cell.tif")
    addresses = [f"{path}::c={k}" for k in range(3)]
    folder = tmp_path / "cell.supervox"
    Project.create(folder, addresses[0], channels=addresses[1:]).close()
    return folder


def test_channels_come_back(project: Path, tmp_path: Path) -> None:
    values = tifffile.imread(tmp_path / "cell.tif")
    with Project.open(project) as opened:
        for k, channel in enumerate(open_channels(opened), 1):
            with channel:
                np.testing.assert_array_equal(channel.data[:], values[:, k])


def test_other_channels_are_refused(project: Path, tmp_path: Path) -> None:
    write(tmp_path / "cell.tif", seed=1)
    with Project.open(project) as opened, pytest.raises(ProjectError, match="channel c=1 is not"):
        open_channels(opened)


def test_what_is_prepared_depends_on_the_channels(project: Path) -> None:
    with Project.open(project) as opened:
        made_from = opened.settings.prepared_from
        assert len(made_from.channels) == 2
        assert len(set(made_from.channels)) == 2


def test_the_command_line_says_that_only_the_window_uses_them(project: Path) -> None:
    with (
        Project.open(project) as opened,
        opened.open_volume() as volume,
        pytest.raises(ProjectError, match="3 channels, which only the window uses"),
    ):
        prepare(opened, volume.data)


def test_a_project_of_one_image_is_as_it_ever_was(tmp_path: Path) -> None:
    path = write(tmp_path / "cell.tif")
    Project.create(tmp_path / "one.supervox", f"{path}::c=0").close()
    assert "channels" not in json.loads((tmp_path / "one.supervox" / "project.json").read_text())
