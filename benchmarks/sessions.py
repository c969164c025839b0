"""Sessions in which a robot paints, of Supervox and of the voxel forest, scored at every stroke."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import (
    Forest,
    PartInFull,
    Segmentation,
    SegmentationParameters,
    Segmenter,
    Strokes,
    find_correction,
    find_counterpart,
    label_supervoxels,
)

from .datasets import Dataset
from .robots import PLANES_LOOKED_AT, START, Painted, Plane, Stroke, is_true, play, spread_planes
from .slider import mean_dice, set_by_eye, with_balance
from .voxel_forest import VoxelFeatures, grow

MOST = 40
FINAL_AT = (8, 16, 24, 40)
SLIDER_AT = (12, 24)
SLIDER_ROBOTS = ("random", "error")
SCORED_PLANES, SCORED_EVERY = 10, 2  # of the voxel forest: planes, and rows and columns in them

Session = dict[str, Any]


def start_of(data: Dataset) -> int:
    """Return with how many strokes in all a session begins."""
    return START * len(classes_of(data))


def classes_of(data: Dataset) -> list[int]:
    """Return the classes that are painted."""
    return sorted(set(data.class_names) - {0})


class Prepared:
    """The segmenters of a volume, live and final, which sessions begin with.

    Parameters
    ----------
    data : Dataset
    with_final : bool
        Whether final labels are wanted, of four partitions and edges, and the slider is tried.
    """

    def __init__(self, data: Dataset, with_final: bool) -> None:
        self.data = data
        default = SegmentationParameters()
        single = replace(default, partitions=1, edge_refinement=False)
        self._live = Segmenter(data.image, spacing=data.spacing, parameters=single, workers=1)
        self._live.prepare()
        self._final: Segmenter | None = None
        if with_final:
            self._final = self._live.fork()
            self._final.configure(default)
            self._final.prepare()

    def session(self, robot: str, seed: int, most: int = MOST) -> Session:
        """Let a robot paint to `most` strokes in all.

        Returns
        -------
        dict
            "live": mean Dice after each stroke, from the last of the start on. "final": by number
            of strokes. "slider": by number of strokes, each balance, and mean Dice without and
            with it, live and final. "rings": how many regions were ringed, and how many of them
            were of the class.
        """
        data, painted = self.data, Painted(self.data.image.shape)
        live, final = self._live.fork(), self._final.fork() if self._final else None
        labels: NDArray[Any] = np.zeros(data.image.shape, np.uint8)
        found: Session = {"live": [], "final": {}, "slider": {}}
        states: list[_State] = []
        asked: list[bool] = []

        def ring() -> Stroke | None:
            region = _ring(states[-2], states[-1], live.partitions[0].ids, data)
            if region is not None:
                asked.append(is_true(region, data.truth))
            return region

        classes = classes_of(data)
        strokes = play(robot, data.truth, lambda z: labels[z], painted, seed, classes, ring)
        while painted.n_strokes < most:
            painted.add(next(strokes))
            n = painted.n_strokes
            if n < start_of(data):
                continue
            now = painted.strokes()
            states.append(_State(now, live.segment(now)))
            labels = states[-1].result.labels
            found["live"].append(round(mean_dice(data, painted.classes, labels), 5))
            if final is not None and n in FINAL_AT:
                found["final"][str(n)] = _score(final, data, painted)
            if final is not None and robot in SLIDER_ROBOTS and n in SLIDER_AT:
                found["slider"][str(n)] = _try_slider(live, final, data, painted)
        if asked:
            found["rings"] = [len(asked), sum(asked)]
        return found

    def fixed(self, budget: int, seed: int) -> Session:
        """Return what the slider is worth with fixed strokes, all painted at once."""
        assert self._final is not None, "made without final labels"
        painted = Painted(self.data.image.shape)
        painted.classes[:] = self.data.strokes[budget, seed]
        return _try_slider(self._live.fork(), self._final, self.data, painted)


class _State(NamedTuple):
    """The strokes after a step, and what came of them."""

    strokes: Strokes
    result: Segmentation


def _ring(before: _State, now: _State, ids: NDArray[np.int32], data: Dataset) -> Stroke | None:
    """Return what the window would ring after the last stroke, whole plane in view."""
    labels = before.result.supervoxel_classes()
    corrected = find_correction(before.strokes, now.strokes, ids, labels)
    if corrected is None:
        return None
    places = np.stack(np.unravel_index(corrected.voxels, ids.shape))
    place = places.mean(axis=1) * (0, 1, 1)
    plane = ids[places[:1, 0]]
    is_candidate = now.result.supervoxel_classes() == corrected.wrong
    is_candidate[label_supervoxels(ids, now.strokes).supervoxels] = False
    column = now.result.class_ids.index(corrected.wrong)
    probability = now.result.probabilities[0][:, column]
    found = find_counterpart(plane, place, probability, is_candidate, spacing=data.spacing)
    if found is None:
        return None
    z, y, x = np.nonzero(np.isin(ids, found.supervoxels))
    return Stroke(z, y, x, corrected.wrong)


def _score(
    segmenter: Segmenter, data: Dataset, painted: Painted, balance: dict[int, float] | None = None
) -> float:
    refinement = with_balance(balance) if balance else SegmentationParameters().refinement
    result = segmenter.segment(painted.strokes(), refinement=refinement)
    return round(mean_dice(data, painted.classes, result.labels), 5)


def _try_slider(live: Segmenter, final: Segmenter, data: Dataset, painted: Painted) -> Session:
    """Set the balance by eye, and judge it on the whole volume."""
    balance = set_by_eye(PartInFull(final), painted.strokes(), data, painted.classes)
    found: Session = {"balance": {str(k): value for k, value in balance.items()}}
    for kind, segmenter in (("live", live), ("final", final)):
        chosen = segmenter.fork()
        found[kind] = [_score(chosen, data, painted), _score(chosen, data, painted, balance)]
    return found


class VoxelForest:
    """What a peer does: a forest on the features of single voxels, grown anew at each stroke.

    It is slow, so that it is scored on some planes, and there on one voxel in four.

    Parameters
    ----------
    data : Dataset
    """

    def __init__(self, data: Dataset) -> None:
        self._data, self._features = data, VoxelFeatures(data)
        n_planes, *size = data.image.shape
        looked_at = spread_planes(n_planes, PLANES_LOOKED_AT)
        planes = sorted({*spread_planes(n_planes, SCORED_PLANES), *looked_at})
        few = slice(None, None, SCORED_EVERY)
        chosen = np.zeros(size, np.bool_)
        chosen[few, few] = True
        self._seen: dict[int, NDArray[np.float32]] = {}
        scored = []
        for z in planes:
            values = self._features((slice(z, z + 1), slice(0, size[0]), slice(0, size[1])))
            scored.append(values[chosen.reshape(-1)])
            if z in looked_at:
                self._seen[z] = values
        self._scored, self._part = np.concatenate(scored), (planes, few, few)
        self._judged = replace(data, truth=data.truth[self._part])

    def session(self, robot: str, seed: int, most: int = MOST) -> Session:
        """Let a robot paint to `most` strokes in all; return mean Dice after each as "live"."""
        data, painted = self._data, Painted(self._data.image.shape)
        rows: list[NDArray[np.float32]] = []
        classes: list[NDArray[np.uint8]] = []
        looked: dict[int, Plane] = {}
        found: Session = {"live": []}
        forest: Forest | None = None

        def look(z: int) -> Plane:
            if z not in looked:
                assert forest is not None
                looked[z] = _choose(forest, self._seen[z]).reshape(data.image.shape[1:])
            return looked[z]

        for stroke in play(robot, data.truth, look, painted, seed, classes_of(data)):
            painted.add(stroke)
            box, inside = _around(stroke.plane, stroke.rows, stroke.columns)
            rows.append(self._features(box)[inside])
            classes.append(np.full(len(rows[-1]), stroke.label, np.uint8))
            if painted.n_strokes < start_of(data):
                continue
            _, forest = grow(np.concatenate(rows), np.concatenate(classes))
            looked.clear()
            labels = _choose(forest, self._scored).reshape(self._judged.truth.shape)
            score = mean_dice(self._judged, painted.classes[self._part], labels)
            found["live"].append(round(score, 5))
            if painted.n_strokes >= most:
                break
        return found


def _choose(forest: Forest, values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the class that a forest gives to each row of features."""
    ids = np.array(forest.class_ids, np.uint8)
    chosen: NDArray[np.uint8] = ids[forest.predict(values, workers=1).argmax(axis=1)]
    return chosen


def _around(
    plane: int | NDArray[np.intp], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[tuple[slice, slice, slice], NDArray[np.bool_]]:
    """Return the box around a stroke's pixels, and which of its voxels they are, (P,)."""
    top, left = int(rows.min()), int(columns.min())
    inside = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), np.bool_)
    inside[rows - top, columns - left] = True
    across, along = inside.shape
    first = int(np.min(plane))
    box = slice(first, first + 1), slice(top, top + across), slice(left, left + along)
    return box, inside.reshape(-1)
