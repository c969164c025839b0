"""No circle of files, and rooms within a room stand above each other like the rooms themselves.

Every import counts: those within functions, and those that only a type checker makes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = sorted(path.parent.name for path in ROOT.glob("*/py.typed"))
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
}


def imported_by(module: str, path: Path) -> set[str]:
    """Return the modules of ours that a module imports, wherever in it."""
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        parts = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join(parts) if node.level else ""
        start = ".".join(part for part in (base, node.module) if part)
        start = start.removeprefix("supervox").removeprefix(".")
        for alias in node.names:
            whole = f"{start}.{alias.name}".removeprefix(".")
            found |= {next((name for name in (whole, start) if name in FILES), module)}
    return found - {module}


IMPORTS = {module: imported_by(module, path) for module, path in FILES.items()}


def floors(imports: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """Return the modules from the ground floor up: each imports from lower floors only.

    Raises
    ------
    AssertionError
        If there is no such order; the message names a circle.
    """
    left = {module: set(others) - {module} for module, others in imports.items()}
    found: list[set[str]] = []
    while left:
        floor = {module for module, others in left.items() if not others & left.keys()}
        assert floor, f"a circle: {' -> '.join(circle_in(left))}"
        found.append(floor)
        left = {module: others for module, others in left.items() if module not in floor}
    return found


def circle_in(imports: Mapping[str, set[str]]) -> list[str]:
    """Return a circle of modules of which each imports another one of them."""
    way = [min(imports)]
    while way.count(way[-1]) == 1:
        way.append(min(imports[way[-1]] & imports.keys()))
    return way[way.index(way[-1]) :]


def within(room: str) -> dict[str, set[str]]:
    """Return what the folders and the single modules of a room import of each other."""

    def part(module: str) -> str:
        return ".".join(module.split(".")[:2])

    parts: dict[str, set[str]] = {}
    for module, others in IMPORTS.items():
        if module.startswith(f"{room}."):
            inside = {part(other) for other in others if other.startswith(f"{room}.")}
            parts.setdefault(part(module), set()).update(inside - {part(module)})
    return parts


def test_a_circle_is_found() -> None:
    assert floors({"c": {"b"}, "b": {"a"}, "a": set()}) == [{"a"}, {"b"}, {"c"}]
    with pytest.raises(AssertionError, match="a circle: a -> b -> a"):
        floors({"c": set(), "a": {"b"}, "b": {"a", "c"}})


def test_imports_that_are_made_late_count() -> None:
    late = "napari_plugin.project_reader", "napari_plugin.commands"  # within a function
    typed = "napari_plugin.window", "napari_plugin.dock"  # for a type checker
    for module, other in (late, typed):
        assert other in IMPORTS[module]


def test_no_file_imports_what_imports_it() -> None:
    assert len(floors(IMPORTS)) > 1


@pytest.mark.parametrize("room", ROOMS)
def test_parts_of_a_room_import_from_lower_ones(room: str) -> None:
    assert floors(within(room))


def test_the_window_stands_on_what_it_is_made_of() -> None:
    order = ["io", "layers", "tasks", "painting", "project", "session", "widgets", "dock"]
    number = {
        module.removeprefix("napari_plugin."): floor
        for floor, modules in enumerate(floors(within("napari_plugin")))
        for module in modules
    }
    heights = [number[name] for name in order]
    assert heights == sorted(set(heights)), dict(zip(order, heights, strict=True))
