"""Parameters are checked on construction, survive JSON, and the presets are as described."""

from __future__ import annotations

import json

import pytest
from supervox.features import PRESETS, FeatureBank, FeatureParameters, parameters_for_preset


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_json(name):
    parameters = parameters_for_preset(name)
    assert FeatureParameters.from_dict(json.loads(json.dumps(parameters.to_dict()))) == parameters


@pytest.mark.parametrize(
    ("name", "channels"), [("default", 37), ("fast", 9), ("cryo-sxt", 41), ("x-ray-ct", 45)]
)
def test_channels_and_columns_of_presets(name, channels):
    bank = FeatureBank(parameters_for_preset(name))
    assert len(set(bank.channel_names)) == len(bank.channel_names) == channels
    assert len(set(bank.column_names)) == len(bank.column_names) == 2 * channels


def test_names():
    bank = FeatureBank()
    assert bank.channel_names[:3] == ("raw", "gaussian_sigma_1", "gradient_magnitude_sigma_1")
    assert "hessian_eigenvalue_1_sigma_2" in bank.channel_names
    assert "structure_tensor_eigenvalue_3_sigma_8" in bank.channel_names
    assert bank.column_names[0] == "raw mean"
    assert bank.column_names[37] == "raw std"


def test_order_of_filters_does_not_matter():
    assert FeatureParameters(filters=["gaussian", "raw"]) == FeatureParameters(
        filters=("raw", "gaussian")
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filters": ("sobel",)}, "unknown filters .'sobel'.; choose from raw"),
        ({"filters": ()}, "filters must not be empty"),
        ({"filters": "raw"}, "sequence of names"),
        ({"filters": ("raw", "raw")}, "once"),
        ({"statistics": ("median",)}, "unknown statistics .*choose from mean, std"),
        ({"sigmas_voxels": (0.5,)}, "between 1 and 32 .*use the filter 'raw'"),
        ({"sigmas_voxels": (float("nan"),)}, "between 1 and 32"),
        ({"sigmas_voxels": (2, 1)}, r"increase without repeats.*use \(1.0, 2.0\)"),
        ({"sigmas_voxels": ()}, "only the filter 'raw'"),
    ],
)
def test_what_cannot_work_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        FeatureParameters(**change)


def test_unknown_entries_and_presets_are_refused():
    with pytest.raises(ValueError, match=r"parameters \['sigma'\]; known are filters"):
        FeatureParameters.from_dict({"sigma": [1]})
    with pytest.raises(ValueError, match="no feature preset 'sem'; choose from default"):
        parameters_for_preset("sem")
