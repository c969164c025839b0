"""What final labels need is prepared behind the live work, where that takes little."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from supervox.napari_plugin.tasks import other_partitions


def test_slices_and_finish_use_what_was_prepared_meanwhile(bench: Any) -> None:
    session = bench.session
    bench.viewer.dims.set_current_step(0, 8)
    bench.prepare(1, 2, 3)
    others = session.delivery.others.segmenter
    assert len(others.partitions) == session.parameters.partitions > 1
    assert others.partitions[0] is session.preparation.prepared.segmenter.partitions[0]
    shown = session.view.prediction.data[8, :, :].copy()
    assert session.view.is_in_full(session.view.result, session.volume.slice_in_view())
    session.delivery.finish()
    bench.settle()
    finished = session.delivery.finishing.finished
    pairs = zip(finished.segmenter.partitions, others.partitions, strict=True)
    assert all(mine is known for mine, known in pairs)
    assert (shown != finished.labels[8]).mean() < 0.01


def test_what_was_stopped_is_begun_anew(bench: Any) -> None:
    others = bench.session.delivery.others
    bench.prepare(1, 2)
    prepared, parameters = bench.session.preparation.prepared, bench.session.parameters
    others.forget()
    others.start(prepared, parameters)
    others.cancel()
    others.start(prepared, parameters)
    assert others.is_running
    bench.settle()
    assert len(others.segmenter.partitions) == parameters.partitions


def test_another_number_of_partitions_is_prepared(bench: Any) -> None:
    others, session = bench.session.delivery.others, bench.session
    bench.prepare(1, 2)
    session.choose(replace(session.parameters, partitions=2))
    bench.paint(3)
    bench.settle()
    assert len(others.segmenter.partitions) == 2


def test_what_takes_long_waits_until_it_is_asked_for(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_partitions, "MOST_SECONDS", 0.0)
    bench.prepare(1, 2)
    assert bench.session.delivery.others.segmenter is None
    assert bench.session.view.prediction is not None


def test_another_preparation_has_others(bench: Any) -> None:
    session = bench.session
    bench.prepare(1, 2)
    first = session.delivery.others.segmenter
    parameters = session.parameters
    session.choose(replace(parameters, supervoxels=replace(parameters.supervoxels, size_voxels=6)))
    session.extent.prepare()
    bench.settle()
    assert session.delivery.others.segmenter is not first
    session.choose_image(None)
    assert session.delivery.others.segmenter is None


def test_labels_of_one_partition_are_said_to_be_a_draft(
    shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_partitions, "MOST_SECONDS", 0.0)
    shown.prepare(1, 2, 3)
    assert not shown.session.delivery.others.is_running
    assert "A draft: Finish changes" in shown.dock.segment.describe()
    shown.session.delivery.finish()
    shown.settle()
    assert "draft" not in shown.dock.segment.describe()
    shown.paint(2)
    shown.settle()
    assert "draft" not in shown.dock.segment.describe()  # partitions are there now
