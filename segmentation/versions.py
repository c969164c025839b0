"""Which versions of what a result was made with."""

from __future__ import annotations

import platform
from importlib.metadata import version

LIBRARIES = ("supervox", "numpy", "scipy", "numba", "zarr")


def versions(*more: str) -> dict[str, str]:
    """Return the versions of Python, Supervox and the libraries that compute and keep a result.

    Parameters
    ----------
    more : str
        Further libraries that took part.
    """
    names = (*LIBRARIES, *more)
    return {"python": platform.python_version()} | {name: version(name) for name in names}
