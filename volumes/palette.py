"""Colours of classes: told apart by colour-blind people first, and spread evenly after that."""

from __future__ import annotations

import math
from functools import cache

# Okabe and Ito's palette without black, which is invisible on dark tomograms; sky blue first, since
# the first class is usually the background and should not shout.
_OKABE_ITO = ("#56b4e9", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#f0e442", "#0072b2")
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
_LIGHTNESS = (0.75, 0.62, 0.85)


@cache
def class_colour(class_id: int) -> str:
    """Return the colour of a class that was given none, wherever it is shown.

    Parameters
    ----------
    class_id : int
        The value of its voxels, from 1.

    Returns
    -------
    str
        Like ``"#56b4e9"``. The first seven are Okabe and Ito's; further hues follow the golden
        angle in OKLCH, a space of equal perceived distances (Ottosson, 2020), at three lightnesses.
    """
    if class_id <= len(_OKABE_ITO):
        return _OKABE_ITO[class_id - 1]
    turn = class_id - 1 - len(_OKABE_ITO)
    return _oklch_to_hex(_LIGHTNESS[turn % 3], 0.13, _GOLDEN_ANGLE * turn)


def _oklch_to_hex(lightness: float, chroma: float, hue: float) -> str:
    """Convert from OKLCH to sRGB (constants from Ottosson's definition of OKLab)."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{_gamma(value):02x}" for value in linear)


def _gamma(linear: float) -> int:
    value = min(1.0, max(0.0, linear))
    encoded = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(255 * encoded)
