"""The feature bank: which channels there are, and their values in a block of a volume."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.execution import IntTriple, Slices, VolumeLike

from .filters import needed_cells
from .grids import FINEST, CoarseGrid, Window, read_grids
from .intensity import IntensityRange
from .kernels import COMPILED, Kernels
from .parameters import FeatureParameters
from .scales import Scale, plan_scales

Float32 = NDArray[np.float32]
# Filters with three values per voxel, and how one of them is called.
_TRIPLES = {
    "hessian_eigenvalues": "hessian_eigenvalue",
    "structure_tensor_eigenvalues": "structure_tensor_eigenvalue",
}


@dataclass(frozen=True)
class FeatureChannel:
    """One number per voxel.

    Attributes
    ----------
    name : str
        Like "hessian_eigenvalue_1_sigma_2".
    filter : str
        Entry of `FILTERS`.
    sigma : float
        In voxels of the finest axis; 0 for "raw".
    component : int
        Which of the filter's values, from 0.
    """

    name: str
    filter: str
    sigma: float
    component: int


@dataclass(frozen=True)
class Filtered:
    """A channel in a block, on the grid of its scale.

    Attributes
    ----------
    index : int
        Position in `FeatureBank.channels`.
    factor : tuple of 3 int
        Voxels per cell.
    window : Window
        The cells that touch the block.
    values : C-contiguous array of float32
        One value per cell of the window; belongs to the receiver.
    """

    index: int
    factor: IntTriple
    window: Window
    values: Float32


class FeatureBank:
    """The channels that a set of parameters asks for.

    All values are in units of the normalised intensity: derivatives are multiplied by sigma to
    their order, the structure tensor's eigenvalues are given as square roots.

    Parameters
    ----------
    parameters : FeatureParameters, optional
        The default preset if not given.
    """

    def __init__(self, parameters: FeatureParameters | None = None) -> None:
        self.parameters = parameters or FeatureParameters()
        self.channels = tuple(_list_channels(self.parameters))
        self._index = {channel.name: index for index, channel in enumerate(self.channels)}
        self._places = {
            (channel.filter, channel.sigma, channel.component): index
            for index, channel in enumerate(self.channels)
        }

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels, in order."""
        return tuple(channel.name for channel in self.channels)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the table's columns: the first statistic of all channels, then the next."""
        return tuple(
            f"{name} {statistic}"
            for statistic in self.parameters.statistics
            for name in self.channel_names
        )

    def compute(
        self,
        volume: VolumeLike,
        names: Sequence[str] | None = None,
        *,
        region: Slices | None = None,
        spacing: Sequence[float] = (1, 1, 1),
        intensity: IntensityRange | None = None,
    ) -> Float32:
        """Compute channels voxel by voxel, to look at them.

        Parameters
        ----------
        volume : array-like, (Z, Y, X)
        names : sequence of str, optional
            Channels, from `channel_names`; all of them by default.
        region : tuple of 3 slice, optional
            The part to compute, which does not change the values; the whole volume by default.
        spacing : sequence of 3 float
            Voxel size per axis.
        intensity : IntensityRange, optional
            Measured on the volume if not given.

        Returns
        -------
        array of float32, (channels, region)
            Large scales are constant over the cells of the grid that they are evaluated on.

        Raises
        ------
        ValueError
            If a name is unknown, or the volume is not 3D.
        """
        names = self.channel_names if names is None else names
        if unknown := [name for name in names if name not in self._index]:
            raise ValueError(f"no channels {unknown}; choose from {', '.join(self.channel_names)}")
        scales = plan_scales(self.parameters, volume.shape, spacing)
        intensity = intensity or IntensityRange.measure(volume)
        core = _whole(volume.shape, region)
        where = {self._index[name]: position for position, name in enumerate(names)}
        out = np.empty((len(names), *core.shape), np.float32)
        grids = self.read_block(volume, core, scales, intensity, where)
        for found in self.filter_block(grids, core, scales, where):
            out[where[found.index]] = _repeat(found, core)
        return out

    def compute_channel(
        self,
        volume: VolumeLike,
        name: str,
        *,
        region: Slices | None = None,
        spacing: Sequence[float] = (1, 1, 1),
        intensity: IntensityRange | None = None,
    ) -> Float32:
        """Compute one channel, see `compute`; returns an array of the region's shape."""
        channel: Float32 = self.compute(
            volume, [name], region=region, spacing=spacing, intensity=intensity
        )[0]
        return channel

    def read_block(
        self,
        volume: VolumeLike,
        core: Window,
        scales: Sequence[Scale],
        intensity: IntensityRange,
        wanted: Collection[int] | None = None,
    ) -> dict[IntTriple, CoarseGrid]:
        """Read what the channels of a block are computed from.

        Parameters
        ----------
        volume : array-like, (Z, Y, X)
        core : Window
            The block, in voxels.
        scales : sequence of Scale
            From `plan_scales`, for this volume.
        intensity : IntensityRange
        wanted : collection of int, optional
            Indices of the channels to compute; all by default.

        Returns
        -------
        dict of factor to CoarseGrid
        """
        chosen = range(len(self.channels)) if wanted is None else wanted
        raw = any(self.channels[index].filter == "raw" for index in chosen)
        needed = {FINEST: core} if raw else {}
        filters = {scale: self._filters_of(scale, chosen) for scale in scales}
        for scale in scales:
            if filters[scale]:
                window = needed_cells(core, scale, volume.shape, filters[scale])
                needed[scale.factor] = window.union(needed.get(scale.factor, window))
        squares = any("local_std" in names for names in filters.values())
        factors = {scale.factor for scale in scales}
        return read_grids(volume, intensity, factors, needed, squares=squares)

    def filter_block(
        self,
        grids: Mapping[IntTriple, CoarseGrid],
        core: Window,
        scales: Sequence[Scale],
        wanted: Collection[int] | None = None,
        kernels: Kernels = COMPILED,
    ) -> Iterator[Filtered]:
        """Compute the channels of a block one after the other.

        Parameters
        ----------
        grids : mapping of factor to CoarseGrid
            From `read_block`, for this block or a larger one.
        core : Window
            The block, in voxels.
        scales, wanted
            As in `read_block`.
        kernels : Kernels
            What computes.

        Yields
        ------
        Filtered
        """
        chosen = range(len(self.channels)) if wanted is None else wanted
        for index in chosen:
            if self.channels[index].filter == "raw":
                values = grids[FINEST].values[core.within(grids[FINEST].window)]
                yield Filtered(index, FINEST, core, values.copy())
        for scale in scales:
            filters = self._filters_of(scale, chosen)
            if filters:
                cells = core.coarsened(scale.factor)
                found = kernels.filter_scale(grids[scale.factor], cells, scale, filters)
                for name, components in found:
                    for component, values in enumerate(components):
                        index = self._places[name, scale.sigma, component]
                        if index in chosen:
                            yield Filtered(index, scale.factor, cells, values)

    def _filters_of(self, scale: Scale, chosen: Collection[int]) -> frozenset[str]:
        channels = (self.channels[index] for index in chosen)
        return frozenset(c.filter for c in channels if c.sigma == scale.sigma)


def _list_channels(parameters: FeatureParameters) -> Iterator[FeatureChannel]:
    if "raw" in parameters.filters:
        yield FeatureChannel("raw", "raw", 0.0, 0)
    for sigma in parameters.sigmas_voxels:
        for name in parameters.filters:
            if (name, sigma) in parameters.without:
                continue
            if name in _TRIPLES:
                for k in range(3):
                    yield FeatureChannel(
                        f"{_TRIPLES[name]}_{k + 1}_sigma_{sigma:g}", name, sigma, k
                    )
            elif name != "raw":
                yield FeatureChannel(f"{name}_sigma_{sigma:g}", name, sigma, 0)


def _whole(shape: Sequence[int], region: Slices | None) -> Window:
    """Return a region, or all of a volume, as a window."""
    bounds = [
        part.indices(size) for part, size in zip(region or (slice(None),) * 3, shape, strict=True)
    ]
    if any(step != 1 or stop <= start for start, stop, step in bounds):
        raise ValueError(f"region must be 3 slices of step 1 with voxels, not {region}")
    (z0, z1, _), (y0, y1, _), (x0, x1, _) = bounds
    return Window((z0, y0, x0), (z1, y1, x1))


def _repeat(found: Filtered, core: Window) -> Float32:
    """Give every voxel of a block the value of its cell."""
    values = found.values
    for axis in range(3):
        voxels = np.arange(core.start[axis], core.stop[axis])
        cells = voxels // found.factor[axis] - found.window.start[axis]
        values = values.take(cells, axis=axis)
    return values
