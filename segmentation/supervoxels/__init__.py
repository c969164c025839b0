"""Supervoxels: the volume in small pieces (SLIC).

Where to find what:

- `slic`: `compute_supervoxels`, the stage as a function of a block and a reduction.
- `parameters`: `SupervoxelParameters`; `seed_grid`: the grid of cells that seeds stand on.
- `guide_image`: the smoothed image that supervoxels, boundaries and edges are judged on.
- `_assignment`, `_assignment_gpu`: voxels to the nearest centre, compiled and on a device.
- `_components`, `_connectivity`: every supervoxel in one piece, none too small.
- `_touching`: pairs of supervoxels that share a face.
"""
