"""What is next, in every state."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from supervox.napari_plugin.session.advice import Step, next_step


class Classes(dict):
    """Names by id."""

    def __init__(self) -> None:
        super().__init__({k: SimpleNamespace(name=name) for k, name in ((1, "ice"), (2, "cell"))})


def session(**changes: Any) -> Any:
    """Return a session in which all is well, but for some changes."""
    state = {
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
    strokes = SimpleNamespace(class_ids=state["used"]) if state["prepared"] else None
    return SimpleNamespace(
        volume=SimpleNamespace(image=state["image"] or None),
        preparation=SimpleNamespace(
            prepared=state["prepared"] or None, is_running=state["preparing"]
        ),
        delivery=SimpleNamespace(
            finishing=SimpleNamespace(is_running=state["finishing"]), is_finished=state["finished"]
        ),
        painting=SimpleNamespace(layer=state["layer"] or None),
        lost_strokes=state["lost"] or None,
        keeping=SimpleNamespace(is_read_only=state["read_only"]),
        live=SimpleNamespace(
            scan=SimpleNamespace(counts=dict.fromkeys(state["painted"], 1)),
            strokes=strokes,
            updating=SimpleNamespace(is_running=state["updating"]),
        ),
        view=SimpleNamespace(result=state["result"] or None),
        extent=SimpleNamespace(
            is_box_next=state["large"],
            is_too_large=state["too_large"],
            is_box_ready=state["box"],
            is_widening=state["widening"],
            is_out_of_date=state["out_of_date"],
        ),
        classes=Classes(),
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
        ({"result": False, "updating": True}, Step.SEGMENT, "Paint where the labels are wrong"),
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
        ({"finished": True}, Step.EXPORT, "export them"),
        ({"finished": True, "out_of_date": True}, Step.PREPARE, "prepare again"),
    ],
)
def test_what_is_next(changes: dict[str, Any], step: Step, words: str) -> None:
    found = next_step(session(**changes))
    assert found.step is step
    assert words in found.sentence
    assert found.sentence.endswith(".")
