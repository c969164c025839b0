"""The table of formats, and what the documentation says of it."""

import re
from pathlib import Path

import pytest
from supervox.volumes import FORMATS

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()


def _row(entry):
    """Return what the page has to say about a format."""
    place = {"spacing", "unit", "origin"} <= entry.carries
    labels = "as surfaces" if entry.is_mesh else entry.create and "yes"
    return [
        entry.name,
        " ".join(f"`{ending}`" for ending in entry.extensions) or "a folder",
        entry.open and "yes",
        labels,
        entry.create and not entry.is_mesh and "yes",
        "probabilities" in entry.carries and "yes",
        place and "yes",
        "classes" in entry.carries and "yes",
    ]


def test_the_page_has_every_format():
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("|")]
    shown = [[cell.strip() for cell in row] for row in rows if len(row) == 8][2:]
    assert shown == [[cell or "" for cell in _row(entry)] for entry in FORMATS]


def test_no_two_formats_have_the_same_ending():
    endings = [ending for entry in FORMATS for ending in entry.extensions]
    assert len(endings) == len(set(endings))
    assert all(re.fullmatch(r"(\.[a-z0-9]+)+", ending) for ending in endings)


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.name)
def test_formats_are_whole(entry):
    assert entry.open or entry.create
    assert bool(entry.create) == bool(entry.dtypes)
    assert entry.extensions or entry.recognises
    assert entry.description
