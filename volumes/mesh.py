"""Meshes of the classes of labels: STL, PLY and OBJ, in the unit of the voxel size.

A mesh stands in space as the volume does: (x, y, z) are columns, rows and planes, and the centre of
the first voxel is at the origin that was stated. Settings of the address are ``class=3``, to write
one class only, and ``smooth=20``, the number of smoothing steps.
"""

from collections.abc import Callable, Mapping
from typing import IO

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .errors import VolumeError
from .formats import WriteRequest
from .surface import Surface, SurfaceBuilder
from .volume import VolumeClass

SETTINGS = frozenset({"class", "smooth"})
_SMOOTHING = 10
_PART_VOXELS = 2**24  # to look for surfaces in at a time
_GREY = (128, 128, 128)
_STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("class", "<u2")])
_PLY_VERTEX = np.dtype([("place", "<f4", 3), ("colour", "u1", 3)])
_PLY_FACE = np.dtype([("count", "u1"), ("vertices", "<i4", 3), ("class", "<i4")])

Meshes = Mapping[int, Surface]
Save = Callable[[IO[bytes], Meshes, Mapping[int, VolumeClass]], None]


class _MeshSink:
    """Takes planes of labels, and writes the file when the last one has come."""

    preferred_planes = 32

    def __init__(self, request: WriteRequest, save: Save) -> None:
        path, settings = request.target.path, request.target.settings
        self._only = _whole(path, "class", settings.get("class"))
        smoothing = _whole(path, "smooth", settings.get("smooth"))
        self._smoothing = _SMOOTHING if smoothing is None else smoothing
        self._request, self._save = request, save
        self._builder = SurfaceBuilder(path, request.shape)
        self._file = request.path.open("xb")
        self._left = request.shape[0]

    def write(self, planes: Array) -> None:
        """Take planes (n, Y, X)."""
        if self._only is not None:
            planes = np.where(planes == self._only, planes, 0)
        step = max(1, _PART_VOXELS // planes[0].size)
        for start in range(0, len(planes), step):
            self._builder.add(planes[start : start + step])
        self._left -= len(planes)

    def close(self) -> None:
        """Write all surfaces, if all planes were given."""
        with self._file:
            if self._left == 0:
                meshes = self._builder.surfaces(self._smoothing)
                if not meshes:
                    what = "no label" if self._only is None else f"no voxel of class {self._only}"
                    raise VolumeError(f"{self._request.target.path}: there is {what} to be shown")
                placed = {value: self._placed(surface) for value, surface in meshes.items()}
                self._save(self._file, placed, {item.value: item for item in self._request.classes})

    def _placed(self, surface: Surface) -> Surface:
        """Return a surface in space, as (x, y, z)."""
        request = self._request
        places = surface.vertices * (request.spacing or (1.0, 1.0, 1.0))
        if request.spacing:
            places += request.origin
        return Surface(places[:, ::-1], surface.faces)


def _whole(path: object, key: str, text: str | None) -> int | None:
    """Return a setting that is a whole number."""
    if text is not None and not text.isdecimal():
        raise VolumeError(f"{path}: {key}= takes a whole number, not {text!r}")
    return None if text is None else int(text)


def create_stl(request: WriteRequest) -> _MeshSink:
    """Make a binary STL file: the triangles of all classes, each with its class as attribute."""
    return _MeshSink(request, _save_stl)


def create_ply(request: WriteRequest) -> _MeshSink:
    """Make a binary PLY file: vertices with colours, triangles with their class."""
    return _MeshSink(request, _save_ply)


def create_obj(request: WriteRequest) -> _MeshSink:
    """Make an OBJ file: a group a class, with its name; vertices with colours."""
    return _MeshSink(request, _save_obj)


def _save_stl(file: IO[bytes], meshes: Meshes, classes: Mapping[int, VolumeClass]) -> None:
    file.write(b"supervox".ljust(80))
    file.write(np.uint32(sum(len(mesh.faces) for mesh in meshes.values())).astype("<u4").tobytes())
    for value, mesh in meshes.items():
        triangles = np.zeros(len(mesh.faces), _STL_TRIANGLE)
        corners = mesh.vertices[mesh.faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        lengths = np.linalg.norm(normals, axis=1, keepdims=True)
        triangles["normal"] = normals / np.where(lengths > 0, lengths, 1)
        triangles["corners"] = corners
        triangles["class"] = value if value <= np.iinfo(np.uint16).max else 0
        file.write(triangles.tobytes())


def _save_ply(file: IO[bytes], meshes: Meshes, classes: Mapping[int, VolumeClass]) -> None:
    names = [f"comment class {value} {_name(value, classes)}" for value in meshes]
    vertices = sum(len(mesh.vertices) for mesh in meshes.values())
    lines = [
        *("ply", "format binary_little_endian 1.0", *names, f"element vertex {vertices}"),
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property uchar {colour}" for colour in ("red", "green", "blue")),
        f"element face {sum(len(mesh.faces) for mesh in meshes.values())}",
        *("property list uchar int vertex_indices", "property int class", "end_header", ""),
    ]
    file.write("\n".join(lines).encode())
    for value, mesh in meshes.items():
        points = np.empty(len(mesh.vertices), _PLY_VERTEX)
        points["place"], points["colour"] = mesh.vertices, _colour(value, classes)
        file.write(points.tobytes())
    start = 0
    for value, mesh in meshes.items():
        faces = np.empty(len(mesh.faces), _PLY_FACE)
        faces["count"], faces["vertices"], faces["class"] = 3, mesh.faces + start, value
        file.write(faces.tobytes())
        start += len(mesh.vertices)


def _save_obj(file: IO[bytes], meshes: Meshes, classes: Mapping[int, VolumeClass]) -> None:
    file.write(b"# supervox\n")
    start = 1
    for value, mesh in meshes.items():
        file.write(f"o {_name(value, classes).replace(' ', '_')}\n".encode())
        colour = np.broadcast_to(np.array(_colour(value, classes)) / 255, mesh.vertices.shape)
        _lines(file, "v %.9g %.9g %.9g %.4g %.4g %.4g", np.hstack([mesh.vertices, colour]))
        _lines(file, "f %d %d %d", mesh.faces + start)
        start += len(mesh.vertices)


def _lines(file: IO[bytes], form: str, rows: NDArray[np.generic]) -> None:
    np.savetxt(file, rows, form, encoding="ascii")


def _name(value: int, classes: Mapping[int, VolumeClass]) -> str:
    """Return the name of a class, in one line."""
    return " ".join(classes[value].name.split()) if value in classes else f"class {value}"


def _colour(value: int, classes: Mapping[int, VolumeClass]) -> tuple[int, ...]:
    """Return the colour of a class, grey where it has none."""
    colour = classes[value].colour if value in classes else None
    return tuple(bytes.fromhex(colour[1:])) if colour else _GREY
