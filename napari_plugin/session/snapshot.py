"""Reads from a session what the dock shows."""

from __future__ import annotations

import math
from dataclasses import replace

from supervox.features import NOTHING
from supervox.napari_plugin.layers.make_layers import role_of
from supervox.napari_plugin.layers.source import Source, unusable
from supervox.napari_plugin.painting.hand import Obstacle
from supervox.napari_plugin.tasks.exporting import ExportKind
from supervox.napari_plugin.tasks.preparing import Needs

from .dock_state import (
    DockState,
    ExportState,
    PaintState,
    PreparedState,
    PrepareState,
    ProjectState,
    SegmentState,
    VolumeState,
)
from .notices import paint_notice
from .object_snapshot import objects_state
from .opening_state import OpeningState
from .other_labels import labels_in_files
from .session import Session
from .state_pieces import (
    BalanceState,
    Notice,
    UpdateState,
    WideningState,
    progress_of,
)

MODEL = "Labelling with the model"
# Of work that stands between a person and what was opened, among all work on files.
OPENING = ("Opening the project", "Reading what was prepared", "Reading the final labels", MODEL)


def dock_state(session: Session) -> DockState:
    """Return what there is to show now."""
    source = session.volume.source
    needs = None if source is None else session.extent.needs()
    return DockState(
        project_state(session),
        _opening(session),
        _volume(session, source, needs),
        _prepare(session, source, needs),
        _paint(session, source),
        _segment(session),
        objects_state(
            session.delivery.objects,
            session.by_hand,
            session.classes,
            session.painting.hand,
            has_image=session.volume.image is not None,
            is_finishing=session.delivery.finishing.is_running,
            progress=progress_of(session.by_hand.slow_work),
            labels=labels_in_files(session.volume),
        ),
        _export(session),
        session.looking.state,
    )


def project_state(session: Session) -> ProjectState:
    """Return how saving stands now: it goes on without a change of anything else."""
    autosave, image = session.autosave, session.volume.image
    project = autosave.project
    return ProjectState(
        folder=None if project is None else project.folder,
        is_named=autosave.is_named,
        is_beginning=autosave.is_beginning,
        is_recording=autosave.is_recording,
        read_only_because=None if project is None else project.read_only_because,
        saving=None if project is None else replace(project.annotations.state),
        image_name=None if image is None else image.name,
        save_in=session.delivery.folder or session.volume.folder,
    )


def _opening(session: Session) -> OpeningState:
    opening, autosave = session.opening, session.autosave
    works = (opening.reading, autosave.working, session.delivery.finishing)
    going_on = (work for work in works if work.job is not None)
    shown = next((w for w in going_on if w.job and w.job.description in OPENING), None)
    shown = opening.reading if opening.reading.is_running else shown
    return OpeningState(
        doing="" if shown is None or shown.job is None else shown.job.description,
        progress=None if shown is None else progress_of(shown),
        question=opening.question,
        chosen=opening.chosen,
        problem=opening.problem,
        offers=session.next.offers,
    )


def _volume(session: Session, source: Source | None, needs: Needs | None) -> VolumeState:
    volume = session.volume
    images = volume.images()
    strangers = [] if source else [x for x in session.viewer.layers if role_of(x) is None]
    reasons = (unusable(layer) for layer in strangers)
    prepared, masks = session.preparation.prepared, session.masking.layers()
    return VolumeState(
        images=tuple(layer.name for layer in images),
        chosen=images.index(volume.image) if volume.image in images else None,
        unusable=tuple(reason for reason in reasons if reason),
        source=source,
        needs=needs,
        leaves_fill_out=session.parameters.no_data != NOTHING,
        no_data=prepared.no_data
        if source and prepared and prepared.is_for(source, session.parameters)
        else "",
        masks=tuple(layer.name for layer in masks),
        mask=masks.index(session.masking.layer) if session.masking.layer in masks else None,
        recent=session.autosave.recent.version,
        channels=_channels(session),
        uses_channels=volume.uses_channels,
    )


def _channels(session: Session) -> tuple[str, ...]:
    image, further = session.volume.image, session.volume.channel_layers()
    return () if image is None or not further else (image.name, *(x.name for x in further))


def _prepare(session: Session, source: Source | None, needs: Needs | None) -> PrepareState:
    extent, prepared = session.extent, session.preparation.prepared
    outlines = session.view.supervoxels
    return PrepareState(
        parameters=session.parameters,
        source=source,
        needs=needs,
        prepared=None
        if prepared is None
        else PreparedState(
            prepared.source, prepared.parameters.supervoxels.size_voxels, prepared.n_supervoxels
        ),
        is_running=session.preparation.is_running,
        is_widening=extent.is_widening,
        began_by_itself=extent.began_by_itself,
        is_out_of_date=extent.is_out_of_date,
        is_worth_a_box=extent.is_worth_a_box,
        is_box_next=extent.is_box_next,
        is_too_large=source is not None and extent.is_too_large,
        is_in_2d=session.viewer.dims.ndisplay == 2,
        is_previewed=session.preview.is_shown,
        is_outlined=outlines is not None and outlines.visible,
        progress=None if extent.is_widening else progress_of(session.preparation),
    )


def _paint(session: Session, source: Source | None) -> PaintState:
    layer, recorder = session.painting.hand.layer, session.painting.recorder
    counts = session.painting.corrections.counts
    by_hand = int(counts.sum()) - sum(int(counts[k]) for k in session.classes.held)
    classes, is_read_only = session.classes, session.autosave.is_read_only
    image = session.volume.image
    hand = session.painting.hand
    state = PaintState(
        has_image=source is not None,
        has_layer=layer is not None,
        was_lost=session.strokes.lost is not None,
        is_read_only=is_read_only,
        is_flat=source is not None and source.is_flat,
        has_regions=session.preparation.prepared is not None,
        classes=tuple(classes),
        selected=classes.selected if classes.selected in classes else 0,
        strokes=tuple(session.live.scan.counts.items()),
        can_undo=recorder is not None and (recorder.can_undo or session.balancing.is_moving),
        can_redo=recorder is not None and recorder.can_redo,
        asked=_asked(session),
        shares=tuple(session.looking.shares.items()),
        notice=Notice()
        if session.space.is_in_space
        else paint_notice(session.painting, session.unused),
        contrast=None if image is None else (*image.contrast_limits_range, *image.contrast_limits),
        limits=session.correcting.mask.limits,
        only_where=session.correcting.mask.words(),
        is_correcting=session.correcting.is_on,
        by_hand=tuple((int(k), int(counts[k])) for k in counts.nonzero()[0]),
        share_by_hand=0.0 if source is None else by_hand / math.prod(source.full_shape),
    )
    if layer is None:
        return state
    return replace(
        state,
        tool="" if hand.obstacle is Obstacle.ELSEWHERE else hand.tool,
        brush_size=int(layer.brush_size),
        is_ball=not state.is_flat and layer.n_edit_dimensions == 3,
    )


def _asked(session: Session) -> str:
    """Name the class that what is ringed seems to be of."""
    pair, classes = session.pairs.pair, session.classes
    return classes[pair.class_id].name if pair and pair.class_id in classes else ""


def _segment(session: Session) -> SegmentState:
    live, view, delivery = session.live, session.view, session.delivery
    result, strokes, finished = view.result, live.strokes, delivery.finishing.finished
    ids = () if result is None else result.class_ids
    return SegmentState(
        is_live=live.is_live,
        can_update=live.can_update,
        is_updating=live.updating.is_running,
        is_prepared=session.preparation.prepared is not None,
        painted=() if strokes is None else strokes.class_ids,
        update=_update(session),
        strength=session.parameters.refinement.strength,
        balance=_balance(session),
        view=view.choices,
        classes=tuple((item.name, item.id) for item in session.classes if item.id in ids),
        has_final=view.final is not None,
        is_finishing=delivery.finishing.is_running,
        is_finished=delivery.is_finished,
        finished_seconds=None if finished is None else finished.seconds,
        progress=progress_of(delivery.finishing),
        widening=_widening(session),
    )


def _balance(session: Session) -> BalanceState | None:
    classes, balancing = session.classes, session.balancing
    if classes.selected not in classes or session.painting.layer is None:
        return None
    chosen, result = classes[classes.selected], session.view.result
    found = None if result is None else result.shares.get(chosen.id)
    share = session.looking.shares.get(chosen.id)
    value = balancing.value(chosen.id)
    return BalanceState(
        chosen.id,
        chosen.name,
        chosen.colour,
        value,
        share,
        0 if found is None else found.regions,
        balancing.strokes_since(chosen.id) if value else None,
        found is not None and not (session.autosave.is_read_only or chosen.held),
        balancing.searching.is_running,
        result is not None and session.comparison.is_possible,
    )


def _update(session: Session) -> UpdateState | None:
    result = session.view.result
    if result is None:
        return None
    return UpdateState(
        result.seconds,
        result.seconds_in_view,
        result.class_ids,
        result.n_painted,
        tuple(
            item.name
            for item in session.classes
            if item.id in result.class_ids and not (item.held or (result.labels == item.id).any())
        ),
        session.delivery.is_draft,
    )


def _widening(session: Session) -> WideningState | None:
    extent, preparation = session.extent, session.preparation
    if not extent.is_box_ready:
        return None
    return WideningState(extent.whole_needs(), preparation.is_running, progress_of(preparation))


def _export(session: Session) -> ExportState:
    delivery, image = session.delivery, session.volume.image
    return ExportState(
        possible=frozenset(kind for kind in ExportKind if delivery.can_export(kind)),
        is_finished=delivery.is_finished,
        is_running=delivery.exporting.is_running,
        image_name=None if image is None else image.name,
        written=delivery.written,
        folder=delivery.folder or session.volume.folder,
        progress=progress_of(delivery.exporting),
    )
