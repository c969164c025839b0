"""What README and documentation tell people to type exists, and the tours run.

In ``make test`` they run once, on small samples within this process; in ``make test-long`` as they
stand, each command as a program of its own.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from supervox.cli import supervox
from supervox.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TOURS = [ROOT / "README.md", ROOT / "docs" / "tour.md"]
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
SUPERVOX = Path(sys.executable).with_name("supervox")
PLAIN = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
# Large enough for every class and the planes that the pages name, small enough to run in seconds.
SMALL = ["--shape", "40", "48", "48"]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """Return the page's fenced blocks in one language."""
    fence = rf"^```{language}\n(.*?)^```"
    return re.findall(fence, page.read_text(), re.MULTILINE | re.DOTALL)


def commands(page: Path, program: str) -> list[list[str]]:
    """Return the arguments of every call of a program in the page's shell blocks."""
    lines = "\n".join(blocks(page, "bash")).replace("\\\n", " ").splitlines()
    found = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in found if words and words[0] == program]


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, env=PLAIN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def command_of(words: list[str]) -> str:
    """Return the command that is called: without one it is the window that opens."""
    return words[0] if words and words[0] in COMMANDS else "open"


@cache
def help_of(command: str) -> str:
    done = CliRunner().invoke(supervox, [command, "--help"], env=PLAIN)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_commands_of_supervox_exist(page: Path) -> None:
    for words in commands(page, "supervox"):
        command = command_of(words)
        if words in (["--help"], ["--version"]):
            continue
        assert not words or command == words[0] or "." in words[0], f"{words[0]} is no command"
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            known = re.search(rf"(?<![\w-]){option}(?![\w-])", help_of(command))
            assert known, f"supervox {command} has no {option}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_targets_of_make_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in commands(page, "make"):
        assert {word for word in words if "=" not in word} <= targets


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not broken


def tour(page: Path) -> list[list[str]]:
    """Return the arguments of what a tour calls, but for windows, which nobody would close."""
    calls = commands(page, "supervox")
    return [words for words in calls if words[:1] == ["--help"] or command_of(words) != "open"]


@pytest.mark.parametrize("page", TOURS, ids=shown)
def test_tour_runs_on_small_samples(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in tour(page):
        if words[0] == "sample":
            words = [*without(words, "--shape", 3), *SMALL]
        done = CliRunner().invoke(supervox, words, prog_name="supervox")
        assert done.exit_code == 0, f"supervox {shlex.join(words)}:\n{done.output}"
    for code in blocks(page, "python"):
        run(sys.executable, "-c", code, cwd=tmp_path)


def without(words: list[str], option: str, values: int) -> list[str]:
    """Leave out an option with its values."""
    if option not in words:
        return words
    at = words.index(option)
    return words[:at] + words[at + 1 + values :]


@pytest.mark.long
@pytest.mark.parametrize("page", TOURS, ids=shown)
def test_tour_runs_as_it_stands(page: Path, tmp_path: Path) -> None:
    for words in tour(page):
        run(SUPERVOX, *words, cwd=tmp_path)
    for code in blocks(page, "python"):
        run(sys.executable, "-c", code, cwd=tmp_path)
