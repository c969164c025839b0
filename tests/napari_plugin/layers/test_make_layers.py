"""Layers around a segmentation: their order, and that they are no larger than the image."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from supervox.napari_plugin.layers.make_layers import insert_above, make_mark, make_outline


@pytest.mark.parametrize("place", [(0, 0, 0), (1, 3, 4), (2, 5, 6)])
def test_an_outline_gives_the_slider_no_more_planes(place: tuple[int, int, int]) -> None:
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((3, 6, 7)), scale=(10, 20, 20))
    before = viewer.dims.range
    outline = make_outline(image, tuple(np.array([k]) for k in place), "outline", "red")
    viewer.add_layer(outline)
    assert viewer.dims.range == before
    where = outline.world_to_data(image.data_to_world(place))
    assert outline.data[tuple(np.round(where).astype(int))] == 1
    assert outline.data.sum() == 1


def test_a_ring_lies_over_all_others_and_pictures_under_them() -> None:
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((3, 6, 7)))
    labels = viewer.add_labels(np.zeros((3, 6, 7), int))
    mark = make_mark(image, (1, 2, 3), 4, "ring")
    insert_above(viewer, labels, mark)
    assert [layer.name for layer in viewer.layers][-2:] == ["Labels", "ring"]
    assert viewer.layers.selection.active is labels
