"""What there is in a window that a project keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from napari.layers import Image
from supervox.napari_plugin.layers.source import Box, Source
from supervox.napari_plugin.tasks.finishing import Finished
from supervox.napari_plugin.tasks.jobs import Report, Task
from supervox.napari_plugin.tasks.preparing import Prepared
from supervox.project import ChannelReference, Project, ProjectSettings, keep_mask
from supervox.segmentation import SegmentationParameters
from supervox.volumes import Address

Edge = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Work:
    """What there is to save, as it is at one moment.

    Attributes
    ----------
    image : Image or None
    source : Source or None
    is_changing : bool
        Whether a mask is being read that the source will have.
    parameters : SegmentationParameters
        Those that are chosen.
    prepared : Prepared or None
    finished : Finished or None
    """

    image: Image | None
    source: Source | None
    is_changing: bool
    parameters: SegmentationParameters
    prepared: Prepared | None
    finished: Finished | None

    @property
    def computed(self) -> Prepared | Finished | None:
        """The most of what was computed that is of the source and the parameters."""
        source, finished, prepared = self.source, self.finished, self.prepared
        if source is None:
            return None
        if finished is not None and finished.is_of(source, self.parameters):
            return finished
        is_current = prepared is not None and prepared.is_for(source, self.parameters)
        return prepared if is_current else None


def unsaved(project: Project | None, is_beginning: bool, error: str) -> str:
    """Say which strokes would be lost without their layer, and what to do; empty if none.

    Parameters
    ----------
    project : Project or None
        That is open.
    is_beginning : bool
        Whether strokes wait for a project that is being made.
    error : str
        Why work on files failed.
    """
    if project is not None:
        found = project.annotations.state.error
        if not found:
            return ""
        error = str(found)
    elif not is_beginning:
        return ""
    why = f" ({error})" if error else ""
    return (
        f"The strokes here are not saved{why}, so they stay open. Save them with Project › Save "
        "as…, or remove their layer, and open the other then"
    )


def edges(box: Box | None) -> tuple[Edge, Edge, Edge] | None:
    """Return a box as projects have it."""
    if box is None:
        return None
    z, y, x = ((part.start, part.stop) for part in box)
    return z, y, x


def wanted_settings(
    settings: ProjectSettings, source: Source, parameters: SegmentationParameters
) -> ProjectSettings:
    """Return what the project should say of what a person chose."""
    size = source.voxel_size
    is_same = settings.spacing == size.spacing and settings.unit == size.unit
    return replace(
        settings,
        spacing=size.spacing,
        spacing_from=settings.spacing_from if is_same else size.source,
        unit=source.unit,
        parameters=parameters,
        box=edges(source.box),
        mask=None if source.mask is None else source.mask.reference,
    )


def has_channels_of(settings: ProjectSettings, source: Source) -> bool:
    """Tell whether the project has the further channels that are used."""
    insides = tuple(Address.parse(address).inside for address in source.channel_addresses)
    return insides == tuple(channel.inside for channel in settings.channels)


def settling(
    project: Project, source: Source, parameters: SegmentationParameters, *, is_end: bool = False
) -> Task:
    """Return the task that has a project say what a person chose.

    Parameters
    ----------
    project : Project
    source : Source
    parameters : SegmentationParameters
    is_end : bool
        Whether the project is closed with it. Layers may be going one by one then: a mask that
        isn't there any more, or channels, are still wanted.
    """

    def settle(report: Report) -> None:
        if source.mask is not None or not is_end:
            keep_mask(project, source.mask, run=report.run)
        wanted = wanted_settings(project.settings, source, parameters)
        wanted = replace(wanted, mask=project.settings.mask)
        is_less = len(source.channel_addresses) < len(project.settings.channels)
        if not (has_channels_of(wanted, source) or (is_end and is_less)):
            wanted = replace(
                wanted, channels=tuple(map(ChannelReference.at, source.channel_addresses))
            )
        project.settings = wanted

    return settle
