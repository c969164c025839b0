"""The robots of the correction benchmark: correct strokes at the places that they should choose."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture
def robots(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(repository)
    from benchmarks import robots

    return robots


def halves() -> np.ndarray:
    """Class 1 on the left, class 2 on the right, in eight planes."""
    truth = np.ones((8, 40, 60), np.uint8)
    truth[:, :, 30:] = 2
    return truth


@pytest.mark.parametrize("robot", ["random", "error", "pairs", "rings"])
def test_every_stroke_is_of_the_true_class(robots: ModuleType, robot: str) -> None:
    truth, painted = halves(), robots.Painted((8, 40, 60))
    labels = np.roll(truth, 11, axis=2)
    for stroke in islice(robots.play(robot, truth, lambda z: labels[z], painted, 3, (1, 2)), 14):
        assert (truth[stroke.plane][stroke.rows, stroke.columns] == stroke.label).all()
        painted.add(stroke)
    assert painted.n_strokes == 14
    at = painted.classes > 0
    np.testing.assert_array_equal(painted.classes[at], truth[at])
    assert set(np.unique(painted.steps)) >= {0, 1, 2, 3, 4}


def test_all_robots_start_with_the_same_strokes(robots: ModuleType) -> None:
    truth = halves()
    starts = []
    for robot in robots.ROBOTS:
        painted = robots.Painted(truth.shape)
        for stroke in islice(robots.play(robot, truth, lambda z: truth[z], painted, 5, (1, 2)), 4):
            painted.add(stroke)
        starts.append(painted.steps)
    np.testing.assert_array_equal(starts[0], starts[1])
    np.testing.assert_array_equal(starts[0], starts[2])


def test_the_largest_wrong_patch_is_painted(robots: ModuleType) -> None:
    truth, painted = halves(), robots.Painted((8, 40, 60))
    labels = truth.copy()
    labels[1, 2:8, 2:8] = 2
    labels[5, 20:32, 40:58] = 1
    rng = np.random.default_rng(0)
    plane, stroke = robots.correct_largest_error(
        truth, (1, 3, 5, 7), labels.__getitem__, painted, rng
    )
    assert (plane, stroke.plane, stroke.label) == (5, 5, 2)
    inside = (stroke.rows >= 19) & (stroke.rows <= 32) & (stroke.columns >= 39)
    assert inside.all()
    assert robots.wrongly_given(stroke, labels[5]) == 1


def test_a_patch_that_is_narrower_than_the_brush_comes_last(robots: ModuleType) -> None:
    truth, painted = halves(), robots.Painted((8, 40, 60))
    labels = truth.copy()
    labels[1, :, 29] = 2  # a rim of one pixel, forty long
    labels[3, 4:8, 4:8] = 2
    rng = np.random.default_rng(0)
    look = labels.__getitem__
    assert robots.correct_largest_error(truth, (1, 3), look, painted, rng)[0] == 3
    assert robots.correct_largest_error(truth, (1,), look, painted, rng)[0] == 1
    assert robots.correct_largest_error(truth, (5,), look, painted, rng) is None


def test_the_partner_lies_nearest_where_the_class_is_right(robots: ModuleType) -> None:
    truth, painted = halves(), robots.Painted((8, 40, 60))
    labels = truth.copy()
    labels[3, 10:20, 10:28] = 2
    rng = np.random.default_rng(0)
    _, stroke = robots.correct_largest_error(truth, (3,), labels.__getitem__, painted, rng)
    painted.add(stroke)
    pair = robots.find_partner(truth, (3, 5), truth.__getitem__, painted, 3, stroke, 2, rng)
    assert (pair.plane, pair.label) == (3, 2)
    assert pair.columns.min() <= 33
    nowhere = np.ones_like(truth)
    assert robots.find_partner(truth, (3,), nowhere.__getitem__, painted, 3, stroke, 2, rng) is None


def test_a_voxel_keeps_the_step_that_gave_it_its_class(robots: ModuleType) -> None:
    painted = robots.Painted((1, 1, 4))
    zeros = np.zeros(2, int)
    painted.add(robots.Stroke(0, zeros, np.array([0, 1]), 1))
    painted.add(robots.Stroke(0, zeros, np.array([1, 2]), 1))
    painted.add(robots.Stroke(0, zeros, np.array([2, 3]), 2))
    assert painted.steps.tolist() == [[[1, 1, 3, 3]]]
    assert painted.classes.tolist() == [[[1, 1, 2, 2]]]
    strokes = painted.strokes()
    assert strokes.voxels.tolist() == [0, 1, 2, 3]
    assert strokes.classes.tolist() == [1, 1, 2, 2]


def test_planes_are_spread_evenly(robots: ModuleType) -> None:
    assert robots.spread_planes(96, 4) == (12, 36, 60, 84)
    assert robots.spread_planes(2, 4) == (0, 1)


def test_the_summary_of_curves(robots: ModuleType) -> None:
    from benchmarks.correction_tables import summarise

    found = summarise([[0.5, 0.6, 0.57, 0.51, 0.7], [0.5, 0.5, 0.5, 0.5, 0.5]])
    assert found.mean == pytest.approx((0.576 + 0.5) / 2)
    assert found.middle == pytest.approx((0.56 + 0.5) / 2)
    assert found.end == pytest.approx((1.78 / 3 + 0.5) / 2)
    assert found.costly == 2 / 8
    assert found.very_costly == 1 / 8
    assert found.worst == pytest.approx(0.06)


def test_made_volumes_have_all_their_classes(repository: Path) -> None:
    from benchmarks.made_volumes import MADE

    for name, make in MADE.items():
        data = make((24, 64, 64), seed=1)
        assert data.name == name
        assert data.image.shape == data.truth.shape == (24, 64, 64)
        assert set(np.unique(data.truth)) == set(data.scored)


def test_some_sessions_alone_print_a_line_each(
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.syspath_prepend(repository)
    from benchmarks import correction

    monkeypatch.setattr(correction, "volume_names", lambda: [correction.QUICK])
    chosen = "--robots rings,error --seeds 1 --most 8 --processes 1 --live-only --curves --save"
    correction.main(["--volumes", "plates", *chosen.split(), str(tmp_path / "found.json")])
    lines = capsys.readouterr().out.splitlines()
    assert ["rings" in lines[0], "error" in lines[2]] == [True, True]
    found = json.loads((tmp_path / "found.json").read_text())
    assert [session["robot"] for session in found] == ["rings", "error"]
    assert all(len(session["live"]) == 3 for session in found)  # after 6, 7 and 8 strokes
    assert lines[1].split() == [f"{value:.3f}" for value in found[0]["live"]]
    with pytest.raises(SystemExit):
        correction.main(["--volumes", "moon"])
    assert "there are plates, quick" in capsys.readouterr().err
