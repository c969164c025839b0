"""Colours of classes: the known seven first, and every one told apart from the others."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from supervox.volumes import class_colour

OKABE_ITO = ["#56b4e9", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#f0e442", "#0072b2"]
ALL = [class_colour(k) for k in range(1, 256)]


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])


def oklab(colour: str) -> np.ndarray:
    """Convert to a space of equal perceived distances (Ottosson's matrices)."""
    srgb = rgb(colour) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    lms = np.cbrt(
        np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        )
        @ linear
    )
    return (
        np.array(
            [
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ]
        )
        @ lms
    )


def test_the_first_seven_are_those_of_okabe_and_ito() -> None:
    assert ALL[:7] == OKABE_ITO


def test_every_class_has_a_colour_of_its_own() -> None:
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in ALL)
    assert len(set(ALL)) == len(ALL)


@pytest.mark.parametrize(("n", "least"), [(7, 0.12), (16, 0.05), (24, 0.04)])
def test_few_classes_are_told_apart(n: int, least: float) -> None:
    """0.02 is where a difference of two colours side by side is seen at all."""
    places = [oklab(colour) for colour in ALL[:n]]
    assert min(np.linalg.norm(a - b) for a, b in combinations(places, 2)) > least


def test_legible_on_dark_and_on_bright_greys() -> None:
    lightness = np.array([oklab(colour)[0] for colour in ALL])
    chroma = np.array([np.hypot(*oklab(colour)[1:]) for colour in ALL])
    assert ((lightness > 0.5) & (lightness < 0.93)).all()
    assert (chroma > 0.06).all()
