"""The names of the room are loaded when they are asked for: all of them, and only then."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from supervox import segmentation


@pytest.mark.parametrize("name", segmentation.__all__)
def test_every_public_name_is_there(name):
    value = getattr(segmentation, name)
    assert name.isupper() or value.__name__ == name  # constants don't know theirs


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(segmentation.__file__).read_text())
    seen = {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }
    loaded = {(module, name) for module, names in segmentation._HOMES.items() for name in names}
    assert seen == loaded
    assert sorted(name for _, name in loaded) == sorted(segmentation.__all__) == dir(segmentation)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'segmnet'"):
        _ = segmentation.segmnet


def test_help_loads_neither_compiler_nor_arrays():
    code = (
        "import sys\n"
        "from supervox.segmentation.cli import supervox\n"
        "try: supervox(['--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'numba', 'numpy', 'scipy', 'sklearn', 'rich'} & sys.modules.keys()\n"
        "sys.exit(f'loads {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "segment" in run.stdout


def test_recognising_a_project_loads_nothing_that_opens_it():
    code = (
        "import sys\n"
        "from supervox.segmentation import ENDING, is_project\n"
        "sys.exit(bool({'numba', 'numpy', 'scipy', 'zarr'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
