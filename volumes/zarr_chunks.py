"""Which chunks of a Zarr array are there: what isn't reads as the fill value."""

import dataclasses
import math
import os
from typing import Any

import zarr
from zarr.core.array import AsyncArray

_MOST_ASKED_FOR = 32  # chunks; if those are there, so are probably all
_MOST_COUNTED = 2**14


def check_chunks(
    array: zarr.Array[Any], *, may_be_sparse: bool
) -> tuple[zarr.Array[Any], tuple[str, ...]]:
    """Look for the chunks of an array in its folder, and say how many aren't there.

    Labels are sparse: chunks in which there is nothing aren't written.

    Returns
    -------
    array : zarr.Array
        The same; or with chunks in folders, if that is where they are and its metadata don't say.
    notes : tuple of str
    """
    folder = _folder(array)
    if folder is None or not array.ndim:
        return array, ()
    counts = _counts(array)
    total = math.prod(counts)
    asked = range(total - 1, -1, -max(1, -(-total // _MOST_ASKED_FOR)))  # copies lack the last
    found = [_is_there(array, folder, counts, number) for number in asked]
    notes: tuple[str, ...] = ()
    if not any(found):
        nested = _nested(array)
        if nested is not None and any(_is_there(nested, folder, counts, n) for n in asked):
            array = nested
            found = [_is_there(array, folder, counts, number) for number in asked]
            notes = (
                "its chunks lie in folders (0/0/0), which its metadata don't say: "
                '"dimension_separator": "/" is missing there; they are read',
            )
    if all(found) or may_be_sparse:
        return array, notes
    if not any(found):
        missing = f"none of its {total} chunks is where its metadata say: all voxels"
    elif total > _MOST_COUNTED:
        share = 100 * (1 - sum(found) / len(found))
        missing = f"about {share:.2g} % of its {total} chunks aren't there: their voxels"
    else:
        count = total - sum(_is_there(array, folder, counts, number) for number in range(total))
        missing = f"{count} of its {total} chunks aren't there: their voxels"
    return array, (
        *notes,
        f"{missing} count as {array.fill_value}; if it was copied, the copy wasn't finished: copy "
        "it again",
    )


def _folder(array: zarr.Array[Any]) -> str | None:
    """Return the folder of an array in a plain folder."""
    root = getattr(array.store, "root", None)
    return os.path.join(root, array.path) if root is not None else None


def _counts(array: zarr.Array[Any]) -> list[int]:
    """Return the number of files along each axis: of chunks, or of shards that hold many."""
    sizes = array.shards or array.chunks
    return [-(-length // size) for length, size in zip(array.shape, sizes, strict=True)]


def _is_there(array: zarr.Array[Any], folder: str, counts: list[int], number: int) -> bool:
    """Say whether a chunk, counted along the last axis first, has a file."""
    place = []
    for count in reversed(counts):
        number, rest = divmod(number, count)
        place.append(rest)
    key = array.metadata.encode_chunk_key(tuple(reversed(place)))
    return os.path.exists(f"{folder}/{key}")


def _nested(array: zarr.Array[Any]) -> zarr.Array[Any] | None:
    """Return a Zarr 2 array with its chunks looked for in folders; None if they are already."""
    metadata: Any = array.metadata
    if array.metadata.zarr_format != 2 or metadata.dimension_separator == "/" or array.ndim < 2:
        return None
    moved = dataclasses.replace(metadata, dimension_separator="/")
    return zarr.Array(AsyncArray(moved, array.store_path))
