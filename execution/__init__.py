"""Execution: how a stage walks through a volume, on what, and what survives if it is killed.

Where to find what:

- `blocks`: boxes with halos that tile a volume; `VolumeLike`, what a stage reads.
- `executors`: a function of a block on threads, or on another executor; results in block order.
- `dask_cluster`: the executor of a Dask cluster; `connect_cluster`: found, or started here.
- `device`: a GPU in place of the processors, if there is one.
- `run`: `Run`, on what something works, what a person sees of it, and how it is stopped;
  `progress`: how one tells and asks.
- `workspace`: large arrays in memory or on the disk; `shared_arrays`: those that other processes
  see.
- `record_log`: records in a file, each with a checksum, that end where one is torn.
- `block_log`: the results of finished blocks, in a file; `checkpoint`: the folder of a stage at
  work, with this log and what the blocks wrote. With both, a stage that was killed goes on behind
  its last finished block.
- `disjoint_sets`, `pair_table`: kernels of what blocks find: what belongs together, and counts of
  pairs.
- `voxel_lists`: long lists of voxels, counted, digested and placed in one pass.
- `compiler_cache`: where compiled kernels are kept if neither the installation nor the home folder
  can be written to; `compiling`: how much is being compiled.
- `errors`: `ExecutionError`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
