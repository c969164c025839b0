"""What the step Objects shows, from what there is."""

from __future__ import annotations

from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.hand import Hand

from .by_hand import ByHand
from .drawn_line import LINES
from .objects import Objects
from .objects_state import ObjectsState
from .state_pieces import WorkProgress


def objects_state(
    objects: Objects,
    by_hand: ByHand,
    classes: ClassList,
    hand: Hand,
    *,
    has_image: bool,
    is_finishing: bool,
    progress: WorkProgress | None,
    labels: tuple[tuple[str, str], ...],
) -> ObjectsState:
    """Return what the step shows.

    Parameters
    ----------
    objects : Objects
    by_hand : ByHand
    classes : ClassList
    hand : Hand
        Has the tool.
    has_image, is_finishing : bool
        Whether there is an image, and whether final labels are being computed.
    progress : WorkProgress or None
        Of finding and measuring.
    labels : tuple of (str, str)
        Names of layers that objects may lie in, and the addresses of their files.
    """
    final, found, steps = objects.final, objects.found, by_hand.edits.steps
    asked_for = 0 if found is None else found.order.class_id
    return ObjectsState(
        has_image=has_image,
        has_final=final is not None,
        is_finishing=is_finishing,
        is_final_current=final is not None and final.is_current,
        classes=()
        if final is None
        else tuple((item.name, item.id) for item in classes if item.id in final.class_ids),
        progress=progress,
        number=None if found is None else found.number,
        is_empty=found is None or found.is_empty,
        of_classes=() if found is None else found.class_names,
        asked_for=found.order.names.get(asked_for, "") if found and asked_for else "",
        is_old=objects.is_old,
        is_shown=objects.is_shown,
        saved=objects.saved,
        asked=steps.asked,
        chosen=len(objects.selection),
        tool=hand.tool if hand.tool in LINES else "",
        by_hand=steps.text,
        missing=0 if found is None else len(found.missing),
        rules=len(steps.rules),
        targets=tuple((item.name, item.id, item.colour) for item in classes),
        is_editing=by_hand.edits.editing.is_running,
        labels=labels,
        no_parents="" if found is None else found.no_parents,
        scale=objects.scale,
    )
