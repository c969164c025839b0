"""Joins the step Objects and its table with what they show."""

from __future__ import annotations

from collections.abc import Callable

from .session.agreement import TwoLabels
from .session.session import Session
from .widgets.agreement_window import AgreementActions
from .widgets.object_edits_row import EditActions
from .widgets.objects_section import ObjectsActions
from .widgets.objects_window import TableActions
from .widgets.profile_panel import ProfileActions
from .widgets.questions_panel import QuestionActions


def section_actions(
    session: Session, open_table: Callable[[], None], compare: Callable[[], None]
) -> ObjectsActions:
    """Return what the step in the dock can have done."""
    objects, by_hand = session.delivery.objects, session.by_hand
    return ObjectsActions(
        find=by_hand.find,
        cancel=by_hand.cancel,
        show=objects.show,
        open_table=open_table,
        compare=compare,
        edits=EditActions(
            take=by_hand.take,
            merge=by_hand.merge,
            delete=by_hand.delete,
            mark=by_hand.mark,
            give=by_hand.give,
            show_missing=by_hand.show_missing,
        ),
    )


def agreement_actions(two: TwoLabels) -> AgreementActions:
    """Return what the window that compares two segmentations can have done."""
    return AgreementActions(
        look=two.state,
        compare=two.compare,
        cancel=two.working.cancel,
        add_file=two.add_file,
        choose_class=two.choose_class,
        show=two.show,
        go=two.go,
        save=two.save,
        start_path=two.start_path,
        close=two.hide,
    )


def table_actions(session: Session) -> TableActions:
    """Return what the window of the table can have done."""
    objects, delivery = session.delivery.objects, session.delivery
    profiles = session.profiles
    return TableActions(
        go_to=objects.go_to,
        select=objects.select,
        colour=objects.colour,
        set_rules=session.by_hand.set_rules,
        put_rules_in=session.by_hand.put_rules_in,
        classes=lambda: [(item.name, item.id) for item in session.classes],
        questions=QuestionActions(
            look=session.by_hand.questions.look,
            show=session.by_hand.questions.show,
            answer=lambda item, is_yes: session.by_hand.questions.answer(item, is_yes=is_yes),
        ),
        profile=ProfileActions(
            measure=profiles.measure,
            cancel=profiles.measuring.cancel,
            save=profiles.save,
            start_path=lambda: profiles.start_path(delivery.folder),
        ),
        save=objects.save,
        start_path=lambda: objects.start_path(delivery.folder),
        close=objects.unmark,
    )
