"""The probe of the GUI thread: what it finds, and that it ends nothing on its own thread."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

gui_probe = pytest.importorskip("benchmarks.gui_probe", reason="napari isn't installed")


@pytest.fixture
def here_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the calls of this file for the plugin's."""
    monkeypatch.setattr(gui_probe, "OURS", str(Path(__file__)))


def work(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_the_longest_call_is_found(qtbot: Any, here_is_ours: None) -> None:
    with gui_probe.GuiProbe() as probe:
        for seconds in (0.01, 0.06, 0.02):
            work(seconds)
    assert 0.02 < probe.longest < 0.2
    assert probe.longest_wait >= 0.02
    assert "work" in probe.longest_in


def test_calls_of_others_do_not_count(qtbot: Any) -> None:
    with gui_probe.GuiProbe() as probe:
        work(0.05)
    assert probe.longest == 0
    assert probe.longest_in == ""


def test_what_a_call_held_ends_on_the_gui_thread(qtbot: Any, here_is_ours: None) -> None:
    """Widgets that ended on another thread crashed the tests, or locked them for good."""
    ended: list[int] = []

    class Held:
        def __del__(self) -> None:
            ended.append(threading.get_ident())

    def call() -> None:
        held = Held()
        work(0.01)
        assert held

    with gui_probe.GuiProbe() as probe:
        for _ in range(20):
            call()
            qtbot.wait(5)
    assert probe.longest > 0
    assert ended == [threading.get_ident()] * 20
