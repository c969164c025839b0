"""A trained model as data: arrays and JSON in one file, verified when it is read."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.features import FeatureBank, column_names
from supervox.parameters import read_json
from supervox.segmentation.classifier.estimators import Classifier, FittedEstimator
from supervox.segmentation.classifier.forest import Forest
from supervox.segmentation.classifier.stored_estimators import (
    NotStorable,
    restore_estimator,
    store_estimator,
)
from supervox.volumes import VolumeClass, unit_symbol

from ._archive import read_archive, write_archive
from .checks import MOST_CHANNELS, SegmentationError, Spacing
from .parameters import SegmentationParameters
from .strokes import LabelledSupervoxels

SCHEMA = 4
OLDEST_SCHEMA = 2  # of that time all classifiers are extra trees, without saying so
MOMENTS_SCHEMA = 4  # before, all trees of a forest were grown at once
FOREST_ARRAYS = tuple(field.name for field in fields(Forest) if field.name != "class_ids")


@dataclass(frozen=True, eq=False)
class Model:
    """What one volume taught: enough to label another.

    Attributes
    ----------
    parameters : SegmentationParameters
    classifier : Classifier
    painted : tuple of LabelledSupervoxels
        Painted supervoxels of each partition of the volume that it was trained on.
    trained_on : str
        Fingerprint of that volume and its further channels.
    spacing : tuple of 3 float
        Voxel size of that volume.
    label_costs : float64, (C, C)
        Cost of a border between two classes, as learned from the strokes.
    unit : str, optional
        Unit of `spacing`, if it is known.
    classes : tuple of VolumeClass
        Names and colours of the classes that have one, by ascending id.
    n_images : int
        That volume and its further channels: as many are needed elsewhere, in the same order.
    """

    parameters: SegmentationParameters
    classifier: Classifier
    painted: tuple[LabelledSupervoxels, ...]
    trained_on: str
    spacing: tuple[float, float, float]
    label_costs: NDArray[np.float64]
    unit: str | None = None
    classes: tuple[VolumeClass, ...] = ()
    n_images: int = 1

    def check_columns(self, n_columns: int) -> None:
        """Refuse features of another number than the classifier asks for.

        Raises
        ------
        SegmentationError
            If the classifier learned from others.
        """
        known = self.classifier
        if isinstance(known, Forest):
            fits = int(known.feature.max(initial=-1)) < n_columns
        else:
            of = getattr(known, "estimator", None)
            fits = getattr(of, "n_features_in_", n_columns) == n_columns
        if not fits:
            raise SegmentationError(
                f"the model learned from other features than the {n_columns} that its parameters "
                "say: train it again"
            )


@dataclass(frozen=True, kw_only=True)
class _Header:
    """What a file has as JSON, beside the arrays."""

    schema: int
    parameters: SegmentationParameters
    class_ids: tuple[int, ...]
    scikit_learn: str | None = None  # version that must read the classifier, if it is of there
    classes: tuple[VolumeClass, ...]
    images: int
    columns: tuple[str, ...]
    trained_on: str
    spacing: Spacing
    unit: str | None = None
    partitions: int

    def __post_init__(self) -> None:
        if not 1 <= self.images <= MOST_CHANNELS:
            raise ValueError("its number of channels is damaged")
        if self.columns != column_names(FeatureBank(self.parameters.features), self.images):
            raise ValueError("its features are not those of this version; train it again")
        if not all(math.isfinite(value) and value > 0 for value in self.spacing):
            raise ValueError("its voxel size is damaged")
        if self.unit is not None and unit_symbol(self.unit) != self.unit:
            raise ValueError("its unit is not one that this version knows")
        values = [item.value for item in self.classes]
        if values != sorted(set(values)) or not set(values) <= set(self.class_ids):
            raise ValueError("its names of classes are damaged")


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model; the file appears under its name only when it is complete.

    Parameters
    ----------
    model : Model
    path : path
        A ``.npz`` file by its content, whatever its name.

    Raises
    ------
    NotStorable
        If its classifier can't be kept as data.
    OSError
        If the file can't be written.
    """
    arrays, version = _classifier_arrays(model.classifier)
    header = _Header(
        schema=SCHEMA,
        parameters=model.parameters,
        class_ids=model.classifier.class_ids,
        scikit_learn=version,
        classes=model.classes,
        images=model.n_images,
        columns=column_names(FeatureBank(model.parameters.features), model.n_images),
        trained_on=model.trained_on,
        spacing=model.spacing,
        unit=model.unit,
        partitions=len(model.painted),
    )
    arrays["distance"] = model.label_costs
    for index, painted in enumerate(model.painted):
        arrays[f"painted_{index}_supervoxels"] = painted.supervoxels
        arrays[f"painted_{index}_classes"] = painted.classes
    write_archive(path, asdict(header), arrays)


def _classifier_arrays(classifier: Classifier) -> tuple[dict[str, NDArray[Any]], str | None]:
    """Return a classifier as arrays, and the version of scikit-learn that must read them."""
    if isinstance(classifier, Forest):
        return {f"forest_{name}": getattr(classifier, name) for name in FOREST_ARRAYS}, None
    if isinstance(classifier, FittedEstimator):
        content, version = store_estimator(classifier)
        return {"estimator": content}, version
    raise NotStorable(f"a model with {type(classifier).__name__} can't be saved as data")


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model; nothing in the file is executed, and nothing in it is believed unchecked.

    Raises
    ------
    SegmentationError
        If the file is missing, damaged, or not a model.
    """
    try:
        header, arrays = read_archive(path)
        schema = header.get("schema")
        if type(schema) is not int:
            raise ValueError("its schema is missing or damaged")
        if schema > SCHEMA:
            raise ValueError(
                f"it has the schema {schema}, this version reads {SCHEMA}: it was made by a newer "
                "one, use that"
            )
        if schema < OLDEST_SCHEMA:
            raise ValueError(
                f"it has the schema {schema}, this version reads {SCHEMA}; train it again"
            )
        return _assemble(read_json(_Header, header), arrays)
    except FileNotFoundError as error:
        raise SegmentationError(f"there is no model file {path}") from error
    except SegmentationError as error:  # a library is missing
        raise SegmentationError(f"{path}: {error}") from error
    except ValueError as error:
        raise SegmentationError(f"{path} is not a usable supervox model: {error}") from error


def _assemble(header: _Header, arrays: Mapping[str, NDArray[Any]]) -> Model:
    """Check the arrays, and make the model of all."""
    class_ids = header.class_ids
    return Model(
        header.parameters,
        _classifier(header, arrays),
        _painted(header.partitions, arrays, header.parameters, class_ids),
        header.trained_on,
        header.spacing,
        _label_costs(_array(arrays, "distance"), len(class_ids)),
        header.unit,
        header.classes,
        header.images,
    )


def _classifier(header: _Header, arrays: Mapping[str, NDArray[Any]]) -> Classifier:
    """Read the classifier, and verify it."""
    ids, n_features = header.class_ids, len(header.columns)
    if header.scikit_learn is None:
        if header.schema < MOMENTS_SCHEMA:
            roots, feature = _array(arrays, "forest_roots"), _array(arrays, "forest_feature")
            at_once = np.zeros(roots.shape, np.int32), np.zeros(feature.shape, np.bool_)
            arrays = {**arrays, "forest_moments": at_once[0], "forest_is_fresh": at_once[1]}
        forest = Forest(ids, **{name: _array(arrays, f"forest_{name}") for name in FOREST_ARRAYS})
        forest.verify(n_features)
        return forest
    content = _array(arrays, "estimator")
    if content.dtype != np.uint8 or content.ndim != 1:
        raise ValueError("its classifier is damaged")
    return restore_estimator(content, header.scikit_learn, ids, n_features)


def _painted(
    n_partitions: int,
    arrays: Mapping[str, NDArray[Any]],
    parameters: SegmentationParameters,
    class_ids: tuple[int, ...],
) -> tuple[LabelledSupervoxels, ...]:
    """Read what was painted: in every partition, or nowhere."""
    if n_partitions not in (0, parameters.partitions):
        raise ValueError("its strokes do not fit its partitions")
    result = []
    for k in range(n_partitions):
        supervoxels = _array(arrays, f"painted_{k}_supervoxels")
        classes = _array(arrays, f"painted_{k}_classes")
        if (
            supervoxels.dtype != np.int32
            or classes.dtype != np.uint16
            or supervoxels.ndim != 1
            or supervoxels.shape != classes.shape
            or (np.diff(supervoxels, prepend=-1) <= 0).any()
            or not np.isin(classes, class_ids).all()
        ):
            raise ValueError("its strokes are damaged")
        result.append(LabelledSupervoxels(supervoxels, classes))
    return tuple(result)


def _label_costs(values: NDArray[Any], n_classes: int) -> NDArray[np.float64]:
    if values.dtype != np.float64 or values.shape != (n_classes, n_classes):
        raise ValueError("the label costs do not fit its classes")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("the label costs are damaged")
    if not np.allclose(values, values.T, atol=1e-6) or np.diag(values).any():
        raise ValueError("the label costs are damaged")
    return values


def _array(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    if name not in arrays:
        raise ValueError(f"the array {name} is missing")
    return arrays[name]
