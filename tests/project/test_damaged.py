"""Bytes flip and files are cut at random: a project opens, recovers, or says what is lost.

A dozen times in ``make test``; ``SUPERVOX_MUTATIONS`` times, 60 by default, in ``make test-long``.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from supervox.project import Project, ProjectError, Severity

from .conftest import CLASSES, QUICK

FEW, MUTATIONS = 12, int(os.environ.get("SUPERVOX_MUTATIONS", "60"))


@pytest.fixture(scope="module")
def whole(finished, tmp_path_factory):
    """What a project holds that nothing happened to, and where it is."""
    home = tmp_path_factory.mktemp("whole")
    shutil.copytree(finished, home, dirs_exist_ok=True)
    with Project.open(home / "cell.supervox", read_only=True) as project:
        strokes = project.strokes
        return SimpleNamespace(
            folder=home / "cell.supervox",
            voxels=project.annotations.voxels,
            steps=project.history.steps,
            settings=project.settings,
            partitions=project.derived.load_partitions(),
            result=project.derived.load_result(strokes),
            model=project.derived.load_model(strokes),
        )


def damage(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """Spoil one file, sometimes two; return which and how."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    # many files are chunks of arrays: the few others should be spoilt as well
    few = [path for path in files if path.parent in (folder, folder / "annotations")]
    told = []
    for _ in range(chance.choice([1, 1, 1, 2])):
        path = chance.choice(chance.choice([files, few]))
        data = bytearray(path.read_bytes())
        if not data:
            continue
        at = chance.randrange(len(data))
        if chance.random() < 0.5:
            data[at] ^= 1 << chance.randrange(8)
            told.append(f"{path.relative_to(folder)}: flipped at {at}")
        else:
            del data[at:]
            told.append(f"{path.relative_to(folder)}: cut at {at}")
        path.write_bytes(data)
    return tuple(told)


def compare(project: Project, whole: SimpleNamespace) -> bool:
    """Nothing differs without a word; return whether something is lost."""
    findings = project.findings
    lost = any(item.severity is Severity.LOSS for item in findings)
    lost = lost or any("is the last can't be told" in item.text for item in findings)
    assert lost or np.array_equal(project.annotations.voxels, whole.voxels)
    assert lost or project.annotations.classes == CLASSES
    assert project.settings == whole.settings
    assert findings or project.history.steps == whole.steps
    if np.array_equal(project.annotations.voxels, whole.voxels):
        compare_derived(project, whole)
    for item in findings:
        assert "\n" not in str(item)
    return lost


def compare_derived(project: Project, whole: SimpleNamespace) -> None:
    """What is used of the derived parts is what it was; what isn't used is told."""
    derived, strokes = project.derived, project.strokes
    partitions = derived.load_partitions()
    result, model = derived.load_result(strokes), derived.load_model(strokes)
    told = any(item.severity is Severity.DERIVED for item in project.findings)
    assert told or (len(partitions) == 2 and result is not None and model is not None)
    for found, expected in zip(partitions, whole.partitions, strict=False):
        np.testing.assert_array_equal(found.ids, expected.ids)
        np.testing.assert_array_equal(found.table.values, expected.table.values)
        np.testing.assert_array_equal(found.graph.edges, expected.graph.edges)
    if result is not None:
        for found, expected in zip(result.probabilities, whole.result.probabilities, strict=True):
            np.testing.assert_array_equal(found, expected)
    if model is not None:
        np.testing.assert_array_equal(model.classifier.roots, whole.model.classifier.roots)
        assert model.parameters == QUICK


def thin_out(folder: Path, chance: random.Random) -> None:
    """Remove some snapshots, so that damage of the journal matters."""
    snapshots = sorted(folder.glob("annotations/snapshot-*"))
    for path in snapshots[len(snapshots) - chance.randrange(len(snapshots) + 1) :]:
        shutil.rmtree(path)


@pytest.mark.parametrize(
    "seeds", [range(FEW), pytest.param(range(FEW, MUTATIONS), marks=pytest.mark.long)], ids=str
)
def test_no_damage_goes_unnoticed(whole, tmp_path, seeds):
    outcomes = {"whole": 0, "lost": 0, "refused": 0}
    for seed in seeds:
        chance = random.Random(seed)
        folder = tmp_path / "spoilt" / "cell.supervox"
        shutil.copytree(whole.folder, folder)
        thin_out(folder, chance)
        told = damage(folder, chance)
        refusal = None
        try:
            for read_only in (True, False):
                with Project.open(folder, read_only=read_only) as project:
                    lost = compare(project, whole)
                    left = project.annotations.voxels.copy()
            with Project.open(folder) as project:  # what was recovered stays
                assert not any(item.severity is Severity.LOSS for item in project.findings)
                np.testing.assert_array_equal(project.annotations.voxels, left)
            outcomes["lost" if lost else "whole"] += 1
        except ProjectError as error:
            refusal = str(error)
            outcomes["refused"] += 1
        except Exception as error:
            raise AssertionError(f"mutation {seed}: {told}") from error
        if refusal is not None:  # only where both copies are gone
            assert len(told) == 2, f"{seed} {told}: {refusal}"
            assert "\n" not in refusal
        shutil.rmtree(folder)
    assert outcomes["whole"] > outcomes["lost"]
    logging.getLogger(__name__).info("mutations of %s: %s", seeds, outcomes)
