"""The parts of one viewer's segmentation: what is chosen, prepared, painted and shown."""

from __future__ import annotations

from collections.abc import Callable

from napari.layers import Image
from napari.viewer import Viewer
from psygnal import Signal
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.deleting import Deleting
from supervox.napari_plugin.painting.hand import PAINT, REGIONS
from supervox.napari_plugin.painting.importing import Importing
from supervox.napari_plugin.painting.pairs import Pairs
from supervox.napari_plugin.painting.region_brush import RegionBrush
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.project.autosave import Autosave
from supervox.napari_plugin.project.last_view import LastView
from supervox.napari_plugin.project.work import Work
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.live import LiveLoop
from supervox.napari_plugin.tasks.preparing import Preparation
from supervox.project import ProjectClass
from supervox.segmentation import SegmentationParameters
from supervox.volumes import class_colour

from .balancing import Balancing
from .by_hand import ByHand
from .comparison import Comparison
from .correcting import Correcting
from .delivery import Delivery
from .extent import Extent
from .hints import Hints
from .in_space import InSpace
from .kept_objects import KeptInProject
from .left_behind import LeftBehind
from .looking import Looking
from .masking import Masking
from .models import Models
from .next_volume import NextVolume
from .preview_in_view import PreviewInView
from .profiles import Profiles
from .questions import Questions
from .ready_strokes import ReadyStrokes
from .sharpening import Sharpening
from .view import ResultView
from .view_choices import ViewChoices
from .working_image import WorkingImage

FIRST_CLASSES = ("background", "structure")
PAINTING = (PAINT, "fill", "polygon", REGIONS)  # tools that go on when another class is chosen


class SessionParts:
    """The parts, each of which is given those that it uses; none knows the session.

    Parameters
    ----------
    viewer : Viewer
    settings : Settings
    choose_image : callable
        Has an image worked on from now on.

    Attributes
    ----------
    parameters : SegmentationParameters
        What is chosen for every stage; `choose` changes it.
    unused : str
        Why some strokes are not used; empty if all are.
    changed : Signal
        Anything that the dock shows may have changed.
    """

    changed = Signal()

    def __init__(
        self,
        viewer: Viewer,
        settings: Settings,
        choose_image: Callable[[Image | None], None],
    ) -> None:
        self.viewer, self.settings = viewer, settings
        self.hints, self.unused = Hints(), ""
        self.volume = WorkingImage(viewer)
        self.parameters = settings.parameters
        self.classes = ClassList(
            ProjectClass(k, name, class_colour(k)) for k, name in enumerate(FIRST_CLASSES, 1)
        )
        self.masking = Masking(viewer, self.volume, lambda: self.parameters, self.choose)
        self.painting = Painting(viewer, self.classes)
        self.deleting = Deleting(self.painting, self.classes)
        self.preparation = Preparation(settings.resources)
        self.extent = Extent(
            self.volume, self.preparation, lambda: self.parameters, settings.auto_prepare
        )
        self.importing = Importing(viewer, self.painting, self.classes)
        self.view = ResultView(
            viewer,
            self.classes,
            self.painting.corrections,
            ViewChoices(opacity=settings.prediction_opacity),
            lambda: self.delivery.is_final_current,
        )
        self.live = LiveLoop(
            settings.delay_ms,
            lambda: self.painting.voxels,
            lambda: self.painting.recorder,
            lambda: self.preparation.prepared,
            self.extent.part_in_view,
            lambda: self.parameters,
            lambda: self.classes.held,
        )
        self.live.is_live = settings.live
        of = self.volume, self.preparation, self.painting, self.classes, self.live, self.view
        self.delivery = Delivery(
            settings.resources, *of, lambda: self.parameters, lambda: self.autosave.project
        )
        shown = self.painting, self.live, self.view
        self.correcting = Correcting(self.volume, *shown, self.delivery)
        by_hand = self.correcting.by_hand
        self.regions = RegionBrush(self.painting, by_hand, lambda: self.preparation.prepared)
        self.by_hand = ByHand(self.volume, self.painting, self.delivery.objects, self.correcting)
        self.profiles = Profiles(
            self.volume,
            self.classes,
            self.delivery.objects,
            lambda: self.parameters.supervoxels.size_voxels,
        )
        self.comparison = Comparison(self.volume, self.preparation, self.painting.corrections)
        parts = self.live, self.preparation, self.delivery, self.view, self.comparison
        self.sharpening = Sharpening(*parts, self.extent.part_in_view, lambda: self.parameters)
        home, resources = settings.home, settings.resources
        self.autosave = Autosave(home, resources, self.painting, self.classes, self._work)
        self.kept = KeptInProject(self.delivery, self.autosave)
        self.last_view = LastView(viewer, self.painting, self.live, lambda: self.autosave.project)
        self.balancing = Balancing(
            self.painting, self.preparation, lambda: self.parameters, self.choose
        )
        self.preview = PreviewInView(viewer, self.volume, lambda: self.parameters)
        self.pairs = Pairs(viewer, self.painting, self.classes)
        self.looking = Looking(self.volume, self.preparation, *shown, lambda: self.delivery.final)
        self.questions = Questions(self.pairs, self.looking)
        self.strokes = ReadyStrokes(
            self.volume, self.painting, self.live, self.autosave, settings.brush_size
        )
        self.left = LeftBehind(
            self.volume,
            self.masking,
            self.preparation,
            self.delivery,
            self.kept,
            self.view,
            self.live,
            self.classes,
            self.autosave,
            self.strokes,
            lambda: self.parameters,
            self.choose,
        )
        self.space = InSpace(viewer, self.view)
        self.models = Models(self.extent, self.delivery, self.classes, self.choose, resources)
        self.next = NextVolume(self.volume, self.painting, self.autosave, choose_image, self.models)
        self.opening = self.next.opening
        self.correcting.mask.follow(self.looking.places)

    def emit_changed(self, *_: object) -> None:
        """Say that anything may have changed."""
        self.changed.emit()

    def _work(self) -> Work:
        """Return what there is to save."""
        return Work(
            self.volume.image,
            self.volume.source,
            self.masking.is_changing,
            self.parameters,
            self.preparation.prepared,
            self.delivery.finishing.finished,
        )

    @property
    def stages(self) -> tuple[BackgroundTask, ...]:
        """The long work, beside the live loop."""
        return (
            self.preparation,
            *self.delivery.stages,
            *self.correcting.stages,
            *self.by_hand.stages,
            *self.profiles.stages,
            self.deleting.finding,
            self.preview,
            self.looking.per_plane,
            self.looking.places,
            self.pairs,
            self.balancing.searching,
            self.comparison,
            self.masking.reading,
            self.sharpening,
            self.models.loading,
            self.models.labelling,
        )

    def use_tool(self, name: str) -> None:
        """Take a tool: "regions", or a mode of napari's Labels layer ("paint", "erase", ...)."""
        self.painting.hand.take(name)

    def paint_class(self, class_id: int) -> None:
        """Choose a class, and take a tool that paints, if none is in hand."""
        self.classes.selected = class_id
        hand = self.painting.hand
        hand.take(hand.tool if hand.tool in PAINTING else PAINT)

    def choose(self, parameters: SegmentationParameters) -> None:
        """Change the parameters; those of classifier and refinement are effective at once."""
        old, self.parameters = self.parameters, parameters
        live = (parameters.classifier, parameters.refinement)
        if (old.classifier, old.refinement) != live and self.live.is_live:
            self.live.update_again()
        self.changed.emit()

    def set_live(self, on: bool) -> None:
        """Follow the strokes, or wait to be asked."""
        self.live.is_live = on
        if on:
            self.live.update()
        self.changed.emit()
