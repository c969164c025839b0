"""What all tests share: hypothesis without deadlines, and the real volumes where they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from supervox.execution import Device, DeviceError, find_device

from .guarded import Module

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("SUPERVOX_DATA", ROOT.parent / "shared" / "data"))
LONGEST = 3600  # seconds of a test that is marked long
# In this order, before all others, which are short: what compiles most kernels, and meanwhile what
# needs none; then the longest, so that at the end no process works on one while the others rest.
FIRST = (
    "benchmarks/test_quick_run.py",
    "volumes/",
    "house/test_wheel.py",
    "house/test_imports.py",
    "napari_plugin/test_objects_by_hand.py",
    "napari_plugin/test_end_to_end.py",
    "napari_plugin/test_robust.py",
    "napari_plugin/test_opening.py",
    "napari_plugin/project/test_autosave.py",
    "napari_plugin/test_finishing_tools.py",
    "napari_plugin/test_face.py",
    "napari_plugin/test_balance.py",
    "napari_plugin/test_correcting.py",
    "napari_plugin/test_objects.py",
    "napari_plugin/session/",
    "cli/test_classifiers.py",
    "napari_plugin/",
    "cli/",
    "segmentation/",
)
WITHOUT_DATA = f"no real volumes in {DATA}; SUPERVOX_DATA names another folder"

# The first call of a kernel compiles it, which no deadline should count, nor a busy machine.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the real volumes if they aren't there; give long tests their time.

    They are put into the order in which several processes end soonest.
    """
    for item in items:
        if item.get_closest_marker("data") and not DATA.is_dir():
            item.add_marker(pytest.mark.skip(reason=WITHOUT_DATA))
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONGEST))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """Return where the file of a test stands in the order."""
    path = item.path.relative_to(ROOT / "tests").as_posix()
    return next((n for n, begin in enumerate(FIRST) if path.startswith(begin)), len(FIRST))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of the real volumes; skips the test without it."""
    if not DATA.is_dir():
        pytest.skip(WITHOUT_DATA)
    return DATA


@pytest.fixture(params=["numpy", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Device:
    """Return NumPy, as strict as CuPy, in the place of a device, and then the CUDA device."""
    if request.param == "numpy":
        return pretended_device(Module())
    try:
        return find_device("gpu", pytest.fail)
    except DeviceError as error:
        pytest.skip(str(error))


@pytest.fixture
def pretend() -> Callable[..., Device]:
    """Return what makes a device of an array module, with some free memory."""
    return pretended_device


def pretended_device(xp: Any, free_bytes: float = 1e10, tell: Any = pytest.fail) -> Device:
    return Device("NumPy", xp, lambda: int(free_bytes), lambda: None, tell)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the repository."""
    return ROOT
