"""Writing HDF5: one chunked dataset with our attributes, which ilastik and Fiji understand too."""

import json

import h5py

from .arrays import Array
from .calibration import convert
from .formats import WriteRequest

_CHUNK = (16, 128, 128)


class _Hdf5Sink:
    """Appends planes to a dataset."""

    preferred_planes = _CHUNK[0]

    def __init__(self, request: WriteRequest) -> None:
        self._file = h5py.File(request.path, "x")
        try:
            self._dataset = _new_dataset(self._file, request)
        except BaseException:
            self._file.close()
            raise
        self._done = 0

    def write(self, planes: Array) -> None:
        """Append planes (n, Y, X) or (C, n, Y, X)."""
        stop = self._done + planes.shape[-3]
        self._dataset[..., self._done : stop, :, :] = planes
        self._done = stop

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def create_hdf5(request: WriteRequest) -> _Hdf5Sink:
    """Make an HDF5 file with one dataset, named after what it holds if nothing else is said."""
    return _Hdf5Sink(request)


def _new_dataset(file: h5py.File, request: WriteRequest) -> h5py.Dataset:
    """Make the dataset and say in its attributes what there is to say."""
    leading = (1,) * (len(request.shape) - 3)
    chunks = tuple(
        min(chunk, length) for chunk, length in zip((*leading, *_CHUNK), request.shape, strict=True)
    )
    packed = request.kind != "image"
    dataset = file.create_dataset(
        request.target.inner or f"/{request.kind}",
        shape=request.shape,
        dtype=request.dtype,
        chunks=chunks,
        compression="gzip" if packed else None,
        compression_opts=4 if packed else None,
        shuffle=packed,
    )
    dataset.attrs["axes"] = "czyx"[-len(request.shape) :]
    if request.spacing is not None:
        dataset.attrs["spacing"] = request.spacing
        dataset.attrs["origin"] = request.origin
        if request.unit is not None:
            dataset.attrs["unit"] = request.unit
            dataset.attrs["element_size_um"] = [
                convert(size, request.unit, "um") for size in request.spacing
            ]
    if request.classes:
        dataset.attrs["classes"] = json.dumps([item.as_json() for item in request.classes])
    return dataset
