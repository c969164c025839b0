"""What a window needs that this machine may lack, said in one line before Qt says it in twenty."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

_SECONDS = 60
_PROBE = "from qtpy.QtWidgets import QApplication; QApplication([])"
_WITHOUT = "The commands, such as 'supervox segment', work without it"


def what_is_missing() -> str | None:
    """Return why no window can be opened here and what to do about it, or None if one can.

    Qt ends the whole process where it finds no display or lacks a library of the system, so
    another process tries first.
    """
    if find_spec("napari") is None:
        return (
            "the window needs napari, which isn't installed; install it with "
            f"pip install 'supervox[desktop]'. {_WITHOUT}"
        )
    if sys.platform != "linux":
        return None
    if not has_display():
        return (
            "there is no display to open a window on (DISPLAY isn't set); log in with a desktop, "
            f"or with 'ssh -X'. {_WITHOUT}"
        )
    return _complaint_of_qt()


def has_display() -> bool:
    """Say whether the environment names a display, or a platform of Qt that needs none."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in names)


def _complaint_of_qt() -> str | None:
    """Let Qt connect to the display in another process; return what it complains about."""
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the display {os.environ.get('DISPLAY', '')!r} doesn't answer; log in again"
    if probe.returncode == 0:
        return None
    lines = [line.strip() for line in probe.stderr.splitlines() if line.strip()]
    if "not connect to display" in probe.stderr:
        return (
            f"the display {os.environ.get('DISPLAY', '')!r} refuses the connection; log in with a "
            f"desktop, or with 'ssh -X'. {_WITHOUT}"
        )
    reason = lines[0] if lines else f"it ended with code {probe.returncode}"
    return (
        f"Qt can't open a window ({reason}); on Debian or Ubuntu, install what it usually lacks "
        f"with: sudo apt-get install libxcb-cursor0 libxkbcommon-x11-0 libegl1 libgl1. {_WITHOUT}"
    )
