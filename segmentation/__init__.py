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
- `held_out`, `coupling`, `benefit`: what strokes that were left out, and the volume, say of the
  borders between classes, and how much of that refinement may use.
- `refinement` (solver in `_expansion`, `_min_cut`): probabilities to one class per supervoxel.
- `rendering`, `result` (blocks are a `_canvas`; kernels in `_votes`, the edges' filter in `_edges`,
  what it can be spared in `_contest`, uncertainty in `_spread`): tables over supervoxels to voxels.
- `segmenter`: all of it, recomputing only what a change makes necessary.
- `parameters`, `model` (in an `_archive`): what determines a run, and what it learned, as files.
- `scores`: labels against a ground truth.
- `picture` (on a `_sheet` of paper): three sections of a volume and its labels, as an image.
- `cli`: the command ``supervox``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks import SegmentationError
    from .forest import ClassifierParameters, Forest, train_forest
    from .graph import RegionGraph, region_graph
    from .grid import SupervoxelParameters
    from .model import Model, load_model, save_model
    from .parameters import SegmentationParameters
    from .partition import Partition, prepare_partitions
    from .picture import draw_picture
    from .refinement import RefinementParameters, refine
    from .result import RenderedBlock, Segmentation
    from .scores import Scores, score
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
    "Scores",
    "Segmentation",
    "SegmentationError",
    "SegmentationParameters",
    "Segmenter",
    "Strokes",
    "SupervoxelParameters",
    "compute_supervoxels",
    "draw_picture",
    "find_strokes",
    "label_supervoxels",
    "load_model",
    "prepare_partitions",
    "refine",
    "region_graph",
    "save_model",
    "score",
    "segment",
    "train_forest",
]

_HOMES = {
    "checks": ("SegmentationError",),
    "forest": ("ClassifierParameters", "Forest", "train_forest"),
    "graph": ("RegionGraph", "region_graph"),
    "grid": ("SupervoxelParameters",),
    "model": ("Model", "load_model", "save_model"),
    "parameters": ("SegmentationParameters",),
    "partition": ("Partition", "prepare_partitions"),
    "picture": ("draw_picture",),
    "refinement": ("RefinementParameters", "refine"),
    "result": ("RenderedBlock", "Segmentation"),
    "scores": ("Scores", "score"),
    "segmenter": ("Segmenter", "segment"),
    "strokes": ("Strokes", "find_strokes", "label_supervoxels"),
    "supervoxels": ("compute_supervoxels",),
}


def __getattr__(name: str) -> Any:
    """Load what is asked for: help of the command line need not wait for the compiler."""
    for module, names in _HOMES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(f".{module}", __name__), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
