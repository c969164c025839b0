"""Constant fill in the window: said, labelled 0, and unticked where it is data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

EDGE = 8  # columns of fill: the stroke of the first class lies on both sides of its end


@pytest.fixture
def filled(scene: Any) -> np.ndarray:
    image: np.ndarray = scene.image.copy()
    image[:, :, :EDGE] = 0
    return image


def test_a_constant_fill_is_said_and_can_be_data(
    open_dock: Callable[..., Any], filled: np.ndarray
) -> None:
    window = open_dock(filled)
    session = window.session
    window.prepare(1, 2)
    window.settle_widgets()
    note = window.find("supervox_no_data")
    share = 100 * EDGE / filled.shape[2]
    assert (
        note.text() == f"0 fills {share:.3g} % of the volume: taken as no data, labels there are 0"
    )
    prepared, result = session.preparation.prepared, session.view.result
    empty = prepared.segmenter.partitions[0].graph.size == 0
    assert empty.any()
    assert not result.labels[empty].any()
    assert result.labels[~empty].all()
    session.delivery.finish()
    window.settle()
    labels = session.delivery.finishing.finished.labels
    assert not labels[:, :, :EDGE].any()
    assert labels[:, :, EDGE:].all()

    window.click("supervox_leave_fill_out")
    window.settle_widgets()
    assert session.parameters.no_data == "none"
    assert session.extent.is_out_of_date
    assert not note.isVisibleTo(window.dock)
    session.extent.prepare()
    window.settle()
    assert session.view.result.labels.all()
    window.click("supervox_leave_fill_out")
    assert session.parameters.no_data == "auto"


def test_strokes_without_data_are_told(open_bench: Callable[..., Any], filled: np.ndarray) -> None:
    bench = open_bench(filled)
    bench.prepare(1, 2)
    outside = np.zeros(filled.shape, bool)
    outside[2, :4, :3] = True
    bench.paint_voxels(outside, 2)
    bench.until(lambda: "painted voxels lie where there is no data" in bench.session.unused)
