"""The steps of the work on one block and one thread, with what each has to read, write and compute.

Operations are additions, multiplications, comparisons and roots alike. A Gaussian that reaches r
voxels to each side takes 1 + 3 r of them an axis, as its two halves share their weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block
from supervox.features import FeatureBank, IntensityRange, kernel_radius, pool_features
from supervox.features.derivatives import gradient_magnitude, hessian_eigenvalues, laplacian
from supervox.features.filters import filter_scale, needed_cells
from supervox.features.grids import FINEST, CoarseGrid, Window, read_grids
from supervox.features.runs import add_channel, find_runs, number_locally
from supervox.features.scales import Scale, plan_scales
from supervox.features.smoothing import half_kernel, smooth_window
from supervox.sample_data import make_phantom
from supervox.segmentation import Forest, SupervoxelParameters, compute_supervoxels, train_forest
from supervox.segmentation.rendering._block import Edges
from supervox.segmentation.rendering._guided_filter import filter_votes
from supervox.segmentation.rendering._votes import number_locally as number_votes
from supervox.segmentation.supervoxels._assignment import N_SUMS, assign_block, sum_cells
from supervox.segmentation.supervoxels._connectivity import connect
from supervox.segmentation.supervoxels._touching import touching_pairs
from supervox.segmentation.supervoxels.guide_image import guide_block
from supervox.segmentation.supervoxels.seed_grid import SeedGrid as Cells

MARGIN = 24  # around the block, so that it has halos on all sides
WINDOW = (2.0, 2.0, 2.0)  # of the edges' filter
UNIT = (1.0, 1.0, 1.0)
CLASSES, LABELLED = 5, 500
# Of 27 centres, those that a plane of a cell is compared with, counted in the kernel on a phantom.
KEPT = 12.2
FACES, RUNS = 0.48, 0.17  # faces between supervoxels, and runs of a row, for each voxel
EIGENVALUES = 85  # operations of the closed form
ROUNDS = SupervoxelParameters.iterations


@dataclass(frozen=True)
class Step:
    """A step that can be timed.

    Attributes
    ----------
    stage, name, per : str
        `per` says what the figures are for: a voxel, a cell, a supervoxel.
    bytes, operations : float
        For each of them.
    counted : str
        How.
    items : int
        How many there are.
    run : callable
    """

    stage: str
    name: str
    per: str
    bytes: float
    operations: float
    counted: str
    items: int
    run: Callable[[], Any]


def gaussian(sigma: float) -> int:
    """Return the operations of a Gaussian in three dimensions, for each voxel."""
    return 3 * (1 + 3 * kernel_radius(sigma))


class _Setting:
    """A phantom with the block in its middle, and what several steps need of it."""

    def __init__(self, edge: int) -> None:
        self.volume = make_phantom((edge + 2 * MARGIN,) * 3).image.astype(np.float32)
        self.intensity = IntensityRange.measure(self.volume)
        part = slice(MARGIN, MARGIN + edge)
        self.block = Block(0, (part, part, part), (part, part, part))
        self.core = Window((MARGIN,) * 3, (MARGIN + edge,) * 3)
        self.voxels = edge**3
        self.ids = compute_supervoxels(self.volume)
        self.inside = np.ascontiguousarray(self.ids[self.block.core])
        self.guide = self.make_guide()

    def make_guide(self) -> NDArray[np.float32]:
        return guide_block(self.volume, self.block, self.intensity, UNIT)


def make_steps(edge: int) -> Iterator[Step]:
    """Yield the steps on a block of `edge` voxels to each side."""
    setting = _Setting(edge)
    yield from _supervoxel_steps(setting)
    yield from _feature_steps(setting)
    yield from _pooling_steps(setting)
    yield _faces(setting)
    yield _forest(setting)
    yield _edges(setting)


def _supervoxel_steps(at: _Setting) -> Iterator[Step]:
    stage, voxel = "supervoxels", "voxel"
    smoothing = gaussian(1.0)
    yield Step(
        stage,
        "smoothed image",
        voxel,
        8,
        smoothing + 6,
        f"Gaussian of sigma 1 ({smoothing}), 4 to normalise, 2 to round",
        at.voxels,
        at.make_guide,
    )
    cells = Cells.for_volume(at.guide.shape, UNIT, SupervoxelParameters())
    whole = cells.blocks(at.guide.shape)[0]
    origin, offset, step = map(np.array, ((0, 0, 0), cells.offset, cells.step))
    first, n_cells = cells.cells(whole)
    sums = np.zeros((*cells.n_cells, N_SUMS))
    sum_cells(at.guide, origin, offset, step, first, sums)
    centres = [sums[..., 1:] / sums[..., :1]]
    weight = np.array(cells.weight, np.float32)
    no_ids, no_sums = np.zeros((0, 0, 0), np.int32), np.zeros((0, 0, 0, N_SUMS))
    raw = np.empty(at.guide.shape, np.int32)

    def assign(total: NDArray[np.float64], ids: NDArray[np.int32]) -> None:
        grid = origin, offset, step, first, n_cells
        assign_block(at.guide, *grid, centres[-1], weight, total, ids)

    def one_round() -> NDArray[np.float64]:
        total = np.zeros((*(n_cells + 2), N_SUMS))
        assign(total, no_ids)
        return total

    for _ in range(ROUNDS - 1):
        total = one_round()[1:-1, 1:-1, 1:-1]
        centres.append(total[..., 1:] / np.maximum(total[..., :1], 1))
    yield Step(
        stage,
        f"a round of assignment (of {ROUNDS})",
        voxel,
        4,
        (KEPT + 1) * 15 + N_SUMS,
        f"14 for a distance and 1 to compare, of {KEPT} centres (the other of 27 can't win) and "
        f"once more of the own; {N_SUMS} to sum up",
        at.voxels,
        one_round,
    )
    assign(no_sums, raw)
    out = np.empty_like(raw)

    def join() -> None:
        connect(
            out,
            out,
            [whole],
            assign=lambda _: raw,
            face_area=UNIT,
            minimum_size=cells.minimum_size,
            run=lambda function: map(function, [whole]),
        )

    yield Step(
        stage,
        "components, merged and numbered",
        voxel,
        40,
        3 + 3 * 2,
        "comparisons with three neighbours, twice, and three looks into tables; ten passes of "
        "4 bytes (ids to components, sizes, regions, faces, final ids)",
        at.voxels,
        join,
    )


def _feature_steps(at: _Setting) -> Iterator[Step]:
    bank = FeatureBank()
    scales = plan_scales(bank.parameters, at.volume.shape, UNIT)
    filters = frozenset(bank.parameters.filters) - {"raw"}
    needed: dict[Any, Window] = {}
    for scale in scales:
        window = needed_cells(at.core, scale, at.volume.shape, filters)
        needed[scale.factor] = window.union(needed.get(scale.factor, window))
    factors = {scale.factor for scale in scales}

    def read() -> dict[Any, CoarseGrid]:
        return read_grids(at.volume, at.intensity, factors, needed, squares=False)

    grids = read()
    yield Step(
        "features",
        "read, normalised, averaged",
        "voxel",
        12,
        9,
        "4 to normalise, for the fine grid and again for the coarse ones, 1 to average",
        at.voxels,
        read,
    )
    yield from _derivative_steps(at, grids[FINEST], scales[0])
    for scale in scales[:2]:
        yield _tensor_step(at, grids[FINEST], scale)
    for scale in scales[2:]:
        yield _coarse_step(at, grids[scale.factor], scale, filters)


def _derivative_steps(at: _Setting, grid: CoarseGrid, scale: Scale) -> Iterator[Step]:
    kernels = tuple(half_kernel(sigma) for sigma in scale.inner)
    z, y, x = at.core.within(grid.window)
    start = (z.start - 1, y.start - 1, x.start - 1)
    stop = (z.stop + 1, y.stop + 1, x.stop + 1)

    def smooth() -> NDArray[np.float32]:
        return smooth_window(grid.values, kernels, start, stop)

    around = smooth()
    stage, voxel = "features", "voxel"
    operations = gaussian(scale.inner[0])
    counted = "a multiplication, and two additions and one multiplication for two taps"
    yield Step(stage, "Gaussian, sigma 1", voxel, 8, operations, counted, at.voxels, smooth)
    yield Step(
        stage,
        "gradient magnitude and Laplacian",
        voxel,
        16,
        12 + 14,
        "three differences, weighed, squared and added, a root; three second differences",
        at.voxels,
        lambda: (gradient_magnitude(around, scale.first), laplacian(around, scale.first)),
    )
    yield Step(
        stage,
        "eigenvalues of the Hessian",
        voxel,
        16,
        24 + EIGENVALUES,
        f"six second differences of 4, {EIGENVALUES} for the closed form",
        at.voxels,
        lambda: hessian_eigenvalues(around, scale.first),
    )


def _tensor_operations(scale: Scale) -> int:
    return 6 + 6 * (1 + gaussian(scale.outer[0])) + EIGENVALUES + 3


def _tensor_step(at: _Setting, grid: CoarseGrid, scale: Scale) -> Step:
    only = frozenset({"structure_tensor_eigenvalues"})
    return Step(
        "features",
        f"structure tensor, sigma {scale.sigma:g}",
        "voxel",
        16,
        gaussian(scale.inner[0]) + _tensor_operations(scale),
        "Gaussian, three differences, six products with a Gaussian each, "
        f"{EIGENVALUES} for the closed form, 3 roots",
        at.voxels,
        lambda: list(filter_scale(grid, at.core, scale, only)),
    )


def _coarse_step(at: _Setting, grid: CoarseGrid, scale: Scale, filters: frozenset[str]) -> Step:
    cells = at.core.coarsened(scale.factor)
    return Step(
        "features",
        f"all filters, sigma {scale.sigma:g}",
        f"cell of {scale.factor[0]}³ voxels",
        40,
        gaussian(scale.inner[0]) + 26 + 24 + EIGENVALUES + _tensor_operations(scale),
        "as above, on a coarser grid",
        int(np.prod(cells.shape)),
        lambda: list(filter_scale(grid, cells, scale, filters)),
    )


def _pooling_steps(at: _Setting) -> Iterator[Step]:
    found = number_locally(at.inside)
    runs = find_runs(found.local, at.core, FINEST)
    sums, squares = np.zeros((2, found.ids.size), np.int64)
    yield Step(
        "features",
        "a channel pooled, finest grid",
        "voxel",
        4 + 12 * RUNS,
        8,
        f"5 to round to whole quanta, 3 to square and sum; {RUNS} runs of 12 bytes a voxel",
        at.voxels,
        lambda: add_channel(at.guide, runs, sums, squares),
    )


def _faces(at: _Setting) -> Step:
    core, n = np.array(at.inside.shape), int(at.ids.max()) + 1
    nothing = np.zeros(0, np.bool_)
    return Step(
        "graph",
        "faces between supervoxels",
        "voxel",
        8,
        3 + FACES * 6,
        f"three comparisons, 6 for each of {FACES} faces a voxel",
        at.voxels,
        lambda: touching_pairs(at.inside, core, n, nothing),
    )


def _forest(at: _Setting) -> Step:
    table = pool_features(at.volume, at.ids, FeatureBank()).values
    labelled = np.linspace(0, len(table) - 1, min(LABELLED, len(table))).astype(int)
    order = np.argsort(np.argsort(table[labelled, 0]))
    forest = train_forest(table[labelled], (1 + order * CLASSES // len(order)).astype(np.uint16))
    steps = _mean_steps(forest, table)
    return Step(
        "labels",
        "forest",
        "supervoxel",
        4 * (table.shape[1] + CLASSES),
        steps + len(forest.roots),
        f"a comparison for each of the {steps:.0f} steps down {len(forest.roots)} trees, an "
        "addition for each tree",
        len(table),
        lambda: forest.predict(table, workers=1),
    )


def _mean_steps(forest: Forest, table: NDArray[np.float32]) -> float:
    """Return the steps of a row down all trees, on average."""
    rows = np.arange(len(table))
    steps = 0
    for root in forest.roots:
        node = np.full(len(table), root)
        while (inner := forest.child[node] != node).any():
            steps += int(inner.sum())
            right = table[rows, forest.feature[node]] > forest.threshold[node]
            node = np.where(inner, forest.child[node] + right, node)
    return steps / len(table)


def _edges(at: _Setting) -> Step:
    reach = 2 * kernel_radius(WINDOW[0])
    first, last = MARGIN - reach, at.core.stop[0] + reach
    whole = Block(0, (slice(first, last),) * 3, (slice(first, last),) * 3)
    edges = Edges(guide_block(at.volume, whole, at.intensity, UNIT), WINDOW)
    numbers, rows = number_votes([at.ids[whole.core]])
    votes = np.random.default_rng(0).random(len(rows[0]), np.float32)
    out: NDArray[np.float32] = np.empty(at.inside.shape, np.float32)
    spans = np.zeros((*out.shape[:2], 2), np.int32)
    spans[..., 1] = out.shape[2]
    operations = 4 * gaussian(WINDOW[0]) + 8
    return Step(
        "labels",
        "edges, a class, one partition",
        "voxel",
        20,
        operations,
        "four Gaussians of sigma 2, a product, a linear fit and its value (8)",
        at.voxels,
        lambda: filter_votes(numbers, votes, edges.fields, edges.kernels, spans, (reach,) * 3, out),
    )
