"""The form of a report: sections of text, tables and pictures, as Markdown and as HTML."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.2em .6em}"
    "img{max-width:100%}"
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
    return _render(sections, _markdown_title, _markdown_table, lambda text: text, _markdown_picture)


def to_html(sections: Sequence[Section]) -> str:
    """Write the report as one HTML file that needs no other."""
    body = _render(sections, _html_title, _html_table, _html_paragraph, _html_picture)
    title = html.escape(sections[0].title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>\n{body}</body></html>\n"
    )


def pictures_of(sections: Sequence[Section]) -> Iterator[Picture]:
    """Yield the pictures of a report."""
    for section in sections:
        yield from (block for block in section.blocks if isinstance(block, Picture))


def _render(
    sections: Sequence[Section],
    title: Callable[[str, int], str],
    table: Callable[[Table], str],
    paragraph: Callable[[str], str],
    picture: Callable[[Picture], str],
) -> str:
    parts = []
    for number, section in enumerate(sections):
        parts.append(title(section.title, 1 if number == 0 else 2))
        for block in section.blocks:
            if isinstance(block, Table):
                parts.append(table(block))
            elif isinstance(block, Picture):
                parts.append(picture(block))
            else:
                parts.append(paragraph(block))
    return "\n\n".join(parts) + "\n"


def _markdown_title(text: str, level: int) -> str:
    return f"{'#' * level} {text}"


def _markdown_table(table: Table) -> str:
    rows = [table.header, tuple("---" for _ in table.header), *table.rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    )


def _markdown_picture(picture: Picture) -> str:
    return f"![{picture.title}]({picture.name})"


def _html_title(text: str, level: int) -> str:
    return f"<h{level}>{html.escape(text)}</h{level}>"


def _html_paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def _html_table(table: Table) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    head = line(table.header, "th") if any(table.header) else ""
    return f"<table>{head}{''.join(line(row, 'td') for row in table.rows)}</table>"


def _html_picture(picture: Picture) -> str:
    data = base64.b64encode(picture.data).decode()
    return f'<img alt="{html.escape(picture.title)}" src="data:image/png;base64,{data}">'
