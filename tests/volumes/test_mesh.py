"""Surfaces of classes, looked at by trimesh."""

import sys

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from supervox.volumes import VolumeClass, VolumeError, create_volume, open_volume, write_volume
from supervox.volumes.surface import SurfaceBuilder

ENDINGS = [".stl", ".ply", ".obj"]
RADIUS = 18.0
SPACING = (2.0, 1.0, 0.5)
CENTRE = np.array([22.0, 21.0, 20.0])  # z, y, x in physical units


def _sphere():
    """Return a sphere in anisotropic voxels."""
    grid = np.indices((23, 44, 82)) * np.reshape(SPACING, (3, 1, 1, 1))
    return (np.square(grid - CENTRE.reshape(3, 1, 1, 1)).sum(axis=0) < RADIUS**2).astype(np.uint8)


def _load(path):
    """Return the triangles; STL has no shared vertices, which trimesh joins."""
    mesh = trimesh.load_mesh(path, process=path.suffix == ".stl", maintain_order=True)
    assert isinstance(mesh, trimesh.Trimesh)
    return mesh


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_sphere(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    write_volume(path, _sphere(), spacing=SPACING, unit="um", origin=(100, -50, 7))
    mesh = _load(path)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.02)
    assert mesh.area == pytest.approx(4 * np.pi * RADIUS**2, rel=0.04)
    np.testing.assert_allclose(mesh.center_mass, np.add(CENTRE[::-1], (7, -50, 100)), atol=0.05)
    np.testing.assert_allclose(mesh.extents, 2 * RADIUS, rtol=0.06)
    outwards = mesh.face_normals * (mesh.triangles_center - mesh.center_mass)
    assert outwards.sum(axis=1).min() > 0


def test_smoothing_takes_steps_away_and_keeps_the_volume(tmp_path):
    areas, volumes = [], []
    for steps in (0, 5, 30):
        write_volume(f"{tmp_path}/a.ply::smooth={steps}", _sphere(), spacing=SPACING)
        mesh = _load(tmp_path / "a.ply")
        areas.append(mesh.area)
        volumes.append(mesh.volume)
    assert areas == sorted(areas, reverse=True)
    assert np.ptp(volumes) < 0.02 * volumes[0]


def test_a_voxel_at_the_border_is_closed(tmp_path):
    labels = np.zeros((2, 2, 2), np.uint8)
    labels[0, 0, 0] = 5
    write_volume(f"{tmp_path}/a.ply::smooth=0", labels)
    mesh = _load(tmp_path / "a.ply")
    assert mesh.is_watertight
    np.testing.assert_allclose(mesh.bounds, [[-0.5] * 3, [0.5] * 3])  # an octahedron
    assert mesh.volume == pytest.approx(1 / 6)


@given(
    arrays.arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 2)),
    st.integers(1, 4),
)
def test_surfaces_are_closed_however_the_volume_is_cut(labels, thickness):
    whole, cut = (SurfaceBuilder(None, labels.shape) for _ in range(2))
    whole.add(labels)
    for start in range(0, len(labels), thickness):
        cut.add(labels[start : start + thickness])
    expected, found = whole.surfaces(0), cut.surfaces(0)
    assert set(expected) == set(found) == set(np.unique(labels[labels > 0]))
    for value, (vertices, faces) in found.items():
        edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
        assert len(vertices) == len(expected[value].vertices)
        mesh = trimesh.Trimesh(vertices[:, ::-1], faces, process=False)
        reference = trimesh.Trimesh(expected[value].vertices[:, ::-1], expected[value].faces)
        assert mesh.volume == pytest.approx(reference.volume)
        assert mesh.volume > 0


def _two_classes():
    labels = np.zeros((8, 9, 10), np.int32)
    labels[1:4, 2:5, 2:5], labels[5:7, 4:8, 4:8] = 3, 2_000_000
    return labels


CLASSES = (VolumeClass(3, "noyau gris", "#ff8000"), VolumeClass(9, "none"))


def test_groups_and_colours(tmp_path):
    write_volume(tmp_path / "a.obj", _two_classes(), classes=CLASSES)
    scene = trimesh.load_scene(tmp_path / "a.obj", split_objects=True)
    assert set(scene.geometry) == {"noyau_gris", "class_2000000"}
    colours = scene.geometry["noyau_gris"].visual.vertex_colors
    assert (colours == [255, 128, 0, 255]).all()
    write_volume(tmp_path / "a.ply", _two_classes(), classes=CLASSES)
    mesh = _load(tmp_path / "a.ply")
    of_face = mesh.metadata["_ply_raw"]["face"]["data"]["class"].ravel()
    assert set(of_face) == {3, 2_000_000}
    assert mesh.is_watertight
    colours = mesh.visual.vertex_colors[mesh.faces[of_face == 3].ravel()]
    assert (colours == [255, 128, 0, 255]).all()
    assert b"comment class 3 noyau gris\n" in (tmp_path / "a.ply").read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_one_class_only(tmp_path, ending):
    write_volume(f"{tmp_path}/a{ending}::class=3,smooth=0", _two_classes(), spacing=(1, 1, 1))
    np.testing.assert_allclose(
        _load(tmp_path / f"a{ending}").bounds, [[1.5, 1.5, 0.5], [4.5, 4.5, 3.5]]
    )


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.stl", {"kind": "image"}, "a mesh shows the classes of labels, not image"),
        ("a.stl", {"dtype": "float32"}, "STL can't hold float32"),
        ("a.stl::class=x", {}, "class= takes a whole number, not 'x'"),
        ("a.ply::colour=3", {}, "takes no 'colour' behind '::', only class=, smooth="),
        ("a.ply::nucleus", {}, "takes no 'nucleus'"),
        ("a.obj::class=7", {}, "there is no voxel of class 7 to be shown"),
        ("a.obj", {}, "there is no label to be shown"),
    ],
)
def test_what_has_no_surface(tmp_path, name, options, message):
    settings = {"shape": (2, 3, 4), "dtype": "uint8"} | options
    with (
        pytest.raises(VolumeError, match=message),
        create_volume(f"{tmp_path}/{name}", **settings) as writer,
    ):
        writer[:] = np.zeros(settings["shape"], settings["dtype"])
    assert list(tmp_path.iterdir()) == []


def test_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.measure", None)
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(VolumeError, match="mesh files need the package skimage; install it with"):
        write_volume(tmp_path / "a.stl", _sphere())


def test_a_mesh_is_not_read(tmp_path):
    write_volume(tmp_path / "a.stl", _sphere())
    with pytest.raises(VolumeError, match="STL files are only written, not read"):
        open_volume(tmp_path / "a.stl")
