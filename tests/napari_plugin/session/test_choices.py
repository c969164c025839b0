"""What a person chose, as parameters of the engine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from supervox.features import PRESETS, FeatureParameters
from supervox.napari_plugin.session.choices import KINDS_OF_DATA, Choices
from supervox.segmentation import (
    ClassifierParameters,
    RefinementParameters,
    SegmentationParameters,
    SupervoxelParameters,
)


def test_every_preset_has_words() -> None:
    assert set(KINDS_OF_DATA) == set(PRESETS)
    assert len(set(KINDS_OF_DATA.values())) == len(PRESETS)


def test_without_a_choice_the_parameters_are_the_engines() -> None:
    assert Choices(FeatureParameters()).parameters == SegmentationParameters()


def test_choices_become_parameters() -> None:
    features = PRESETS["fast"]
    chosen = Choices(features, size_voxels=5, compactness=3.5, strength=0.25)
    assert chosen.refinement == RefinementParameters(0.25)
    assert chosen.parameters == SegmentationParameters(
        supervoxels=SupervoxelParameters(5, 3.5),
        features=features,
        refinement=RefinementParameters(0.25),
    )


def test_what_is_no_choice_here_is_kept() -> None:
    """A project of the command line has parameters that the dock doesn't show."""
    from_project = SegmentationParameters(
        supervoxels=SupervoxelParameters(6, iterations=3),
        classifier=ClassifierParameters(trees=20),
        partitions=8,
        edge_refinement=False,
    )
    chosen = Choices.of(from_project)
    assert chosen.parameters == from_project
    expected = replace(from_project, supervoxels=SupervoxelParameters(9, iterations=3))
    assert replace(chosen, size_voxels=9).parameters == expected


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_recognised(name: str) -> None:
    assert Choices(PRESETS[name]).preset == name


def test_a_choice_of_ones_own() -> None:
    features = replace(PRESETS["default"], without=[("gaussian", 8)])
    assert Choices(features).preset is None
