"""Writing the journal in the background: a stroke costs its painter no more than a copy."""

from __future__ import annotations

import atexit
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread

from .errors import ProjectError
from .journal import AWAY, Journal
from .records import Record

RETRY_SECONDS = 1.0  # between attempts on a disk that fails

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SaveState:
    """How far saving is.

    Attributes
    ----------
    pending : int
        Changes that are not on the disk yet.
    saved_at : float or None
        When the last change was on the disk, in seconds since 1970.
    error : str or None
        Why the last attempt failed, of which file; the changes are kept and tried again.
    why : str or None
        The same in a few words.
    """

    pending: int = 0
    saved_at: float | None = None
    error: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class _Failure:
    """What went wrong: all of it, and in a few words."""

    text: str
    why: str


class JournalWriter:
    """Appends records to a journal from a thread of its own.

    Records are written and on the disk as soon as the disk allows, all that wait at once. While it
    fails they are kept, and tried again every second. While there is nothing to write it looks
    whether the file is still there, as often.

    Parameters
    ----------
    journal : Journal
        Nobody else may write to it.
    on_state : callable, optional
        Called with the `SaveState` whenever it changed, on the thread of the writer.
    retry_seconds : float
        Between attempts on a disk that fails, and looks at one where nothing is written.
    """

    def __init__(
        self,
        journal: Journal,
        on_state: Callable[[SaveState], None] | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._journal = journal
        self._on_state = on_state
        self._retry_seconds = retry_seconds
        self._queue: deque[Record] = deque()
        self._changed = Condition()
        self._saved_at: float | None = None
        self._failure: _Failure | None = None
        self._left_out: list[str] = []  # records that can't be encoded, until `flush` told of them
        self._attempts = 0  # at writing, that have ended
        self._is_closing = False
        self._is_urgent = False  # somebody waits: don't rest before the next attempt
        self._thread = Thread(target=self._run, name="supervox journal", daemon=True)
        self._thread.start()
        atexit.register(self._finish)

    @property
    def state(self) -> SaveState:
        """How far saving is."""
        with self._changed:
            failed = self._failure
            known = (failed.text, failed.why) if failed is not None else (None, None)
            return SaveState(len(self._queue), self._saved_at, *known)

    def append(self, record: Record) -> None:
        """Queue a record; returns at once.

        Raises
        ------
        ProjectError
            If the writer was closed.
        """
        with self._changed:
            if self._is_closing:
                raise ProjectError(f"{self._journal.path}: was closed; open the project again")
            self._queue.append(record)
            self._changed.notify_all()

    def waiting(self, number: int) -> Record | None:
        """Return a record that is not on the disk yet; None if it is."""
        with self._changed:
            return next((record for record in self._queue if record.number == number), None)

    def flush(self) -> None:
        """Wait until everything that was appended is on the disk.

        Raises
        ------
        ProjectError
            If it can't be written; it stays queued, and is tried again. Or if something was left
            out, since it can't be encoded.
        """
        with self._changed:
            last, failed = self._attempts + 1, None
            wanted = self._queue[-1].number if self._queue else -1  # others may go on appending
            self._is_urgent = True
            self._changed.notify_all()
            # the attempt that runs now may not hold all: the one after it does
            while self._queue and self._queue[0].number <= wanted and self._thread.is_alive():
                if self._attempts > last and self._failure is not None:
                    failed = self._failure.text
                    break
                self._changed.wait()
            self._is_urgent = False
            left_out, self._left_out = self._left_out, []
        failed = failed or "; ".join(left_out) or None
        if failed is not None:
            raise ProjectError(failed)

    def close(self, *, force: bool = False) -> None:
        """Write what is queued, and end.

        Parameters
        ----------
        force : bool
            End even if it can't be written, which loses it.

        Raises
        ------
        ProjectError
            If it can't be written; the writer goes on trying unless `force` was given.
        """
        try:
            self.flush()
        except ProjectError:
            if force:
                self._finish()
            raise
        self._finish()

    def _finish(self) -> None:
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()
        atexit.unregister(self._finish)

    def _run(self) -> None:
        while True:
            self._wait_for_work()
            with self._changed:
                batch = list(self._queue)
                is_last = self._is_closing
            failure = self._write(batch) if batch else None
            with self._changed:
                if failure is None:
                    for _ in batch:
                        self._queue.popleft()
                    self._saved_at = time.time() if batch else self._saved_at
                self._failure = failure
                self._attempts += 1
                self._changed.notify_all()
            if batch:
                self._tell()
            with self._changed:
                if is_last and (failure is not None or not self._queue):
                    break
                if failure is not None and not (self._is_closing or self._is_urgent):
                    self._changed.wait(self._retry_seconds)
        if failure is not None:
            _logger.error("%s; gave up, they are lost", failure.text)

    def _wait_for_work(self) -> None:
        """Wait until there is something to write; say meanwhile if the journal goes, or is back."""
        while True:
            with self._changed:
                if not self._queue and not self._is_closing:
                    self._changed.wait(self._retry_seconds)
                if self._queue or self._is_closing:
                    return
            is_away = not self._journal.is_in_place()
            failure = _Failure(f"{self._journal.path}: {AWAY}", AWAY) if is_away else None
            with self._changed:
                is_new, self._failure = failure != self._failure, failure
            if is_new:
                self._tell()

    def _write(self, batch: list[Record]) -> _Failure | None:
        """Write records; return what went wrong."""
        try:
            left_out = self._journal.write(batch)
        except OSError as error:
            why = error.strerror or str(error)
            many = "1 change is" if len(batch) == 1 else f"{len(batch):,} changes are"
            text = f"{self._journal.path}: can't be written ({why}); {many} kept and tried again"
            return _Failure(text, why)
        except Exception as error:  # a thread that ends here would lose strokes without a word
            _logger.exception("the journal's writer failed")
            return _Failure(f"{self._journal.path}: can't be written ({error!r})", repr(error))
        for each in left_out:
            _logger.error("%s; it is left out", each)
        with self._changed:
            self._left_out += left_out
        return None

    def _tell(self) -> None:
        if self._on_state is not None:
            try:
                self._on_state(self.state)
            except Exception:  # of others; it mustn't end the saving
                _logger.exception("a callback about the state of saving failed")
