"""The sample as a person opens it from the menu."""

from __future__ import annotations

import numpy as np
from napari.layers import Image, Labels
from supervox.napari_plugin.io import samples
from supervox.sample_data import CLASSES, make_phantom

SMALL = (48, 64, 64)


def test_an_image_alone(monkeypatch):
    monkeypatch.setattr(samples, "SHAPE", SMALL)
    ((data, fields, kind),) = samples.cell()
    assert kind == "image"
    np.testing.assert_array_equal(data, make_phantom(SMALL).image)
    layer = Image(data, **fields)
    assert layer.name == "Cryo-SXT cell (synthetic)"
    np.testing.assert_array_equal(layer.scale, 30)
    assert [str(unit) for unit in layer.units] == ["nanometer"] * 3


def test_strokes_that_the_dock_can_adopt(monkeypatch, plugin, make_napari_viewer_proxy):
    monkeypatch.setattr(samples, "SHAPE", SMALL)
    viewer = make_napari_viewer_proxy()
    image, strokes = viewer.open_sample("supervox", "cell_with_strokes")
    assert isinstance(strokes, Labels)
    assert strokes.dtype == np.uint8
    assert strokes.data.shape == image.data.shape
    np.testing.assert_array_equal(strokes.scale, image.scale)
    assert strokes.units == image.units
    record = strokes.metadata["supervox"]
    assert record["role"] == "annotations"
    assert {item["value"]: item["name"] for item in record["classes"]} == dict(CLASSES)
    assert set(np.unique(strokes.data)) == {0, *CLASSES}
    np.testing.assert_allclose(strokes.get_color(4), [0xD5 / 255, 0x5E / 255, 0, 1], atol=0.01)
