"""What a person chose in napari's preferences; declared in the manifest, read here."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from supervox.execution import Choice
from supervox.features import PRESETS, FeatureParameters
from supervox.napari_plugin.tasks.resources import Resources
from supervox.segmentation import SegmentationParameters, SupervoxelParameters

PLUGIN = "supervox"


@dataclass(frozen=True)
class Settings:
    """A person's preferences, as they are at one moment.

    Attributes
    ----------
    live
        Whether the labels are updated after every stroke from the start.
    delay_ms
        Milliseconds from the end of a stroke to the update.
    workers
        Processors to use; None for all.
    preset
        Features to start from: a key of `supervox.features.PRESETS`.
    supervoxel_size
        Edge of a supervoxel, in voxels of the finest axis.
    auto_prepare
        Whether a volume that is opened is prepared by itself, where that takes seconds.
    device
        What computes supervoxels and features: a word of `supervox.execution.CHOICES`.
    memory_gb
        Gigabytes that preparing and finishing may use; None for most of what is free.
    scratch
        Folder for what doesn't fit into memory; None for that of the projects.
    scheduler
        Address of a Dask cluster to prepare on, or "local"; None for this computer's processors.
    brush_size
        Diameter of the brush at the start, in voxels.
    prediction_opacity
        From 0, invisible, to 1.
    home
        Where projects are kept that have no name yet.
    """

    live: bool = True
    delay_ms: int = 300
    workers: int | None = None
    preset: str = "default"
    supervoxel_size: float = 8.0
    auto_prepare: bool = True
    device: Choice = "auto"
    memory_gb: float | None = None
    scratch: Path | None = None
    scheduler: str | None = None
    brush_size: int = 5
    prediction_opacity: float = 0.4
    home: Path = field(default_factory=lambda: default_home())

    @classmethod
    def load(cls) -> Self:
        """Read napari's settings; what isn't there has its default."""
        stored = _stored()
        known = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        if "home" in known:
            known["home"] = Path(known["home"]).expanduser() if known["home"] else default_home()
        for name in ("workers", "memory_gb", "scratch", "scheduler"):
            if name in known:  # a page of preferences has no word for nothing
                known[name] = known[name] or None
        if known.get("scratch"):
            known["scratch"] = Path(known["scratch"]).expanduser()
        if known.get("scheduler"):
            known["scheduler"] = known["scheduler"].strip()
        return cls(**known)

    @property
    def parameters(self) -> SegmentationParameters:
        """The parameters to begin with; another version's preset counts as the default."""
        features = PRESETS.get(self.preset, FeatureParameters())
        return SegmentationParameters(SupervoxelParameters(self.supervoxel_size), features)

    @property
    def resources(self) -> Resources:
        """What preparing and finishing may use."""
        memory = None if self.memory_gb is None else self.memory_gb * 1e9
        return Resources(
            self.scratch or self.home, self.workers, memory, self.scheduler, self.device
        )


def default_home() -> Path:
    """Return the user's folder for projects without a name, as the system wants it."""
    from platformdirs import user_data_path

    return user_data_path("supervox", appauthor=False) / "projects"


def _stored() -> dict[str, Any]:
    """Return the settings of all sections of the manifest, by name."""
    from napari.settings import get_plugin_settings

    try:
        sections = get_plugin_settings(PLUGIN)
    except KeyError:  # napari doesn't know the plugin, or it is switched off
        return {}
    return {
        name: value
        for section in sections.model_dump().values()
        if isinstance(section, dict)
        for name, value in section.items()
    }
