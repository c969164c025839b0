"""From voxels to a table: filters, the feature bank, and pooling over supervoxels.

Where to look
-------------
`blocks`
    Walking through a volume block by block, with halos, on threads.
`cluster`
    The same on the workers of a Dask cluster.
`intensity`
    The common intensity scale (percentiles become 0 and 10).
`parameters`
    `FeatureParameters` and the presets.
`scales`
    From a sigma and a spacing to a coarse grid and kernels per axis.
`grids`
    Blocks read, normalised and averaged into the cells of coarse grids.
`device`
    A GPU in place of the processors, if there is one.
`smoothing`, `derivatives`, `eigenvalues`
    The compiled filters.
`filters`
    All filters of one scale on a block.
`array_smoothing`, `array_filters`
    The same on arrays of a device.
`kernels`
    Compiled code or a device's arrays, behind the same functions of a block.
`bank`
    `FeatureBank`: the channels, and their values in a block.
`runs`
    Exact integer sums over the supervoxels of a block.
`table`
    `FeatureTable`, the sums over blocks that it is made from, and tables side by side.
`pooling`
    `pool_features`: the stage as a function of a block and a reduction.
`context`
    Features of the neighbours in the region graph.
"""

from .bank import FeatureBank
from .blocks import (
    Block,
    Cancelled,
    Executor,
    Progress,
    ShouldStop,
    Slices,
    Threads,
    VolumeLike,
    Workers,
    check_stop,
    choose_executor,
    count_workers,
    default_block_shape,
    latch,
    read_block,
    run_blocks,
    run_parallel,
    split_blocks,
)
from .cluster import Cluster, ClusterLost
from .context import add_context
from .device import CHOICES, Choice, Device, DeviceError, describe_device, find_device, name_of
from .intensity import IntensityRange, sample_voxels
from .parameters import FILTERS, PRESETS, FeatureParameters, parameters_for_preset
from .pooling import pool_features, pool_partitions, pooling_block
from .smoothing import gaussian_smooth, kernel_radius
from .table import FeatureTable, column_names, join_tables

__all__ = [
    "CHOICES",
    "FILTERS",
    "PRESETS",
    "Block",
    "Cancelled",
    "Choice",
    "Cluster",
    "ClusterLost",
    "Device",
    "DeviceError",
    "Executor",
    "FeatureBank",
    "FeatureParameters",
    "FeatureTable",
    "IntensityRange",
    "Progress",
    "ShouldStop",
    "Slices",
    "Threads",
    "VolumeLike",
    "Workers",
    "add_context",
    "check_stop",
    "choose_executor",
    "column_names",
    "count_workers",
    "default_block_shape",
    "describe_device",
    "find_device",
    "gaussian_smooth",
    "join_tables",
    "kernel_radius",
    "latch",
    "name_of",
    "parameters_for_preset",
    "pool_features",
    "pool_partitions",
    "pooling_block",
    "read_block",
    "run_blocks",
    "run_parallel",
    "sample_voxels",
    "split_blocks",
]
