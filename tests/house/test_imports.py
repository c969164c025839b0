"""Who may import whom: the calculations know nothing of files' users, and only the plugin of Qt."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from supervox.volumes import FORMATS

ROOT = Path(__file__).parents[2]
ENGINE = {"volumes", "parameters", "execution", "features"}
# From the ground floor up: a room may import those below it that stand here.
ALLOWED = {
    "volumes": set(),
    "parameters": set(),
    "execution": {"volumes"},
    "sample_data": {"execution"},
    "features": {"execution", "parameters"},
    "segmentation": ENGINE,
    "objects": {"volumes", "execution", "segmentation"},
    "project": ENGINE | {"segmentation"},
    "reports": ENGINE | {"objects", "segmentation", "project"},
    "cli": ENGINE | {"objects", "segmentation", "project", "reports", "sample_data"},
    "napari_plugin": ENGINE | {"objects", "segmentation", "project", "reports", "sample_data"},
}
ROOMS = set(ALLOWED)
DESKTOP = {"napari", "qtpy", "magicgui", "superqt", "vispy", "PyQt5", "PyQt6", "PySide2", "PySide6"}
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
IMPORT_NAMES = {
    "cupy-cuda12x": "cupy",
    "lazy-loader": "lazy_loader",
    "markdown-it-py": "markdown_it",
    "pillow": "PIL",
    "pynrrd": "nrrd",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
}
# tifffile's compressions; what qtpy stands for; what starts a cluster, in a person's own script
LOADED_FOR_SOME_FILES = {"hdf5plugin"}  # of a format that mostly does without
LOADED_BY_OTHERS = {"imagecodecs", "PySide6", "dask-jobqueue"}


class Import(NamedTuple):
    """One import statement: the absolute module, and what is taken from it."""

    module: str
    names: tuple[str, ...]
    line: int

    @property
    def room(self) -> str | None:
        """The room of ours that is imported."""
        parts = self.module.split(".")
        return parts[1] if parts[0] == "supervox" and len(parts) > 1 else None


def imports_of(path: Path) -> Iterator[Import]:
    """Yield all imports of a module, also those within functions."""
    package = ["supervox", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = tuple(alias.name for alias in node.names)
            if module == "supervox":
                yield from (Import(f"supervox.{name}", (), node.lineno) for name in names)
            else:
                yield Import(module, names, node.lineno)


def place_of(path: Path) -> str:
    """Return the room that a module is in."""
    return path.relative_to(ROOT).parts[0]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def wrong_way(path: Path) -> Iterator[str]:
    """Yield what is wrong with where a module's imports point to."""
    place = place_of(path)
    allowed = ALLOWED[place] | {place}
    for found in imports_of(path):
        where = f"{shown(path)}:{found.line} imports {found.module}"
        top = found.module.partition(".")[0]
        if top in ROOMS | {"tests", "benchmarks"}:
            yield f"{where}: write supervox.{top}"
        if found.room is not None and found.room not in allowed:
            yield f"{where}: {place} may not"
        if place != "napari_plugin" and top in DESKTOP:
            yield f"{where}: only napari_plugin may"


def through_the_wall(path: Path) -> Iterator[str]:
    """Yield what a module imports from another room that isn't at its door."""
    own = path.relative_to(ROOT).parts[0]
    for found in imports_of(path):
        if found.room is None or found.room == own:
            continue
        where = f"{shown(path)}:{found.line}"
        if found.module != f"supervox.{found.room}":
            yield f"{where} reaches into {found.module}: import from supervox.{found.room}"
            continue
        missing = set(found.names) - set(importlib.import_module(found.module).__all__)
        if missing:
            yield f"{where}: {sorted(missing)} not in __all__ of {found.module}"


def test_imports_point_downwards() -> None:
    wrong = [line for path in MODULES for line in wrong_way(path)]
    assert not wrong, "\n".join(["imports that point upwards:", *wrong])


def test_rooms_are_entered_by_their_doors() -> None:
    wrong = [line for path in MODULES for line in through_the_wall(path)]
    assert not wrong, "\n".join(["imports that use no door:", *wrong])


def used_by(paths: list[Path]) -> set[str]:
    """Return the packages of others that modules import."""
    used = {found.module.partition(".")[0] for path in paths for found in imports_of(path)}
    return used - set(sys.stdlib_module_names) - {"supervox"}


def required(entries: list[str]) -> set[str]:
    """Return the import names of requirements."""
    names = [re.split(r"[\[<>=~! ]", entry)[0] for entry in entries]
    return {IMPORT_NAMES.get(name, name) for name in names}


def test_what_is_imported_is_required_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    engine = [path for path in MODULES if place_of(path) != "napari_plugin"]
    always = required(project["dependencies"])
    extras = project["optional-dependencies"]
    classifiers = required(extras["classifiers"])
    formats = required(extras["formats"])
    cluster = required(extras["cluster"]) - LOADED_BY_OTHERS
    gpu = required(extras["gpu"])
    tables = required(extras["tables"])
    wanted = formats | cluster | gpu | classifiers | tables
    assert used_by(engine) == (always - LOADED_BY_OTHERS) | wanted
    assert used_by([path for path in engine if path.parent.name != "objects"]) & tables == set()
    assert formats == {entry.needs for entry in FORMATS if entry.needs} | LOADED_FOR_SOME_FILES
    with_cluster = [path for path in engine if path.stem in {"dask_cluster", "connect_cluster"}]
    assert used_by([path for path in engine if path not in with_cluster]) & cluster == set()
    without_device = [path for path in engine if path.stem != "device"]
    assert used_by(without_device) & gpu == set()
    without_classifiers = [
        path for path in engine if path.stem not in ("estimators", "fitting", "stored_estimators")
    ]
    assert used_by(without_classifiers) & classifiers == set()
    plugin = [path for path in MODULES if place_of(path) == "napari_plugin"]
    assert "supervox[classifiers]" in extras["desktop"]  # the window offers all of them
    desktop = required(extras["desktop"]) - {"supervox"}
    assert used_by(plugin) - always == desktop - LOADED_BY_OTHERS


@pytest.mark.parametrize("room", sorted(ROOMS - {"napari_plugin"}))
def test_importing_a_room_is_light(room: str) -> None:
    heavy = sorted(
        DESKTOP
        | {
            "cupy",
            "dask",
            "distributed",
            "hdf5plugin",
            "matplotlib",
            "nibabel",
            "nrrd",
            "olefile",
            "pyarrow",
            "skimage",
            "sklearn",
            "skops",
            "threadpoolctl",
        }
    )
    code = (
        f"import sys, supervox.{room}\n"
        f"loaded = {heavy!r} & {{name.partition('.')[0] for name in sys.modules}}\n"
        "sys.exit(f'loads {sorted(loaded)}' if loaded else 0)"
    ).replace(f"{heavy!r}", f"set({heavy!r})")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
