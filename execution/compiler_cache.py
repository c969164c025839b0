"""Where the compiler keeps what it compiled: beside the code, in the home folder, or for now only.

Numba wants to write beside a module, or else in the folder for caches of the person, and refuses to
load the module where it can do neither: in an installation that is shared read-only, for somebody
whose home folder isn't there. Then it gets a folder for temporary files.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
import tempfile
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
_ENOUGH = 2**16  # bytes that must fit: a folder on a full disk is of no use

_logger = logging.getLogger(__name__)


def find_compiler_cache(module: str) -> None:
    """See to it that modules beside this one can be compiled and loaded; says so if it must help.

    Parameters
    ----------
    module : str
        Its file, as ``__file__`` has it.
    """
    if os.environ.get(VARIABLE) or any(map(_is_usable, _usual(Path(module)))):
        return
    place = _temporary()
    os.environ[VARIABLE] = str(place)
    if "numba" in sys.modules:  # which read the variable when it was loaded
        sys.modules["numba"].config.CACHE_DIR = str(place)
    _logger.warning(
        "what is compiled is kept in %s, since neither the installation nor the home folder can be "
        "written to; %s names another folder",
        place,
        VARIABLE,
    )


def _usual(module: Path) -> list[Path]:
    """Return the folders that Numba tries."""
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if sys.platform == "darwin":
        caches = os.path.expanduser("~/Library/Caches")
    if sys.platform == "win32":
        caches = os.environ.get("LOCALAPPDATA", os.path.expanduser("~"))
    found = [module.parent / "__pycache__", Path(caches) / "numba"]
    return [folder for folder in found if folder.is_absolute()]  # there may be no home at all


def _is_usable(folder: Path) -> bool:
    """Tell whether something can be written to a folder; it is made if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_ENOUGH))
    except OSError:
        return False
    return True


def _temporary() -> Path:
    """Return a folder for temporary files that nobody else can write to: code is loaded from it."""
    if sys.platform == "win32":
        return Path(tempfile.mkdtemp(prefix="supervox-compiled-"))
    place = Path(tempfile.gettempdir(), f"supervox-compiled-{os.getuid()}")
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
        is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
        if is_own and not found.st_mode & 0o022 and _is_usable(place):
            return place
    except OSError:
        pass  # somebody else has the name
    return Path(tempfile.mkdtemp(prefix="supervox-compiled-"))
