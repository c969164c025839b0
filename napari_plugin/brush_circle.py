"""Napari's circle around the brush, without the box that ended the whole program."""

from __future__ import annotations

from napari.viewer import Viewer

CIRCLE = "_brush_circle"  # among what lies over the canvas; it has no public name


def leave_box_out(viewer: Viewer) -> None:
    """Have the circle of the brush drawn without a box behind it.

    Napari 0.9 gives it the box of a scale bar. It is seen as a dark square in the circle once the
    theme changes, or the strokes were hidden; and drawn by Mesa, as over a remote desktop, it ended
    the process in `glDrawArrays` when layers came and went afterwards.

    Parameters
    ----------
    viewer : Viewer
    """
    circle = viewer.canvas.overlays.get(CIRCLE)
    if circle is not None:
        circle.box = False
