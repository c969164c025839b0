"""The house is what its plan says: packages listed, typed, mapped, and in modules of a size."""

from __future__ import annotations

import ast
import doctest
import importlib
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
FOLDERS = {name: ROOT / folder for name, folder in SETUP["package-dir"].items()}
MODULES = sorted(path for folder in FOLDERS.values() for path in folder.glob("*.py"))
LONGEST_MODULE = 400


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def listing(what: str, found: list[str]) -> str:
    """Return a message with one offender a line."""
    return "\n  ".join([f"{what}:", *found])


def import_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(["supervox", *(part for part in parts if part != "__init__")])


def test_every_package_is_listed() -> None:
    tops = [path for path in ROOT.iterdir() if path.name not in {"tests", "benchmarks"}]
    found = {
        "supervox." + ".".join(init.parent.relative_to(ROOT).parts)
        for top in tops
        if top.is_dir() and not top.name.startswith(".") and (top / "__init__.py").exists()
        for init in top.rglob("__init__.py")
    }
    assert found == set(SETUP["packages"]) == set(SETUP["package-dir"])
    for name, folder in FOLDERS.items():
        assert import_name(folder / "__init__.py") == name


def test_every_room_is_typed() -> None:
    untyped = [folder.name for folder in FOLDERS.values() if folder.parent == ROOT]
    untyped = [name for name in untyped if not (ROOT / name / "py.typed").exists()]
    assert not untyped


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_room_has_a_map(name: str) -> None:
    folder = FOLDERS[name]
    plan = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    modules = {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}
    folders = {path.parent.name for path in folder.glob("*/__init__.py")}
    missing = sorted(module for module in modules | folders if f"`{module}`" not in plan)
    assert not missing, f"the docstring of {name} doesn't say what is in {', '.join(missing)}"


def test_modules_fit_a_head() -> None:
    lines = {shown(path): len(path.read_text().splitlines()) for path in MODULES}
    too_long = [f"{path}: {n} lines" for path, n in lines.items() if n > LONGEST_MODULE]
    assert not too_long, listing("these modules hold two ideas each, split them", too_long)


def test_examples_in_docstrings_run() -> None:
    wrong = []
    for path in MODULES:
        if ">>>" not in path.read_text():
            continue
        failed, _ = doctest.testmod(
            importlib.import_module(import_name(path)), optionflags=doctest.NORMALIZE_WHITESPACE
        )
        if failed:
            wrong.append(f"{shown(path)}: {failed} wrong, as printed above")
    assert not wrong, listing("examples in docstrings don't run", wrong)


def test_rooms_with_kernels_find_a_place_for_what_is_compiled() -> None:
    """Or else Numba refuses to load them in an installation that is shared read-only."""
    kept = {
        import_name(path).split(".")[1]
        for path in MODULES
        if "cache=True" in path.read_text() and "njit" in path.read_text()
    }
    kept.remove("execution")  # whose kernels the rooms above load
    asking = {room for room in kept if "find_compiler_cache(__file__)" in init_of(room)}
    assert asking == kept


def init_of(room: str) -> str:
    return (ROOT / room / "__init__.py").read_text()
