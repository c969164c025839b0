"""Volumes with gaps: what a constant fills, or a mask leaves out, reads as NaN.

All stages leave out voxels that are not finite numbers, so this is the one place where it is
decided what has no data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Slices, VolumeLike, read_block

from .fill_values import FillValue, find_fill_values
from .intensity import sample_voxels
from .no_data_choice import AUTO, parse_no_data
from .stand_in import StandIn


@dataclass(frozen=True, eq=False)
class GappedVolume:
    """A volume of which some voxels are no data; they read as NaN.

    As picklable as the arrays in it.

    Attributes
    ----------
    volume : array-like, (Z, Y, X)
    fill_values : tuple of FillValue
    mask : array-like, (Z, Y, X), optional
        0, or NaN, where there is no data.
    stand_in : StandIn, optional
        What filters see there.
    """

    volume: VolumeLike
    fill_values: tuple[FillValue, ...] = ()
    mask: VolumeLike | None = None
    stand_in: StandIn | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels per axis (plane, row, column)."""
        return tuple(self.volume.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest type of at least 32 bits that holds all values, and NaN."""
        own = np.dtype(self.volume.dtype)
        return np.result_type(own, np.float32) if own.kind != "b" else np.dtype(np.float32)

    def __getitem__(self, key: Any, /) -> NDArray[Any]:
        """Read the voxels of a box."""
        values = np.asarray(self.volume[key])
        gaps = self._gaps(key, values)
        out = values.astype(self.dtype)
        out[gaps] = np.nan
        return out

    def _gaps(self, key: Any, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which voxels of a box are no data."""
        gaps = np.zeros(values.shape, np.bool_)
        for fill in self.fill_values:
            equal = values == fill.value
            if equal.any():
                gaps |= equal if fill.window == 1 else self._in_pieces(key, fill)
        if self.mask is not None:
            gaps |= ~mask_has_data(np.asarray(self.mask[key]))
        return gaps

    def _in_pieces(self, key: Any, fill: FillValue) -> NDArray[np.bool_]:
        """Return which voxels of a box lie in large pieces of a value, whatever the box."""
        parts = key if isinstance(key, tuple) else (key,)
        parts = (*parts, *(slice(None),) * (3 - len(parts)))
        wide, inside = [], []
        for part, size in zip(parts[1:], self.shape[1:], strict=True):
            chosen = range(size)[part] if isinstance(part, slice) else range(part, part + 1)
            low = max(0, chosen[0] - fill.reach)
            wide.append(slice(low, min(size, chosen[-1] + 1 + fill.reach)))
            within = slice(chosen[0] - low, chosen[-1] + 1 - low, chosen.step)
            inside.append(within if isinstance(part, slice) else part - low)
        found = fill.find(np.asarray(self.volume[(parts[0], *wide)]))
        return found[(..., *inside)]


def leave_out(
    volume: VolumeLike, no_data: str = AUTO, mask: VolumeLike | None = None
) -> VolumeLike:
    """Return a volume in which what has no data reads as NaN.

    Parameters
    ----------
    volume : array-like, (Z, Y, X)
        One with gaps is returned as it is: what has no data was decided before.
    no_data : str
        "auto": constants that fill much of the volume, see `find_fill_values`; "none"; or the
        values that stand for no data, like "0" or "0, 65535".
    mask : array-like, (Z, Y, X), optional
        0, or NaN, where there is no data.

    Returns
    -------
    array-like, (Z, Y, X)
        The volume itself if there is nothing to leave out.

    Raises
    ------
    ValueError
        If `no_data` says something else, or the mask has another shape or no real numbers.
    """
    if isinstance(volume, GappedVolume) and mask is None:
        return volume
    values = parse_no_data(no_data)
    if mask is not None:
        _check_mask(mask, volume.shape)
    if values is None:
        fills = find_fill_values(volume)
    else:
        fills = tuple(FillValue(value) for value in values)
    if not fills and mask is None and not _has_gaps(volume):
        return volume
    found = GappedVolume(volume, fills, mask)
    return replace(found, stand_in=StandIn.measure(found))


def read_filled(volume: VolumeLike, box: Slices) -> NDArray[Any]:
    """Read a box of a volume; what stands in for no data is in it, where that is known."""
    values = read_block(volume, box)
    if isinstance(volume, GappedVolume) and volume.stand_in is not None:
        volume.stand_in.fill(values, box)
    return values


def _has_gaps(volume: VolumeLike) -> bool:
    """Tell whether a sample of the voxels has some that are no numbers."""
    if np.dtype(volume.dtype).kind != "f":
        return False
    return not np.isfinite(sample_voxels(volume)).all()


def finite(volume: VolumeLike, box: Slices) -> NDArray[np.bool_] | None:
    """Tell which voxels of a box are numbers; None if the type holds nothing else."""
    if np.dtype(volume.dtype).kind != "f":
        return None
    found: NDArray[np.bool_] = np.isfinite(read_block(volume, box))
    return found


def fill_values_of(volume: VolumeLike) -> tuple[float, ...]:
    """Return the constants that stand for no data in what `leave_out` gave."""
    if not isinstance(volume, GappedVolume):
        return ()
    return tuple(fill.value for fill in volume.fill_values)


def mask_has_data(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where values of a mask, of any real type, stand for data."""
    found: NDArray[np.bool_] = values != 0
    return found & (values == values) if values.dtype.kind == "f" else found


def _check_mask(mask: VolumeLike, shape: Sequence[int]) -> None:
    if tuple(mask.shape) != tuple(shape):
        raise ValueError(
            f"the mask has shape {tuple(mask.shape)}, the volume {tuple(shape)}: it must have a "
            "voxel for each of the volume's, 0 = no data"
        )
    if np.dtype(mask.dtype).kind not in "buif":
        raise ValueError(f"the mask must be of real numbers (0 = no data), not {mask.dtype}")
