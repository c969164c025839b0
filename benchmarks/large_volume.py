"""A volume of any size in a file, quickly: a small phantom, mirrored in all directions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from supervox.sample_data import Phantom, PhantomParameters, stroke_planes
from supervox.volumes import create_volume

TILE = 4  # the small phantom has this fraction of each edge
SLAB_PLANES = 16
SPACING_NM = 40.0


class MirroredPhantom:
    """A phantom whose mirror images fill a volume.

    Parameters
    ----------
    shape : tuple of 3 int
        Voxels of the volume.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        z, y, x = (-(-n // TILE) for n in shape)
        self._phantom = Phantom(PhantomParameters(shape=(z, y, x)))
        image = np.empty((z, y, x), np.uint16)
        self._phantom.fill_image(image)
        self._tile = image.astype(np.float32)

    def write(self, path: Path) -> None:
        """Write the image, as float32."""
        with create_volume(
            path, self.shape, np.float32, spacing=(SPACING_NM,) * 3, unit="nm", kind="image"
        ) as writer:
            for first in range(0, self.shape[0], SLAB_PLANES):
                stop = min(first + SLAB_PLANES, self.shape[0])
                writer[first:stop] = self._mirrored(self._tile, range(first, stop))

    def strokes(self, n: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield planes of the volume with strokes of every class, as `stroke_planes` does."""
        depth = self._tile.shape[0]
        for z, plane in stroke_planes(self._phantom, n):
            for tile in range(-(-self.shape[0] // depth)):
                at = tile * depth + (depth - 1 - z if tile % 2 else z)
                if at < self.shape[0]:
                    yield at, self._mirrored(plane[np.newaxis], range(1))[0]

    def _mirrored(self, tile: NDArray[np.generic], planes: range) -> NDArray[np.generic]:
        """Return planes of a volume that mirrors a tile, of which the first plane is plane 0."""
        places = [_fold(np.asarray(planes), tile.shape[0])]
        places += [
            _fold(np.arange(n), size)
            for n, size in zip(self.shape[1:], tile.shape[1:], strict=True)
        ]
        return tile[np.ix_(*places)]


def _fold(at: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Return where places lie in a tile that is mirrored again and again."""
    back = at % (2 * size)
    return np.minimum(back, 2 * size - 1 - back)
