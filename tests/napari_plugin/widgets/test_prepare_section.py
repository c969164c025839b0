"""Step 2 of the dock: the presets have words, and what is not shown there is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from supervox.features import PRESETS
from supervox.napari_plugin.widgets.prepare_section import KINDS_OF_DATA
from supervox.segmentation import (
    ClassifierParameters,
    SegmentationParameters,
    SupervoxelParameters,
)


def test_every_preset_has_words() -> None:
    assert set(KINDS_OF_DATA) == set(PRESETS)
    assert len(set(KINDS_OF_DATA.values())) == len(PRESETS)


def test_what_is_no_choice_here_is_kept(window: Any) -> None:
    """A project of the command line has parameters that the section doesn't show."""
    from_project = SegmentationParameters(
        supervoxels=SupervoxelParameters(6, iterations=3),
        classifier=ClassifierParameters(trees=20),
        partitions=8,
        edge_refinement=False,
    )
    window.settle()
    window.session.choose(from_project)
    window.settle_widgets()
    assert window.find("supervox_size").value() == 6
    window.slide("supervox_size", 9)
    window.choose("supervox_kind", "Quick look")
    assert window.session.parameters == replace(
        from_project,
        supervoxels=SupervoxelParameters(9, iterations=3),
        features=PRESETS["fast"],
    )
