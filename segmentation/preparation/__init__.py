"""Preparation: supervoxels, features and graph of a volume, computed once.

Where to find what:

- `prepare`: all partitions of a volume, in the `stages` of one preparation.
- `estimate`: what preparing a volume will need; `memory_plan`: how a segmentation fits a budget;
  `allocate`: where its arrays lie, and what computes it.
"""
