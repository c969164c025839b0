"""What would change, shown over the labels before it is done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import DirectLabelColormap
from napari.viewer import Viewer
from numpy.typing import NDArray

from .make_layers import PREVIEW, insert_above, metadata
from .source import placement

GAINED, LOST = 1, 2
GAINED_COLOUR, LOST_COLOUR = "#b6ff00", "#ff2d95"  # which no class begins with
LOOK = {None: (0, 0, 0, 0), 0: (0, 0, 0, 0), GAINED: GAINED_COLOUR, LOST: LOST_COLOUR}
NAME = "preview of changes"


@dataclass(frozen=True)
class Sides:
    """How changes are told apart: into what is gained, and what is lost.

    Attributes
    ----------
    classes : collection of int
        Whose gains and losses these are; those of all if there are none.
    shrinks : bool
        Whether a voxel that goes from one of them to another is lost; otherwise it is gained.
    """

    classes: Collection[int] = ()
    shrinks: bool = False

    def of(self, before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.uint8]:
        """Return 0 for each voxel that stays, else `GAINED` or `LOST`."""
        came = after > 0
        went = before > 0
        if self.classes:
            came, went = (np.isin(values, list(self.classes)) for values in (after, before))
        is_gain = came & ~went if self.shrinks else came
        sides = np.where(is_gain, np.uint8(GAINED), np.uint8(LOST))
        sides[before == after] = 0
        return sides


@dataclass(frozen=True, eq=False)
class Changes:
    """Gains and losses of a volume, made where they are looked at: an array-like for a layer.

    Attributes
    ----------
    before, after : array-like of integers
        Labels, of the same shape.
    sides : Sides
    """

    before: Any = field(repr=False)
    after: NDArray[Any] = field(repr=False)
    sides: Sides

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels per axis."""
        return self.after.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.after.ndim

    @property
    def size(self) -> int:
        """Number of voxels."""
        return self.after.size

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Type of the values."""
        return np.dtype(np.uint8)

    def __len__(self) -> int:
        return len(self.after)

    def __getitem__(self, key: Any, /) -> Any:
        return self.sides.of(np.atleast_1d(self.before[key]), np.atleast_1d(self.after[key]))[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("changes have no array of their own: they can't do without a copy")
        found: NDArray[Any] = self[...]
        return found.astype(dtype or self.dtype, copy=False)


class TrialLayer:
    """A layer that comes and goes, right below the strokes.

    Parameters
    ----------
    viewer : Viewer
    name : str
        Of the layer.
    """

    def __init__(self, viewer: Viewer, name: str = NAME) -> None:
        self._viewer, self._name = viewer, name
        self._layer: Labels | None = None

    @property
    def is_shown(self) -> bool:
        """Whether there is one."""
        return self._layer is not None and self._layer in self._viewer.layers

    def show(
        self,
        image: Image,
        values: Any,
        start: Sequence[int],
        colours: dict[int | None, Any] | None = None,
    ) -> None:
        """Show values over a part of an image, in place of those before.

        Parameters
        ----------
        image : Image
        values : array-like of uint8, as many axes as the image shows
        start : sequence of 3 int
            Place of the first voxel in the image.
        colours : mapping, optional
            Of the values; those of gains and losses by default.
        """
        self.clear()
        layer = Labels(
            values,
            name=self._name,
            metadata=metadata(PREVIEW, image),
            opacity=0.85,
            colormap=DirectLabelColormap(color_dict=colours or LOOK),
            **placement(image, start),
        )
        layer.editable = False
        insert_above(self._viewer, self._viewer.layers[-1], layer)
        self._layer = layer

    def clear(self) -> None:
        """Take the layer away."""
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)
