"""The names of each room are loaded when they are asked for: all of them, and only then."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = sorted(stub.parent.name for stub in ROOT.glob("*/__init__.pyi"))


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_there(room: str) -> None:
    door = importlib.import_module(f"supervox.{room}")
    assert dir(door) == sorted(door.__all__)
    for name in door.__all__:
        assert getattr(door, name) is not None, name


@pytest.mark.parametrize("room", ROOMS)
def test_an_unknown_name_is_an_attribute_error(room: str) -> None:
    door = importlib.import_module(f"supervox.{room}")
    with pytest.raises(AttributeError, match=f"supervox.{room} attribute segmnet"):
        _ = door.segmnet


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_help_loads_neither_compiler_nor_arrays() -> None:
    done = run(
        "import sys\n"
        "from supervox.cli import supervox\n"
        "try: supervox(['--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'numba', 'numpy', 'scipy', 'sklearn', 'rich'} & sys.modules.keys()\n"
        "sys.exit(f'loads {heavy}' if heavy else 0)"
    )
    assert done.returncode == 0, done.stderr
    assert "segment" in done.stdout


def test_recognising_a_project_loads_nothing_that_opens_it() -> None:
    done = run(
        "import sys\n"
        "from supervox.project import ENDING, is_project\n"
        "sys.exit(bool({'numba', 'numpy', 'scipy', 'zarr'} & sys.modules.keys()))"
    )
    assert done.returncode == 0, done.stderr
