"""How long the GUI thread is kept in a call of the plugin."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Self

import supervox.napari_plugin

PERIOD = 0.002  # seconds between two looks
OURS = str(Path(supervox.napari_plugin.__file__).parent)
# Inside one of these, the time is theirs: we asked napari to do what napari does.
THEIRS = ("napari", "vispy", "npe2", "app_model")


class GuiProbe:
    """Looks at the stack of the thread that made it, and adds up how long one call of ours lasts.

    A call counts while the innermost frame that belongs to the plugin or to napari is the
    plugin's; frames of the engine, of NumPy and of Qt below it count as the plugin's.

    Attributes
    ----------
    longest : float
        Seconds of processor time of the longest call.
    longest_in : str
        Which function that was.
    longest_wait : float
        Seconds on the clock of the longest call: more where other threads had the processor.
    """

    def __init__(self) -> None:
        self.longest = self.longest_wait = 0.0
        self.longest_in = ""
        self._thread = threading.get_ident()
        self._stop = threading.Event()
        self._looker = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._looker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._looker.join()

    def _look(self) -> None:
        clock = time.pthread_getcpuclockid(self._thread)
        began, worked, call = 0.0, 0.0, None
        while not self._stop.wait(PERIOD):
            now, work = time.perf_counter(), time.clock_gettime(clock)
            frame = _our_frame(sys._current_frames().get(self._thread))
            if frame is None:
                call = None
                continue
            if call is not frame:
                began, worked, call = now, work, frame
                continue
            self.longest_wait = max(self.longest_wait, now - began)
            if work - worked > self.longest:
                self.longest = work - worked
                code = frame.f_code
                self.longest_in = f"{Path(code.co_filename).stem}.{code.co_qualname}"


def _our_frame(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of the plugin, unless napari is deeper."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(OURS):
            return frame
        if any(name in Path(path).parts for name in THEIRS):
            return None
        frame = frame.f_back
    return None
