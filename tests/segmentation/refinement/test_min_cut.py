"""The minimum cut: drawn networks, SciPy's maximum flow, and all partitions of tiny ones."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow
from supervox.execution import Cancelled
from supervox.segmentation.refinement._min_cut import _residual_graph, min_cut


class FlowNetwork(NamedTuple):
    """Arcs tail (A,), head (A,) with capacity (A,); excess (N,) over sources, under 0 for sinks."""

    tail: np.ndarray
    head: np.ndarray
    capacity: np.ndarray
    excess: np.ndarray

    def cost(self, sink_side: np.ndarray) -> int:
        """Return the capacity of a cut, arcs of the source and the sink included."""
        cut = self.capacity[~sink_side[self.tail] & sink_side[self.head]].sum()
        sources, sinks = self.excess > 0, self.excess < 0
        cut += self.excess[sources & sink_side].sum() - self.excess[sinks & ~sink_side].sum()
        return int(cut)

    def maximum_flow(self) -> int:
        """Return what SciPy says."""
        n = self.excess.size
        up, down = np.flatnonzero(self.excess > 0), np.flatnonzero(self.excess < 0)
        rows = np.concatenate([self.tail, np.full(up.size, n), down])
        columns = np.concatenate([self.head, up, np.full(down.size, n + 1)])
        limits = np.concatenate([self.capacity, self.excess[up], -self.excess[down]])
        arcs = csr_array((limits.astype(np.int32), (rows, columns)), shape=(n + 2, n + 2))
        arcs.sum_duplicates()
        return int(maximum_flow(arcs, n, n + 1).flow_value)

    def smallest_sink_side(self) -> np.ndarray:
        """Return the smallest of the cheapest cuts' sink sides, by looking at all cuts."""
        best: dict[int, list[np.ndarray]] = {}
        for side in itertools.product((False, True), repeat=self.excess.size):
            best.setdefault(self.cost(np.array(side)), []).append(np.array(side))
        smallest: np.ndarray = np.logical_and.reduce(best[min(best)])
        return smallest


def network(arcs: list[tuple[int, int, int]], excess: list[int]) -> FlowNetwork:
    """Return a network of arcs (tail, head, capacity)."""
    tail, head, capacity = np.array(arcs, np.int64).reshape(-1, 3).T
    ends = tail.astype(np.int32), head.astype(np.int32)
    return FlowNetwork(*ends, capacity, np.array(excess, np.int64))


def random_network(seed: int, n: int, most: int, surplus: int = 0) -> FlowNetwork:
    """Return one with up to 4n arcs, of capacities below `most`; parallel arcs are among them."""
    rng = np.random.default_rng(seed)
    tail, head = rng.integers(0, n, (2, 4 * n)).astype(np.int32)
    tail, head = tail[tail != head], head[tail != head]
    excess = rng.integers(-most, most + 1, n) + surplus
    return FlowNetwork(tail, head, rng.integers(0, most, tail.size), excess)


@pytest.fixture
def kite() -> FlowNetwork:
    """Return a network whose cheapest cut goes from upper right to lower left; it costs 2 + 3::

           4         2
        .-----> 1 ------.
    +9  0                > 3  -8
        `-----> 2 ------'
           3         5
    """
    return network([(0, 1, 4), (1, 3, 2), (0, 2, 3), (2, 3, 5)], [9, 0, 0, -8])


@pytest.fixture
def bridge() -> FlowNetwork:
    r"""Return two triangles with a bridge of capacity 1, over which the cut goes::

    +6  0 --4-- 1              3 --4-- 5  -7
         \     /                \     /
          4   4                  4   4
           \ /                    \ /
            2 ---------1---------- 4
    """
    edges = [(0, 1, 4), (0, 2, 4), (1, 2, 4), (3, 5, 4), (3, 4, 4), (4, 5, 4), (2, 4, 1)]
    return network(edges + [(b, a, c) for a, b, c in edges], [6, 0, 0, 0, 0, -7])


@pytest.fixture
def chain() -> FlowNetwork:
    """Return a chain on which three cuts cost the same; the last has the smallest sink side::

    +5  0 --2--> 1 --2--> 2 --2--> 3  -5
    """
    return network([(0, 1, 2), (1, 2, 2), (2, 3, 2)], [5, 0, 0, -5])


def test_the_kite_is_cut_aslant(kite: FlowNetwork) -> None:
    sink_side = min_cut(*kite)
    assert sink_side.tolist() == [False, False, True, True]
    assert kite.cost(sink_side) == 2 + 3 == kite.maximum_flow()


def test_two_triangles_are_cut_at_the_bridge(bridge: FlowNetwork) -> None:
    sink_side = min_cut(*bridge)
    assert sink_side.tolist() == [False, False, False, True, True, True]
    assert bridge.cost(sink_side) == 1


def test_of_equal_cuts_the_sink_side_is_the_smallest(chain: FlowNetwork) -> None:
    assert min_cut(*chain).tolist() == [False, False, False, True]


@pytest.mark.parametrize("excess", [[3, 0, 0, -9], [9, 0, 0, -3]], ids=["few sources", "few sinks"])
def test_flow_may_go_either_way(chain: FlowNetwork, excess: list[int]) -> None:
    short = chain._replace(capacity=chain.capacity * 2, excess=np.array(excess))
    found = min_cut(*short)
    assert found.tolist() == short.smallest_sink_side().tolist()
    assert short.cost(found) == 3  # what is there of the rarer is all that can flow


def test_an_arc_against_the_cut_costs_nothing() -> None:
    against = network([(1, 0, 100)], [4, -4])
    assert min_cut(*against).tolist() == [False, True]
    assert against.cost(np.array([False, True])) == 0


@pytest.mark.parametrize("excess", [[0, 0], [5, 2], [5, 0]])
def test_without_a_sink_nobody_is_on_its_side(excess: list[int]) -> None:
    assert not min_cut(*network([(0, 1, 3)], excess)).any()


def test_without_a_source_all_that_the_sinks_pull_are_on_their_side() -> None:
    found = min_cut(*network([(0, 1, 3)], [-5, 0]))
    assert found.tolist() == [True, False]
    assert min_cut(*network([], [-1])).tolist() == [True]


def test_the_arguments_stay_as_they_were(bridge: FlowNetwork) -> None:
    before = [array.copy() for array in bridge]
    min_cut(*bridge)
    for array, copy in zip(bridge, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_every_arc_of_the_residual_graph_has_its_reverse(kite: FlowNetwork) -> None:
    residual = _residual_graph(kite.tail, kite.head, kite.capacity, 4)
    arcs = np.arange(residual.to.size)
    origin = np.repeat(np.arange(4), np.diff(residual.start))
    assert residual.back[residual.back].tolist() == arcs.tolist()
    assert residual.to[residual.back].tolist() == origin.tolist()
    assert residual.incoming.tolist() == residual.residual[residual.back].tolist()
    forth = residual.residual > 0
    found = zip(origin[forth], residual.to[forth], residual.residual[forth], strict=True)
    assert set(found) == set(zip(kite.tail, kite.head, kite.capacity, strict=True))


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.integers(1, 7))
def test_the_sink_side_is_that_of_all_cuts_looked_at(seed: int, n: int) -> None:
    tiny = random_network(seed, n, most=4)
    assert min_cut(*tiny).tolist() == tiny.smallest_sink_side().tolist()


@pytest.mark.parametrize("surplus", [-30, 0, 30])
@pytest.mark.parametrize("n", [2, 7, 60, 400])
def test_the_cut_costs_the_maximum_flow_of_scipy(n: int, surplus: int) -> None:
    for seed in range(8):
        flow = random_network(seed, n, most=60, surplus=surplus)
        assert flow.cost(min_cut(*flow)) == flow.maximum_flow(), seed


def test_flow_finds_its_way_along_a_path_longer_than_one_pass_of_pushing() -> None:
    n = 5000
    path = [(k, k + 1, 3 if k == n // 2 else 4) for k in range(n - 1)]
    long = network(path + [(k, k - 1, 4) for k in range(1, n)], [9, *[0] * (n - 2), -8])
    asked: list[int] = []
    found = min_cut(*long, should_stop=lambda: bool(asked.append(1)))
    assert found.tolist() == [k > n // 2 for k in range(n)]
    assert len(asked) > 1


def test_it_can_be_stopped(kite: FlowNetwork) -> None:
    with pytest.raises(Cancelled):
        min_cut(*kite, should_stop=lambda: True)
