"""Why something isn't done, said beside the step that it belongs to for as long as it holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import monotonic

from psygnal import Signal, SignalInstance

from .next_step import Step

LEAST_SECONDS = 5.0  # that a sentence stays, whatever happens


@dataclass
class _Said:
    """A sentence, and what its step was like when it was first shown."""

    text: str
    at: float
    state: object = None


class Hints:
    """Sentences for a person, one a step; each stays until something changes in its step."""

    changed = Signal()

    def __init__(self) -> None:
        self._said: dict[Step, _Said] = {}

    def say(self, step: Step, text: str) -> None:
        """Say why something isn't done, or what helps."""
        self._said[step] = _Said(text, monotonic())
        self.changed.emit()

    def take(self, step: Step, *signals: SignalInstance) -> None:
        """Say of a step what these signals tell."""
        for signal in signals:
            signal.connect(partial(self.say, step))

    def look(self, step: Step, state: object) -> str:
        """Return what there is to say of a step, whose state this is; empty if nothing holds."""
        said = self._said.get(step)
        if said is None:
            return ""
        if said.state is None:
            said.state = state
        elif said.state != state and monotonic() - said.at > LEAST_SECONDS:
            del self._said[step]
            return ""
        return said.text

    def end(self, step: Step) -> None:
        """Say nothing of a step any more: a person went on."""
        if self._said.pop(step, None) is not None:
            self.changed.emit()
