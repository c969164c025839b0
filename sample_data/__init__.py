"""The synthetic tomogram: a cell in vitreous ice under a cryo soft X-ray microscope.

Map of the room, from the public face inwards:

- `sample`: `make_phantom`, a complete sample in memory.
- `phantom`: `Phantom`, the same block by block, for volumes of any size.
- `plane_order`: `plane_slabs`, the image in slabs of planes, for writers that want those.
- `strokes`: `example_strokes`, sparse annotations as a person paints them.
- `_parameters`: what determines a phantom; the six classes and their colours.
- `_anatomy`, `_placement`: the cell as a short list of shapes.
- `_shapes`, `_solid_noise`: signed distances to shapes, and texture, at any point.
- `_tissue`: from shapes to classes and X-ray absorption, per voxel.
- `_optics`: blur, missing wedge and noise.

Lengths within the room are micrometres; axes are (plane, row, column).
"""

import lazy_loader
from supervox.execution import find_compiler_cache

find_compiler_cache(__file__)
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
