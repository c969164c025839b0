"""Benchmarks: ``python -m benchmarks [NAME ...]`` measures and writes JSON, tables and plots.

- `datasets`: the real volumes (from `SUPERVOX_DATA` or ``../shared/data``) and the phantom.
- `accuracy`: Dice against a voxel-level forest, for every volume, budget and seed.
- `supervoxel_quality`: quality and speed against scikit-image's and SimpleITK's SLIC.
- `feature_speed`: extraction and pooling against the same bank in scikit-image and SciPy.
- `refinement_speed`: the Markov random field from 10 k to 600 k supervoxels.
- `live_update`: a stroke to new labels of a whole volume of 100 M voxels.
- `memory`: peak resident memory of each stage against the volume's size.
- `report`: machine, versions, commit; JSON to ``benchmarks/results``, table to
  ``docs/benchmarks.md``.
"""
