"""The kernels of the supervoxels, against what they mean."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from supervox.segmentation.supervoxels._assignment import INTENSITY_STEP, N_SUMS, assign_block
from supervox.segmentation.supervoxels.parameters import SupervoxelParameters
from supervox.segmentation.supervoxels.seed_grid import SeedGrid


def nearest(guide: np.ndarray, grid: SeedGrid, centres: np.ndarray) -> np.ndarray:
    """Compare every voxel with all 27 centres, in the kernel's arithmetic; the first wins ties."""
    weight = np.array(grid.weight, np.float32)
    ids = np.empty(guide.shape, np.int32)
    for voxel in np.ndindex(guide.shape):
        cell = [(v + o) // s for v, o, s in zip(voxel, grid.offset, grid.step, strict=True)]
        corner = [max(c * s - o, 0) for c, s, o in zip(cell, grid.step, grid.offset, strict=True)]
        least = np.inf
        for k in range(27):
            at = tuple(c + d - 1 for c, d in zip(cell, (k // 9, k // 3 % 3, k % 3), strict=True))
            if not all(0 <= a < n for a, n in zip(at, grid.n_cells, strict=True)):
                continue
            place = (centres[at][:3] - corner).astype(np.float32)
            steps = (np.array(voxel) - corner).astype(np.float32) - place
            di = guide[voxel] - np.float32(centres[at][3])
            terms = weight * (steps * steps)
            distance = ((terms[0] + terms[1]) + terms[2]) + di * di
            if distance < least:
                least = distance
                ids[voxel] = np.ravel_multi_index(at, grid.n_cells)
    return ids


@settings(max_examples=10, deadline=None)
@given(
    st.tuples(*[st.integers(3, 7)] * 3),
    st.floats(0.05, 50),
    st.tuples(*[st.sampled_from([0.0, 0.3, 0.7])] * 3),
    st.integers(0, 2**31),
)
def test_every_voxel_goes_to_the_nearest_of_27_centres(
    shape: tuple[int, int, int], compactness: float, shift: tuple[float, float, float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    guide = np.round(rng.normal(size=shape) / INTENSITY_STEP).astype(np.float32)
    guide *= np.float32(INTENSITY_STEP)
    guide[rng.random(shape) < 0.5] = 0  # ties
    parameters = SupervoxelParameters(3, compactness)
    grid = SeedGrid.for_volume(shape, (1, 1, 1), parameters, shift)
    block = grid.blocks([n * s for n, s in zip(grid.n_cells, grid.step, strict=True)])[0]
    first, n_cells = grid.cells(block)
    cells = np.moveaxis(np.indices(grid.n_cells), 0, -1)
    middle = (cells + 0.5) * grid.step - grid.offset
    centres = np.concatenate([middle + rng.normal(size=middle.shape), cells[..., :1] * 0.25], -1)
    ids = np.empty(shape, np.int32)
    where = (grid.origin(block), np.array(grid.offset), np.array(grid.step), first, n_cells)
    weight = np.array(grid.weight, np.float32)
    assign_block(guide, *where, centres, weight, np.zeros((0, 0, 0, N_SUMS)), ids)
    np.testing.assert_array_equal(ids, nearest(guide, grid, centres))
    sums = np.zeros((*(n_cells + 2), N_SUMS))
    assign_block(guide, *where, centres, weight, sums, np.zeros((0, 0, 0), np.int32))
    inside = sums[1:-1, 1:-1, 1:-1].reshape(-1, N_SUMS)
    count = np.bincount(ids.ravel(), minlength=len(inside))
    np.testing.assert_array_equal(inside[:, 0], count)
    for column, values in enumerate((*np.indices(shape), guide), start=1):
        total = np.bincount(ids.ravel(), values.ravel().astype(np.float64), minlength=len(inside))
        np.testing.assert_array_equal(inside[:, column], total)
