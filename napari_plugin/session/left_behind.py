"""What a dock that is closed leaves in memory, and the next one in the same viewer takes up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from napari.layers import Image, Labels
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.project.autosave import Autosave
from supervox.napari_plugin.tasks.finishing import Finished
from supervox.napari_plugin.tasks.live import NOTHING_SEEN, LiveLoop, LiveResult, StrokeScan
from supervox.napari_plugin.tasks.preparing import Preparation, Prepared
from supervox.napari_plugin.tasks.stroke_counts import StrokeCounts
from supervox.project import ProjectClass, SamePart
from supervox.segmentation import SegmentationParameters

from .delivery import Delivery
from .kept_objects import KeptInProject, LeftObjects
from .masking import Masking
from .ready_strokes import ReadyStrokes
from .view import ResultView
from .view_choices import ViewChoices
from .working_image import WorkingImage


@dataclass(frozen=True, eq=False)
class _Left:
    """Work on an image, as it was when its dock was closed.

    Attributes
    ----------
    source : Source
    uses_channels : bool
    parameters : SegmentationParameters
    classes : tuple of ProjectClass
    scan : StrokeScan
        The strokes, as they were seen last.
    counts : StrokeCounts
        Counts them.
    project : Path or None
        That the strokes are in.
    known : mapping of str to SamePart
        What is written there already.
    prepared : Prepared or None
    finished : Finished or None
    as_final : frozenset of int
        Classes that are held as the final labels have them.
    result : LiveResult or None
        The live labels.
    choices : ViewChoices
    layer : Labels or None
        Of the final labels.
    objects : LeftObjects or None
    """

    source: Source
    uses_channels: bool
    parameters: SegmentationParameters
    classes: tuple[ProjectClass, ...]
    scan: StrokeScan
    counts: StrokeCounts
    project: Path | None
    known: Mapping[str, SamePart] = field(repr=False)
    prepared: Prepared | None
    finished: Finished | None
    as_final: frozenset[int]
    result: LiveResult | None
    choices: ViewChoices
    layer: Labels | None
    objects: LeftObjects | None


_left: WeakKeyDictionary[Image, _Left] = WeakKeyDictionary()  # ends with the image


class LeftBehind:
    """Leaves what an image has of choices and results, and takes up what a dock before left.

    What is painted stays in its layer, and in its project. What a project has of what was computed
    is read from there where nothing was left: by `ProjectOpening`.

    Parameters
    ----------
    volume, masking, preparation, delivery, view, live, classes, autosave, strokes
        What there is.
    objects : KeptInProject
        Has the objects.
    parameters : callable
        Returns those that are chosen.
    choose : callable
        Changes them.
    """

    def __init__(
        self,
        volume: WorkingImage,
        masking: Masking,
        preparation: Preparation,
        delivery: Delivery,
        objects: KeptInProject,
        view: ResultView,
        live: LiveLoop,
        classes: ClassList,
        autosave: Autosave,
        strokes: ReadyStrokes,
        parameters: Callable[[], SegmentationParameters],
        choose: Callable[[SegmentationParameters], None],
    ) -> None:
        self._volume, self._masking, self._preparation = volume, masking, preparation
        self._delivery, self._objects, self._view = delivery, objects, view
        self._live, self._classes, self._autosave = live, classes, autosave
        self._strokes = strokes
        self._parameters, self._choose = parameters, choose
        self._waiting: _Left | None = None  # for the project of the strokes

    @property
    def first_image(self) -> Image | None:
        """The image to begin with: that of a dock before, or the first; None if there is none."""
        images = self._volume.images()
        before = (image for image in images if image in _left)
        return next(before, images[0] if images else None)

    def leave(self) -> None:
        """Leave everything for the next dock; this one is being closed."""
        image, source, project = self._volume.image, self._volume.source, self._autosave.project
        if image is None or source is None:
            return
        if self._waiting is not None:  # it was closed again at once
            _left[image] = self._waiting
            return
        # Labels that were read from a project, and nothing else of them as yet: from there again.
        is_whole = not self._delivery.is_reading
        _left[image] = _Left(
            source,
            self._volume.uses_channels,
            self._parameters(),
            tuple(self._classes),
            self._live.scan,
            self._live.counts,
            self._autosave.folder,
            {} if project is None else project.derived.known,
            self._preparation.prepared if is_whole else None,
            self._delivery.finishing.finished if is_whole else None,
            self._delivery.as_final,
            self._view.result if is_whole else None,
            self._view.choices,
            self._view.final,
            self._objects.left() if is_whole else None,
        )

    def begin(self, image: Image) -> None:
        """Choose for an image what was chosen for it in a dock before."""
        self._waiting = left = _left.pop(image, None)
        if left is None:
            return
        self._choose(left.parameters)
        if not self._volume.go_on(left.source, uses_channels=left.uses_channels):
            self._waiting = None  # other voxels since: nothing that was computed holds
        self._masking.restore(left.source.mask)

    def go_on(self) -> None:
        """Take up what was computed: strokes are in their project now, or have none."""
        left, self._waiting = self._waiting, None
        image, project = self._volume.image, self._autosave.project
        if left is None or image is None:
            return
        self._strokes.is_new = False  # the view stays where it is
        if project is None:
            self._classes.restore(left.classes)
            self._classes.release()  # what held them is in no project
        elif project.folder == left.project:
            project.derived.take_over(left.known)
        self._delivery.take_up(left.finished, left.as_final)
        self._view.take_up(image, self._delivery.final, left.layer, left.choices)
        if left.prepared is not None:
            self._preparation.adopt(left.prepared)
        if left.scan is not NOTHING_SEEN:
            self._live.take_up(left.scan, left.counts)
        if left.result is not None:
            self._view.show(left.result)
        if left.objects is not None:
            self._objects.take_up(left.objects)
        self._autosave.keep()  # what was being written

    def forget(self) -> None:
        """Take up nothing: another image is chosen."""
        self._waiting = None
