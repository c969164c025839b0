"""Painting: classes, and the strokes of each.

- `class_list`: the classes that are painted; `deleting`: with their strokes, as steps of undo,
  which `chains` holds together, and `stepping` reads, large ones on a thread.
- `stroke_layer`: the layer of strokes, which `finding` finds; `corrections`: labels by hand, which
  lie over those of the strokes, and `correction_layer` shows; `hand`: which tool the mouse has on
  it, and what keeps it from painting; `region_brush`: painting whole supervoxels.
- `pairs`: after a correction, regions that are asked about.
- `importing`: labels from elsewhere as strokes.
"""
