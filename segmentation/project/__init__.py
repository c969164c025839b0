"""The project: a folder that keeps volume, strokes and results together, and never loses a stroke.

Where to find what, from the single stroke to the whole:

- `errors`: `ProjectError`, the only exception that bad folders lead to, and `Finding`, what a
  person should know of one.
- `changes`: voxels that got another class; `classes`: the table of classes.
- `records`, `journal` (on an `_index`, read by `_scan`, its end noted in a `_head`): every change,
  in an append-only file.
- `writer`: the journal written in the background.
- `undo`: what the records say of undo and redo.
- `recorder`: what was painted by somebody else, noticed and written down.
- `annotations`: the painted volume, a snapshot and the journal's tail, put together in `_recovery`.
- `project` (helped by `_folder`): the whole, made, opened, copied; `lock`: one process may write.
- `settings`: volume, voxel size, box and parameters; `history`: what was done, and with what.
- `derived`: `kept_partitions` (each piece as `partitions` has it), model and last result, if they
  are still true.
- `work`: what is there used, what is missing computed.
- `summary`, `report` (a page as `pages` has it, with `methods` for a paper), `report_files`: a
  project described.
- `documents`, `parts`: JSON files and arrays that appear complete, and tell when they are damaged.
"""

from ._folder import is_project
from .annotations import AnnotationStore
from .changes import VoxelChange, change_between
from .classes import MAX_ID, ProjectClass
from .errors import Finding, ProjectError, Severity, VolumeMoved
from .lock import is_held
from .project import ENDING, Project
from .recorder import Recorder
from .report_files import HTML, report_files
from .settings import Settings
from .writer import SaveState

__all__ = [
    "ENDING",
    "HTML",
    "MAX_ID",
    "AnnotationStore",
    "Finding",
    "Project",
    "ProjectClass",
    "ProjectError",
    "Recorder",
    "SaveState",
    "Settings",
    "Severity",
    "VolumeMoved",
    "VoxelChange",
    "change_between",
    "is_held",
    "is_project",
    "report_files",
]
