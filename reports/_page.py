"""A sheet of paper: pictures side by side, with titles above and a legend below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Rgb = NDArray[np.uint8]

MARGIN, TEXT, LINE = 20, 15, 24
PAPER, INK = (255, 255, 255), (40, 40, 40)


class Look(NamedTuple):
    """How a class is shown."""

    name: str
    colour: str


@dataclass
class Sheet:
    """Blocks of sections side by side, with titles above and a legend below."""

    blocks: list[tuple[str, Rgb]]
    legend: list[Look] = field(default_factory=list)

    def draw(self) -> Rgb:
        """Return the finished picture."""
        height, width, _ = self.blocks[0][1].shape
        total = MARGIN + len(self.blocks) * (width + MARGIN)
        rows = _flow(self.legend, total - 2 * MARGIN)
        bottom = MARGIN + LINE + height
        canvas = Image.new("RGB", (total, bottom + MARGIN + LINE * len(rows)), PAPER)
        pen = ImageDraw.Draw(canvas)
        for number, (title, block) in enumerate(self.blocks):
            left = MARGIN + number * (width + MARGIN)
            pen.text((left, MARGIN - 4), title, INK, font())
            canvas.paste(Image.fromarray(block), (left, MARGIN + LINE))
        for number, row in enumerate(rows):
            top = bottom + MARGIN // 2 + number * LINE
            for left, look in row:
                box = (MARGIN + left, top + 3, MARGIN + left + TEXT, top + 3 + TEXT)
                pen.rectangle(box, look.colour or None)
                pen.text((box[2] + 6, top), look.name, INK, font())
        return np.array(canvas)


def _flow(legend: Sequence[Look], width: int) -> list[list[tuple[int, Look]]]:
    """Break the legend into rows; each entry with where it starts."""
    rows: list[list[tuple[int, Look]]] = []
    left = width
    for look in legend:
        needed = TEXT + 6 + round(font().getlength(look.name)) + 18
        if left + needed > width:
            rows.append([])
            left = 0
        rows[-1].append((left, look))
        left += needed
    return rows


def font() -> Any:
    """Return the font of all text; it comes with Pillow."""
    return ImageFont.load_default(TEXT)
