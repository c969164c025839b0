"""Segmentation: from a volume and strokes to labels.

Where to find what, in the order of the work:

- `checks`: what is refused, and the sentences that say so.
- `guide`: the smoothed image that supervoxels, boundaries and edges are judged on.
- `supervoxels` (on the cells of `grid`; kernels in `_slic`, of a device in `_slic_arrays`,
  `_connect`, `_components`): the volume in small pieces.
- `graph` (kernel in `_pairs`): which pieces touch.
- `partition`: supervoxels, features and graph together, computed once per volume in the `stages` of
  a `preparation`; `links`: the graph as the neighbours of each supervoxel.
- `unfinished`: what a stage keeps while it is at work, the results of its blocks on a `tape`.
- `estimate`: what preparing a volume will need; `memory`: how a run fits a budget; `workspace`:
  large arrays in memory or on the disk; `shared`: those that the workers of a cluster see, to which
  `cluster` connects.
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
- `project`: a folder that keeps volume, strokes and results together, and never loses a stroke.
- `scores`: labels against a ground truth.
- `picture` (on a `_sheet` of paper): three sections of a volume and its labels, as an image.
- `cli`: the command ``supervox``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .at_once import segment
    from .checks import SegmentationError, check_spacing
    from .cluster import connected
    from .estimate import Estimate, estimate_preparation
    from .forest import ClassifierParameters, Forest, train_forest
    from .graph import RegionGraph, region_graph
    from .grid import SupervoxelParameters
    from .in_view import InView
    from .memory import (
        MemoryPlan,
        NotEnoughMemory,
        Run,
        WhatWouldFit,
        default_budget,
        plan_memory,
    )
    from .model import Model, load_model, save_model
    from .parameters import SegmentationParameters
    from .partition import Partition
    from .picture import draw_picture
    from .preparation import prepare_partitions
    from .project.annotations import AnnotationStore
    from .project.changes import VoxelChange, change_between
    from .project.classes import MAX_ID, ProjectClass
    from .project.errors import Finding, ProjectError, Severity, VolumeMoved
    from .project.layout import ENDING, is_project
    from .project.lock import is_held
    from .project.project import Project
    from .project.recorder import Recorder
    from .project.report_files import HTML, report_files
    from .project.settings import Settings
    from .project.work import keep_result, note_result
    from .project.writer import SaveState
    from .refinement import RefinementParameters, refine
    from .regions import find_supervoxel, find_voxel
    from .result import RenderedBlock, Segmentation
    from .scores import Scores, score
    from .segmenter import Segmenter
    from .strokes import Strokes, count_strokes, find_strokes, label_supervoxels
    from .supervoxels import compute_supervoxels
    from .workspace import Scratch, Workspace

__all__ = [
    "ENDING",
    "HTML",
    "MAX_ID",
    "AnnotationStore",
    "ClassifierParameters",
    "Estimate",
    "Finding",
    "Forest",
    "InView",
    "MemoryPlan",
    "Model",
    "NotEnoughMemory",
    "Partition",
    "Project",
    "ProjectClass",
    "ProjectError",
    "Recorder",
    "RefinementParameters",
    "RegionGraph",
    "RenderedBlock",
    "Run",
    "SaveState",
    "Scores",
    "Scratch",
    "Segmentation",
    "SegmentationError",
    "SegmentationParameters",
    "Segmenter",
    "Settings",
    "Severity",
    "Strokes",
    "SupervoxelParameters",
    "VolumeMoved",
    "VoxelChange",
    "WhatWouldFit",
    "Workspace",
    "change_between",
    "check_spacing",
    "compute_supervoxels",
    "connected",
    "count_strokes",
    "default_budget",
    "draw_picture",
    "estimate_preparation",
    "find_strokes",
    "find_supervoxel",
    "find_voxel",
    "is_held",
    "is_project",
    "keep_result",
    "label_supervoxels",
    "load_model",
    "note_result",
    "plan_memory",
    "prepare_partitions",
    "refine",
    "region_graph",
    "report_files",
    "save_model",
    "score",
    "segment",
    "train_forest",
]

_HOMES = {
    "at_once": ("segment",),
    "checks": ("SegmentationError", "check_spacing"),
    "estimate": ("Estimate", "estimate_preparation"),
    "forest": ("ClassifierParameters", "Forest", "train_forest"),
    "graph": ("RegionGraph", "region_graph"),
    "grid": ("SupervoxelParameters",),
    "in_view": ("InView",),
    "memory": (
        "MemoryPlan",
        "NotEnoughMemory",
        "Run",
        "WhatWouldFit",
        "default_budget",
        "plan_memory",
    ),
    "model": ("Model", "load_model", "save_model"),
    "parameters": ("SegmentationParameters",),
    "partition": ("Partition",),
    "picture": ("draw_picture",),
    "preparation": ("prepare_partitions",),
    "project.annotations": ("AnnotationStore",),
    "project.changes": ("VoxelChange", "change_between"),
    "project.classes": ("MAX_ID", "ProjectClass"),
    "project.errors": ("Finding", "ProjectError", "Severity", "VolumeMoved"),
    "project.layout": ("ENDING", "is_project"),
    "project.lock": ("is_held",),
    "project.project": ("Project",),
    "project.recorder": ("Recorder",),
    "project.report_files": ("HTML", "report_files"),
    "project.settings": ("Settings",),
    "project.work": ("keep_result", "note_result"),
    "project.writer": ("SaveState",),
    "refinement": ("RefinementParameters", "refine"),
    "regions": ("find_supervoxel", "find_voxel"),
    "result": ("RenderedBlock", "Segmentation"),
    "cluster": ("connected",),
    "scores": ("Scores", "score"),
    "segmenter": ("Segmenter",),
    "strokes": ("Strokes", "count_strokes", "find_strokes", "label_supervoxels"),
    "supervoxels": ("compute_supervoxels",),
    "workspace": ("Scratch", "Workspace"),
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
