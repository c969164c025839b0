"""Segmentation: from a volume and strokes to labels.

Where to find what, along the pipeline:

- `supervoxels`: the volume in small pieces.
- `graph`: which of them touch.
- `preparation`: these and their features, computed once per volume.
- `classifier`: labelled supervoxels to probabilities.
- `refinement`: probabilities to one class per supervoxel.
- `rendering`: tables over supervoxels to voxels.

And above them:

- `checks`: what is refused, and the sentences that say so.
- `strokes`: painted voxels to labelled supervoxels; `strokes_in_data`: those that can teach;
  `touched`: the supervoxels that they speak of; `stroke_counts`: how many strokes there are.
- `history`: the moments of the strokes' history that labels follow from.
- `memory`: what was learned at these, kept for the next update.
- `training`: what strokes teach, and what follows for every supervoxel.
- `counterpart`: near a correction, where the class that was wrong there is right.
- `doubt`: places whose labels are in doubt, the next to look at.
- `view_first`: a few supervoxels before the rest; `part_in_full`: the final labels of a few voxels.
- `balance`: more and less of a class, and the balance that gives a share of the volume.
- `segmenter`: all of it, recomputing only what a change makes necessary, on a `prepared_volume`;
  `pipeline`: in one call, and with shares of the classes.
- `warm_up`: the kernels of a live update, ready before the first stroke.
- `parameters`, `model` (in an `_archive`): what determines a run, and what it learned, as files.
- `versions`: of the libraries that a result was made with.
- `scores`: labels against a ground truth.
"""

import lazy_loader
from supervox.execution import find_compiler_cache

find_compiler_cache(__file__)
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
