"""What a person can say of no data; without the compiler, for the help of commands."""

from __future__ import annotations

import math

AUTO, NOTHING = "auto", "none"


def parse_no_data(text: str) -> tuple[float, ...] | None:
    """Return the values that stand for no data, ascending; None for those that are found.

    Raises
    ------
    ValueError
        If it is neither "auto" nor "none", nor numbers.
    """
    if text == AUTO:
        return None
    if text == NOTHING:
        return ()
    try:
        values = sorted({float(word) for word in text.replace(",", " ").split()})
    except ValueError:
        values = []
    if not values or not all(map(math.isfinite, values)):
        raise ValueError(
            f'no data is "auto", "none", or one or more values like "0" or "0, 65535", not {text!r}'
        )
    return tuple(values)
