"""What is next, in every state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.session.dock_state import (
    DockState,
    PaintState,
    PreparedState,
    PrepareState,
    SegmentState,
)
from supervox.napari_plugin.session.next_step import Step, next_step
from supervox.napari_plugin.session.state_pieces import UpdateState, WideningState
from supervox.napari_plugin.tasks.preparing import Needs
from supervox.project import ProjectClass

CLASSES = (ProjectClass(1, "ice", "#000000"), ProjectClass(2, "cell", "#ffffff"))
SOURCE = Source("layer", np.zeros((2, 3, 4)), 0, (1.0, 1.0, 1.0), None)


def state(**changes: Any) -> DockState:
    """Return a state in which all is well, but for some changes."""
    now = {
        "image": True,
        "layer": True,
        "lost": False,
        "read_only": False,
        "painted": (1, 2),
        "used": (1, 2),
        "prepared": True,
        "preparing": False,
        "updating": False,
        "finishing": False,
        "out_of_date": False,
        "result": True,
        "finished": False,
        "large": False,
        "too_large": False,
        "box": False,
        "widening": False,
    } | changes
    return DockState(
        prepare=PrepareState(
            prepared=PreparedState(SOURCE, 8.0, 20) if now["prepared"] else None,
            is_running=now["preparing"],
            is_widening=now["widening"],
            is_out_of_date=now["out_of_date"],
            is_box_next=now["large"],
            is_too_large=now["too_large"],
        ),
        paint=PaintState(
            has_image=now["image"],
            has_layer=now["layer"],
            was_lost=now["lost"],
            is_read_only=now["read_only"],
            classes=CLASSES,
            strokes=tuple((class_id, 1) for class_id in now["painted"]),
        ),
        segment=SegmentState(
            is_updating=now["updating"],
            painted=now["used"] if now["prepared"] else (),
            update=UpdateState(0.5, 0.0, (1, 2), 2) if now["result"] else None,
            is_finishing=now["finishing"],
            is_finished=now["finished"],
            widening=WideningState(Needs(1.0, 2.0, 0.0)) if now["box"] else None,
        ),
    )


NOTHING = {"painted": (), "used": (), "result": False}


@pytest.mark.parametrize(
    ("changes", "step", "words"),
    [
        ({"image": False, "prepared": False, **NOTHING}, Step.VOLUME, "Open a volume"),
        ({"read_only": True}, Step.VOLUME, "Save as"),
        ({"layer": False, "lost": True}, Step.PAINT, "press 'Bring the strokes back'"),
        ({"layer": False}, Step.PAINT, "press 'New strokes'"),
        ({"prepared": False, **NOTHING}, Step.PREPARE, "Prepare the volume"),
        ({"prepared": False, "preparing": True, **NOTHING}, Step.PAINT, "Meanwhile, paint"),
        (
            {"prepared": False, "preparing": True, "painted": (1,), "result": False},
            Step.PAINT,
            "Meanwhile, paint",
        ),
        (
            {"prepared": False, "preparing": True, "result": False},
            Step.PREPARE,
            "Your strokes are used",
        ),
        (NOTHING, Step.PAINT, "Paint a stroke on one class"),
        ({"painted": (1, 2), "used": (), "result": False}, Step.PAINT, "Paint a stroke on one"),
        ({"used": (2,), "result": False}, Step.PAINT, "Only cell is painted: paint a second"),
        ({"used": (9,), "result": False}, Step.PAINT, "Only one class is painted"),
        ({"result": False}, Step.SEGMENT, "Press Update"),
        ({"result": False, "updating": True}, Step.SEGMENT, "Making the first labels"),
        ({}, Step.SEGMENT, "Paint where the labels are wrong"),
        ({"out_of_date": True}, Step.PREPARE, "prepare again"),
        ({"out_of_date": True, "preparing": True}, Step.PREPARE, "Your strokes are used"),
        ({"finishing": True}, Step.SEGMENT, "Computing the final labels"),
        ({"finishing": True, "out_of_date": True}, Step.SEGMENT, "Computing the final labels"),
        ({"prepared": False, "large": True}, Step.PREPARE, "prepare what you see, in seconds"),
        (
            {"prepared": False, "large": True, "too_large": True},
            Step.PREPARE,
            "Too large for the memory as a whole: prepare what you see",
        ),
        ({"box": True, **NOTHING}, Step.PAINT, "on another within the box"),
        ({"box": True}, Step.SEGMENT, "prepare the whole volume, or Finish the box"),
        (
            {"box": True, "preparing": True, "widening": True},
            Step.SEGMENT,
            "Go on painting in the box",
        ),
        ({"finished": True}, Step.OBJECTS, "count objects, or export them"),
        ({"finished": True, **NOTHING}, Step.OBJECTS, "count objects"),  # labels of a model
        ({"finished": True, "out_of_date": True}, Step.PREPARE, "prepare again"),
    ],
)
def test_what_is_next(changes: dict[str, Any], step: Step, words: str) -> None:
    found = next_step(state(**changes))
    assert found.step is step
    assert words in found.sentence
    assert found.sentence.endswith(".")
