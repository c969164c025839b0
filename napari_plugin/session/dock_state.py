"""What the dock shows, as frozen values: built once a change, and compared with those before.

A section gets its own part and nothing else; one whose part is as before has nothing to do. The
parts hold no layer and no widget; the voxels of a `Source` are not compared. `snapshot` reads them
from a session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.tasks.exporting import ExportKind
from supervox.napari_plugin.tasks.preparing import Needs
from supervox.project import ProjectClass, SaveState
from supervox.segmentation import SegmentationParameters

from .brush_mask import BrushLimits
from .looking import LookState
from .objects_state import ObjectsState
from .opening_state import OpeningState
from .state_pieces import (
    BalanceState,
    Notice,
    UpdateState,
    WideningState,
    WorkProgress,
    Written,
)
from .view_choices import ViewChoices


@dataclass(frozen=True)
class ProjectState:
    """How saving stands.

    Attributes
    ----------
    folder : Path or None
        Of the project that is open.
    is_named : bool
        Whether a person said where it is kept.
    is_beginning : bool
        Whether one is being made.
    is_recording : bool
        Whether strokes are written to the one that is open.
    read_only_because : str or None
    saving : SaveState or None
        How far its strokes are on the disk.
    image_name : str or None
        Of the image that is worked on.
    save_in : Path or None
        Where something was exported to last.
    """

    folder: Path | None = None
    is_named: bool = False
    is_beginning: bool = False
    is_recording: bool = False
    read_only_because: str | None = None
    saving: SaveState | None = None
    image_name: str | None = None
    save_in: Path | None = None


@dataclass(frozen=True)
class VolumeState:
    """Which images there are, and what of the chosen one is worked in.

    Attributes
    ----------
    images : tuple of str
        Names of the layers that can be segmented.
    chosen : int or None
        Which of them.
    unusable : tuple of str
        Why other layers can't be; only where nothing is chosen.
    source : Source or None
        The image and the part of it to work in.
    needs : Needs or None
        What preparing that takes.
    leaves_fill_out : bool
        Whether a constant that fills much of the volume is taken for no data.
    no_data : str
        What has none, as far as that is prepared.
    masks : tuple of str
        Names of the layers that can be the mask.
    mask : int or None
        Which of them is.
    recent : tuple of int
        Version of the list of recent projects.
    channels : tuple of str
        Names of the image and of the other channels of its file; empty if there are none.
    uses_channels : bool
        Whether all of them are used.
    """

    images: tuple[str, ...] = ()
    chosen: int | None = None
    unusable: tuple[str, ...] = ()
    source: Source | None = None
    needs: Needs | None = None
    leaves_fill_out: bool = True
    no_data: str = ""
    masks: tuple[str, ...] = ()
    mask: int | None = None
    recent: tuple[int, int] = (0, 0)
    channels: tuple[str, ...] = ()
    uses_channels: bool = True


@dataclass(frozen=True)
class PreparedState:
    """What is prepared.

    Attributes
    ----------
    source : Source
    size_voxels : float
        Edge of a supervoxel.
    n_supervoxels : int
    """

    source: Source
    size_voxels: float
    n_supervoxels: int


@dataclass(frozen=True)
class PrepareState:
    """What is chosen to be prepared, and what is.

    Attributes
    ----------
    parameters : SegmentationParameters
        Those that are chosen.
    source : Source or None
    needs : Needs or None
    prepared : PreparedState or None
    is_running, is_widening : bool
        Whether something is being prepared, and whether that is the whole behind a box.
    began_by_itself : bool
        Whether nobody asked for it: it takes seconds.
    is_out_of_date : bool
        Whether what is prepared is not what is chosen.
    is_worth_a_box, is_box_next, is_too_large : bool
        Whether the whole takes long; whether to begin with a box; whether the whole can't be done.
    is_in_2d : bool
        Whether a slice is in view.
    is_previewed, is_outlined : bool
        Whether a preview, or the outlines of the supervoxels, are shown.
    progress : WorkProgress or None
        Of preparing, but of the whole behind a box.
    """

    parameters: SegmentationParameters = field(default_factory=SegmentationParameters)
    source: Source | None = None
    needs: Needs | None = None
    prepared: PreparedState | None = None
    is_running: bool = False
    is_widening: bool = False
    began_by_itself: bool = False
    is_out_of_date: bool = False
    is_worth_a_box: bool = False
    is_box_next: bool = False
    is_too_large: bool = False
    is_in_2d: bool = True
    is_previewed: bool = False
    is_outlined: bool = False
    progress: WorkProgress | None = None


@dataclass(frozen=True)
class PaintState:
    """The classes, what is painted of them, and with what.

    Attributes
    ----------
    has_image, has_layer, was_lost : bool
        Whether there is an image, a layer to paint on, and one that was removed.
    is_read_only, is_flat, has_regions : bool
        Whether nothing can be changed, there is one plane, and supervoxels can be painted.
    classes : tuple of ProjectClass
    selected : int
        Id of the class that is painted; 0 for none.
    strokes : tuple of (int, int)
        Ids of the classes that are painted, and their strokes.
    tool : str
        "paint", "erase", "regions", "pan_zoom", or another of napari's; empty where a drag goes to
        another layer.
    notice : Notice
        What keeps a drag from painting, or strokes from counting.
    contrast : tuple of float or None
        Lowest and highest possible limit of the image's contrast, and the limits that it has.
    brush_size : int
    is_ball : bool
        Whether the brush paints in 3D.
    can_undo, can_redo : bool
    asked : str
        Name of the class that what is ringed seems to be of; empty if nothing is.
    shares : tuple of (int, float)
        Ids of the classes that the labels have, and the share of the voxels of each.
    limits : BrushLimits
        Where the brush paints.
    only_where : str
        The same in words; empty for everywhere.
    is_correcting : bool
        Whether labels are painted, and not strokes.
    by_hand : tuple of (int, int)
        Ids of the classes that labels are corrected to, and their voxels.
    share_by_hand : float
        Of all voxels of the image, from 0 to 1; without what locks keep.
    """

    has_image: bool = False
    has_layer: bool = False
    was_lost: bool = False
    is_read_only: bool = False
    is_flat: bool = False
    has_regions: bool = False
    classes: tuple[ProjectClass, ...] = ()
    selected: int = 0
    strokes: tuple[tuple[int, int], ...] = ()
    tool: str = ""
    notice: Notice = field(default_factory=Notice)
    contrast: tuple[float, float, float, float] | None = None
    brush_size: int = 1
    is_ball: bool = False
    can_undo: bool = False
    can_redo: bool = False
    asked: str = ""
    shares: tuple[tuple[int, float], ...] = ()
    limits: BrushLimits = field(default_factory=BrushLimits)
    only_where: str = ""
    is_correcting: bool = False
    by_hand: tuple[tuple[int, int], ...] = ()
    share_by_hand: float = 0.0

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of the classes, in their order."""
        return tuple(item.id for item in self.classes)


@dataclass(frozen=True)
class SegmentState:
    """The live labels, how they are shown, and the final ones.

    Attributes
    ----------
    is_live, can_update, is_updating : bool
    is_prepared : bool
    painted : tuple of int
        Ids of the classes that are painted in the part that is prepared.
    update : UpdateState or None
    strength : float
        Of refinement; 1 is what the strokes call for.
    balance : BalanceState or None
        None if no class is chosen.
    view : ViewChoices
    classes : tuple of (str, int)
        Names and ids of the classes whose probability can be shown.
    has_final : bool
        Whether final labels can be shown.
    is_finishing, is_finished : bool
        Whether they are being computed, and whether they are those of now.
    finished_seconds : float or None
        What they took; 0 if they were read from a project, None if there are none.
    progress : WorkProgress or None
        Of finishing.
    widening : WideningState or None
        None where no box is worked in.
    """

    is_live: bool = True
    can_update: bool = False
    is_updating: bool = False
    is_prepared: bool = False
    painted: tuple[int, ...] = ()
    update: UpdateState | None = None
    strength: float = 1.0
    balance: BalanceState | None = None
    view: ViewChoices = field(default_factory=ViewChoices)
    classes: tuple[tuple[str, int], ...] = ()
    has_final: bool = False
    is_finishing: bool = False
    is_finished: bool = False
    finished_seconds: float | None = None
    progress: WorkProgress | None = None
    widening: WideningState | None = None


@dataclass(frozen=True)
class ExportState:
    """What can be written to files.

    Attributes
    ----------
    possible : frozenset of ExportKind
    is_finished : bool
        Whether the final labels are those of now.
    is_running : bool
    image_name : str or None
    written : Written or None
        What was written last.
    folder : Path or None
        Where to.
    progress : WorkProgress or None
    """

    possible: frozenset[ExportKind] = frozenset()
    is_finished: bool = False
    is_running: bool = False
    image_name: str | None = None
    written: Written | None = None
    folder: Path | None = None
    progress: WorkProgress | None = None


@dataclass(frozen=True)
class DockState:
    """All that the dock shows, a part for each section."""

    project: ProjectState = field(default_factory=ProjectState)
    opening: OpeningState = field(default_factory=OpeningState)
    volume: VolumeState = field(default_factory=VolumeState)
    prepare: PrepareState = field(default_factory=PrepareState)
    paint: PaintState = field(default_factory=PaintState)
    segment: SegmentState = field(default_factory=SegmentState)
    objects: ObjectsState = field(default_factory=ObjectsState)
    export: ExportState = field(default_factory=ExportState)
    look: LookState = field(default_factory=LookState)
