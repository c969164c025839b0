"""Parameters are checked on construction, survive JSON, and the presets are as described."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from supervox.features import (
    PRESETS,
    FeatureBank,
    FeatureParameters,
    parameters_for_preset,
    pool_features,
    preset_of,
)
from supervox.parameters import read_json


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_json(name):
    parameters = parameters_for_preset(name)
    assert read_json(FeatureParameters, json.loads(json.dumps(asdict(parameters)))) == parameters


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


def test_filters_at_single_scales_are_left_out():
    whole = FeatureParameters(filters=("raw", "gaussian", "local_std"), sigmas_voxels=(1, 2, 4))
    part = replace(whole, without=[("local_std", 2), ("gaussian", 1)])
    assert part.without == (("gaussian", 1.0), ("local_std", 2.0))
    names = FeatureBank(part).channel_names
    assert names == (
        "raw",
        "local_std_sigma_1",
        "gaussian_sigma_2",
        "gaussian_sigma_4",
        "local_std_sigma_4",
    )
    missing = set(FeatureBank(whole).channel_names) - set(names)
    assert missing == {"gaussian_sigma_1", "local_std_sigma_2"}


def test_what_is_left_out_changes_no_other_channel():
    volume = np.random.default_rng(0).normal(size=(12, 14, 16)).astype(np.float32)
    whole = FeatureParameters(filters=("gaussian", "hessian_eigenvalues"), sigmas_voxels=(1, 2))
    part = replace(whole, without=[("gaussian", 2), ("hessian_eigenvalues", 1)])
    ids = (np.arange(volume.size).reshape(volume.shape) // 100).astype(np.int32)
    of_whole, of_part = (
        pool_features(volume, ids, FeatureBank(parameters)) for parameters in (whole, part)
    )
    columns = [FeatureBank(whole).column_names.index(n) for n in FeatureBank(part).column_names]
    np.testing.assert_array_equal(of_part.values, of_whole.values[:, columns])


def test_what_is_left_out_survives_json():
    part = FeatureParameters(without=[("gaussian", 8)])
    assert read_json(FeatureParameters, json.loads(json.dumps(asdict(part)))) == part
    assert part == FeatureParameters(without=(("gaussian", 8.0), ("gaussian", 8)))
    assert part != FeatureParameters()


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
        ({"sigmas_voxels": ()}, "there are no scales: only the filter 'raw'"),
        ({"without": [("local_std", 1)]}, "without names .*local_std.*not among the filters"),
        ({"without": [("gaussian", 3)]}, "without names .*not among the filters"),
        ({"without": [("raw", 1)]}, "without names .*not among the filters"),
        (
            {"filters": ("gaussian",), "sigmas_voxels": (1,), "without": [("gaussian", 1)]},
            "keep at least one",
        ),
    ],
)
def test_what_cannot_work_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        FeatureParameters(**change)


def test_unknown_entries_and_presets_are_refused():
    with pytest.raises(ValueError, match="sigma is unknown to this version"):
        read_json(FeatureParameters, {"sigma": [1]})
    with pytest.raises(ValueError, match="no feature preset 'sem'; choose from default"):
        parameters_for_preset("sem")


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_recognised(name):
    assert preset_of(read_json(FeatureParameters, asdict(PRESETS[name]))) == name


def test_a_choice_of_ones_own_is_no_preset():
    assert preset_of(replace(PRESETS["default"], without=[("gaussian", 8)])) is None
