"""What there is in a window that a project keeps."""

from __future__ import annotations

from dataclasses import dataclass

from napari.layers import Image
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.tasks.finishing import Finished
from supervox.napari_plugin.tasks.preparing import Prepared
from supervox.segmentation import SegmentationParameters


@dataclass(frozen=True, eq=False)
class Work:
    """What there is to save, as it is at one moment.

    Attributes
    ----------
    image : Image or None
    source : Source or None
    parameters : SegmentationParameters
        Those that are chosen.
    prepared : Prepared or None
    finished : Finished or None
    """

    image: Image | None
    source: Source | None
    parameters: SegmentationParameters
    prepared: Prepared | None
    finished: Finished | None
