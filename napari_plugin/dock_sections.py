"""What the sections of the dock, and the keys, can have done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from supervox.napari_plugin.session.next_step import Step
from supervox.napari_plugin.session.notices import help_paint
from supervox.napari_plugin.session.session import Session
from supervox.napari_plugin.session.snapshot import project_state

from .keys import Keys
from .surroundings import AroundDock
from .widgets.balance_box import BalanceActions
from .widgets.export_section import ExportSection
from .widgets.opening_panel import OpeningActions, OpeningPanel
from .widgets.paint_section import PaintActions, PaintSection
from .widgets.prepare_section import PrepareActions, PrepareSection
from .widgets.project_bar import ProjectActions, ProjectBar
from .widgets.segment_section import SegmentActions, SegmentSection
from .widgets.volume_section import VolumeActions, VolumeSection


@dataclass(frozen=True)
class DockCalls:
    """What the sections have the dock do.

    Attributes
    ----------
    around : callable
        Returns what is around the dock, which is made after the sections.
    open_another : callable
        Asks what to open.
    refresh : callable
        Shows the state of the session.
    nudge : callable
        Gives a class, by its id, so many steps more.
    nudge_chosen : callable
        The same for the class that is chosen.
    compare : callable
        Shows planes far apart in the volume, or hides them.
    """

    around: Callable[[], AroundDock]
    open_another: Callable[[], None]
    refresh: Callable[[], None]
    nudge: Callable[[int, int], None]
    nudge_chosen: Callable[[int], None]
    compare: Callable[[], None]


def project_bar(session: Session, dock: DockCalls) -> ProjectBar:
    """Return the top of the dock."""
    return ProjectBar(
        session.autosave.recent,
        ProjectActions(
            look=lambda: project_state(session),
            new=session.next.begin_anew,
            open_volume=dock.open_another,
            open=session.autosave.open,
            save_as=session.autosave.save_as,
            load_model=session.models.load,
            label_more=lambda: dock.around().labelling.bring(),
            look_in_space=session.space.toggle,
            look_around=lambda: dock.around().planes.toggle(),
            show_layers=lambda on: dock.around().show_layers(on),
            show_help=lambda: dock.around().show_help(),
            hint=partial(session.hints.say, Step.VOLUME),
        ),
    )


def volume_section(session: Session) -> VolumeSection:
    """Return step 1."""
    return VolumeSection(
        session.volume,
        session.autosave.recent,
        VolumeActions(
            choose_image=lambda index: session.choose_image(session.volume.images()[index]),
            set_spacing=session.extent.set_spacing,
            leave_fill_out=session.masking.leave_fill_out,
            choose_mask=partial(_choose_mask, session),
            open_mask=session.masking.choose_file,
            use_channels=session.volume.use_channels,
            open_file=session.opening.open,
            open_project=session.autosave.open,
            open_sample=session.opening.open_sample,
            hint=partial(session.hints.say, Step.VOLUME),
        ),
    )


def _choose_mask(session: Session, index: int | None) -> None:
    """Take one of the layers that can be the mask, or none."""
    masking = session.masking
    masking.choose_layer(None if index is None else masking.layers()[index])


def opening_panel(session: Session, dock: DockCalls) -> OpeningPanel:
    """Return what is said and asked of a file on its way."""
    return OpeningPanel(
        OpeningActions(
            cancel=lambda: dock.around().cancel_opening(),
            look=session.opening.look,
            answer=session.opening.answer,
            dismiss=session.opening.dismiss,
            open_another=dock.open_another,
            find_volume=session.autosave.open,
            accept=session.next.accept,
            decline=session.next.decline,
        )
    )


def prepare_section(session: Session) -> PrepareSection:
    """Return step 2."""
    return PrepareSection(
        PrepareActions(
            parameters=lambda: session.parameters,
            choose=session.choose,
            defaults=session.settings.parameters,
            prepare=session.extent.prepare,
            prepare_view=session.extent.prepare_view,
            cancel=session.preparation.cancel,
            preview=session.preview.show_slice,
            end_preview=session.preview.clear,
            preview_feature=session.preview.show_channel,
            outline=session.view.outline_supervoxels,
            hint=partial(session.hints.say, Step.PREPARE),
        )
    )


def paint_section(session: Session, dock: DockCalls) -> PaintSection:
    """Return step 3."""
    return PaintSection(
        session.classes,
        session.painting,
        session.importing,
        PaintActions(
            paint_class=session.paint_class,
            use_tool=session.use_tool,
            delete=session.deleting.remove,
            bring_back=session.strokes.bring_back,
            nudge=dock.nudge,
            help=partial(help_paint, session.painting, session.correcting.locking),
            contrast=session.volume.set_contrast,
            find_contrast=session.volume.find_contrast,
            folder=lambda: session.volume.folder,
            show=dock.refresh,
            hint=partial(session.hints.say, Step.PAINT),
        ),
        session.correcting,
    )


def segment_section(session: Session, dock: DockCalls) -> SegmentSection:
    """Return step 4."""
    return SegmentSection(
        SegmentActions(
            set_live=session.set_live,
            update=session.live.update,
            choose_strength=session.balancing.choose_strength,
            show=session.view.choose,
            prepare_whole=session.extent.prepare_whole,
            cancel_whole=session.preparation.cancel,
            finish=session.delivery.finish,
            cancel_finish=session.delivery.finishing.cancel,
        ),
        BalanceActions(
            move=session.balancing.move,
            nudge=dock.nudge,
            settle=session.balancing.settle,
            set_again=session.balancing.set_again,
            ask_for_share=session.balancing.ask_for_share,
            cancel=session.balancing.searching.cancel,
            compare=dock.compare,
        ),
    )


def export_section(session: Session) -> ExportSection:
    """Return step 6."""
    return ExportSection(
        session.delivery.export,
        session.delivery.exporting.cancel,
        partial(session.hints.say, Step.EXPORT),
    )


def keys_of(session: Session, dock: DockCalls) -> Keys:
    """Return what the keyboard does."""
    return Keys(
        session.viewer,
        session.classes,
        session.painting,
        session.view,
        paint_class=session.paint_class,
        use_tool=session.use_tool,
        toggle_live=lambda: session.set_live(not session.live.is_live),
        update=session.live.update,
        look_on=session.questions.look_on,
        is_asked=lambda: session.questions.is_open,
        answer=session.questions.answer,
        compare=dock.compare,
        nudge=dock.nudge_chosen,
        correct=session.correcting.toggle,
        fill=lambda: dock.around().tools.press_fill(),
    )
