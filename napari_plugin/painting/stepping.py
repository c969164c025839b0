"""What undo, or redo, would do next: read where that takes no time, or on a thread."""

from __future__ import annotations

from dataclasses import dataclass

from supervox.execution import Told
from supervox.project import Change, Paint, Recorder, VoxelChange

from .chains import goes_on, names_of_locked
from .class_list import ClassList
from .corrections import Corrections

LARGE = 2**19  # voxels of a step that is read on a thread: more than a picture's time


@dataclass(frozen=True, eq=False)
class NextStep:
    """A step that can be taken back, or made again.

    Attributes
    ----------
    recorder : Recorder
        Whose step it is.
    back : bool
        Whether it is taken back.
    chain : Change or None
        With which a chain of such steps began.
    key : int or None
        Tells it from the others.
    change : Change or None
        What it would change; None if there is no such step.
    names : str
        Of the locked classes that keep it from being done.
    told : tuple of Told or None
        What `Corrections.foresee` says of it.
    belongs : bool
        Whether it is done with the step before it, if it was asked for because of that.
    """

    recorder: Recorder
    back: bool
    chain: Change | None
    key: int | None
    change: Change | None
    names: str
    told: tuple[Told, Told] | None
    belongs: bool = True

    @property
    def obstacle(self) -> str:
        """Why it can't be done, for a person; empty if it can."""
        verb = "undo" if self.back else "redo"
        if self.recorder.next_key(back=self.back) != self.key:
            done = "undone" if self.back else "done again"
            return f"Nothing is {done}: something else was changed meanwhile"
        if self.change is None:
            return f"Nothing to {verb}"
        return f"{self.names} locked: unlock to {verb} this step" if self.names else ""


def look_at_next(
    recorder: Recorder,
    key: int | None,
    back: bool,
    chain: Change | None,
    after: Change | None,
    classes: ClassList,
    corrections: Corrections,
) -> NextStep:
    """Read what would be done next; on any thread.

    Parameters
    ----------
    recorder : Recorder
    key : int or None
        Of the step that a person saw as the next; another one isn't done in place of it.
    back : bool
        Whether it is taken back.
    chain : Change or None
        With which a chain of such steps began.
    after : Change or None
        The step before it, if this is done only where it belongs to that.
    classes : ClassList
    corrections : Corrections

    Raises
    ------
    ProjectError
        If the store can't be changed, or the step can't be read any more.
    """
    change = recorder.preview(back=back)
    if after is not None and not goes_on(after, change, chain or after, back=back):
        return NextStep(recorder, back, chain, key, None, "", None, belongs=False)
    names = "" if change is None else names_of_locked(change, classes, corrections)
    is_of_labels = isinstance(change, VoxelChange) and change.paint is Paint.CORRECTIONS
    told = None
    if isinstance(change, VoxelChange) and is_of_labels and not names:
        told = corrections.foresee(change)
    return NextStep(recorder, back, chain, key, change, names, told)
