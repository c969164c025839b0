"""What the colours in view stand for, as a figure says it: only what is there to be seen."""

from __future__ import annotations

from napari.layers import Layer
from supervox.napari_plugin.layers.make_layers import MAP_COLOURS
from supervox.project import ProjectClass

from .objects_state import MeasureScale
from .result_layers import LIMITS
from .session import Session
from .view_choices import Shown


def classes_in_view(session: Session) -> list[ProjectClass]:
    """Return the classes whose colours are in view: of labels, strokes and corrections.

    Objects have colours of their own, and so have probability and doubt.

    Parameters
    ----------
    session : Session
    """
    view, painting, delivery = session.view, session.painting, session.delivery
    ids: set[int] = set()
    if _is_seen(session, view.prediction) and view.result is not None:
        ids.update(view.result.class_ids, painting.corrections.counts.nonzero()[0].tolist())
    if _is_seen(session, view.final) and delivery.final is not None:
        ids.update(delivery.final.class_ids)
    if _is_seen(session, painting.layer):
        ids.update(session.live.scan.counts)
    if _is_seen(session, session.correcting.by_hand.layer):
        ids.update(painting.corrections.counts.nonzero()[0].tolist())
    return [k for k in session.classes if k.visible and k.id in ids - view.aside]


def scale_in_view(session: Session) -> MeasureScale | None:
    """Return what colours that stand for values mean; None if none are in view.

    Parameters
    ----------
    session : Session
    """
    choices, classes = session.view.choices, session.classes
    if not (choices.is_map and _is_seen(session, session.view.map)):
        return session.delivery.objects.scale
    name = "uncertainty"
    if choices.shown is Shown.PROBABILITY:
        of = choices.class_id
        name = f"probability of {classes[of].name if of in classes else f'class {of}'}"
    return MeasureScale(name, "", *LIMITS[choices.shown], is_by_ratio=False, colours=MAP_COLOURS)


def _is_seen(session: Session, layer: Layer | None) -> bool:
    return layer is not None and layer in session.viewer.layers and bool(layer.visible)
