"""Shares of classes are counted in the voxels of the labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from supervox.segmentation.rendering import shares
from supervox.segmentation.rendering.renderer import Renderer
from supervox.segmentation.rendering.segmentation import Segmentation
from supervox.segmentation.rendering.shares import class_shares

from .test_segmentation import IDS, SHAPE, make


@dataclass(frozen=True)
class Graph:
    size: np.ndarray


@dataclass(frozen=True)
class Part:
    """All of a partition that shares ask for."""

    graph: Graph


def parts_of(result: Segmentation) -> list[Part]:
    with_data = np.isfinite(result.renderer.volume)
    return [Part(Graph(np.bincount(ids[with_data]))) for ids in result.renderer.ids]


def counted(result: Segmentation) -> dict[int, float]:
    labels = result.labels
    return {k: (labels == k).sum() / (labels > 0).sum() for k in result.class_ids}


@pytest.mark.parametrize("edges", [False, True])
def test_they_are_those_of_the_labels(edges: bool) -> None:
    result = make(edges=edges)
    assert class_shares(result, parts_of(result)) == pytest.approx(counted(result))


def test_of_one_partition_labels_are_a_look_up() -> None:
    both = make(edges=False)
    renderer = replace(both.renderer, ids=IDS[:1])
    one = replace(
        both, probabilities=both.probabilities[:1], classes=both.classes[:1], renderer=renderer
    )
    expected = counted(one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Renderer, "read", None)
        assert class_shares(one, parts_of(one)) == pytest.approx(expected)


def test_what_has_no_data_has_no_share() -> None:
    result = make(edges=False)
    result.renderer.volume[:9] = np.nan
    assert class_shares(result, parts_of(result)) == pytest.approx(counted(result))
    assert sum(class_shares(result, parts_of(result)).values()) == pytest.approx(1)


def test_a_large_volume_is_looked_at_here_and_there(monkeypatch: pytest.MonkeyPatch) -> None:
    result = make()
    monkeypatch.setattr(shares, "EDGE", 6)
    monkeypatch.setattr(shares, "WIDTH", 6)
    monkeypatch.setattr(shares, "LOOKED_AT", np.prod(SHAPE) // 2)
    found = class_shares(result, parts_of(result))
    assert found != counted(result)
    assert found == pytest.approx(counted(result), abs=0.1)
    assert found == class_shares(result, parts_of(result))
