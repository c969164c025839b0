"""What the dock shows of what is on its way into the window; like `dock_state`."""

from __future__ import annotations

from dataclasses import dataclass

from supervox.napari_plugin.io.questions import Question

from .file_opening import Problem
from .next_volume import Offer
from .state_pieces import WorkProgress


@dataclass(frozen=True)
class OpeningState:
    """What is being opened, what a person is asked about it, and what went wrong.

    Attributes
    ----------
    doing : str
        What is being opened; empty if nothing is.
    progress : WorkProgress or None
    question : Question or None
    chosen : int
        Which of its options is looked at.
    problem : Problem or None
    offers : tuple of Offer
        What can be done beside the work.
    """

    doing: str = ""
    progress: WorkProgress | None = None
    question: Question | None = None
    chosen: int = 0
    problem: Problem | None = None
    offers: tuple[Offer, ...] = ()
