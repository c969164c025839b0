"""TIFF files whose metadata are unusual: units of each axis, files that belong together, alpha."""

import numpy as np
import pytest
import tifffile
from supervox.volumes import VolumeError, convert_length, open_volume

VALUES = np.random.default_rng(1).integers(0, 255, (5, 12, 8), dtype=np.uint8)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.tif"


@pytest.mark.parametrize(
    ("lines", "resolution", "spacing"),
    [
        ("unit=nm\nyunit=nm\nzunit=micron\nspacing=0.05", (0.2, 0.2), (50, 5, 5)),
        ("unit=nm\nzunit=\\u00B5m\nspacing=0.05", (0.2, 0.2), (50, 5, 5)),
        ("unit=nm\nyunit=um\nspacing=50", (0.2, 100), (50, 10, 5)),
        ("unit=um\nzunit=nm\nspacing=50", (200, 200), (50, 5, 5)),
    ],
)
def test_axes_of_imagej_have_their_own_units(path, lines, resolution, spacing):
    description = f"ImageJ=1.54f\nimages=5\nslices=5\n{lines}\nloop=false\n"
    tifffile.imwrite(
        path,
        VALUES,
        photometric="minisblack",
        description=description,
        metadata=None,
        resolution=resolution,
        resolutionunit="NONE",
    )
    with open_volume(path) as volume:
        sizes = [convert_length(size, volume.unit, "nm") for size in volume.spacing]
        assert sizes == pytest.approx(spacing)
        assert volume.notes == ()


def test_a_strange_unit_of_the_planes_is_said(path):
    lines = "ImageJ=1.54f\nimages=5\nslices=5\nunit=nm\nzunit=sections\nspacing=50\n"
    options = {"metadata": None, "resolution": (0.2, 0.2), "resolutionunit": "NONE"}
    tifffile.imwrite(path, VALUES, photometric="minisblack", description=lines, **options)
    with open_volume(path) as volume:
        assert volume.spacing == (50, 5, 5)
        assert "'sections'" in volume.notes[0]


def _xml(names, planes, master=True):
    size = f'SizeX="{VALUES.shape[2]}" SizeY="{VALUES.shape[1]}" SizeZ="{planes}"'
    parts = "".join(
        f'<TiffData FirstZ="{i}" IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{i}</UUID>'
        "</TiffData>"
        for i, name in enumerate(names)
    )
    space = 'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
    if not master:
        return f'<OME {space}><BinaryOnly MetadataFile="{names[0]}" UUID="urn:uuid:0"/></OME>'
    return (
        f'<OME {space} UUID="urn:uuid:0"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        f'DimensionOrder="XYZCT" Type="uint8" {size} SizeC="1" SizeT="1" PhysicalSizeX="0.01" '
        f'PhysicalSizeY="0.01" PhysicalSizeZ="0.02"><Channel ID="Channel:0:0" '
        f'SamplesPerPixel="1"/>{parts}</Pixels></Image></OME>'
    )


@pytest.mark.parametrize("masters", ["all", "first", "last"])
def test_a_folder_of_one_image_in_several_files(tmp_path, masters):
    names = [f"a_z{i}.ome.tif" for i in range(len(VALUES))]
    order = names[::-1] if masters == "last" else names
    for name, plane in zip(order, VALUES, strict=True):
        xml = _xml(order, len(VALUES), masters == "all" or name == order[0])
        options = {"metadata": None, "photometric": "minisblack"}
        tifffile.imwrite(tmp_path / name, plane, description=xml.encode(), **options)
    with open_volume(tmp_path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        np.testing.assert_array_equal(volume.data[1:3, 2:5, ::2], VALUES[1:3, 2:5, ::2])
        assert volume.path == tmp_path
        assert (volume.spacing, volume.unit) == ((0.02, 0.01, 0.01), "um")
    (tmp_path / names[2]).unlink()
    with pytest.raises(VolumeError, match="keep them together"):
        open_volume(tmp_path)


def test_slices_that_are_images_by_themselves(tmp_path):
    for i, plane in enumerate(VALUES):
        tifffile.imwrite(tmp_path / f"a{i}.ome.tif", plane, photometric="minisblack")
    with open_volume(tmp_path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
    with pytest.raises(VolumeError, match="is one volume, there is no '1' in it"):
        open_volume(f"{tmp_path}::1")


def test_slices_whose_metadata_tell_of_a_stack(tmp_path):
    lines = "ImageJ=1.54f\nimages=5\nslices=5\n"
    for i, plane in enumerate(VALUES):
        tifffile.imwrite(tmp_path / f"a{i}.tif", plane, description=lines, metadata=None)
    with open_volume(tmp_path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def _with_alpha(values):
    return np.stack([values, np.full_like(values, 255)], -1)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_grey_with_transparency_is_grey(path, compression):
    options = {"photometric": "minisblack", "extrasamples": ["unassalpha"]}
    options |= {"planarconfig": "contig", "compression": compression, "metadata": None}
    tifffile.imwrite(path, _with_alpha(VALUES), **options)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert "transparency (alpha) is left out" in volume.notes[0]
    with open_volume(f"{path}::s=1") as volume:
        assert (np.asarray(volume.data) == 255).all()


def test_slices_of_grey_with_transparency(tmp_path):
    for i, plane in enumerate(VALUES):
        options = {"photometric": "minisblack", "extrasamples": ["assocalpha"]}
        tifffile.imwrite(tmp_path / f"a{i}.tif", _with_alpha(plane), **options)
    with open_volume(tmp_path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert "transparency" in volume.notes[0]


def test_two_samples_that_are_no_transparency_are_channels(path):
    options = {"photometric": "minisblack", "extrasamples": ["unspecified"], "metadata": None}
    tifffile.imwrite(path, _with_alpha(VALUES), planarconfig="contig", **options)
    with pytest.raises(VolumeError, match="2 samples"):
        open_volume(path)


def test_numbers_of_a_colour_table_are_said(path):
    table = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(path, VALUES, photometric="palette", colormap=table, metadata=None)
    with open_volume(path) as volume:
        assert "numbers of the colours of a table" in volume.notes[0]


def test_tiles_that_were_never_written_are_said(path):
    tifffile.imwrite(path, VALUES, tile=(16, 16), compression="zlib", metadata=None)
    with tifffile.TiffFile(path, mode="r+") as file:
        for page in file.pages[:2]:
            page.tags["TileByteCounts"].overwrite([0] * len(page.databytecounts))
    with open_volume(path) as volume:
        assert "2 of the 5 pieces" in volume.notes[0]
        assert not np.asarray(volume.data[0]).any()
        np.testing.assert_array_equal(volume.data[2:], VALUES[2:])


def test_voxels_of_one_have_their_place(path):
    lines = "ImageJ=1.54f\nimages=5\nslices=5\nxorigin=-3\nzorigin=2\n"
    options = {"metadata": None, "resolution": (1, 1), "resolutionunit": "NONE"}
    tifffile.imwrite(path, VALUES, photometric="minisblack", description=lines, **options)
    with open_volume(path) as volume:
        assert (volume.spacing, volume.origin) == ((1, 1, 1), (-2, 0, 3))
