"""What all tests share: hypothesis without deadlines, and the real volumes where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("SUPERVOX_DATA", ROOT.parent / "shared" / "data"))
WITHOUT_DATA = f"no real volumes in {DATA}; SUPERVOX_DATA names another folder"

# The first call of a kernel compiles it, which no deadline should count.
settings.register_profile("default", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


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
