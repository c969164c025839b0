from __future__ import annotations

import itertools
import threading
import time

import pytest
from supervox.execution import Cancelled, Run, check_stop


def test_results_come_in_the_order_of_the_items() -> None:
    assert Run(3).parallel(lambda x: x * x, [3, 1, 2]) == [9, 1, 4]


def test_an_error_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        Run(2).parallel(lambda x: 1 // x, [1, 0])


def test_after_a_stop_no_further_item_begins() -> None:
    begun: list[int] = []
    with pytest.raises(Cancelled, match="stopped on request"):
        Run(2, should_stop=lambda: len(begun) >= 10).parallel(begun.append, range(500))
    assert 10 <= len(begun) <= 11


def test_only_a_yes_cancels() -> None:
    check_stop(None)
    check_stop(lambda: False)
    with pytest.raises(Cancelled):
        check_stop(lambda: True)


def test_a_latch_asks_on_one_thread_at_a_time_and_never_after_a_yes() -> None:
    inside: list[int] = []
    answers = iter([False] * 20 + [True])

    def ask() -> bool:
        inside.append(threading.get_ident())
        assert len(set(inside)) == 1
        time.sleep(0.001)
        inside.clear()
        return next(answers)

    asked = Run(should_stop=ask).latched().should_stop
    assert asked is not None
    heard = Run(4).parallel(lambda _: asked(), range(60))
    assert sum(heard) == 40
    assert [key for key, _ in itertools.groupby(sorted(heard))] == [False, True]
    Run().latched().check_stop()  # nobody asks
