"""What files are called that are made of a layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from supervox.napari_plugin.io.file_names import MOST_BYTES, stem_of
from supervox.napari_plugin.project.recent import RecentProjects


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("cell", "cell"),
        ("cell.mrc", "cell"),
        ("scan.ome.tif", "scan"),
        ("probe 1.2 µm", "probe 1.2 µm"),  # a point is no ending
        ("cell 3/4", "cell 3-4"),  # nor a folder
        ("a: b?", "a- b"),
        ("..", "volume"),
        ("", "volume"),
    ],
)
def test_a_name_loses_the_ending_of_a_format_and_what_no_file_has(name: str, stem: str) -> None:
    assert stem_of(name) == stem


def test_a_long_name_fits_into_a_file_system() -> None:
    assert 1 < len(stem_of("ä" * 400).encode()) <= MOST_BYTES


def test_projects_of_names_that_differ_behind_a_point_are_told_apart(tmp_path: Path) -> None:
    recent = RecentProjects(tmp_path)
    folders = [recent.new_folder(f"probe 1.{k} µm") for k in (2, 5)]
    assert [folder.name[:11] for folder in folders] == ["probe 1.2 µ", "probe 1.5 µ"]
