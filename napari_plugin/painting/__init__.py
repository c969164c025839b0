"""Painting: classes, and the strokes of each.

- `class_list`: the classes that are painted; `deleting`: with their strokes.
- `recording`: what is painted, written down as steps; `undoing`: those taken back and made again,
  which `stepping` reads, large ones on a thread, and `chains` holds together.
- `stroke_layer`: the layer of strokes, which `finding` finds, and where `locked_strokes` keep what
  they have; `corrections`: labels by hand, which
  lie over those of the strokes, and `correction_layer` shows; `hand`: which tool the mouse has on
  it, and what keeps it from painting; `region_brush`: painting whole supervoxels.
- `pairs`: after a correction, regions that are asked about.
- `importing`: labels from elsewhere as strokes; `many_strokes`: these, and other strokes of many
  voxels, found on a thread and painted as one step.
"""
