"""A small picture of each project, for the list of those to go on with."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from napari.layers import Image
from supervox.napari_plugin.layers.source import finest_data
from supervox.napari_plugin.tasks.jobs import run_to_end
from supervox.volumes import appearing

SIDE = 96  # pixels
_logger = logging.getLogger(__name__)


def keep_picture(image: Image, path: Path) -> None:
    """Draw the middle plane of an image into a file, in the background.

    Parameters
    ----------
    image : Image
    path : Path
    """
    data, limits = finest_data(image), tuple(map(float, image.contrast_limits))

    def draw() -> None:
        from PIL import Image as Picture

        try:
            plane = np.asarray(data[data.shape[0] // 2] if image.ndim == 3 else data[:, :])
            step = max(1, -(-max(plane.shape) // SIDE))
            low, high = limits
            scaled = (plane[::step, ::step].astype(np.float32) - low) * (255 / (high - low))
            grey = np.nan_to_num(scaled).clip(0, 255).astype(np.uint8)
            path.parent.mkdir(parents=True, exist_ok=True)
            with appearing(path) as temporary, temporary.open("xb") as file:
                Picture.fromarray(grey).save(file, "PNG")
        except Exception as error:  # an ornament, which mustn't stand in the way of anything
            _logger.warning("no picture of the project is kept: %s", error)

    run_to_end(draw)
