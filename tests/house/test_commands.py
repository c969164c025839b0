"""What README and documentation tell people to type exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FENCED = re.compile(r"^```(?:bash|console|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def commands(page: Path) -> list[list[str]]:
    """Return the command lines of a page's shell blocks, as words."""
    blocks = FENCED.findall(page.read_text())
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    return [words for words in found if words]


@cache
def help_of(*words: str) -> str:
    program = Path(sys.executable).with_name("supervox")
    run = subprocess.run(
        [program, *words, "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
    )
    assert run.returncode == 0, f"supervox {' '.join(words)} --help: {run.stderr}"
    return run.stdout


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_commands_of_supervox_exist(page: Path) -> None:
    for words in commands(page):
        if words[0] != "supervox" or len(words) == 1:
            continue
        text = help_of(words[1])
        for word in words[2:]:
            if word.startswith("--"):
                option = word.partition("=")[0]
                assert re.search(rf"{option}\b", text), f"supervox {words[1]} has no {option}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_targets_of_make_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in commands(page):
        if words[0] == "make":
            named = {word for word in words[1:] if "=" not in word and not word.startswith("-")}
            assert named <= targets, f"{shown(page)}: make has no {sorted(named - targets)}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not broken
