"""How long the GUI thread is kept in a call of the plugin."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
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
        self._looker = threading.Thread(target=self._look_on, daemon=True)
        self._began, self._worked = 0.0, 0.0
        self._mark: Callable[..., None] | None = None

    def __enter__(self) -> Self:
        self._looker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._looker.join()

    def _look_on(self) -> None:
        clock = time.pthread_getcpuclockid(self._thread)
        while not self._stop.wait(PERIOD):
            self._look(time.perf_counter(), time.clock_gettime(clock))

    def _look(self, now: float, work: float) -> None:
        """Look once, and keep no frame.

        Whoever lets go of a frame last ends what only it held, and widgets must end on the GUI
        thread. So the frame is marked instead, to know it again.
        """
        frame = _our_frame(sys._current_frames().get(self._thread))
        if frame is None:
            self._mark = None
        elif self._mark is None or frame.f_trace is not self._mark:
            self._began, self._worked = now, work
            frame.f_trace = self._mark = _make_mark()
        else:
            self.longest_wait = max(self.longest_wait, now - self._began)
            if work - self._worked > self.longest:
                self.longest = work - self._worked
                code = frame.f_code
                self.longest_in = f"{Path(code.co_filename).stem}.{code.co_qualname}"


def _make_mark() -> Callable[..., None]:
    """Return a new function; a debugger that traces may call it."""
    return lambda *_: None


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
