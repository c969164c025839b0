"""Which question is open: a person is asked one thing at a time, and answers by the same keys."""

from __future__ import annotations

from enum import StrEnum

from supervox.napari_plugin.painting.pairs import Pairs

from .looking import Looking


class Answer(StrEnum):
    """What a person says to a question."""

    YES = "yes"
    OTHER = "other"
    LEAVE = "leave"


class Questions:
    """Regions that may give back what a correction took, and places in doubt.

    Parameters
    ----------
    pairs : Pairs
    looking : Looking
    """

    def __init__(self, pairs: Pairs, looking: Looking) -> None:
        self._pairs, self._looking = pairs, looking

    @property
    def is_open(self) -> bool:
        """Whether a person is asked something."""
        return self._pairs.pair is not None or self._looking.asked is not None

    def look_on(self) -> None:
        """Go to the next place that is worth a look."""
        self._pairs.clear()
        self._looking.go_on()

    def answer(self, answer: Answer) -> None:
        """Take the answer to the question that is open."""
        options = self._looking.state.options
        if self._looking.asked is None:
            if answer is not Answer.OTHER:
                self._pairs.answer(answer is Answer.YES)
        elif answer is Answer.LEAVE or len(options) < 2:
            self._looking.clear()
        else:
            self._looking.answer(options[answer is Answer.OTHER].id)
