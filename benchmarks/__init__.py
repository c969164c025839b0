"""Benchmarks: ``python -m benchmarks [NAME ...]`` measures and writes JSON, tables and plots.

- `datasets`: the real volumes (from `SUPERVOX_DATA` or ``../shared/data``) and the phantom.
- `accuracy`: Dice against a voxel-level forest (`voxel_forest`), for every volume, budget and
  seed; what the page says of it is in `accuracy_tables`.
- `correction`: what each stroke that `robots` paint is worth, in `sessions` of Supervox and of
  the voxel forest, with and without the `slider` of every class; on the real volumes and on
  `made_volumes`; what the page says of it is in `correction_tables`.
- `classifiers`: Dice and processor time of each classifier that has a name.
- `fill`: what constants outside of the data (`fills`) cost inside.
- `supervoxel_quality`: quality (`partition_scores`) and speed against scikit-image's and
  SimpleITK's SLIC.
- `feature_speed`: extraction and pooling against the same bank in scikit-image and SciPy
  (`reference_features`).
- `preparation_speed`: every stage of a preparation, and all of it, against the same with
  scikit-image, SciPy and NumPy (`reference_graph`), in one run.
- `roofline`: what each step (`roofline_steps`) must read, write and compute, what the machine
  could do, and what is reached.
- `refinement_speed`: the Markov random field from 10 k to 600 k supervoxels.
- `objects`: splitting against components and a distance watershed; finding and measuring 10,000
  objects in a process of its own, `objects_stage`.
- `between_slices`: things of which every n-th plane is known, filled by shape and with the image.
- `putting_right` (with `hands`): labels corrected by hand until every class is good enough.
- `live_update`: a stroke to new labels of a whole volume of 100 M voxels.
- `application`: painting, updating and scrolling in a window, `application_window`, in which
  `gui_probe` looks at the GUI thread; `large`: the same for a file of full size, from opening it
  on, `large_window` on a `large_volume`. Both are processes of their own, which `window` starts.
- `visit`: a person at the window on real volumes, by mouse and keys, `visit_window`: what moved
  under her mouse, and what *Finish* changed.
- `project`: the stroke journal at 100 M voxels and 10,000 strokes.
- `memory`: peak resident memory of each stage against the volume's size; each in a process of
  its own, `memory_stage`.
- `scale`: whole runs from 64³ to 600 x 1000 x 1000 voxels; each in a process of its own,
  `scale_stage`.
- `timing`: contenders that take turns, and progress.
- `report`: machine, versions, commit; JSON to ``benchmarks/results``, table to
  ``docs/benchmarks.md``.

A benchmark is a module with three functions: ``measure(quick)`` returns what goes into its JSON
file; ``targets(results)`` and ``section(results)`` make of that its rows in the table of targets
and its part of the page.
"""
