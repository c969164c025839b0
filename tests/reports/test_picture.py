import numpy as np
import pytest
from PIL import ImageColor
from supervox.reports import draw_picture
from supervox.reports._page import LINE, MARGIN
from supervox.reports.picture import GAP, Look
from supervox.volumes import class_colour

SHAPE = (20, 40, 60)
TOP = MARGIN + LINE


def _image(shape=SHAPE):
    return np.random.default_rng(0).integers(0, 1000, shape).astype(np.uint16)


def _has(picture, colour):
    return bool((picture == ImageColor.getrgb(colour)).all(axis=-1).any())


def _block_shape(picture, blocks):
    height = picture.shape[0] - TOP - MARGIN
    return height, (picture.shape[1] - MARGIN) // blocks - MARGIN


def test_true_to_the_voxel_size():
    height, width = _block_shape(draw_picture(_image(), spacing=(1, 1, 1)), 1)
    assert (height - GAP) / (width - GAP) == pytest.approx(60 / 80, abs=0.01)
    height, width = _block_shape(draw_picture(_image(), spacing=(4, 1, 2)), 1)
    assert (height - GAP) / (width - GAP) == pytest.approx((40 + 80) / (120 + 80), abs=0.01)


def test_one_plane_is_one_section():
    height, width = _block_shape(draw_picture(_image((1, 50, 100))), 1)
    assert height / width == pytest.approx(0.5, abs=0.01)


def test_labels_stand_beside_the_image_in_their_colours():
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, :20] = 1
    labels[:, 20:] = 3
    picture = draw_picture(_image(), labels=labels, looks={3: Look("nucleus", "#123456")})
    assert _has(picture, class_colour(1))
    assert not _has(picture, class_colour(3))
    assert _has(picture, "#123456")
    legend = MARGIN + TOP
    plain = draw_picture(_image())
    middle = plain.shape[1] - MARGIN
    np.testing.assert_array_equal(
        picture[TOP : plain.shape[0] - legend, :middle],
        plain[TOP : plain.shape[0] - legend, :middle],
    )
    assert picture.shape[1] > 1.9 * plain.shape[1]


def test_the_plane_with_most_strokes_is_shown_opaque():
    strokes = np.zeros(SHAPE, np.uint16)
    strokes[3, 5:20, 5:20] = 300
    strokes[9, 5, 5] = 2
    picture = draw_picture(_image(), strokes=strokes)
    block = picture[TOP : -2 * LINE]
    assert _has(block, class_colour(300))
    assert not _has(block, class_colour(2))


def test_a_scale_bar_where_the_unit_is_known():
    with_bar = draw_picture(_image(), spacing=(30, 30, 30), unit="nm")
    without = draw_picture(_image(), spacing=(30, 30, 30))
    assert with_bar.shape == without.shape
    assert (with_bar != without).any()


def test_many_classes_and_voxels_that_are_no_numbers():
    image = _image().astype(np.float32)
    image[:, ::2] = np.nan
    labels = np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE) % 90
    picture = draw_picture(image, labels=labels)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert (draw_picture(np.full(SHAPE, np.nan, np.float32)) == 255).any()
