"""Layers of the viewer: what the engine segments, and how results look.

- `source`: from an image layer to what the engine segments.
- `reading_units`: the units in which a person reads lengths, areas and volumes.
- `make_layers`: how layers look.
- `array_like`: what napari asks of data that is no array.
- `lookup`: a table over supervoxels that napari reads like a volume; `outlines`: their borders;
  `corrected`: labels with what was corrected by hand over them.
- `trial_layer`: what a tool would change; `agreement_layer`: where two segmentations agree.
- `outline_layer`: an outline of some voxels that moves.
"""
