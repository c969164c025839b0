"""The projects of this computer's user: those that were open lately, and those without a name."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from uuid import uuid4

from supervox.napari_plugin.io.file_names import stem_of
from supervox.project import ENDING, is_held, is_project
from supervox.volumes import appearing, remove_leftovers_in

_logger = logging.getLogger(__name__)
LIST = "recent.json"
PICTURES = "pictures"  # a folder beside the list
# A project is closed on a thread while the window opens the next: both change the list.
_one_at_a_time = Lock()
unlisted: set[Path] = set()  # folders of projects that are being made, or removed
MOST = 20


@dataclass(frozen=True)
class RecentProject:
    """A project that was open.

    Attributes
    ----------
    folder : str
    name : str
        Of its volume.
    time : float
        When it was opened or closed last, in seconds since 1970.
    is_open : bool
        Whether it was not closed since: it is open now, or the program ended unexpectedly.
    """

    folder: str
    name: str
    time: float
    is_open: bool = False


class RecentProjects:
    """A list in a file; a list that is lost or damaged is an empty one.

    Parameters
    ----------
    home : Path
        Folder of the list, and of the projects without a name.
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    def is_unnamed(self, folder: Path) -> bool:
        """Tell whether a project was never given a name."""
        return folder.parent == self.home

    def new_folder(self, name: str) -> Path:
        """Return where a project without a name goes."""
        now = time.strftime("%Y%m%d-%H%M%S")  # two that are begun in the same second differ, too
        return self.home / f"{_plain(name)}-{now}-{uuid4().hex[:4]}{ENDING}"

    def picture(self, folder: Path) -> Path:
        """Return where a small picture of a project is, if there is one."""
        digest = blake2b(str(folder).encode(), digest_size=8).hexdigest()
        return self.home / PICTURES / f"{digest}.png"

    @property
    def version(self) -> tuple[int, int]:
        """What differs when the list was written since."""
        try:
            found = (self.home / LIST).stat()
        except OSError:
            return 0, 0
        return found.st_ino, found.st_mtime_ns

    def entries(self) -> list[RecentProject]:
        """Return the projects that are still there, the newest first.

        Those without a name are found even if they aren't in the list: the program may have ended
        between the two.
        """
        try:
            items = json.loads((self.home / LIST).read_text(encoding="utf-8"))
            entries = [RecentProject(**item) for item in items]
            entries = [entry for entry in entries if Path(entry.folder).is_dir()]
        except (OSError, ValueError, TypeError):
            entries = []
        known = {entry.folder for entry in entries}
        entries += [entry for entry in self._unnamed() if entry.folder not in known]
        return sorted(entries, key=lambda entry: -entry.time)

    def _unnamed(self) -> Iterator[RecentProject]:
        """Find the projects without a name, but for those that are being made, or open.

        Of one that isn't in the list, nobody knows more.
        """
        try:
            found = [path for path in self.home.glob(f"[!.]*{ENDING}") if is_project(path)]
            found = [path for path in found if path not in unlisted and not is_held(path)]
            times = [path.stat().st_mtime for path in found]
        except OSError:
            return
        for path, changed in zip(found, times, strict=True):
            name = re.sub(r"-\d{8}-\d{6}-[0-9a-f]{4}$", "", path.stem)
            yield RecentProject(str(path), name, changed, is_open=True)

    def note(self, folder: Path, name: str, *, is_open: bool) -> None:
        """Remember that a project was opened or closed."""
        with self._changing() as entries:
            entries[:] = [entry for entry in entries if entry.folder != str(folder)]
            entries.insert(0, RecentProject(str(folder), name, time.time(), is_open))

    def note_closed(self, folder: Path) -> None:
        """Remember that a project was closed."""
        with self._changing() as entries:
            entries[:] = [
                replace(entry, is_open=False, time=time.time())
                if entry.folder == str(folder)
                else entry
                for entry in entries
            ]

    def forget(self, folder: Path) -> None:
        """Take a project off the list."""
        self.picture(folder).unlink(missing_ok=True)
        with self._changing() as entries:
            entries[:] = [entry for entry in entries if entry.folder != str(folder)]

    @contextmanager
    def _changing(self) -> Iterator[list[RecentProject]]:
        with _one_at_a_time:
            entries = self.entries()
            yield entries
            kept = [e for i, e in enumerate(entries) if i < MOST or self.is_unnamed(Path(e.folder))]
            text = json.dumps([asdict(entry) for entry in kept], indent=1)
            try:
                self.home.mkdir(parents=True, exist_ok=True)
                remove_leftovers_in(self.home, ENDING)
                with appearing(self.home / LIST) as temporary:
                    temporary.write_text(text, encoding="utf-8")
            except OSError as error:  # a convenience, which mustn't stand in the way of strokes
                _logger.warning("the list of recent projects can't be written: %s", error)


def _plain(name: str) -> str:
    """Return a name that any file system takes."""
    plain = "".join(c for c in stem_of(name) if c.isalnum() or c in "-_ .")
    return plain[:60].strip(" .-") or "project"
