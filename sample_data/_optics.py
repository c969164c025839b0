"""The microscope: blur, the missing wedge of a tilt series, and noise with its grain.

The sample turns about the rows, so what a limited tilt loses is the same for every row and
lies in the plane of beam and columns: a wedge of the spatial frequencies around the beam axis [1]_.
A row's plane-by-column section is therefore filtered on its own, with its full extent, and the
wedge is exact however few rows are in memory. Sections are mirrored at their borders: the
filter works on the cosine transform.

References
----------
.. [1] M. Radermacher, "Weighted back-projection methods", in Electron Tomography (ed.
   J. Frank), 245-273, Springer, 2006. :doi:`10.1007/978-0-387-69008-7_9`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ._parameters import PhantomParameters

__all__ = ["Microscope"]

_RESIDUAL = 0.1  # of the amplitude: an iterative reconstruction recovers a little of the wedge
_EDGE_DEGREES = 3.0
_FLOOR = 0.05  # white noise that remains beyond the band limit, relative to the rest
_GRAIN_PER_BLUR = 0.7  # the noise is added after the optics: less blurred, but band-limited
_GRAIN_ROWS_PER_BLUR = 1.1  # along the rows there is no such fall
_GRAIN_NM = 130.0  # its amplitude falls by exp(-130 nm * frequency), as in real reconstructions
_SALT = 2


def _frequencies(size: int) -> NDArray[np.float64]:
    """Cycles per voxel of the cosine transform's coefficients."""
    return np.arange(size) / (2 * size)


def wedge(planes: int, columns: int, tilt_degrees: float) -> NDArray[np.float64]:
    """Share of the amplitude at each frequency that a tilt series up to `tilt_degrees` keeps.

    Parameters
    ----------
    planes, columns : int
        Extent of a section.
    tilt_degrees : float
        Largest tilt.

    Returns
    -------
    ndarray, shape (planes, columns)
        Coefficients of the cosine transform.
    """
    fz, fx = np.meshgrid(_frequencies(planes), _frequencies(columns), indexing="ij")
    angle = np.degrees(np.arctan2(fz, fx))
    share = np.clip((tilt_degrees + _EDGE_DEGREES / 2 - angle) / _EDGE_DEGREES, 0, 1)
    kept = _RESIDUAL + (1 - _RESIDUAL) * share * share * (3 - 2 * share)
    kept[0, 0] = 1
    return np.ones_like(kept) if tilt_degrees >= 90 else kept


def _gaussian(sigma: float, reach: int | None = None) -> NDArray[np.float32]:
    """Kernel of sum 1, `reach` (at first three standard deviations) to either side."""
    reach = int(np.ceil(3 * sigma)) if reach is None else reach
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / max(sigma, 1e-6)) ** 2)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))


@dataclass(frozen=True)
class Microscope:
    """Filters of one phantom, and its noise.

    Attributes
    ----------
    seed : int
        Seed of the noise.
    signal, grain : ndarray of float32, shape (planes, columns)
        What becomes of the sample and of white noise, per coefficient of the cosine transform
        of a section.
    signal_rows, grain_rows : ndarray of float32
        The same along the rows, as kernels of equal odd length.
    """

    seed: int
    signal: NDArray[np.float32]
    grain: NDArray[np.float32]
    signal_rows: NDArray[np.float32]
    grain_rows: NDArray[np.float32]

    @classmethod
    def of(cls, parameters: PhantomParameters) -> Microscope:
        """Microscope that sees the phantom."""
        planes, _, columns = parameters.shape
        sigma = parameters.blur_nm / parameters.spacing_nm
        fz, fx = np.meshgrid(_frequencies(planes), _frequencies(columns), indexing="ij")
        squared = fz**2 + fx**2
        kept = wedge(planes, columns, parameters.tilt_degrees)
        signal = kept * np.exp(-2 * np.pi**2 * sigma**2 * squared)
        # Back-projection weights by frequency; the noise of independent tilts adds in power.
        frequency = np.sqrt(squared)
        grain = kept * np.exp(-2 * (np.pi * _GRAIN_PER_BLUR * sigma) ** 2 * squared)
        grain *= np.sqrt(frequency) * np.exp(-_GRAIN_NM / parameters.spacing_nm * frequency)
        grain = grain / _rms(grain) + _FLOOR * kept
        rows = _gaussian(sigma)
        grain_rows = _gaussian(_GRAIN_ROWS_PER_BLUR * sigma, len(rows) // 2)
        return cls(
            seed=parameters.seed,
            signal=signal.astype(np.float32),
            grain=(grain * (parameters.noise / _rms(grain))).astype(np.float32),
            signal_rows=rows,
            grain_rows=grain_rows / np.linalg.norm(grain_rows),
        )

    @property
    def halo(self) -> int:
        """Rows beyond a slab on either side that it depends on."""
        return len(self.signal_rows) // 2

    def _white(self, row: int) -> NDArray[np.float32]:
        """White noise of one row, the same in whatever slab it is asked for."""
        rng = np.random.Generator(np.random.SFC64([self.seed, _SALT, row + self.halo]))
        return rng.standard_normal(self.grain.shape, dtype=np.float32)

    def observe(self, sample: NDArray[np.float32], first_row: int) -> NDArray[np.float32]:
        """Noisy reconstruction of a slab.

        Parameters
        ----------
        sample : ndarray of float32, shape (planes, rows + 2 * halo, columns)
            True absorption.
        first_row : int
            Row of the field at which the result starts.

        Returns
        -------
        ndarray of float32, shape (planes, rows, columns)
        """
        rows = sample.shape[1] - 2 * self.halo
        white = [self._white(first_row - self.halo + n) for n in range(sample.shape[1])]
        out = np.empty((sample.shape[0], rows, sample.shape[2]), dtype=np.float32)
        for row in range(rows):
            section = np.zeros(self.signal.shape, dtype=np.float32)
            noise = np.zeros(self.signal.shape, dtype=np.float32)
            for n, (weight, grain) in enumerate(
                zip(self.signal_rows, self.grain_rows, strict=True)
            ):
                section += weight * sample[:, row + n]
                noise += grain * white[row + n]
            waves: Any = fft.dctn(section, norm="ortho", overwrite_x=True)
            waves *= self.signal
            waves += self.grain * noise
            out[:, row] = fft.idctn(waves, norm="ortho", overwrite_x=True)
        return out
