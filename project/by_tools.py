"""Which corrections are of tools or locks, and not of a person who painted them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from supervox.execution import ShouldStop, check_stop

from .changes import By, Change, Paint, VoxelChange
from .errors import ProjectError


class ByTools:
    """Knows the changes that hold at a moment, and reads them when it is asked; on any thread.

    Parameters
    ----------
    shape : tuple of int
        Of the volume.
    held : sequence of int
        The numbers of the changes, the earliest first; those before the first that a tool made may
        be missing.
    read : callable
        Returns the change of a number. One that can't be read any more, which the journal told when
        it was opened, is left out.
    """

    def __init__(
        self, shape: tuple[int, ...], held: Sequence[int], read: Callable[[int], Change]
    ) -> None:
        self._shape, self._held, self._read = shape, held, read

    def draw(self, should_stop: ShouldStop | None = None) -> NDArray[np.bool_] | None:
        """Draw the voxels whose last correction was made by a tool.

        Returns
        -------
        bool, (Z, Y, X), or None
            None if no tool made any that holds.
        """
        drawn: NDArray[np.bool_] | None = None
        # Strategy: from the first change of a tool on, each says of its voxels who changed them,
        # and the last one has the last word.
        for number in self._held:
            check_stop(should_stop)
            try:
                change = self._read(number)
            except ProjectError:
                continue
            if not isinstance(change, VoxelChange) or change.paint is not Paint.CORRECTIONS:
                continue
            if drawn is None:
                if change.by is By.HAND:
                    continue
                drawn = np.zeros(self._shape, bool)
            drawn.reshape(-1)[change.voxels] = change.by is not By.HAND
        return drawn
