"""Labels corrected as tools do, without a tool, for tests of what comes after."""

from __future__ import annotations

import numpy as np
from supervox.napari_plugin.session.session import Session
from supervox.project import By


def put(
    session: Session, voxels: np.ndarray, classes: np.ndarray, what: str = "put", by: By = By.TOOL
) -> int:
    """Correct voxels, given by raster index, as one step; return how many changed."""
    tools = session.correcting.tools
    return tools.make(tools.find(voxels, classes, by), what)
