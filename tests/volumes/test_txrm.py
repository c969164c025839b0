"""Zeiss files, written here by hand: OLE2 compound files with a stream an image."""

import itertools
import struct
import sys

import numpy as np
import pytest
from supervox.volumes import VolumeError, open_volume

VALUES = np.random.default_rng(1).integers(0, 999, (103, 64, 40)).astype(np.uint16)
SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def _compound(streams):
    """Return a compound file ([MS-CFB], version 3); no stream is so short that it is special."""
    tree = {}
    for name, content in streams.items():
        *folders, leaf = name.split("/")
        node = tree
        for folder in folders:
            node = node.setdefault(folder, {})
        node[leaf] = content
    entries, sectors, chains = [], [], []

    def store(content):
        if not content:
            return END
        first = len(sectors)
        pieces = [content[i : i + SECTOR] for i in range(0, len(content), SECTOR)]
        sectors.extend(piece.ljust(SECTOR, b"\0") for piece in pieces)
        chains.extend(range(first + 1, first + len(pieces)))
        chains.append(END)
        return first

    def enter(name, item):
        """Add an entry and what is in it; return its number. Siblings form a chain."""
        number = len(entries)
        entries.append(None)
        children, first, size = [], END, 0
        if isinstance(item, dict):
            children = [enter(*child) for child in sorted(item.items())]
        else:
            item = item.ljust(4096, b"\0")
            first, size = store(item), len(item)
        for here, after in itertools.pairwise(children):
            entries[here][2] = after
        kind = 5 if number == 0 else 1 if isinstance(item, dict) else 2
        entries[number] = [name, kind, FREE, children[0] if children else FREE, first, size]
        return number

    enter("Root Entry", tree)
    content = b""
    for name, kind, after, child, first, size in entries:
        text = (name + "\0").encode("utf-16-le")
        content += text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
        content += struct.pack("<III", FREE, after, child) + bytes(36)
        content += struct.pack("<IQ", first, size)
    directory = store(content)
    count = 1
    while count * (SECTOR // 4) < len(sectors) + count:
        count += 1
    places = range(len(sectors), len(sectors) + count)
    table = np.full(count * SECTOR // 4, FREE, "<u4")
    table[: len(chains)] = chains
    table[places.start : places.stop] = FAT
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, count, directory, 0, 4096, END, 0, END, 0)
    header += np.array([*places, *[FREE] * (109 - count)], "<u4").tobytes()
    return header + b"".join(sectors) + table.tobytes()


def _streams(values, code=5, **more):
    images, rows, columns = values.shape
    numbers = {"ImageWidth": columns, "ImageHeight": rows, "NoOfImages": images, "DataType": code}
    streams = {f"ImageInfo/{k}": struct.pack("<i", v) for k, v in numbers.items() if v is not None}
    streams["ImageInfo/PixelSize"] = struct.pack("<f", 0.0131)
    for n, plane in enumerate(values):
        streams[f"ImageData{n // 100 + 1}/Image{n + 1}"] = plane.tobytes()
    return streams | more


def _write(path, *words, **more):
    path.write_bytes(_compound(_streams(*words, **more)))
    return path


@pytest.mark.parametrize(
    ("dtype", "code"),
    [("u1", 3), ("<i2", 4), ("<u2", 5), ("<f4", 10), ("<u2", None), ("<f4", None)],
)
def test_reconstruction(tmp_path, dtype, code):
    values = VALUES.astype(dtype)
    with open_volume(_write(tmp_path / "a.txm", values, code)) as volume:
        np.testing.assert_array_equal(volume.data, values)
        np.testing.assert_array_equal(volume.data[98:102, 2:5, ::3], values[98:102, 2:5, ::3])
        assert volume.data.dtype == np.dtype(dtype)
        assert (volume.spacing, volume.unit) == ((0.0131,) * 3, "um")
        assert volume.notes == ()


def test_tilt_series(tmp_path):
    path = _write(tmp_path / "a.txrm", VALUES[:4], **{"ReferenceData/Image": b"x"})
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES[:4])
        assert not volume.spacing_stated
        assert volume.notes == (
            "is a tilt series: its planes are projections, not sections",
            "the reference image in it is not applied",
        )


def test_a_single_picture(tmp_path):
    with open_volume(_write(tmp_path / "a.xrm", VALUES[:1])) as volume:
        assert volume.shape == (1, 64, 40)
        assert volume.notes == ()


def test_what_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.txm"
    streams = _streams(VALUES)
    path.write_bytes(_compound({k: v for k, v in streams.items() if not k.endswith("Image102")}))
    with pytest.raises(VolumeError, match="image 102 of 103 is missing; copy or export it again"):
        open_volume(path)
    path.write_bytes(_compound({k: v for k, v in streams.items() if "Image" + "Width" not in k}))
    with pytest.raises(VolumeError, match="holds no images"):
        open_volume(path)
    with pytest.raises(VolumeError, match="values of the unknown type 12"):
        open_volume(_write(path, VALUES, 12))
    path.write_bytes(b"text" * 500)
    with pytest.raises(VolumeError, match="isn't a Zeiss TXRM file"):
        open_volume(path)
    monkeypatch.setitem(sys.modules, "olefile", None)
    with pytest.raises(VolumeError, match="Zeiss TXRM files need the package olefile"):
        open_volume(path)
