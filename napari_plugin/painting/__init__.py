"""Painting: classes, and the strokes of each.

- `class_list`: the classes that are painted.
- `stroke_layer`: the layer of strokes; `region_brush`: painting whole supervoxels.
- `pairs`: after a correction, regions that are asked about.
- `importing`: labels from elsewhere as strokes.
"""
