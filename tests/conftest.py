"""What all tests share: hypothesis without deadlines, and the real volumes where they are."""

from __future__ import annotations

import atexit
import os
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("SUPERVOX_DATA", ROOT.parent / "shared" / "data"))
EXIT_STATUS = pytest.StashKey[int]()
WITHOUT_DATA = f"no real volumes in {DATA}; SUPERVOX_DATA names another folder"

# The first call of a kernel compiles it, which no deadline should count.
settings.register_profile("default", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have the very last word, when everybody else has cleaned up."""
    config.add_cleanup(partial(_leave, config))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how the tests went."""
    session.config.stash[EXIT_STATUS] = int(exitstatus)


def _leave(config: pytest.Config) -> None:
    """End without Qt's clean-up, which comes after Python's and after the virtual display's end.

    Now and then it crashes (seen twice in a dozen runs of all tests, in the main thread, after the
    last of them), and a run that passed looks failed.
    """
    status = config.stash.get(EXIT_STATUS, None)
    if status is not None and "PySide6" in sys.modules:
        atexit._run_exitfuncs()  # the display's own, for one
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the real volumes if they aren't there."""
    if DATA.is_dir():
        return
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(pytest.mark.skip(reason=WITHOUT_DATA))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of the real volumes; skips the test without it."""
    if not DATA.is_dir():
        pytest.skip(WITHOUT_DATA)
    return DATA


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the repository."""
    return ROOT
