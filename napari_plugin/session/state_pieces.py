"""What the parts of the dock's state are made of, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.preparing import Needs


@dataclass(frozen=True)
class WorkProgress:
    """How far long work is.

    Attributes
    ----------
    done, total : int
        Of the work; `total` is 0 as long as it isn't known.
    seconds_left : float or None
        An estimate; None while that would be a guess.
    compiled : int or None
        Functions that were compiled for it so far; None if none is compiled just now.
    """

    done: int
    total: int
    seconds_left: float | None = None
    compiled: int | None = None


def progress_of(stage: BackgroundTask) -> WorkProgress | None:
    """Return how far a stage is; None if nothing runs."""
    job = stage.job
    if job is None:
        return None
    return WorkProgress(job.report.done, job.report.total, job.seconds_left(), job.compiled)


@dataclass(frozen=True)
class Notice:
    """What keeps something from being done.

    Attributes
    ----------
    text : str
        Empty if nothing does.
    helps : str
        What a button that helps says; empty where none would.
    """

    text: str = ""
    helps: str = ""


@dataclass(frozen=True)
class UpdateState:
    """What the last live update did.

    Attributes
    ----------
    seconds, seconds_in_view : float
    class_ids : tuple of int
    n_painted : int
        Supervoxels that strokes touch.
    missing : tuple of str
        Names of classes that no voxel became.
    is_draft : bool
        Whether final labels come of more partitions than there are by now.
    """

    seconds: float
    seconds_in_view: float
    class_ids: tuple[int, ...]
    n_painted: int
    missing: tuple[str, ...] = ()
    is_draft: bool = False


@dataclass(frozen=True)
class WideningState:
    """The way from a box to the whole volume.

    Attributes
    ----------
    needs : Needs
        Of the whole volume.
    is_running : bool
        Whether anything is being prepared.
    progress : WorkProgress or None
    """

    needs: Needs
    is_running: bool = False
    progress: WorkProgress | None = None


@dataclass(frozen=True)
class BalanceState:
    """More and less of the class that is chosen.

    Attributes
    ----------
    class_id : int
    name, colour : str
    value : float
        Balance in log-odds; 0 is as the strokes say.
    share : float or None
        Of the volume, from 0 to 1; None where there are no labels of the class.
    regions : int
        Supervoxels of the class.
    strokes_since : int or None
        Strokes since the balance was set; None if it wasn't, or that isn't known.
    can_change : bool
    is_searching : bool
        Whether the balance for a share is being looked for.
    can_compare : bool
        Whether there are planes to compare.
    """

    class_id: int
    name: str
    colour: str
    value: float
    share: float | None
    regions: int
    strokes_since: int | None
    can_change: bool
    is_searching: bool
    can_compare: bool


@dataclass(frozen=True)
class Written:
    """What was written last.

    Attributes
    ----------
    path : Path
    is_old : bool
        Whether it was made of other strokes, choices or classes than there are now.
    """

    path: Path
    is_old: bool = False
