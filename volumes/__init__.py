"""Volumes in and out: every file format, with spacing, unit and origin, read lazily.

Where to find what:

- `files`: the doors: `open_volume`, `create_volume`, `write_volume`; `labels`: those for labels
  and strokes, `open_labels`, `open_strokes`.
- `volume`: what an opened file is: `Volume`, `VolumeClass`, `describe`.
- `registry`: the table `FORMATS`, one entry a format; `formats` says what an entry consists of.
  A new format is one module of its own and one entry.
- `tiff_reading`, `tiff_metadata`, `tiff_writing`, `tiff_folder`, `mrc`, `mrc_writing`,
  `hdf5_reading`, `hdf5_opening` (files that are being written), `hdf5_examination` (files that end
  programs), `hdf5_values` (values that are elsewhere), `nexus`, `hdf5_writing`, `zarr_reading`,
  `zarr_metadata` (axes, sizes), `zarr_chunks` (are they there?), `zarr_writing`, `nrrd_reading`,
  `nrrd_segments`, `nrrd_writing`, `nifti`, `numpy_format`, `picture`, `raw`, `txrm`: formats.
- `file_values`: values in one piece, read where they are sliced, never mapped.
- `stored_values`, `orientation`: what formats of a header and one piece of values share.
- `pyramid`: the coarser levels of OME-Zarr.
- `mesh`, `surface`: labels as triangle meshes.
- `palette`: the colours of classes that were given none.
- `address`: what ``file.h5::/entry/data,c=1`` means.
- `arrays`, `axes`: the lazy (plane, row, column) view of what a file holds.
- `calibration`: units, and which numbers of a header can be a voxel size; `voxel_size`: which voxel
  size holds, of a person, a file or a model.
- `writer`, `atomic`: planes in order, into files that appear complete or not at all.
- `checks`: what is refused before anything is written.
- `outside`: nothing outside of the folder of a volume is read, unless a person says so;
  `hdf5_outside` (the one door to HDF5 files for reading), `zarr_store`: what can lead there.
- `errors`: `VolumeError`, the only exception that bad files and places lead to; where a file holds
  several volumes it has a `Candidate` for each, and where only a person can say what is meant a
  `Choice` for each way to open it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
