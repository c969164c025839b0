"""What is compiled is counted, and what is used again isn't."""

from __future__ import annotations

import numba as nb
from supervox.execution import compiling_now


def test_functions_are_counted_when_they_are_compiled() -> None:
    @nb.njit
    def inner(x: int) -> int:
        return x + 1

    @nb.njit
    def outer(x: int) -> int:
        return inner(x) + inner(x)

    before = compiling_now()
    assert before.at_work == 0
    assert outer(1) == 4
    after = compiling_now()
    assert after == (before.done + 2, 0)
    assert outer(2) == 6  # for the same types
    assert compiling_now() == after
