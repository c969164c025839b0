"""One frozen object says all: it becomes JSON and comes back, and refuses what makes no sense."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.features import PRESETS, FeatureParameters
from supervox.segmentation import (
    METHODS,
    ClassifierParameters,
    RefinementParameters,
    SegmentationParameters,
    SupervoxelParameters,
)
from supervox.segmentation.parameters import MAX_PARTITIONS

EVERY = st.builds(
    SegmentationParameters,
    st.builds(
        SupervoxelParameters,
        size_voxels=st.floats(2, 50),
        compactness=st.floats(1e-6, 1e6),
        iterations=st.integers(1, 20),
        smoothing_voxels=st.floats(0, 5),
    ),
    st.sampled_from(list(PRESETS.values())),
    st.builds(
        ClassifierParameters,
        st.sampled_from([*METHODS, "own"]),
        st.integers(1, 1000),
        st.integers(0, 2**32 - 1),
    ),
    st.builds(
        RefinementParameters,
        strength=st.floats(0, 10),
        balance=st.dictionaries(st.integers(1, 65535), st.floats(-10, 10), max_size=3).map(
            lambda values: tuple(values.items())
        ),
    ),
    st.integers(1, MAX_PARTITIONS),
    st.booleans(),
)


@given(EVERY)
def test_json_and_back(parameters: SegmentationParameters) -> None:
    text = json.dumps(parameters.to_dict(), allow_nan=False)
    again = SegmentationParameters.from_dict(json.loads(text))
    assert again == parameters
    assert hash(again) == hash(parameters)


def test_nothing_changes_a_parameter() -> None:
    with pytest.raises(FrozenInstanceError):
        SegmentationParameters().partitions = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("kind", "name", "value", "message"),
    [
        (SegmentationParameters, "partitions", 0, "between 1 and 16, not 0"),
        (SegmentationParameters, "partitions", 17, "between 1 and 16, not 17"),
        (SupervoxelParameters, "size_voxels", 1.9, "2 voxels or more, not 1.9"),
        (SupervoxelParameters, "size_voxels", float("nan"), "2 voxels or more, not nan"),
        (SupervoxelParameters, "size_voxels", float("inf"), "not inf"),
        (SupervoxelParameters, "compactness", 0, "compactness must be positive, not 0"),
        (SupervoxelParameters, "compactness", float("nan"), "not nan"),
        (SupervoxelParameters, "iterations", 0, "the iterations must be 1 or more, not 0"),
        (
            SupervoxelParameters,
            "smoothing_voxels",
            -1,
            "smoothing must be 0 voxels or more, not -1",
        ),
        (
            ClassifierParameters,
            "method",
            "magic",
            "unknown classifier 'magic'; choose from extra-trees, ",
        ),
        (ClassifierParameters, "trees", 0, "the number of trees must be 1 or more, not 0"),
        (ClassifierParameters, "seed", -1, "the seed must lie between 0 and 4294967295, not -1"),
        (ClassifierParameters, "seed", 2**32, "not 4294967296"),
        (RefinementParameters, "strength", -0.1, "between 0 and 100, not -0.1"),
        (RefinementParameters, "strength", float("nan"), "between 0 and 100, not nan"),
        (RefinementParameters, "strength", float("inf"), "between 0 and 100, not inf"),
    ],
)
def test_values_out_of_range(kind: Any, name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(kind(), **{name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda values: values.update(unheard_of=1), "unheard_of is unknown to this version"),
        (
            lambda values: values["supervoxels"].update(unheard_of=1),
            r"supervoxels\.unheard_of is unknown .* a newer one may have written it",
        ),
        (lambda values: values.update(supervoxels=None), "supervoxels is damaged: .* an object"),
        (lambda values: values["classifier"].update(seed=-1), "the seed must lie between"),
        (lambda values: values["classifier"].update(trees=9.5), r"classifier\.trees is damaged"),
        (lambda values: values["classifier"].update(trees=True), r"classifier\.trees is damaged"),
        (
            lambda values: values["supervoxels"].update(compactness="2"),
            r"supervoxels\.compactness is damaged: input should be a valid number",
        ),
        (lambda values: values["supervoxels"].update(size_voxels=math.nan), "more, not nan"),
        (lambda values: values["features"].update(filters=["sobel"]), r"unknown filters .'sobel'"),
        (lambda values: values["features"].update(without=[["raw"]]), r"features\.without\.0"),
        (lambda values: values.update(partitions="four"), "partitions is damaged: .* integer"),
        (lambda values: values.update(edge_refinement=1), "edge_refinement is damaged: .* boolean"),
    ],
)
def test_what_can_not_be_read_back(change: Any, message: str) -> None:
    values = json.loads(json.dumps(SegmentationParameters().to_dict()))
    change(values)
    with pytest.raises(ValueError, match=message):
        SegmentationParameters.from_dict(values)


def test_what_an_older_version_did_not_know_has_its_default() -> None:
    values = SegmentationParameters(partitions=2).to_dict()
    del values["classifier"]["seed"], values["edge_refinement"], values["refinement"]
    assert SegmentationParameters.from_dict(values) == SegmentationParameters(partitions=2)


# As project.json and models had them before parameters had titles, and classifiers names.
OLD = """
{"supervoxels": {"size_voxels": 6.0, "compactness": 2.5, "iterations": 3, "smoothing_voxels": 0.5},
 "features": {"filters": ["raw", "gaussian"], "sigmas_voxels": [1.0, 2], "statistics": ["mean"],
              "without": [["gaussian", 2.0]]},
 "classifier": {"trees": 20, "seed": 7},
 "refinement": {"strength": 0.4},
 "partitions": 2, "edge_refinement": false}
"""


def test_parameters_of_old_files_are_equal() -> None:
    assert SegmentationParameters.from_dict(json.loads(OLD)) == SegmentationParameters(
        SupervoxelParameters(6.0, 2.5, 3, 0.5),
        FeatureParameters(("raw", "gaussian"), (1.0, 2.0), ("mean",), (("gaussian", 2.0),)),
        ClassifierParameters(trees=20, seed=7),
        RefinementParameters(0.4),
        partitions=2,
        edge_refinement=False,
    )


def test_workers_of_a_cluster_get_the_same() -> None:
    parameters = SegmentationParameters(SupervoxelParameters(5), PRESETS["full"], partitions=2)
    again = pickle.loads(pickle.dumps(parameters))
    assert again == parameters
    assert hash(again) == hash(parameters)


def test_shifts_keep_apart_for_any_number_of_partitions() -> None:
    shifts = np.array(SegmentationParameters(partitions=MAX_PARTITIONS).shifts)
    assert shifts[0].tolist() == [0, 0, 0]
    assert ((shifts >= 0) & (shifts < 1)).all()
    for n in range(2, MAX_PARTITIONS + 1):
        apart = np.abs(shifts[:n, np.newaxis] - shifts[:n])
        distance = np.sqrt((np.minimum(apart, 1 - apart) ** 2).sum(axis=-1))
        nearest = distance[~np.eye(n, dtype=bool)].min()
        assert nearest > 0.45 * n ** (-1 / 3)


def test_more_partitions_keep_those_that_there_are() -> None:
    shifts = [SegmentationParameters(partitions=n).shifts for n in (1, 4, 16)]
    assert shifts[2][:4] == shifts[1]
    assert shifts[1][:1] == shifts[0]
