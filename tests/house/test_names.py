"""One word a thing: a class has a name of its own, and docstrings say something."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = sorted(
    stub.parent for stub in [*ROOT.glob("*/__init__.pyi"), ROOT / "napari_plugin/napari.yaml"]
)
MODULES = sorted(path for room in ROOMS for path in room.rglob("*.py"))
# Said instead of something: what happens nowhere else, or what anybody would guess.
FILLERS = ("as everywhere.", "as everywhere;", "what a person asked for")


def test_no_class_name_stands_for_two_things() -> None:
    homes = defaultdict(list)
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(path.relative_to(ROOT).as_posix())
    shared = {name: found for name, found in homes.items() if len(found) > 1}
    assert not shared, f"each needs a name of its own: {shared}"


def test_docstrings_say_something() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in MODULES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if any(filler in line.lower() for filler in FILLERS)
    ]
    assert not found, "\n".join(found)
