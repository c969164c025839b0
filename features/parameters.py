"""What to compute per voxel and keep of it per supervoxel: one frozen object, and presets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FILTERS = (
    "raw",
    "gaussian",
    "gradient_magnitude",
    "laplacian_of_gaussian",
    "difference_of_gaussians",
    "hessian_eigenvalues",
    "structure_tensor_eigenvalues",
    "local_std",
)
STATISTICS = ("mean", "std")
# A block of 128 voxels at sigma 32 already reads 4 times its width.
LARGEST_SIGMA = 32.0


@dataclass(frozen=True)
class FeatureParameters:
    """The filters, their scales and the statistics that make up the feature table.

    Attributes
    ----------
    filters : tuple of str
        From `FILTERS`; the order does not matter.
    sigmas_voxels : tuple of float
        Scales of every filter but "raw", in voxels of the finest axis, 1 to 32, increasing.
    statistics : tuple of str
        From `STATISTICS`: what is kept of a channel in each supervoxel.
    without : tuple of (str, float)
        Filters at scales that are left out of this table of filters times scales.

    Raises
    ------
    ValueError
        If a name is unknown or doubled, a scale is out of range, or nothing is left.
    """

    filters: tuple[str, ...] = field(
        default=(
            "raw",
            "gaussian",
            "gradient_magnitude",
            "laplacian_of_gaussian",
            "hessian_eigenvalues",
            "structure_tensor_eigenvalues",
        )
    )
    sigmas_voxels: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    statistics: tuple[str, ...] = STATISTICS
    without: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "filters", _checked(self.filters, FILTERS, "filters"))
        object.__setattr__(self, "statistics", _checked(self.statistics, STATISTICS, "statistics"))
        object.__setattr__(self, "sigmas_voxels", tuple(float(s) for s in self.sigmas_voxels))
        for sigma in self.sigmas_voxels:
            if not (math.isfinite(sigma) and 1 <= sigma <= LARGEST_SIGMA):
                raise ValueError(
                    f"sigmas_voxels must lie between 1 and {LARGEST_SIGMA:g} voxels of the finest "
                    f"axis, not {sigma:g}; for finer detail use the filter 'raw'"
                )
        if list(self.sigmas_voxels) != sorted(set(self.sigmas_voxels)):
            raise ValueError(
                f"sigmas_voxels must increase without repeats, not {self.sigmas_voxels}; "
                f"use {tuple(sorted(set(self.sigmas_voxels)))}"
            )
        if not self.sigmas_voxels and self.filters != ("raw",):
            raise ValueError("sigmas_voxels is empty: only the filter 'raw' works without a scale")
        self._check_without()

    def _check_without(self) -> None:
        scaled = [name for name in self.filters if name != "raw"]
        table = [(name, sigma) for name in scaled for sigma in self.sigmas_voxels]
        pairs = {(str(name), float(sigma)) for name, sigma in self.without}
        if unknown := sorted(pairs - set(table)):
            raise ValueError(f"without names {unknown}, which are not among the filters and scales")
        if "raw" not in self.filters and len(pairs) == len(table):
            raise ValueError("every filter is left out at every scale: keep at least one")
        object.__setattr__(self, "without", tuple(pair for pair in table if pair in pairs))

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the parameters as lists that JSON can hold; `from_dict` reads them back."""
        return {
            "filters": list(self.filters),
            "sigmas_voxels": list(self.sigmas_voxels),
            "statistics": list(self.statistics),
            "without": [list(pair) for pair in self.without],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FeatureParameters:
        """Make parameters from what `to_dict` returned; missing entries get their defaults.

        Raises
        ------
        ValueError
            If an entry is unknown or its value is not valid.
        """
        known = ("filters", "sigmas_voxels", "statistics", "without")
        if unknown := sorted(set(values) - set(known)):
            raise ValueError(f"unknown feature parameters {unknown}; known are {', '.join(known)}")
        given: dict[str, Any] = {key: tuple(value) for key, value in values.items()}
        if "without" in given:
            given["without"] = tuple((name, sigma) for name, sigma in given["without"])
        return cls(**given)


def _checked(names: tuple[str, ...] | str, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Return the names in the order of `known`, so that equal choices are equal objects."""
    if isinstance(names, str):
        raise ValueError(f"{what} must be a sequence of names: ({names!r},) instead of {names!r}")
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"unknown {what} {unknown}; choose from {', '.join(known)}")
    if not names:
        raise ValueError(f"{what} must not be empty; choose from {', '.join(known)}")
    if len(set(names)) != len(tuple(names)):
        raise ValueError(f"{what} must name each entry once, not {tuple(names)}")
    return tuple(name for name in known if name in names)


_DEFAULT = FeatureParameters()

PRESETS: dict[str, FeatureParameters] = {
    "default": _DEFAULT,
    # Absorption contrast: an organelle is known by its density and by its grain; the spread of the
    # intensities within a scale measures the grain where the mean is the same.
    "cryo-sxt": FeatureParameters(filters=(*_DEFAULT.filters, "local_std")),
    # Heavy-metal stain draws membranes: organelles differ by how densely membranes fill them, which
    # is a spread, too; and at a few nanometres a voxel, sigma 16 still fits into an organelle.
    "electron-microscopy": FeatureParameters(
        filters=(*_DEFAULT.filters, "local_std"), sigmas_voxels=(1, 2, 4, 8, 16)
    ),
    # Beam hardening and the edge of the field of view shade the volume slowly, so absolute values
    # mislead: a difference of two scales and the local spread do not see a slow shading.
    "x-ray-ct": FeatureParameters(
        filters=(*_DEFAULT.filters, "difference_of_gaussians", "local_std")
    ),
    "fast": FeatureParameters(
        filters=("gaussian", "gradient_magnitude", "laplacian_of_gaussian"), sigmas_voxels=(1, 2, 4)
    ),
    "full": FeatureParameters(filters=FILTERS, sigmas_voxels=(1, 2, 4, 8, 16)),
}


def parameters_for_preset(name: str) -> FeatureParameters:
    """Return the parameters of a preset.

    Raises
    ------
    ValueError
        If there is no such preset; the message lists them.
    """
    try:
        return PRESETS[name]
    except KeyError:
        raise ValueError(
            f"there is no feature preset {name!r}; choose from {', '.join(PRESETS)}"
        ) from None


def preset_of(parameters: FeatureParameters) -> str | None:
    """Return the name of the preset that these parameters are; None if they are of one's own."""
    return next((name for name, found in PRESETS.items() if found == parameters), None)
