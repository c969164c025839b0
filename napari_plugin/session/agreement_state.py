"""What the window that compares two segmentations shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from supervox.napari_plugin.tasks.agreement import Compared

from .state_pieces import WorkProgress


@dataclass(frozen=True)
class AgreementState:
    """What the window shows.

    Attributes
    ----------
    choices : tuple of (str, str)
        Words and key of all labels that can be compared.
    a, b : str
        Keys that are chosen at first.
    says : str
        How it stands, and whether that is a warning.
    is_bad : bool
    progress : WorkProgress or None
    found : Compared or None
    class_id : int
        Whose overlay and differences are shown; 0 for all.
    is_shown : bool
        Whether the overlay is.
    place : str
        The difference that is shown, in words.
    can_go_back, can_go_on : bool
        Whether there is a larger one, and a smaller one.
    saved : Path or None
    """

    choices: tuple[tuple[str, str], ...] = ()
    a: str = ""
    b: str = ""
    says: str = ""
    is_bad: bool = False
    progress: WorkProgress | None = None
    found: Compared | None = field(default=None, repr=False)
    class_id: int = 0
    is_shown: bool = False
    place: str = ""
    can_go_back: bool = False
    can_go_on: bool = False
    saved: Path | None = None
