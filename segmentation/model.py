"""A trained model as data: arrays and JSON in one file, verified when it is read."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from dataclasses import dataclass, fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.features import FeatureBank, VolumeLike, sample_voxels

from .checks import SegmentationError
from .forest import Forest
from .parameters import SegmentationParameters

SCHEMA = 1


@dataclass(frozen=True, eq=False)
class Painted:
    """The supervoxels of one partition that strokes touch.

    Attributes
    ----------
    supervoxels : int32, (L,)
    classes : uint16, (L,)
        Class id of each.
    """

    supervoxels: NDArray[np.int32]
    classes: NDArray[np.uint16]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Painted)
            and np.array_equal(self.supervoxels, other.supervoxels)
            and np.array_equal(self.classes, other.classes)
        )

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Model:
    """What one volume taught: enough to label another.

    Attributes
    ----------
    parameters : SegmentationParameters
    forest : Forest
    painted : tuple of Painted
        Painted supervoxels of each partition of the volume that it was trained on.
    trained_on : str
        Fingerprint of that volume.
    spacing : tuple of 3 float
        Voxel size of that volume.
    """

    parameters: SegmentationParameters
    forest: Forest
    painted: tuple[Painted, ...]
    trained_on: str
    spacing: tuple[float, float, float]


def fingerprint(volume: VolumeLike) -> str:
    """Return a short digest of a volume's shape, type and a regular sample of its voxels."""
    digest = blake2b(digest_size=16)
    digest.update(repr((tuple(volume.shape), np.dtype(volume.dtype).str)).encode())
    digest.update(np.ascontiguousarray(sample_voxels(volume)).tobytes())
    return digest.hexdigest()


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model; the file appears under its name only when it is complete.

    Parameters
    ----------
    model : Model
    path : path
        A ``.npz`` file by its content, whatever its name.

    Raises
    ------
    OSError
        If the file can't be written.
    """
    target = Path(path)
    header = {
        "schema": SCHEMA,
        "parameters": model.parameters.to_dict(),
        "class_ids": model.forest.class_ids,
        "columns": FeatureBank(model.parameters.features).column_names,
        "trained_on": model.trained_on,
        "spacing": model.spacing,
        "partitions": len(model.painted),
    }
    arrays = {f"forest_{f.name}": getattr(model.forest, f.name) for f in _forest_arrays()}
    for index, painted in enumerate(model.painted):
        arrays[f"painted_{index}_supervoxels"] = painted.supervoxels
        arrays[f"painted_{index}_classes"] = painted.classes
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, header=np.array(json.dumps(header)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model; nothing in the file is executed.

    Raises
    ------
    SegmentationError
        If the file is missing, damaged, or not a model.
    """
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("it is no archive of arrays")
        with np.load(path, allow_pickle=False) as file:
            header = json.loads(str(file["header"]))
            arrays = {name: file[name] for name in file.files if name != "header"}
        if header["schema"] != SCHEMA:
            raise SegmentationError(
                f"{path} is a model of schema {header['schema']}, this version reads {SCHEMA}: "
                "train it again"
            )
        return _assemble(header, arrays)
    except FileNotFoundError as error:
        raise SegmentationError(f"there is no model file {path}") from error
    except SegmentationError:
        raise
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise SegmentationError(f"{path} is not a usable supervox model: {error}") from error


def _assemble(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
    parameters = SegmentationParameters.from_dict(header["parameters"])
    columns = FeatureBank(parameters.features).column_names
    if tuple(header["columns"]) != tuple(columns):
        raise ValueError("its features are not those of this version")
    forest = Forest(
        tuple(int(value) for value in header["class_ids"]),
        **{f.name: arrays[f"forest_{f.name}"] for f in _forest_arrays()},
    )
    forest.verify(len(columns))
    painted = tuple(
        Painted(arrays[f"painted_{k}_supervoxels"], arrays[f"painted_{k}_classes"])
        for k in range(int(header["partitions"]))
    )
    z, y, x = (float(value) for value in header["spacing"])
    return Model(parameters, forest, painted, str(header["trained_on"]), (z, y, x))


def _forest_arrays() -> list[Any]:
    return [f for f in fields(Forest) if f.name != "class_ids"]
