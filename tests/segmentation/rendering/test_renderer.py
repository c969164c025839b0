"""Votes of supervoxels at voxels: against plain filters, and the same in any block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from supervox.execution import Block, split_blocks
from supervox.features import IntensityRange
from supervox.segmentation.rendering._block import EDGE_EPSILON
from supervox.segmentation.rendering._class_bounds import TILE
from supervox.segmentation.rendering._votes import number_locally
from supervox.segmentation.rendering.renderer import EDGE_SIGMA_VOXELS, Renderer
from supervox.segmentation.supervoxels.guide_image import guide_block, smoothing_sigma

ISOTROPIC = (1.0, 1.0, 1.0)
SHAPE = (20, 37, 45)


def cells(shape: tuple[int, int, int], edge: int, shift: int = 0) -> np.ndarray:
    """Cubes instead of supervoxels."""
    z, y, x = ((np.arange(n) + shift) // edge for n in shape)
    return ((z[:, None, None] * (y[-1] + 1) + y[:, None]) * (x[-1] + 1) + x).astype(np.int32)


def textured(shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> np.ndarray:
    """Smooth blobs, an edge, and noise."""
    rng = np.random.default_rng(seed)
    blobs = 6 * ndimage.gaussian_filter(rng.normal(size=shape), 3)
    step = np.arange(shape[2]) > shape[2] // 2
    return (blobs + 2 * step + 0.3 * rng.normal(size=shape)).astype(np.float32)


def renderer(
    volume: np.ndarray,
    ids: tuple[np.ndarray, ...],
    spacing: tuple[float, float, float] = ISOTROPIC,
    *,
    edges: bool = True,
) -> Renderer:
    return Renderer(volume, spacing, IntensityRange(0.0, 10.0, 0.0), 1.0, ids, edges)


def random_tables(ids: tuple[np.ndarray, ...], n_classes: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [
        rng.dirichlet(np.full(n_classes, 0.3), part.max() + 1).astype(np.float32) for part in ids
    ]


def whole(shape: tuple[int, ...]) -> Block:
    return split_blocks(shape, shape)[0]


def plain_votes(tables: list[np.ndarray], ids: tuple[np.ndarray, ...]) -> np.ndarray:
    gathered = [table.astype(float)[part] for table, part in zip(tables, ids, strict=True)]
    return np.moveaxis(np.mean(gathered, axis=0), -1, 0)


def reference_filter(
    votes: np.ndarray, guide: np.ndarray, sigma: tuple[float, float, float]
) -> np.ndarray:
    """He et al. as it is written, in float64."""

    def smooth(values: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(values, sigma, mode="reflect", truncate=3)

    guide = guide.astype(float)
    mean = smooth(guide)
    variance = smooth(guide * guide) - mean * mean
    result = []
    for vote in votes:
        slope = (smooth(vote * guide) - mean * smooth(vote)) / (variance + EDGE_EPSILON)
        result.append(smooth(slope) * guide + smooth(smooth(vote) - slope * mean))
    return np.stack(result)


def reference_votes(made: Renderer, tables: list[np.ndarray]) -> np.ndarray:
    sigma = smoothing_sigma(made.smoothing_voxels, made.spacing)
    guide = guide_block(made.volume, whole(made.volume.shape), made.intensity, sigma)
    window = smoothing_sigma(EDGE_SIGMA_VOXELS, made.spacing)
    return reference_filter(plain_votes(tables, made.ids), guide, window)


@pytest.mark.parametrize("n_classes", [1, 2, 3, 6])
@pytest.mark.parametrize("spacing", [ISOTROPIC, (5.0, 1.0, 1.0), (1.0, 2.0, 1.5), (1.0, 1.0, 9.0)])
def test_votes_are_those_of_the_plain_guided_filter(
    n_classes: int, spacing: tuple[float, float, float]
) -> None:
    ids = (cells(SHAPE, 5), cells(SHAPE, 6, 2), cells(SHAPE, 7, 3))
    made = renderer(textured(), ids, spacing)
    tables = random_tables(ids, n_classes)
    found = made.votes(tables, whole(SHAPE))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference_votes(made, tables), atol=2e-5)


@pytest.mark.parametrize("shape", [(1, 30, 30), (1, 1, 5), (2, 3, 40), (40, 4, 5), (1, 1, 1)])
def test_thin_volumes(shape: tuple[int, int, int]) -> None:
    ids = (cells(shape, 4), cells(shape, 3, 1))
    made = renderer(textured(shape), ids)
    tables = random_tables(ids, 3)
    found = made.votes(tables, whole(shape))
    np.testing.assert_allclose(found, reference_votes(made, tables), atol=2e-5)


def test_without_edges_votes_are_means_of_the_tables() -> None:
    ids = (cells(SHAPE, 5), cells(SHAPE, 6, 2))
    made = renderer(textured(), ids, edges=False)
    tables = random_tables(ids, 4)
    found = made.votes(tables, whole(SHAPE))
    np.testing.assert_allclose(found, plain_votes(tables, ids), atol=1e-6)
    assert made.halo == (0, 0, 0)


def test_a_constant_image_smoothes_the_votes_twice() -> None:
    ids = (cells(SHAPE, 6),)
    tables = random_tables(ids, 3)
    found = renderer(np.full(SHAPE, 4.0, np.float32), ids).votes(tables, whole(SHAPE))
    once = [ndimage.gaussian_filter(v, 2, truncate=3) for v in plain_votes(tables, ids)]
    twice = [ndimage.gaussian_filter(v, 2, truncate=3) for v in once]
    np.testing.assert_allclose(found, twice, atol=1e-5)


def test_votes_sum_to_one() -> None:
    ids = (cells(SHAPE, 5), cells(SHAPE, 6, 2))
    found = renderer(textured(), ids).votes(random_tables(ids, 5), whole(SHAPE))
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_border_snaps_to_the_edge_of_the_image(axis: int) -> None:
    shape = (40, 40, 40)
    at = np.moveaxis(np.broadcast_to(np.arange(40), shape), -1, axis)
    along = np.moveaxis(np.broadcast_to(np.arange(40) // 4 % 2, shape), -1, axis - 1)
    ids = ((at >= 19 + 2 * along).astype(np.int32),)  # battlements, a voxel to both sides
    image = np.where(at >= 20, 9, 1).astype(np.float32)
    for edges, expected in ((True, at >= 20), (False, ids[0])):
        canvas = renderer(image, ids, edges=edges).read(whole(shape))
        chosen = canvas.winners(canvas.pick([np.eye(2, dtype=np.float32)]), 0)
        np.testing.assert_array_equal(chosen, expected)


def test_a_coarse_axis_is_left_unfiltered() -> None:
    shape = (6, 30, 30)
    ids = (np.broadcast_to(np.arange(6, dtype=np.int32)[:, None, None], shape),)
    tables = [np.eye(6, dtype=np.float32)]
    made = renderer(textured(shape), ids, (9.0, 1.0, 1.0))
    assert made.halo[0] == 0
    found = made.votes(tables, whole(shape))
    np.testing.assert_allclose(found, plain_votes(tables, ids), atol=1e-5)


@settings(max_examples=25)
@given(
    st.tuples(st.integers(1, 20), st.integers(1, 37), st.integers(9, 45)),
    st.integers(1, 6),
    st.sampled_from([ISOTROPIC, (4.0, 1.0, 1.0), (1.0, 1.0, 1.7)]),
    st.booleans(),
    st.integers(0, 5),
)
def test_no_voxel_depends_on_the_block(
    block_shape: tuple[int, int, int],
    n_classes: int,
    spacing: tuple[float, float, float],
    edges: bool,
    reference: int,
) -> None:
    ids = (cells(SHAPE, 5), cells(SHAPE, 6, 2))
    made = renderer(textured(), ids, spacing, edges=edges)
    tables = random_tables(ids, n_classes)
    reference = min(reference, n_classes - 1)
    expected = made.votes(tables, whole(SHAPE))
    canvas = made.read(whole(SHAPE))
    winners = canvas.winners(canvas.pick(tables), reference)
    for block in split_blocks(SHAPE, block_shape)[::3]:
        np.testing.assert_array_equal(made.votes(tables, block), expected[:, *block.core])
        canvas = made.read(block)
        found = canvas.winners(canvas.pick(tables), reference)
        np.testing.assert_array_equal(found, winners[block.core])


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.sampled_from([0.0, 0.3, 2.0, 20.0]))
def test_the_winner_is_the_largest_of_all_classes(
    seed: int, n_classes: int, contrast: float
) -> None:
    """What the bounds leave out could not have won, however large classes are."""
    rng = np.random.default_rng(seed)
    shape = (30, 46, 50)
    ids = (cells(shape, 8), cells(shape, 7, 3))
    made = renderer(contrast * textured(shape, seed % 97), ids)
    centres = rng.uniform(0, 50, (n_classes, 3))
    tables = []
    for part in ids:
        where = np.array(ndimage.center_of_mass(np.ones(shape), part, np.arange(part.max() + 1)))
        distance = np.linalg.norm(where[:, None] - centres, axis=2)
        sharp = np.eye(n_classes)[distance.argmin(axis=1)]
        spread = rng.dirichlet(np.full(n_classes, 0.5), len(where))
        tables.append((0.8 * sharp + 0.2 * spread).astype(np.float32))
    expected = reference_votes(made, tables)
    canvas = made.read(whole(shape))
    found = canvas.winners(canvas.pick(tables), int(seed % n_classes))
    reached = np.take_along_axis(expected, found[None].astype(np.intp), axis=0)[0]
    np.testing.assert_allclose(reached, expected.max(axis=0), atol=1e-4)


def test_large_regions_of_one_class_need_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = (60, 60, 60)
    ids = (cells(shape, 6),)
    table = np.tile(np.float32([0.1, 0.85, 0.05]), (ids[0].max() + 1, 1))
    canvas = renderer(textured(shape), ids).read(whole(shape))
    monkeypatch.setattr("supervox.segmentation.rendering._block.filter_votes", lambda *args: 1 / 0)
    assert (canvas.winners(canvas.pick([table]), 0) == 1).all()


@pytest.mark.parametrize("edges", [True, False])
@pytest.mark.parametrize("reference", [0, 1, 2, 3])
def test_the_lowest_column_wins_ties(edges: bool, reference: int) -> None:
    ids = (cells(SHAPE, 5), cells(SHAPE, 6, 2))
    table = np.float32([0, 0.25, 0.25, 0.5])
    other = np.float32([0, 0.5, 0.5, 0])
    tables = [
        np.tile(row, (part.max() + 1, 1)) for row, part in zip((table, other), ids, strict=True)
    ]
    canvas = renderer(textured(), ids, edges=edges).read(whole(SHAPE))
    assert (canvas.winners(canvas.pick(tables), reference) == 1).all()


def test_halves_that_disagree_everywhere_tie() -> None:
    ids = (cells(SHAPE, 5), cells(SHAPE, 6, 2))
    tables = [np.tile(np.eye(2, dtype=np.float32)[k], (ids[k].max() + 1, 1)) for k in range(2)]
    for reference in range(2):
        canvas = renderer(textured(), ids).read(whole(SHAPE))
        assert not canvas.winners(canvas.pick(tables), reference).any()


def test_values_of_a_class_are_made_one_after_the_other() -> None:
    ids = (cells(SHAPE, 5),)
    tables = random_tables(ids, 4)
    made = renderer(textured(), ids)
    canvas = made.read(whole(SHAPE))
    kept = np.empty((4, *SHAPE), np.float32)
    streamed = [values.copy() for values in canvas.values(canvas.pick(tables))]
    for _ in canvas.values(canvas.pick(tables), kept):
        pass
    np.testing.assert_array_equal(streamed, kept)


def test_local_numbers() -> None:
    parts = [np.int32([[[7, 7, 900]]]), np.int32([[[3, 1, 3]]])]
    numbers, rows = number_locally(parts)
    assert numbers.dtype == np.int32
    np.testing.assert_array_equal(numbers, [[[[0, 0, 1]]], [[[3, 2, 3]]]])
    np.testing.assert_array_equal(rows[0], [7, 900])
    np.testing.assert_array_equal(rows[1], [1, 3])


def test_finite() -> None:
    image = textured()
    image[3, 4, 5] = np.nan
    image[3, 4, 6] = np.inf
    ids = (cells(SHAPE, 5),)
    mask = renderer(image, ids).finite(whole(SHAPE))
    assert mask is not None
    np.testing.assert_array_equal(np.argwhere(~mask), [[3, 4, 5], [3, 4, 6]])
    assert renderer(np.zeros(SHAPE, np.uint8), ids).finite(whole(SHAPE)) is None


def test_tiles_are_smaller_than_the_window() -> None:
    """Else bounds over whole tiles would hardly exclude anything."""
    assert 2 * int(3 * EDGE_SIGMA_VOXELS) >= TILE
