"""What the step Objects shows, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from supervox.objects import Asked

from .state_pieces import WorkProgress

MEASURE_MAP = "viridis"


class MeasureScale(NamedTuple):
    """What the colours of objects, or of a map, mean.

    Attributes
    ----------
    name, unit : str
        Of the measure; the unit is the one in which it is read.
    low, high : float
        The values with the first and the last colour.
    is_by_ratio : bool
        Whether steps of colour are equal ratios, and not equal differences.
    colours : str
        Name of the map of colours.
    """

    name: str
    unit: str
    low: float
    high: float
    is_by_ratio: bool
    colours: str = MEASURE_MAP


@dataclass(frozen=True)
class ObjectsState:
    """The objects of the final labels.

    Attributes
    ----------
    has_image, has_final, is_finishing : bool
        Whether there is an image, whether it has final labels, and whether these are being
        computed.
    is_final_current : bool
        Whether the final labels are those of the strokes and choices of now.
    classes : tuple of (str, int)
        Names and ids of the classes that the final labels can have.
    progress : WorkProgress or None
        Of finding and measuring; None where nothing runs.
    number : int or None
        Of the objects that were found; None if none were looked for.
    is_empty : bool
        Whether none were found, whatever rules say.
    of_classes : tuple of str
        Names of the classes that have objects.
    asked_for : str
        Name of the class whose objects were looked for; empty for all.
    is_old : bool
        Whether the objects are of other labels than the final ones of now.
    is_shown : bool
        Whether the layer of the objects is visible.
    saved : Path or None
        The table of these objects that was written last.
    asked : Asked
        Which objects are looked for, and what is measured of them besides, as the project says.
    chosen : int
        How many objects are chosen.
    tool : str
        What the mouse does to objects: "cut", "split" or "merge"; empty for nothing.
    by_hand : str
        What was done by hand.
    missing : int
        Places where edits found no object any more.
    rules : int
        How many there are.
    targets : tuple of (str, int, str)
        Name, id and colour of classes that objects can be given to.
    is_editing : bool
        Whether an edit is being carried out.
    labels : tuple of (str, str)
        Names of layers of labels that objects may lie in, and the addresses of their files; empty
        for those in none.
    no_parents : str
        Why it wasn't measured what the objects lie in, though that is asked for.
    scale : MeasureScale or None
        What the colours of the objects mean; None where they are of no measure.
    """

    has_image: bool = False
    has_final: bool = False
    is_finishing: bool = False
    is_final_current: bool = False
    classes: tuple[tuple[str, int], ...] = ()
    progress: WorkProgress | None = None
    number: int | None = None
    is_empty: bool = True
    of_classes: tuple[str, ...] = ()
    asked_for: str = ""
    is_old: bool = False
    is_shown: bool = False
    saved: Path | None = None
    asked: Asked = field(default_factory=Asked)
    chosen: int = 0
    tool: str = ""
    by_hand: str = ""
    missing: int = 0
    rules: int = 0
    targets: tuple[tuple[str, int, str], ...] = ()
    is_editing: bool = False
    labels: tuple[tuple[str, str], ...] = ()
    no_parents: str = ""
    scale: MeasureScale | None = None

    @property
    def can_find(self) -> bool:
        """Whether there is what objects are found in."""
        return self.has_final and self.is_final_current and self.progress is None

    @property
    def is_done(self) -> bool:
        """Whether there are objects, of the labels of now."""
        return bool(self.number) and not self.is_old

    @property
    def can_edit(self) -> bool:
        """Whether objects can be edited."""
        return self.is_done and self.is_final_current and self.progress is None

    @property
    def said_by_hand(self) -> str:
        """What was done by hand, in a line; empty if nothing was."""
        lost = f"; {self.missing:,} no longer found" if self.missing else ""
        rules = f"{self.rules} rule{'s' * (self.rules > 1)}" if self.rules else ""
        done = ", ".join(filter(None, (self.by_hand, rules)))
        return f"{done}{lost}"

    @property
    def summary(self) -> str:
        """How many objects there are, in a line; empty if none were looked for."""
        if self.number is None:
            return ""
        if not self.number and not self.is_empty:
            return "All objects are removed by rules"
        if not self.number:
            return f"No object of {self.asked_for or 'any class'}"
        things = "1 object" if self.number == 1 else f"{self.number:,} objects"
        n, (first, *_) = len(self.of_classes), self.of_classes
        return f"{things} of {first if n == 1 else f'{n} classes'}"
