"""Rendering: from tables over supervoxels to voxels.

Where to find what:

- `segmentation`: `Segmentation`, labels that are made when they are read.
- `shares`: how much of the volume each class has in them.
- `renderer`: its blocks, each a `_block` at work.
- `_election`: which class wins a voxel, of all or without those that are held.
- `_votes`: what the partitions say of each voxel; `_probabilities`: probabilities, and
  the uncertainty ("unsure").
- `_guided_filter`: borders follow the image; `_class_bounds`: where that can be spared.
"""
