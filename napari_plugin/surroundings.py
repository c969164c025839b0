"""What there is around the dock: an empty window's page, help, other windows, what is dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import floor, log10
from pathlib import Path

import numpy as np
from napari.viewer import Viewer
from numpy.typing import NDArray
from qtpy.QtWidgets import QWidget
from supervox.napari_plugin.io.file_names import stem_of
from supervox.napari_plugin.io.preferred_reader import is_preferred, prefer
from supervox.napari_plugin.project.saved import look_whether_saved
from supervox.napari_plugin.session.agreement import TwoLabels
from supervox.napari_plugin.session.cuts import Cuts
from supervox.napari_plugin.session.in_picture import classes_in_view, scale_in_view
from supervox.napari_plugin.session.session import Session
from supervox.napari_plugin.session.snapshot import OPENING
from supervox.project import ProjectClass

from .brush_circle import leave_box_out
from .busy_sign import calm_busy_signs
from .dropping import Drops
from .face import Face, show_side_panels, side_panels
from .finishing_tools import FinishingTools
from .objects_step import agreement_actions, table_actions
from .widgets.agreement_window import AgreementWindow
from .widgets.help_window import STEPS, HelpWindow
from .widgets.labelling_window import LabellingWindow
from .widgets.objects_window import ObjectsWindow
from .widgets.picture_box import PictureActions
from .widgets.project_bar import ProjectBar
from .widgets.three_planes import ThreePlanes
from .widgets.welcome import Welcome, WelcomeActions, place_of

BAR_PIXELS = 150  # that napari's scale bar has at most


@dataclass(frozen=True)
class DockActions:
    """What of the dock is asked for around it.

    Attributes
    ----------
    open_volume : callable
        Asks for a volume, and opens it.
    step : callable
        Returns which step is next.
    """

    open_volume: Callable[[], None]
    step: Callable[[], int]


class AroundDock:
    """Belongs to one dock, and goes with it.

    Parameters
    ----------
    session : Session
    project : ProjectBar
    actions : DockActions
    dock : QWidget
    """

    def __init__(
        self, session: Session, project: ProjectBar, actions: DockActions, dock: QWidget
    ) -> None:
        self._session, self._project, self._do, self._dock = session, project, actions, dock
        self._drops = Drops(session.opening.open, session.autosave.open, dock)
        self.face = Face(self.save, self.last_word, dock)
        self.help = HelpWindow(dock)
        self.labelling = LabellingWindow(session.models, dock)
        self.objects = ObjectsWindow(table_actions(session), dock)
        session.delivery.objects.picked.connect(self.objects.choose)
        self.two = TwoLabels(
            session.volume,
            session.painting,
            session.view,
            lambda: session.delivery.final,
            session.settings.resources,
        )
        self.two.failed.connect(session.opening.tell_error)
        self.agreement = AgreementWindow(agreement_actions(self.two), dock)
        self.tools = FinishingTools(session)
        self.cuts = Cuts(session.volume, session.view)
        self.cuts.failed.connect(session.opening.tell_error)
        self.planes = ThreePlanes(self.cuts, self._look, dock)
        self.welcome: Welcome | None = None

    def _look(self) -> tuple[Sequence[ProjectClass], float]:
        return tuple(self._session.classes), self._session.view.choices.opacity

    def picture_actions(self) -> PictureActions:
        """Return what a picture of the view is made of."""
        session = self._session

        def start() -> Path:
            image = session.volume.image
            folder = session.delivery.folder or session.volume.folder
            return folder / f"{'view' if image is None else stem_of(image.name)}.png"

        return PictureActions(
            partial(enlarged, session.viewer),
            lambda: [(item.name, item.colour) for item in classes_in_view(session)],
            partial(scale_in_view, session),
            start,
            session.next.say,
        )

    def take_window(self, volume: str | None) -> None:
        """Have all of the screen, and begin.

        Parameters
        ----------
        volume : str or None
            Address of what is to be opened now; None if it is open, or nothing is wanted.
        """
        self._dock.window().showMaximized()
        self._project.layers.setChecked(False)
        self.show_layers(False)
        if volume is not None:
            self._session.opening.open(volume)
        else:
            self._session.extent.prepare_if_quick()

    def cancel_opening(self) -> None:
        """Stop whatever is on its way into the window."""
        session = self._session
        session.opening.cancel()
        for job in (session.autosave.working.job, session.delivery.finishing.job):
            if job is not None and job.description in OPENING:
                job.stop()

    def settle(self) -> None:
        """Take the place in the window that the dock is shown in."""
        window = self._dock.window()
        calm_busy_signs(window)
        leave_box_out(self._session.viewer)
        self._drops.watch(window)
        self.face.settle(self._dock)
        place = place_of(window)
        if self.welcome is None and place is not None:
            self.welcome = self._make_welcome(place)
        self.refresh()

    def _make_welcome(self, place: QWidget) -> Welcome:
        session = self._session
        return Welcome(
            session.autosave.recent,
            WelcomeActions(
                open_volume=self._do.open_volume,
                open_sample=session.opening.open_sample,
                open_project=self._project.ask_what_to_open,
                show_guide=self.show_help,
                show_keys=lambda: self.help.show_step(len(STEPS)),
                go_on=session.autosave.open,
                is_reader_preferred=is_preferred,
                prefer_reader=prefer,
            ),
            place,
        )

    def refresh(self) -> None:
        """Show the page of an empty window, or the picture; and the objects that there are."""
        objects = self._session.delivery.objects
        old = "older than the final labels" if objects.is_old else ""
        self.objects.show_objects(
            objects.found,
            old or (f"saved: {objects.saved.name}" if objects.saved else ""),
            self._session.by_hand.questions.state,
        )
        self.objects.profile.show_state(self._session.profiles.state())
        self.tools.refresh()
        self.two.sides.note_final()
        self.agreement.refresh()
        if self.welcome is not None:
            self.welcome.show_if(not self._session.viewer.layers)

    def style(self, sheet: str) -> None:
        """Have the style of the dock."""
        if self.welcome is not None:
            self.welcome.setStyleSheet(sheet)

    def show_help(self) -> None:
        """Show what the step that is next is about."""
        self.help.show_step(self._do.step())

    def show_layers(self, on: bool) -> None:
        """Show napari's panels of layers, or fold them away."""
        show_side_panels(self._dock.window(), on)

    @property
    def has_layers_shown(self) -> bool:
        """Whether napari's panels of layers are open."""
        return any(not panel.isHidden() for panel in side_panels(self._dock.window()))

    def save(self) -> None:
        """Give the project a name; where it has one, all is saved already."""
        autosave = self._session.autosave
        if autosave.project is None or not autosave.is_named:
            self._project.ask_where_to_save()
        else:
            self._project.refresh()
            self._session.next.say(look_whether_saved(autosave, self._session.painting).text)

    def last_word(self) -> str:
        """Say what becomes of the work when the window closes."""
        session = self._session
        if session.volume.image is None:
            return ""
        saved = look_whether_saved(session.autosave, session.painting)
        goes_on = saved.is_complete and saved.folder is not None
        return f"{saved.text} You can go on where you were." if goes_on else saved.text

    def close(self) -> None:
        """Leave the window as it was."""
        self.face.release()
        self.help.close()
        self.labelling.close()
        self._session.delivery.objects.picked.disconnect(self.objects.choose)
        self.objects.close()
        self.agreement.close()
        self.two.release()
        self.tools.release()
        self.planes.close()
        welcome, self.welcome = self.welcome, None
        if welcome is not None:
            welcome.leave()


def enlarged(viewer: Viewer, scale: float) -> NDArray[np.uint8]:
    """Return what is in view as a picture, (H, W, 4), with more pixels than on the screen.

    Parameters
    ----------
    viewer : Viewer
    scale : float
        How many times as many, along each axis.
    """
    camera, bar = viewer.scene.camera, viewer.canvas.overlays.scale_bar
    zoom, letters, length = camera.zoom, bar.font_size, bar.length
    try:
        bar.length = length or _length_seen(zoom)  # or napari chooses one for the larger zoom
        camera.zoom, bar.font_size = zoom * scale, letters * scale
        picture: NDArray[np.uint8] = viewer.screenshot(scale=scale, flash=False)
    finally:
        camera.zoom, bar.font_size, bar.length = zoom, letters, length
    return picture


def _length_seen(zoom: float) -> float:
    """Return how long napari's scale bar is at a zoom, in the unit of the layers."""
    most = BAR_PIXELS / zoom
    step = 10.0 ** floor(log10(most))
    return next(times * step for times in (5, 2, 1) if times * step <= most)
