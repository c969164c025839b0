"""What keeps strokes from being painted, or from counting: a sentence, and what helps."""

from __future__ import annotations

import numpy as np
from supervox.napari_plugin.painting.hand import MOVE, PAINT, Obstacle
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.live import StrokeScan
from supervox.napari_plugin.tasks.preparing import Prepared
from supervox.segmentation import Strokes

from .locking import Locking
from .state_pieces import Notice


def paint_notice(painting: Painting, unused: str) -> Notice:
    """Return what keeps a drag from painting, or strokes from counting; empty if nothing does.

    Parameters
    ----------
    painting : Painting
    unused : str
        From `unused_strokes`.
    """
    hand, classes = painting.hand, painting.classes
    if painting.layer is None:
        return Notice()
    name = "" if classes.chosen is None else classes.chosen.name
    obstacle = hand.obstacle
    if obstacle is Obstacle.HIDDEN:
        return Notice(f"{name} is hidden: nothing is painted with it", "Show")
    if obstacle is Obstacle.LOCKED:
        return Notice(f"{name} is locked: nothing is painted with it", "Unlock")
    if obstacle is Obstacle.UNSEEN:
        return Notice(f"The {hand.painted} are hidden: nothing is painted", "Show")
    if obstacle is Obstacle.ELSEWHERE and hand.elsewhere is not None:
        other = hand.elsewhere
        return Notice(f"The layer “{other.name}” has the mouse: its tool is {other.mode}", "Paint")
    return Notice(unused)


def help_paint(painting: Painting, locking: Locking) -> None:
    """Remove what keeps a drag from painting."""
    hand, classes = painting.hand, painting.classes
    layer, obstacle = hand.layer, hand.obstacle
    if obstacle is Obstacle.HIDDEN:
        classes.change(classes.selected, visible=True)
    elif obstacle is Obstacle.LOCKED:
        locking.set_locked(classes.selected, False)
    elif obstacle is Obstacle.UNSEEN and layer is not None:
        layer.visible = True
    elif obstacle is Obstacle.ELSEWHERE:
        hand.take(PAINT if hand.tool == MOVE else hand.tool)


def unused_strokes(prepared: Prepared | None, scan: StrokeScan, used: Strokes | None) -> str:
    """Say how many painted voxels don't count, and why; empty if all do.

    Parameters
    ----------
    prepared : Prepared or None
    scan : StrokeScan
        All strokes.
    used : Strokes or None
        Those in the part that is prepared.
    """
    if prepared is None or used is None:
        return ""
    outside = scan.strokes.voxels.size - used.voxels.size
    if outside:
        return f"{outside:,} painted voxels lie outside of the box: kept, but not used"
    lost = int(np.count_nonzero(~prepared.segmenter.data_seen.at(used.voxels)))
    if lost:
        return f"{lost:,} painted voxels lie where there is no data: kept, but not used"
    return ""
