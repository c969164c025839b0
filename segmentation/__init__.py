"""Segmentation: from a volume and strokes to labels.

Where to find what, in the order of the work:

- `checks`: what is refused, and the sentences that say so.
- `guide`: the smoothed image that supervoxels, boundaries and edges are judged on.
- `supervoxels` (on the cells of `grid`; kernels in `_slic`, of a device in `_slic_arrays`,
  `_connect`, `_components`): the volume in small pieces.
- `graph` (kernel in `_pairs`): which pieces touch.
- `partition`: supervoxels, features and graph together, computed once per volume in the `stages` of
  a `preparation`; `links`: the graph as the neighbours of each supervoxel.
- `estimate`: what preparing a volume will need; `memory`: how a run fits a budget.
- `regions`: where a single supervoxel lies.
- `strokes`: painted voxels to labelled supervoxels.
- `forest` (kernels in `_growth`, `_prediction`): labelled supervoxels to probabilities.
- `held_out`, `coupling`, `benefit`: what strokes that were left out, and the volume, say of the
  borders between classes, and how much of that refinement may use.
- `refinement` (solver in `_expansion`, `_move`, `_min_cut`): probabilities to one class per
  supervoxel.
- `rendering`, `result` (blocks are a `_canvas`; kernels in `_votes`, the edges' filter in `_edges`,
  what it can be spared in `_contest`, uncertainty in `_spread`): tables over supervoxels to voxels.
- `in_view`: a few supervoxels before the rest.
- `learning`: what strokes teach, and what follows for every supervoxel.
- `warm_up`: the kernels of a live update, ready before the first stroke.
- `segmenter`: all of it, recomputing only what a change makes necessary; `at_once`: in one call.
- `parameters`, `model` (in an `_archive`): what determines a run, and what it learned, as files.
- `scores`: labels against a ground truth.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
