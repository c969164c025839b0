"""What to do next: one step, and one sentence."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from .dock_state import DockState, PrepareState


class Step(IntEnum):
    """The sections of the dock, in the order of the work."""

    VOLUME = 0
    PREPARE = 1
    PAINT = 2
    SEGMENT = 3
    OBJECTS = 4
    EXPORT = 5


class Advice(NamedTuple):
    """What a person can do next.

    Attributes
    ----------
    step : Step
    sentence : str
    """

    step: Step
    sentence: str


def next_step(state: DockState) -> Advice:
    """Say what is next, from what there is."""
    prepare, paint = state.prepare, state.paint
    if state.opening.question is not None:
        return Advice(Step.VOLUME, "Choose what the file is, look at it, and open it.")
    if state.opening.doing and not paint.has_image:
        return Advice(Step.VOLUME, "One moment: it is on its way.")
    if not paint.has_image:
        return Advice(Step.VOLUME, "Open a volume, or try the sample.")
    if paint.is_read_only:
        return Advice(Step.VOLUME, "Look around; to paint, press Project and Save as.")
    if not paint.has_layer:
        back = "Bring the strokes back" if paint.was_lost else "New strokes"
        return Advice(Step.PAINT, f"There is no layer to paint on: press '{back}'.")
    if state.segment.is_finishing:
        return Advice(Step.SEGMENT, "Computing the final labels. You can go on painting.")
    if prepare.is_running and not prepare.is_widening:
        if len(paint.strokes) < 2:
            itself = " by itself" if prepare.began_by_itself else ""
            return Advice(
                Step.PAINT, f"Preparing{itself}. Meanwhile, paint a few strokes of each class."
            )
        return Advice(Step.PREPARE, "Preparing. Your strokes are used as soon as it is done.")
    if prepare.prepared is None:
        return Advice(Step.PREPARE, _before_preparing(prepare))
    if prepare.is_out_of_date and not prepare.is_widening:
        return Advice(Step.PREPARE, "Something changed: prepare again to use it.")
    return _after_preparing(state)


def _before_preparing(prepare: PrepareState) -> str:
    if prepare.is_box_next and prepare.is_too_large:
        return "Too large for the memory as a whole: prepare what you see."
    if prepare.is_box_next:
        return "A large volume: prepare what you see, in seconds; all of it can follow later."
    return "Prepare the volume; you can paint meanwhile."


def _after_preparing(state: DockState) -> Advice:
    segment = state.segment
    if segment.is_finished and len(segment.painted) < 2:  # by a model
        return _after_finishing(state)
    if not segment.painted:
        where = " within the box" if segment.widening else ""
        return Advice(Step.PAINT, f"Paint a stroke on one class, and a stroke on another{where}.")
    if len(segment.painted) == 1:
        names = (item.name for item in state.paint.classes if item.id == segment.painted[0])
        name = next(names, "one class")
        return Advice(Step.PAINT, f"Only {name} is painted: paint a second class to start.")
    if segment.update is None and segment.is_updating:
        return Advice(
            Step.SEGMENT, "Making the first labels. The very first time, code is compiled for them."
        )
    if segment.update is None:
        return Advice(Step.SEGMENT, "Press Update, or switch Live on.")
    if name := state.paint.asked:
        return Advice(Step.SEGMENT, f"In the ring: is this {name}? Enter paints it, Esc leaves it.")
    if segment.is_finished:
        return _after_finishing(state)
    if state.prepare.is_widening:
        return Advice(Step.SEGMENT, "Go on painting in the box; the whole volume follows soon.")
    if segment.widening:
        return Advice(
            Step.SEGMENT,
            "Paint where the labels are wrong. When they are right, prepare the whole volume, or "
            "Finish the box.",
        )
    return Advice(Step.SEGMENT, "Paint where the labels are wrong; when they are right, Finish.")


def _after_finishing(state: DockState) -> Advice:
    objects = state.objects
    if objects.progress is not None:
        return Advice(Step.OBJECTS, "Finding and measuring objects. You can go on looking.")
    if objects.is_done:
        return Advice(
            Step.EXPORT, "The objects are measured: look at their table, or export the labels."
        )
    return Advice(
        Step.OBJECTS, "The final labels are there: look at them, count objects, or export them."
    )
