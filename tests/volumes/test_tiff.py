"""TIFF files as other programs write them."""

import numpy as np
import pytest
import tifffile
from supervox.volumes import (
    Candidate,
    VolumeError,
    create_volume,
    open_volume,
    tiff_writing,
    write_volume,
)

VALUES = np.random.default_rng(1).integers(0, 255, (9, 32, 40), dtype=np.uint8)


def _check(path, expected=VALUES):
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, expected)
        np.testing.assert_array_equal(volume.data[3:7, ::3, -5:], expected[3:7, ::3, -5:])
        return volume


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"compression": "zlib"},
        {"compression": "lzw", "predictor": True},
        {"compression": "zstd", "tile": (16, 16)},
        {"metadata": None},
        {"rowsperstrip": 5},
        {"resolution": (72, 72), "resolutionunit": "INCH"},
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_plain(tmp_path, options, dtype):
    values = VALUES.astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", **options)
    volume = _check(tmp_path / "a.tif", values)
    assert volume.format == "TIFF"
    assert not volume.spacing_stated


def test_pages_without_any_metadata(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for plane in VALUES:
            writer.write(plane, metadata=None, contiguous=False)
    _check(tmp_path / "a.tif")


def test_imagej(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        VALUES.astype("u2"),
        imagej=True,
        resolution=(1 / 4.6, 1 / 5.5),
        metadata={"axes": "ZYX", "spacing": 50.0, "unit": "nm"},
    )
    volume = _check(tmp_path / "a.tif")
    assert volume.spacing == pytest.approx((50, 5.5, 4.6))
    assert volume.unit == "nm"


@pytest.mark.parametrize("unit", ["\\u00B5m", "micron", "um"])
def test_imagej_micrometres_with_spacing_left_out(tmp_path, unit):
    tifffile.imwrite(
        tmp_path / "a.tif",
        VALUES,
        imagej=True,
        resolution=(4, 4),
        metadata={"axes": "ZYX", "unit": unit},
    )
    volume = _check(tmp_path / "a.tif")
    assert volume.spacing == (1, 0.25, 0.25)
    assert volume.unit == "um"


@pytest.mark.parametrize("spacing", [0, -3, float("nan")])
def test_unusable_spacing_counts_as_not_stated(tmp_path, spacing, caplog):
    tifffile.imwrite(
        tmp_path / "a.tif", VALUES, imagej=True, metadata={"axes": "ZYX", "spacing": spacing}
    )
    volume = _check(tmp_path / "a.tif")
    assert not volume.spacing_stated
    assert "unusable" in volume.notes[0]
    assert "unusable" in caplog.text


def test_imagej_in_inches_is_not_believed(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        VALUES,
        imagej=True,
        resolution=(72, 72),
        metadata={"axes": "ZYX", "unit": "inch"},
    )
    assert not _check(tmp_path / "a.tif").spacing_stated


def test_hyperstack_needs_a_channel(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.stack([VALUES, 255 - VALUES], axis=1), imagej=True, metadata={"axes": "ZCYX"}
    )
    with pytest.raises(VolumeError, match=r"holds 2 channels; pick one with 'a\.tif::c=0'$"):
        open_volume(path)
    _check(f"{path}::c=1", 255 - VALUES)
    with pytest.raises(VolumeError, match="c goes from 0 to 1, not '2'"):
        open_volume(f"{path}::c=2")
    with pytest.raises(VolumeError, match=r"no axis 'w' to pick from \(axes: c\)"):
        open_volume(f"{path}::w=2")


def test_time_points_may_be_planes(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VALUES, imagej=True, metadata={"axes": "TYX"})
    with pytest.raises(VolumeError, match=r"holds 9 time points.*'a\.tif::axes=zyx'"):
        open_volume(path)
    _check(f"{path}::axes=zyx")
    _check(f"{path}::t=4", VALUES[4:5])
    with pytest.raises(VolumeError, match="'axes=yx' names 2 axes, there are 3"):
        open_volume(f"{path}::axes=yx")


def test_ome_units_are_brought_together(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        VALUES,
        metadata={
            "axes": "ZYX",
            "PhysicalSizeX": 4.6,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 4.6,
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeZ": 0.05,
            "PhysicalSizeZUnit": "µm",
        },
    )
    volume = _check(tmp_path / "a.ome.tif")
    assert volume.format == "OME-TIFF"
    assert volume.spacing == pytest.approx((50, 4.6, 4.6))
    assert volume.unit == "nm"


def test_ome_axis_order_and_default_unit(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        VALUES[np.newaxis, :, np.newaxis],
        ome=True,
        metadata={"axes": "TZCYX", "PhysicalSizeX": 2, "PhysicalSizeY": 2, "PhysicalSizeZ": 3},
    )
    volume = _check(tmp_path / "a.tif")
    assert (volume.spacing, volume.unit) == ((3, 2, 2), "um")


def test_ome_pyramid_gives_the_finest_level(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        writer.write(VALUES, subifds=1, metadata={"axes": "ZYX"}, tile=(16, 16))
        writer.write(VALUES[:, ::2, ::2], subfiletype=1, tile=(16, 16))
    _check(tmp_path / "a.ome.tif")


def test_ome_companion_file_missing(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, VALUES, metadata={"axes": "ZYX"}, compression="zlib")
    data = path.read_bytes().replace(b'SizeZ="9"', b'SizeZ="8"')
    path.write_bytes(data.replace(b'PlaneCount="9"', b'PlaneCount="8"'))
    _check(path, VALUES[:8])
    with tifffile.TiffFile(path) as file:
        xml = file.ome_metadata
    uuid = '<UUID FileName="b.ome.tif">urn:uuid:1</UUID>'
    other = f'<TiffData IFD="0" FirstZ="7" PlaneCount="1">{uuid}</TiffData>'
    whole = xml.replace("</Pixels>", other + "</Pixels>")
    tifffile.imwrite(path, VALUES, description=whole, metadata=None, compression="zlib")
    with pytest.raises(VolumeError, match=r"a\.ome\.tif: (refers to other files|is cut short)"):
        open_volume(path)


def test_colour_pictures_are_refused(tmp_path):
    for channels, kind in ((3, "RGB"), (4, "RGBA")):
        path = tmp_path / f"{kind}.tif"
        tifffile.imwrite(path, np.zeros((20, 30, channels), "u1"), photometric="rgb")
        with pytest.raises(VolumeError, match=f"is an {kind} picture; supervox needs one channel"):
            open_volume(path)


def test_several_images(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(VALUES, photometric="minisblack")
        writer.write(VALUES[:, :5], photometric="minisblack")
    with pytest.raises(VolumeError, match=r"2 images, pick one .*1 \(9 x 5 x 40\)") as refused:
        open_volume(path)
    assert refused.value.candidates == (
        Candidate("0", (9, 32, 40), "uint8"),
        Candidate("1", (9, 5, 40), "uint8"),
    )
    _check(f"{path}::1", VALUES[:, :5])
    with pytest.raises(VolumeError, match="has images 0 to 1, not '2'"):
        open_volume(f"{path}::2")


@pytest.mark.parametrize("fraction", [0.002, 0.1, 0.5, 0.95])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"compression": "zlib", "metadata": None},
        {"ome": True, "compression": "zlib"},
    ],
)
def test_cut_short(tmp_path, options, fraction):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VALUES, photometric="minisblack", **options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * fraction)])
    with pytest.raises(VolumeError, match=r"a\.tif: .*cut short"):
        open_volume(path)


def test_imagej_cut_short(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VALUES, imagej=True, metadata={"axes": "ZYX"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(VolumeError, match="cut short"):
        open_volume(path)
    # Later pages' tags are all that is lost here: the values lie in one piece before them.
    path.write_bytes(data[: int(len(data) * 0.95)])
    _check(path)


def test_our_own_cut_short(tmp_path):
    for ending in (".tif", ".ome.tif"):
        path = tmp_path / f"a{ending}"
        write_volume(path, VALUES)
        data = path.read_bytes()
        for fraction in (0.4, 0.9):
            path.write_bytes(data[: int(len(data) * fraction)])
            with pytest.raises(VolumeError, match="cut short"):
                open_volume(path)


def test_damaged_piece_is_reported_when_it_is_read(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VALUES, photometric="minisblack", compression="zlib")
    with tifffile.TiffFile(path) as file:
        start = file.pages[3].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[start + 20 : start + 120] = bytes(100)
    path.write_bytes(data)
    with open_volume(path) as volume, pytest.raises(VolumeError, match="is damaged"):
        volume.data[:]


def test_uncompressed_images_lie_in_one_piece(tmp_path):
    for ending in (".tif", ".ome.tif"):
        write_volume(tmp_path / f"a{ending}", VALUES, kind="image")
        np.testing.assert_array_equal(tifffile.memmap(tmp_path / f"a{ending}", mode="r"), VALUES)


def test_beyond_classic_tiff_is_a_big_ome_tiff(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_writing, "_CLASSIC_LIMIT", 1000)
    path = tmp_path / "a.tif"
    write_volume(path, VALUES, spacing=(50, 4.6, 4.6), unit="nm")
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
        assert file.is_ome
    volume = _check(path)
    assert (volume.spacing, volume.unit) == ((50, 4.6, 4.6), "nm")


GIANT = (70_000, 256, 256)  # 4.3 GiB of bytes


@pytest.mark.parametrize("kind", ["image", "labels"])
def test_more_than_4_gib_begins_as_big_tiff(tmp_path, kind):
    def begin(shape):
        with create_volume(tmp_path / "a.tif", shape, "uint8", kind=kind) as writer:
            writer[:2000] = np.zeros((2000, 256, 256), np.uint8)
            (begun,) = tmp_path.iterdir()
            beginning = begun.read_bytes()[:4]
            raise RuntimeError(beginning)

    for shape, version in ((GIANT, 43), ((4000, 256, 256), 42)):
        with pytest.raises(RuntimeError) as found:
            begin(shape)
        assert found.value.args[0] == b"II" + bytes([version, 0])
    assert list(tmp_path.iterdir()) == []


def test_more_than_4_gib_are_read(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, shape=GIANT, dtype="u1", bigtiff=True, photometric="minisblack")
    if path.stat().st_blocks * 512 > 2**30:
        pytest.skip("the file system has no sparse files")
    with path.open("r+b") as file, tifffile.TiffFile(path) as tif:
        file.seek(tif.pages[0].dataoffsets[0] + 69_999 * 256 * 256 + 5)
        file.write(b"\x07")
    with open_volume(path) as volume:
        assert volume.shape == GIANT
        assert volume.data[-1, 0, 4:7].tolist() == [0, 7, 0]
