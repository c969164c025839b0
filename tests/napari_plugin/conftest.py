"""The plugin registered alone, and what it tells the person collected."""

from __future__ import annotations

from collections.abc import Iterator

import napari.utils.notifications as notifications
import numpy as np
import pytest
from npe2 import PluginManifest
from npe2._pytest_plugin import TestPluginManager

SPACING = (50.0, 4.6, 4.6)
ORIGIN = (100.0, -9.2, 4.6)
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


@pytest.fixture
def plugin(npe2pm: TestPluginManager) -> PluginManifest:
    """Register the plugin with a manager that knows no other."""
    manifest = PluginManifest.from_distribution("supervox")
    npe2pm.register(manifest)
    return manifest


@pytest.fixture
def told() -> Iterator[list[str]]:
    """Return the messages that a person got."""
    messages: list[str] = []

    def collect(notification: notifications.Notification) -> None:
        messages.append(notification.message)

    notifications.notification_manager.notification_ready.connect(collect)
    yield messages
    notifications.notification_manager.notification_ready.disconnect(collect)


@pytest.fixture
def values() -> np.ndarray:
    """Return a small volume whose every voxel differs from its neighbours."""
    return np.arange(6 * 7 * 8).reshape(6, 7, 8) % 113
