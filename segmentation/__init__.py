"""Segmentation: from a volume and strokes to labels.

Where to find what, in the order of the work:

- `checks`: what is refused, and the sentences that say so.
- `guide`: the smoothed image that supervoxels, boundaries and edges are judged on.
- `supervoxels` (on the cells of `grid`; kernels in `_slic`, `_connect`, `_components`): the
  volume in small pieces.
- `graph` (kernel in `_pairs`): which pieces touch.
- `partition`: supervoxels, features and graph together, computed once per volume.
- `strokes`: painted voxels to labelled supervoxels.
- `forest`: labelled supervoxels to probabilities.
- `refinement` (solver in `_expansion`): probabilities to one class per supervoxel.
- `rendering`, `result`: tables over supervoxels to voxels.
- `segmenter`: all of it, recomputing only what a change makes necessary.
- `parameters`, `model`: what determines a run, and what it learned, as files.
- `scores`: labels against a ground truth.
- `cli`: the command ``supervox``.
"""

from .checks import SegmentationError
from .forest import ClassifierParameters, Forest, train_forest
from .graph import RegionGraph, region_graph
from .grid import SupervoxelParameters
from .model import Model, load_model, save_model
from .parameters import SegmentationParameters
from .partition import Partition, prepare_partitions
from .refinement import RefinementParameters, refine
from .result import RenderedBlock, Segmentation
from .segmenter import Segmenter, segment
from .strokes import Strokes, find_strokes, label_supervoxels
from .supervoxels import compute_supervoxels

__all__ = [
    "ClassifierParameters",
    "Forest",
    "Model",
    "Partition",
    "RefinementParameters",
    "RegionGraph",
    "RenderedBlock",
    "Segmentation",
    "SegmentationError",
    "SegmentationParameters",
    "Segmenter",
    "Strokes",
    "SupervoxelParameters",
    "compute_supervoxels",
    "find_strokes",
    "label_supervoxels",
    "load_model",
    "prepare_partitions",
    "refine",
    "region_graph",
    "save_model",
    "segment",
    "train_forest",
]
