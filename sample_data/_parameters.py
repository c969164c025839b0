"""What a phantom is made from: its parameters, its classes and their colours."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = [
    "CLASSES",
    "CLASS_COLOURS",
    "CYTOPLASM",
    "LIPID_DROPLET",
    "MITOCHONDRION",
    "NUCLEUS",
    "OUTSIDE",
    "VESICLE",
    "PhantomParameters",
]

OUTSIDE: Final = 1
CYTOPLASM: Final = 2
NUCLEUS: Final = 3
MITOCHONDRION: Final = 4
LIPID_DROPLET: Final = 5
VESICLE: Final = 6

CLASSES: Final = MappingProxyType(
    {
        OUTSIDE: "outside",
        CYTOPLASM: "cytoplasm",
        NUCLEUS: "nucleus",
        MITOCHONDRION: "mitochondria",
        LIPID_DROPLET: "lipid droplets",
        VESICLE: "vesicles",
    }
)
"""Class id to class name. The ids are those of every label volume made here; 0 never occurs."""

CLASS_COLOURS: Final = MappingProxyType(
    {
        OUTSIDE: "#56B4E9",
        CYTOPLASM: "#F0E442",
        NUCLEUS: "#0072B2",
        MITOCHONDRION: "#D55E00",
        LIPID_DROPLET: "#CC79A7",
        VESICLE: "#009E73",
    }
)
"""Class id to hexadecimal colour, from the colour-blind safe palette of Okabe and Ito (2008)."""

_SMALLEST_FIELD_UM = 1.2
_LARGEST_SPACING_NM = 60.0


@dataclass(frozen=True)
class PhantomParameters:
    """What determines a phantom, to the last bit.

    Attributes
    ----------
    shape : tuple of int
        Voxels along (plane, row, column). The beam of the untilted microscope runs along the
        planes, and the tilt axis along the rows.
    seed : int
        Chooses the cell, its texture and the noise.
    spacing_nm : float
        Edge of the cubic voxels. Organelles have physical sizes, so a finer spacing shows a
        smaller part of the cell in more detail.
    tilt_degrees : float
        Largest tilt to either side; the directions beyond it are missing. 90 leaves no
        missing wedge.
    noise : float
        Standard deviation of the reconstructed noise, in absorption per micrometre; the mean
        contrast between mitochondria and cytoplasm is 0.13, and half of that after the
        microscope.
    blur_nm : float
        Standard deviation of the Gaussian point spread of the microscope.

    Raises
    ------
    ValueError
        If a value is out of range, or the field is too small to show every class.
    """

    shape: tuple[int, int, int] = (128, 256, 256)
    seed: int = 0
    spacing_nm: float = 30.0
    tilt_degrees: float = 65.0
    noise: float = 0.025
    blur_nm: float = 30.0

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or any(int(n) != n or n < 1 for n in self.shape):
            raise ValueError(
                f"shape must be three positive integers (plane, row, column), got {self.shape}"
            )
        if int(self.seed) != self.seed or self.seed < 0:
            raise ValueError(f"seed must be a non-negative integer, got {self.seed}")
        if not 0 < self.spacing_nm <= _LARGEST_SPACING_NM:
            raise ValueError(
                f"spacing_nm must be above 0 and at most {_LARGEST_SPACING_NM:g} (organelles are "
                f"300 to 600 nm wide), got {self.spacing_nm}"
            )
        if not 20 <= self.tilt_degrees <= 90:
            raise ValueError(f"tilt_degrees must be between 20 and 90, got {self.tilt_degrees}")
        if not 0 <= self.noise <= 1:
            raise ValueError(f"noise must be between 0 and 1, got {self.noise}")
        if not 0 <= self.blur_nm <= 200:
            raise ValueError(f"blur_nm must be between 0 and 200, got {self.blur_nm}")
        if min(self.field_um) < _SMALLEST_FIELD_UM:
            raise ValueError(
                f"a field of {self.shape} voxels of {self.spacing_nm:g} nm is too small to show "
                f"every class: use at least {_SMALLEST_FIELD_UM:g} micrometres, that is "
                f"{-int(-_SMALLEST_FIELD_UM // self.spacing_um)} voxels, along each axis"
            )

    @property
    def spacing_um(self) -> float:
        """Edge of a voxel in micrometres, the unit of all geometry here."""
        return self.spacing_nm / 1000

    @property
    def field_um(self) -> tuple[float, float, float]:
        """Extent of the field along (plane, row, column) in micrometres."""
        planes, rows, columns = self.shape
        um = self.spacing_um
        return (planes * um, rows * um, columns * um)
