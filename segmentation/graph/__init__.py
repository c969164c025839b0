"""The region adjacency graph: which supervoxels touch.

Where to find what:

- `region_graph`: `RegionGraph`, its computation, and the weights of its edges for refinement.
- `adjacency`: the same as the neighbours of each supervoxel.
- `partition`: a volume cut into supervoxels, with their graph and features; where they are kept.
- `neighbourhood`: the part of it around some supervoxels.
- `find_supervoxel`: where a single supervoxel lies; `extents`: in which planes all of them do.
"""
