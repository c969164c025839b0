"""What to do next: one step, and one sentence."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .session import Session


class Step(IntEnum):
    """The sections of the dock, in the order of the work."""

    VOLUME = 0
    PREPARE = 1
    PAINT = 2
    SEGMENT = 3
    EXPORT = 4


class Advice(NamedTuple):
    """What a person can do next.

    Attributes
    ----------
    step : Step
    sentence : str
    """

    step: Step
    sentence: str


def next_step(session: Session) -> Advice:
    """Say what is next, from what there is."""
    prepared = session.preparation.prepared
    painted = len(session.live.scan.counts)
    if session.volume.image is None:
        return Advice(Step.VOLUME, "Open a volume, or try the sample.")
    if session.keeping.is_read_only:
        return Advice(Step.VOLUME, "Look around; to paint, press Project and Save as.")
    if session.painting.layer is None:
        back = "Bring the strokes back" if session.lost_strokes else "New strokes"
        return Advice(Step.PAINT, f"There is no layer to paint on: press '{back}'.")
    if session.delivery.finishing.is_running:
        return Advice(Step.SEGMENT, "Computing the final labels. You can go on painting.")
    if session.preparation.is_running and not session.extent.is_widening:
        if painted < 2:
            return Advice(Step.PAINT, "Preparing. Meanwhile, paint a few strokes of each class.")
        return Advice(Step.PREPARE, "Preparing. Your strokes are used as soon as it is done.")
    if prepared is None:
        return Advice(Step.PREPARE, _before_preparing(session))
    if session.extent.is_out_of_date and not session.extent.is_widening:
        return Advice(Step.PREPARE, "Something changed: prepare again to use it.")
    return _after_preparing(session)


def _before_preparing(session: Session) -> str:
    extent = session.extent
    if extent.is_box_next and extent.is_too_large:
        return "Too large for the memory as a whole: prepare what you see."
    if extent.is_box_next:
        return "A large volume: prepare what you see, in seconds; all of it can follow later."
    return "Prepare the volume; you can paint meanwhile."


def _after_preparing(session: Session) -> Advice:
    strokes = session.live.strokes
    painted = () if strokes is None else strokes.class_ids
    if not painted:
        where = " within the box" if session.extent.is_box_ready else ""
        return Advice(Step.PAINT, f"Paint a stroke on one class, and a stroke on another{where}.")
    if len(painted) == 1:
        name = session.classes[painted[0]].name if painted[0] in session.classes else "one class"
        return Advice(Step.PAINT, f"Only {name} is painted: paint a second class to start.")
    if session.view.result is None and not session.live.updating.is_running:
        return Advice(Step.SEGMENT, "Press Update, or switch Live on.")
    if session.delivery.is_finished:
        return Advice(Step.EXPORT, "The final labels are there: look at them, or export them.")
    if session.extent.is_widening:
        return Advice(Step.SEGMENT, "Go on painting in the box; the whole volume follows soon.")
    if session.extent.is_box_ready:
        return Advice(
            Step.SEGMENT,
            "Paint where the labels are wrong. When they are right, prepare the whole volume, or "
            "Finish the box.",
        )
    return Advice(Step.SEGMENT, "Paint where the labels are wrong; when they are right, Finish.")
