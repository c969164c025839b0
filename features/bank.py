"""The feature bank: which channels there are, and their values in a block of a volume."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .blocks import Slices, Triple, VolumeLike
from .derivatives import (
    gradient,
    gradient_magnitude,
    hessian_eigenvalues,
    laplacian,
    root_eigenvalues,
)
from .grids import MIDDLE, Grid, Window, grid_size, read_grids
from .intensity import IntensityRange
from .parameters import FeatureParameters
from .scales import Scale, plan_scales
from .smoothing import (
    half_kernel,
    kernel_radius,
    smooth_product,
    smooth_window,
)

Float32 = NDArray[np.float32]
# Filters with three values per voxel, and how one of them is called.
_TRIPLES = {
    "hessian_eigenvalues": "hessian_eigenvalue",
    "structure_tensor_eigenvalues": "structure_tensor_eigenvalue",
}
_TWICE_SMOOTHED = ("structure_tensor_eigenvalues", "difference_of_gaussians")


@dataclass(frozen=True)
class Channel:
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
    factor: Triple
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
        for found in self.filter_block(volume, core, scales, intensity, where):
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

    def filter_block(
        self,
        volume: VolumeLike,
        core: Window,
        scales: Sequence[Scale],
        intensity: IntensityRange,
        wanted: Collection[int] | None = None,
    ) -> Iterator[Filtered]:
        """Compute the channels of a block one after the other.

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

        Yields
        ------
        Filtered
        """
        channels = [
            (index, channel)
            for index, channel in enumerate(self.channels)
            if wanted is None or index in wanted
        ]
        by_scale = {
            scale: [pair for pair in channels if pair[1].sigma == scale.sigma] for scale in scales
        }
        by_scale = {scale: pairs for scale, pairs in by_scale.items() if pairs}
        needed: dict[Triple, Window] = {}
        raw = [index for index, channel in channels if channel.filter == "raw"]
        if raw:
            needed[1, 1, 1] = core
        for scale, pairs in by_scale.items():
            window = _needed_cells(core, scale, volume.shape, _filters(pairs))
            needed[scale.factor] = window.union(needed.get(scale.factor, window))
        squares = any(channel.filter == "local_std" for _, channel in channels)
        grids = read_grids(volume, intensity, needed, squares=squares)
        for index in raw:
            grid = grids[1, 1, 1]
            yield Filtered(index, (1, 1, 1), core, grid.values[core.within(grid.window)].copy())
        for scale, pairs in by_scale.items():
            cells = core.coarsened(scale.factor)
            for name, values in _filter_scale(grids[scale.factor], cells, scale, _filters(pairs)):
                for index, channel in pairs:
                    if channel.filter == name:
                        yield Filtered(index, scale.factor, cells, values[channel.component])


def _list_channels(parameters: FeatureParameters) -> Iterator[Channel]:
    if "raw" in parameters.filters:
        yield Channel("raw", "raw", 0.0, 0)
    for sigma in parameters.sigmas_voxels:
        for name in parameters.filters:
            if name in _TRIPLES:
                for k in range(3):
                    yield Channel(f"{_TRIPLES[name]}_{k + 1}_sigma_{sigma:g}", name, sigma, k)
            elif name != "raw":
                yield Channel(f"{name}_sigma_{sigma:g}", name, sigma, 0)


def _filters(pairs: Sequence[tuple[int, Channel]]) -> frozenset[str]:
    return frozenset(channel.filter for _, channel in pairs)


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


def _needed_cells(
    core: Window, scale: Scale, shape: Sequence[int], filters: frozenset[str]
) -> Window:
    """Return the cells that a scale's filters read for a block."""
    twice = any(name in filters for name in _TWICE_SMOOTHED)
    halo = [
        kernel_radius(inner) + 1 + (kernel_radius(outer) if twice else 0)
        for inner, outer in zip(scale.inner, scale.outer, strict=True)
    ]
    return core.coarsened(scale.factor).grown(halo, grid_size(shape, scale.factor))


def _filter_scale(
    grid: Grid, cells: Window, scale: Scale, filters: frozenset[str]
) -> Iterator[tuple[str, Float32]]:
    """Yield filters' names and values, (components, cells), for one scale."""
    kernels = tuple(half_kernel(sigma) for sigma in scale.inner)
    outer_kernels = tuple(half_kernel(sigma) for sigma in scale.outer)
    twice = any(name in filters for name in _TWICE_SMOOTHED)
    reach = [kernel_radius(sigma) if twice else 0 for sigma in scale.outer]
    # cells whose derivatives are needed; the smooth values reach one further on every side, also
    # beyond the border of the volume, where reflection gives them the value of the border itself
    inner = cells.grown(reach, grid.size)
    start, stop = _relative(inner, grid.window, 1)
    smooth = smooth_window(grid.values, kernels, start, stop)
    at = cells.within(inner)
    around = np.ascontiguousarray(smooth[tuple(slice(part.start, part.stop + 2) for part in at)])
    if "gaussian" in filters:
        yield "gaussian", around[1:-1, 1:-1, 1:-1].copy()[None]
    if "gradient_magnitude" in filters:
        yield "gradient_magnitude", gradient_magnitude(around, scale.first)[None]
    if "laplacian_of_gaussian" in filters:
        yield "laplacian_of_gaussian", laplacian(around, scale.first)[None]
    if "hessian_eigenvalues" in filters:
        yield "hessian_eigenvalues", hessian_eigenvalues(around, scale.first)
    window = _relative(cells, inner, 0)
    if "difference_of_gaussians" in filters:
        once = np.ascontiguousarray(smooth[1:-1, 1:-1, 1:-1])
        wider = smooth_window(once, outer_kernels, *window)
        yield "difference_of_gaussians", (once[at] - wider)[None]
    if "structure_tensor_eigenvalues" in filters:
        along = gradient(smooth, scale.first)
        tensor = np.empty((6, *cells.shape), np.float32)
        for k, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))):
            smooth_product(along[i], along[j], outer_kernels, window[0], tensor[k])
        yield "structure_tensor_eigenvalues", root_eigenvalues(tensor)
    if "local_std" in filters and grid.squares is not None:
        window = _relative(cells, grid.window, 0)
        squares = smooth_window(grid.squares, kernels, *window)
        mean = around[1:-1, 1:-1, 1:-1] - MIDDLE
        yield "local_std", np.sqrt(np.maximum(squares - mean * mean, 0))[None]


def _relative(part: Window, whole: Window, margin: int) -> tuple[Triple, Triple]:
    """Return start and stop of a part, with a margin, in coordinates of an array of the whole."""
    at = part.within(whole)
    start = (at[0].start - margin, at[1].start - margin, at[2].start - margin)
    stop = (at[0].stop + margin, at[1].stop + margin, at[2].stop + margin)
    return start, stop
