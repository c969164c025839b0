from __future__ import annotations

import pytest
from supervox.features import run_parallel


def test_results_come_in_the_order_of_the_items() -> None:
    assert run_parallel(lambda x: x * x, [3, 1, 2], workers=3) == [9, 1, 4]


def test_an_error_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        run_parallel(lambda x: 1 // x, [1, 0], workers=2)
