"""A run within a budget: nothing before it is needed, and a refusal that says what would fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.segmentation import SegmentationError, SegmentationParameters, SupervoxelParameters
from supervox.segmentation.preparation import memory_plan
from supervox.segmentation.preparation.memory_plan import (
    NotEnoughMemory,
    Workload,
    default_budget,
    plan_memory,
)

WHOLE = Workload((600, 1000, 1000), 4, SegmentationParameters(), n_classes=6, workers=2)
VOXELS = 600 * 1000 * 1000


def test_all_in_memory_where_there_is_enough() -> None:
    plan = plan_memory(WHOLE, 1e12)
    assert not plan.ids_on_disk
    assert not plan.volume_on_disk
    assert plan.pooled_together == 4
    assert plan.disk_bytes == 0
    assert plan.bytes > (4 + 4 * 4) * VOXELS


def test_ids_go_first_then_the_volume_then_time() -> None:
    everything = plan_memory(WHOLE, 1e12)
    ids = plan_memory(WHOLE, everything.bytes - 1)
    assert (ids.ids_on_disk, ids.volume_on_disk, ids.pooled_together) == (True, False, 4)
    assert ids.disk_bytes == 4 * 4 * VOXELS
    assert 0.9 * ids.disk_bytes < everything.bytes - ids.bytes < ids.disk_bytes  # but for blocks
    volume = plan_memory(WHOLE, ids.bytes - 1)
    assert (volume.ids_on_disk, volume.volume_on_disk, volume.pooled_together) == (True, True, 4)
    assert volume.disk_bytes == (4 * 4 + 4) * VOXELS
    fewer = plan_memory(WHOLE, volume.bytes - 1)
    assert fewer.pooled_together == 3
    assert fewer.volume_on_disk


def test_a_whole_tomogram_in_eight_gigabytes() -> None:
    assert plan_memory(WHOLE, 8e9).bytes <= 8e9


@given(st.floats(1e8, 1e11), st.integers(1, 8), st.integers(64, 600))
def test_a_plan_never_takes_more_than_the_budget(budget: float, partitions: int, edge: int) -> None:
    parameters = SegmentationParameters(partitions=partitions)
    run = Workload((edge, edge, edge), 2, parameters, workers=2)
    least = min(plan.bytes for plan in memory_plan._plans(run))
    if budget < least:
        with pytest.raises(SegmentationError, match=r"^[^\n]*$"):
            plan_memory(run, budget)
        return
    plan = plan_memory(run, budget)
    assert plan.bytes <= budget
    assert 1 <= plan.pooled_together <= partitions


def test_what_is_proposed_fits() -> None:
    budget = 3e9
    with pytest.raises(NotEnoughMemory, match="600 x 1000 x 1000 voxels need about") as caught:
        plan_memory(WHOLE, budget)
    text = str(caught.value)
    assert "even with volume and supervoxels on the disk; 3.0 GB may be used" in text
    assert "--" not in text
    instead = caught.value.instead
    size, partitions, box = instead.size_voxels, instead.partitions, instead.box
    assert caught.value.shape == WHOLE.shape
    assert instead.budget == budget
    assert size is not None
    assert partitions is not None
    assert box is not None
    parameters = WHOLE.parameters
    plan_memory(WHOLE, instead.least)
    plan_memory(replace(WHOLE, shape=box), budget)
    plan_memory(replace(WHOLE, parameters=replace(parameters, partitions=partitions)), budget)
    for edge, fits in ((size, True), (size - 1, False)):
        coarse = replace(parameters, supervoxels=SupervoxelParameters(edge))
        if fits:
            plan_memory(replace(WHOLE, parameters=coarse), budget)
        else:
            with pytest.raises(SegmentationError, match="may be used"):
                plan_memory(replace(WHOLE, parameters=coarse), budget)


def test_nothing_fits_into_nothing() -> None:
    with pytest.raises(NotEnoughMemory, match=r"0\.0 GB may be used$") as caught:
        plan_memory(WHOLE, 1e6)
    instead = caught.value.instead
    assert (instead.size_voxels, instead.partitions, instead.box) == (None, None, None)


def test_the_default_is_a_part_of_what_the_machine_has() -> None:
    import psutil

    assert 0 < default_budget() < psutil.virtual_memory().total


def be_in_groups(lines: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this process be in control groups that lie in a folder."""
    (folder / "cgroup").write_text(lines)
    monkeypatch.setattr(memory_plan, "CGROUPS", folder)
    monkeypatch.setattr(memory_plan, "OWN_CGROUP", folder / "cgroup")


def test_a_batch_job_has_what_its_group_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "slurm" / "job_1"
    own.mkdir(parents=True)
    (own.parent / "memory.max").write_text("3000000\n")
    (own.parent / "memory.current").write_text("1500000\n")
    # what mirrors files is let go of when somebody needs memory
    (own.parent / "memory.stat").write_text("anon 7\ninactive_file 300000\nactive_file 200000\n")
    (own / "memory.max").write_text("max\n")
    (own / "memory.current").write_text("1000\n")
    (own / "memory.stat").write_text("anon 7\n")
    be_in_groups("1:name=systemd:/\n0::/slurm/job_1\n", tmp_path, monkeypatch)
    assert default_budget() == pytest.approx(0.7 * 2_000_000)
    monkeypatch.setattr(memory_plan, "OWN_CGROUP", tmp_path / "missing")
    assert default_budget() > 1e8


def test_a_batch_job_in_an_older_kind_of_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "memory" / "slurm" / "job_1"
    own.mkdir(parents=True)
    for folder, limit in ((own, 2**63 - 4096), (own.parent, 3_000_000)):
        (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
        (folder / "memory.usage_in_bytes").write_text("1500000\n")
        (folder / "memory.stat").write_text("inactive_file 9\ntotal_inactive_file 500000\n")
    lines = "3:cpu,cpuacct:/elsewhere\n2:memory:/slurm/job_1\n0::/\n"
    be_in_groups(lines, tmp_path, monkeypatch)
    assert default_budget() == pytest.approx(0.7 * 2_000_000)


def test_what_lies_on_the_disk_meanwhile() -> None:
    """Files of a stage that can be resumed, and what a cluster needs to do a block again."""
    run = Workload((100, 100, 100), 4, SegmentationParameters(partitions=2))
    assert plan_memory(run, 1e12).disk_bytes == 0
    assert plan_memory(replace(run, resumable=True), 1e12).disk_bytes == 12e6
    assert plan_memory(run, 1e12, shared=True).disk_bytes == (2 * 4 + 4 + 4) * 1e6
