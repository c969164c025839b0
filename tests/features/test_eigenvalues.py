"""Closed-form eigenvalues keep their digits, also where eigenvalues meet."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PLACES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
rng = np.random.default_rng(0)


def matrices(tensors):
    out = np.empty((tensors.shape[1], 3, 3))
    for k, (i, j) in enumerate(PLACES):
        out[:, i, j] = out[:, j, i] = tensors[k]
    return out


@pytest.fixture(scope="session")
def check(compiled_eigenvalues):
    return partial(compare, compiled_eigenvalues)


def compare(compiled_eigenvalues, tensors):
    tensors = np.ascontiguousarray(tensors, np.float32)
    found = compiled_eigenvalues(tensors)
    expected = np.linalg.eigvalsh(matrices(tensors))[:, ::-1].T
    scale = np.abs(expected).max(axis=0) + 1e-6
    assert (np.abs(found - expected).max(axis=0) / scale).max() < 5e-7
    assert (np.diff(found, axis=0) <= 0).all()


def test_random_tensors(check):
    check(rng.normal(size=(6, 5000)))


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
def test_turned_tensors_with_equal_eigenvalues(check, scale):
    basis = np.linalg.qr(rng.normal(size=(3000, 3, 3)))[0]
    for values in [
        (3, 3, 1),
        (3, 1, 1),
        (1, 1, 1),
        (1, 0, 0),
        (0, 0, -1),
        (2, 2, -4),
        (1, 1, 1.0001),
    ]:
        turned = np.einsum("nij,j,nkj->nik", basis, np.array(values) * scale, basis)
        check(np.stack([turned[:, i, j] for i, j in PLACES]))


def test_zero_and_diagonal_tensors(check):
    check(np.zeros((6, 3)))
    check(np.vstack((rng.integers(-2, 3, (3, 500)), np.zeros((3, 500)))))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-30, 30, width=32), min_size=6, max_size=6))
def test_any_tensor(check, values):
    check(np.array(values)[:, None])
