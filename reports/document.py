"""The form of a report: sections of text, tables and pictures, as Markdown and as HTML."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt

STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.2em .6em}"
    "th:empty{border:0;padding:0}img{max-width:100%}"
)
# What Markdown would take for emphasis, code, an entity, a tag, a link, a heading or a list.
MARKUP = re.compile(
    r"[\\`*<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|\](?=[(\[:])|^[-+#>=~](?=[-+#>=~\s])"
)


@dataclass(frozen=True)
class Table:
    """Rows under a header; cells are text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A PNG file, beside Markdown and within HTML."""

    name: str
    data: bytes
    title: str


@dataclass(frozen=True)
class Section:
    """A part of the report: paragraphs, tables and pictures."""

    title: str
    blocks: tuple[str | Table | Picture, ...]


def to_markdown(sections: Sequence[Section]) -> str:
    """Write the report as Markdown; its pictures lie beside it."""
    return _render(sections, lambda picture: picture.name)


def to_html(sections: Sequence[Section]) -> str:
    """Write the report as one HTML file that needs no other."""
    page = MarkdownIt("commonmark", {"html": False}).enable("table")
    body, title = page.render(_render(sections, _data_address)), html.escape(sections[0].title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>\n{body}</body></html>\n"
    )


def pictures_of(sections: Sequence[Section]) -> Iterator[Picture]:
    """Yield the pictures of a report."""
    for section in sections:
        yield from (block for block in section.blocks if isinstance(block, Picture))


def _render(sections: Sequence[Section], address: Callable[[Picture], str]) -> str:
    """Write Markdown in which pictures have the addresses that a function gives them."""
    parts = []
    for number, section in enumerate(sections):
        parts.append(f"{'#' if number == 0 else '##'} {_plain(section.title)}")
        for block in section.blocks:
            if isinstance(block, Table):
                parts.append(_table(block))
            elif isinstance(block, Picture):
                parts.append(f"![{_plain(block.title)}]({address(block)})")
            else:
                parts.append(_plain(block))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    head, *rows = (
        [_plain(cell).replace("|", "\\|") for cell in row] for row in (table.header, *table.rows)
    )
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _plain(text: str) -> str:
    """Return text in which Markdown finds no markup, with few more signs than it has."""
    return MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def _data_address(picture: Picture) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture.data).decode()}"
