"""Labels, probabilities and uncertainty of a whole volume, in blocks and slabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy
from supervox.execution import Cancelled, Run, split_blocks
from supervox.features import IntensityRange
from supervox.segmentation import RenderedBlock, Segmentation
from supervox.segmentation.rendering import segmentation
from supervox.segmentation.rendering._election import PROBABILITY_SHARE
from supervox.segmentation.rendering.renderer import Renderer
from supervox.segmentation.rendering.segmentation import count_labels

SHAPE = (24, 30, 42)


def cells(edge: int, shift: int) -> np.ndarray:
    z, y, x = ((np.arange(n) + shift) // edge for n in SHAPE)
    return ((z[:, None, None] * (y[-1] + 1) + y[:, None]) * (x[-1] + 1) + x).astype(np.int32)


IDS = (cells(6, 0), cells(5, 3))


def make(
    class_ids: Sequence[int] = (1, 2, 5),
    *,
    edges: bool = True,
    workers: int | None = 2,
    tables: Sequence[np.ndarray] | None = None,
    dtype: type = np.float32,
    seed: int = 0,
) -> Segmentation:
    rng = np.random.default_rng(seed)
    volume = (5 + 2 * rng.normal(size=SHAPE)).clip(0, 10).astype(dtype)
    alpha = np.full(len(class_ids), 0.4)
    tables = tables or [rng.dirichlet(alpha, ids.max() + 1).astype(np.float32) for ids in IDS]
    classes = tuple(table.argmax(axis=1).astype(np.int32) for table in tables)
    spacing = (1.0, 1.0, 1.0)
    renderer = Renderer(volume, spacing, IntensityRange(0.0, 10.0, 5.0), 1.0, IDS, edges)
    return Segmentation(tuple(class_ids), tuple(tables), classes, renderer, workers)


def certain(n_classes: int, column: int) -> list[np.ndarray]:
    return [np.tile(np.eye(n_classes, dtype=np.float32)[column], (i.max() + 1, 1)) for i in IDS]


def join(parts: Sequence[RenderedBlock], name: str) -> np.ndarray:
    """Put blocks together and see that they tile the volume."""
    first = getattr(parts[0], name)
    whole = np.empty((*first.shape[:-3], *SHAPE), first.dtype)
    seen = np.zeros(SHAPE, int)
    for part in parts:
        whole[(..., *part.block.core)] = getattr(part, name)
        seen[part.block.core] += 1
    assert (seen == 1).all()
    return whole


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tiny volumes have several blocks and slabs."""
    monkeypatch.setattr(segmentation, "BLOCK_VOXELS", 2000)
    monkeypatch.setattr(segmentation, "LEAST_BLOCK_VOXELS", 1000)
    monkeypatch.setattr(segmentation, "BLOCK_WIDTH", 30)
    monkeypatch.setattr(segmentation, "SLAB_BYTES", 8 * SHAPE[1] * SHAPE[2])


@pytest.mark.parametrize("edges", [True, False])
def test_labels_are_the_classes_with_most_votes(edges: bool) -> None:
    made = make(edges=edges)
    share = np.float32(PROBABILITY_SHARE)
    eye = np.eye(3, dtype=np.float32)
    votes = [
        (eye[chosen] + share * chance) / (1 + share)
        for chosen, chance in zip(made.classes, made.probabilities, strict=True)
    ]
    values = np.sort(made.renderer.votes(votes, split_blocks(SHAPE, SHAPE)[0]), axis=0)
    best = made.renderer.votes(votes, split_blocks(SHAPE, SHAPE)[0]).argmax(axis=0)
    clear = values[-1] - values[-2] > 1e-5
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(made.labels[clear], np.array([1, 2, 5])[best][clear])


@pytest.mark.parametrize("edges", [True, False])
def test_slabs_and_blocks_are_parts_of_the_same(
    monkeypatch: pytest.MonkeyPatch, edges: bool
) -> None:
    made = make(edges=edges)
    labels = made.labels
    small(monkeypatch)
    bytes_per_voxel = 1 + 4 * (len(made.class_ids) + 1)
    monkeypatch.setattr(segmentation, "SLAB_BYTES", 8 * SHAPE[1] * SHAPE[2] * bytes_per_voxel)
    everything = {"probabilities": True, "uncertainty": True}
    slabs = list(made.slabs(**everything))
    blocks = list(made.render(**everything))
    assert len(slabs) > 1
    assert len(blocks) > len(slabs)
    for slab in slabs:
        assert slab.block.core[1:] == (slice(0, SHAPE[1]), slice(0, SHAPE[2]))
    np.testing.assert_array_equal(join(slabs, "labels"), labels)
    np.testing.assert_array_equal(join(blocks, "labels"), labels)
    for name in everything:
        np.testing.assert_array_equal(join(slabs, name), join(blocks, name))


@settings(max_examples=15)
@given(
    st.tuples(st.integers(1, 24), st.integers(1, 30), st.integers(14, 42)),
    st.integers(1, 3),
    st.integers(1, 5),
)
def test_nothing_depends_on_blocks_and_threads(
    block_shape: tuple[int, int, int], workers: int, n_classes: int
) -> None:
    expected = make(range(1, n_classes + 1), workers=1)
    made = make(range(1, n_classes + 1), workers=workers)
    blocks = split_blocks(SHAPE, block_shape)
    if len(blocks) > 40:
        blocks = split_blocks(SHAPE, [max(n, 8) for n in block_shape])
    parts = list(made.render(blocks=blocks, uncertainty=True, probabilities=True))
    np.testing.assert_array_equal(join(parts, "labels"), expected.labels)
    (one,) = expected.render(
        blocks=split_blocks(SHAPE, SHAPE), uncertainty=True, probabilities=True
    )
    np.testing.assert_array_equal(join(parts, "probabilities"), one.probabilities)
    np.testing.assert_array_equal(join(parts, "uncertainty"), one.uncertainty)


@pytest.mark.parametrize("edges", [True, False])
def test_probabilities_sum_to_one(edges: bool) -> None:
    for slab in make(edges=edges).slabs(probabilities=True):
        assert slab.probabilities is not None
        assert slab.uncertainty is None
        assert slab.probabilities.dtype == np.float32
        assert slab.probabilities.min() >= 0
        np.testing.assert_allclose(slab.probabilities.sum(axis=0), 1, atol=1e-5)


def test_uncertainty_is_the_normalised_entropy_of_the_probabilities() -> None:
    (slab,) = make().slabs(probabilities=True, uncertainty=True)
    assert slab.probabilities is not None
    chance = slab.probabilities.astype(float)
    entropy = -(chance * np.log(np.maximum(chance, 1e-30))).sum(axis=0) / np.log(3)
    np.testing.assert_allclose(slab.uncertainty, entropy, atol=1e-5)


def test_uncertainty_alone_is_the_same() -> None:
    (both,) = make().slabs(probabilities=True, uncertainty=True)
    (alone,) = make().slabs(uncertainty=True)
    assert alone.probabilities is None
    np.testing.assert_array_equal(alone.uncertainty, both.uncertainty)


def test_what_is_not_asked_for_is_not_made() -> None:
    (slab,) = make().slabs()
    assert slab.probabilities is None
    assert slab.uncertainty is None


@pytest.mark.parametrize("edges", [True, False])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_certainty(edges: bool, column: int) -> None:
    made = make(tables=certain(3, column), edges=edges)
    (slab,) = made.slabs(probabilities=True, uncertainty=True)
    assert (slab.labels == (1, 2, 5)[column]).all()
    assert slab.probabilities is not None
    np.testing.assert_allclose(slab.probabilities[column], 1, atol=1e-5)
    np.testing.assert_allclose(slab.uncertainty, 0, atol=1e-4)


@pytest.mark.parametrize("edges", [True, False])
def test_complete_ignorance(edges: bool) -> None:
    tables = [np.full((ids.max() + 1, 3), 1 / 3, np.float32) for ids in IDS]
    (slab,) = make(tables=tables, edges=edges).slabs(uncertainty=True)
    np.testing.assert_allclose(slab.uncertainty, 1, atol=1e-5)
    assert (slab.labels == 1).all()


@pytest.mark.parametrize("edges", [True, False])
def test_one_class(edges: bool) -> None:
    (slab,) = make((7,), edges=edges).slabs(probabilities=True, uncertainty=True)
    assert (slab.labels == 7).all()
    assert slab.probabilities is not None
    assert (slab.probabilities == 1).all()
    assert (slab.uncertainty == 0).all()


def test_tables_of_supervoxels() -> None:
    made = make((1, 2, 300))
    for partition, (table, chosen) in enumerate(zip(made.probabilities, made.classes, strict=True)):
        classes = made.supervoxel_classes(partition)
        assert classes.dtype == np.uint16
        np.testing.assert_array_equal(classes, np.array([1, 2, 300])[chosen])
        chance = np.maximum(table.astype(float), 1e-30)
        entropy = -(chance * np.log(chance)).sum(axis=1) / np.log(3)
        found = made.supervoxel_uncertainty(partition)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, entropy, atol=1e-5)


@pytest.mark.parametrize(
    ("tables", "expected"),
    [(certain(4, 2), 0), ([np.full((i.max() + 1, 4), 0.25, np.float32) for i in IDS], 1)],
)
def test_sure_and_undecided_supervoxels(tables: list[np.ndarray], expected: float) -> None:
    made = make((1, 2, 3, 4), tables=tables)
    np.testing.assert_allclose(made.supervoxel_uncertainty(), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("class_ids", "dtype"), [((1, 255), np.uint8), ((1, 256), np.uint16), ((300, 65535), np.uint16)]
)
def test_the_type_of_labels(class_ids: tuple[int, int], dtype: type) -> None:
    made = make(class_ids)
    assert made.label_dtype == dtype
    assert made.labels.dtype == dtype
    assert set(np.unique(made.labels)) == set(class_ids)


@pytest.mark.parametrize("edges", [True, False])
def test_what_is_not_a_number_has_no_label(edges: bool) -> None:
    made = make(edges=edges)
    volume = made.renderer.volume
    assert isinstance(volume, np.ndarray)
    volume[2, 3, 4:9], volume[5] = np.nan, np.inf
    np.testing.assert_array_equal(made.labels == 0, ~np.isfinite(volume))
    for part in made.render(probabilities=True, uncertainty=True):
        assert np.isfinite(part.probabilities).all()
        assert np.isfinite(part.uncertainty).all()


def test_integers_have_labels_everywhere() -> None:
    assert make(dtype=np.uint8).labels.all()


def test_shape_and_labels_are_kept() -> None:
    made = make()
    assert made.shape == SHAPE
    assert made.labels is made.labels


@pytest.mark.parametrize("name", ["render", "slabs"])
def test_progress(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    small(monkeypatch)
    calls: list[tuple[int, int]] = []
    for _ in getattr(make(), name)(
        run=Run(progress=lambda done, total: calls.append((done, total)))
    ):
        pass
    total = calls[-1][1]
    assert total > 4
    assert calls == [(done, total) for done in range(1, total + 1)]


@pytest.mark.parametrize("name", ["render", "slabs"])
def test_stopping(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    small(monkeypatch)
    asked: list[None] = []

    def stop() -> bool:
        asked.append(None)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        list(getattr(make(), name)(run=Run(should_stop=stop)))
    assert len(asked) == 3


@pytest.mark.parametrize("n_classes", [2, 6, 40])
@pytest.mark.parametrize("shape", [(128, 384, 384), (2000, 2000, 2000), (1, 9000, 9000), (8, 8, 8)])
def test_blocks_are_bounded(n_classes: int, shape: tuple[int, int, int]) -> None:
    class Huge:
        """A volume that nobody reads."""

        dtype = np.dtype(np.uint8)

        def __init__(self) -> None:
            self.shape = shape

        def __getitem__(self, key: object) -> np.ndarray:
            raise AssertionError(key)

    renderer = Renderer(Huge(), (1.0, 1.0, 1.0), IntensityRange(0.0, 1.0, 0.0), 1.0, (), True)
    made = Segmentation(tuple(range(1, n_classes + 1)), (), (), renderer, 2)
    for probabilities in (False, True):
        block = np.array(made._block_shape(probabilities))
        assert (block >= 1).all()
        assert (block <= shape).all()
        assert block.prod() <= segmentation.BLOCK_VOXELS
        if probabilities:
            waiting = 4 * 4 * n_classes * block.prod()
            assert waiting <= max(
                segmentation.WAITING_BYTES, 16 * n_classes * segmentation.LEAST_BLOCK_VOXELS
            )


# Tables over supervoxels


@pytest.mark.parametrize(("ids", "dtype"), [((1, 2, 255), np.uint8), ((1, 2, 300), np.uint16)])
@pytest.mark.parametrize("partition", [0, 1])
def test_class_ids_of_supervoxels(ids: tuple[int, ...], dtype: type, partition: int) -> None:
    found = make(ids)
    table = found.supervoxel_classes(partition)
    assert table.dtype == dtype
    assert table.tolist() == [ids[column] for column in found.classes[partition]]


def test_labels_of_one_partition_are_a_look_up() -> None:
    both = make((3, 4, 7), edges=False)
    renderer = replace(both.renderer, ids=IDS[:1])
    one = Segmentation(both.class_ids, both.probabilities[:1], both.classes[:1], renderer, 1)
    assert np.array_equal(one.labels, one.supervoxel_classes()[IDS[0]])


@pytest.mark.parametrize("n_classes", [2, 3, 9])
def test_uncertainty_of_supervoxels(n_classes: int) -> None:
    ids = tuple(range(1, n_classes + 1))
    assert not make(ids, tables=certain(n_classes, 1)).supervoxel_uncertainty().any()
    even = [np.full((i.max() + 1, n_classes), 1 / n_classes, np.float32) for i in IDS]
    assert make(ids, tables=even).supervoxel_uncertainty() == pytest.approx(1)
    found = make(ids)
    for partition, p in enumerate(found.probabilities):
        table = found.supervoxel_uncertainty(partition)
        assert table.dtype == np.float32
        assert table == pytest.approx(entropy(p, axis=1) / np.log(n_classes), abs=1e-6)
        assert 0 <= table.min() <= table.max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_labels_are_counted_in_pieces(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.random.default_rng(0).integers(0, 200, (7, 8, 9)).astype(dtype)
    labels[0, 0, 0] = np.iinfo(dtype).max
    monkeypatch.setattr("supervox.segmentation.rendering.segmentation.COUNTED_VOXELS", 100)
    found = count_labels(labels)
    assert found.size == np.iinfo(dtype).max + 1
    np.testing.assert_array_equal(np.trim_zeros(found, "b"), np.bincount(labels.reshape(-1)))


@pytest.mark.parametrize("edges", [True, False])
@pytest.mark.parametrize("held", [(2,), (1, 5)])
def test_holding_a_class_changes_only_what_would_be_of_it(
    edges: bool, held: tuple[int, ...]
) -> None:
    free = make(edges=edges)
    settled = replace(free, held=held)
    is_of = np.isin(free.labels, held)
    assert is_of.any()
    np.testing.assert_array_equal(settled.labels[~is_of], free.labels[~is_of])
    assert not np.isin(settled.labels, held).any()
    assert (settled.labels > 0).all()


def test_what_a_held_class_would_have_goes_to_the_most_probable_of_the_others() -> None:
    tables = [np.tile(np.float32([0.6, 0.1, 0.3]), (ids.max() + 1, 1)) for ids in IDS]
    made = make(tables=tables)
    assert (made.labels == 1).all()
    settled = replace(made, held=(1,))
    assert (settled.labels == 5).all()
    assert (settled.supervoxel_classes() == 5).all()


@pytest.mark.parametrize("edges", [True, False])
def test_where_all_classes_are_held_there_is_no_label_left(edges: bool) -> None:
    settled = replace(make(edges=edges), held=(1, 2, 5))
    assert not settled.labels.any()
    assert not settled.supervoxel_classes().any()


def test_a_class_that_is_held_has_what_corrections_give_it() -> None:
    free = make()
    kept = np.where(free.labels == 2, 2, 0).astype(np.uint8)
    np.testing.assert_array_equal(replace(free, held=(2,), corrections=kept).labels, free.labels)


def test_a_class_that_is_certain_leaves_its_place_to_the_first_of_the_others() -> None:
    settled = replace(make(tables=certain(3, 1)), held=(2,))
    assert (settled.labels == 1).all()


def test_no_held_label_depends_on_blocks_and_threads() -> None:
    expected = replace(make(workers=1), held=(2,)).labels
    made = replace(make(workers=3), held=(2,))
    parts = list(made.render(blocks=split_blocks(SHAPE, (7, 9, 20))))
    np.testing.assert_array_equal(join(parts, "labels"), expected)
