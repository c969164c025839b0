"""From voxels to a table: filters, the feature bank, and pooling over supervoxels.

Where to look
-------------
`intensity`
    The common intensity scale (percentiles become 0 and 10), and the fingerprint of a volume: both
    know it by the same sample of its voxels.
`fill_values` (`fill_candidates`), `no_data`
    Constants that fill much of a volume; volumes in which what has no data reads as NaN.
`no_data_choice`
    What a person can say of it.
`stand_in` (`nearest_data`)
    What filters see there.
`parameters`
    `FeatureParameters` and the presets.
`scales`
    From a sigma and a spacing to a coarse grid and kernels per axis.
`grids`
    Blocks read, normalised and averaged into the cells of coarse grids.
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
"""

import lazy_loader
from supervox.execution import find_compiler_cache

find_compiler_cache(__file__)
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
