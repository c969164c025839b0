"""What to compute per voxel and keep of it per supervoxel: one frozen object, and presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from supervox.parameters import check, parameter


class FilterText(NamedTuple):
    """What a filter is called where it is chosen and described.

    Attributes
    ----------
    title : str
        In a narrow table.
    help : str
        What it sees, for people who don't know its name.
    phrase : str
        In a sentence of the methods of a paper.
    """

    title: str
    help: str
    phrase: str


FILTER_TEXTS = {
    "raw": FilterText("Raw", "The intensity itself", "the image itself"),
    "gaussian": FilterText("Gaussian", "Smoothed intensity: how dark or bright", "a Gaussian"),
    "gradient_magnitude": FilterText(
        "Gradient", "Gradient magnitude: edges", "the gradient magnitude"
    ),
    "laplacian_of_gaussian": FilterText(
        "Laplacian",
        "Of Gaussian: blobs, darker or brighter than around",
        "the Laplacian of Gaussian",
    ),
    "difference_of_gaussians": FilterText(
        "Gaussian difference",
        "Difference of Gaussians: blobs; blind to slow shading",
        "a difference of Gaussians",
    ),
    "hessian_eigenvalues": FilterText(
        "Hessian",
        "Eigenvalues: blobs, threads and sheets told apart",
        "the eigenvalues of the Hessian",
    ),
    "structure_tensor_eigenvalues": FilterText(
        "Structure tensor",
        "Eigenvalues: texture that is even, layered or grainy",
        "the eigenvalues of the structure tensor",
    ),
    "local_std": FilterText(
        "Local deviation",
        "Standard deviation: how much the intensity varies: grain",
        "the local standard deviation",
    ),
}
# Each with the words that it has in a sentence.
FILTERS = {name: text.phrase for name, text in FILTER_TEXTS.items()}
STATISTICS = {"mean": "mean", "std": "standard deviation"}
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

    filters: tuple[str, ...] = parameter(
        (
            "raw",
            "gaussian",
            "gradient_magnitude",
            "laplacian_of_gaussian",
            "hessian_eigenvalues",
            "structure_tensor_eigenvalues",
        ),
        title="Filters",
        help="What is measured in the image around each voxel.",
        choices=FILTERS,
    )
    sigmas_voxels: tuple[float, ...] = parameter(
        (1.0, 2.0, 4.0, 8.0),
        title="Scales",
        help="Sigma of the Gaussian of every filter but raw: small ones see detail, large ones "
        "surroundings. In voxels of the finest axis.",
        unit="voxels",
        ge=1,
        le=LARGEST_SIGMA,
        instead="for finer detail use the filter 'raw'",
    )
    statistics: tuple[str, ...] = parameter(
        tuple(STATISTICS),
        title="Statistics",
        help="What is kept of a filter's values in each supervoxel.",
        choices=STATISTICS,
    )
    without: tuple[tuple[str, float], ...] = parameter(
        (),
        title="Left out",
        help="Filters at single scales that are not computed.",
    )

    def __post_init__(self) -> None:
        for name, known in (("filters", FILTERS), ("statistics", STATISTICS)):
            object.__setattr__(self, name, _in_order(getattr(self, name), known, name))
        object.__setattr__(self, "sigmas_voxels", tuple(float(s) for s in self.sigmas_voxels))
        check(self)
        if list(self.sigmas_voxels) != sorted(set(self.sigmas_voxels)):
            raise ValueError(
                f"the scales must increase without repeats, not {self.sigmas_voxels}; "
                f"use {tuple(sorted(set(self.sigmas_voxels)))}"
            )
        if not self.sigmas_voxels and self.filters != ("raw",):
            raise ValueError("there are no scales: only the filter 'raw' works without any")
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


def _in_order(names: tuple[str, ...] | str, known: Mapping[str, str], what: str) -> tuple[str, ...]:
    """Return the names in the order of `known`, so that equal choices are equal objects.

    Names that aren't known stand last; `check` refuses them.
    """
    if isinstance(names, str):
        raise ValueError(f"{what} must be a sequence of names: ({names!r},) instead of {names!r}")
    if not names:
        raise ValueError(f"{what} must not be empty; choose from {', '.join(known)}")
    if len(set(names)) != len(tuple(names)):
        raise ValueError(f"{what} must name each entry once, not {tuple(names)}")
    return *(name for name in known if name in names), *(n for n in names if n not in known)


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
    "full": FeatureParameters(filters=tuple(FILTERS), sigmas_voxels=(1, 2, 4, 8, 16)),
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
