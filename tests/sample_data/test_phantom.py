"""The phantom: the same bytes however it is made, all classes, plausible contrast."""

import numpy as np
import pytest
from supervox.execution import Cancelled, Run
from supervox.sample_data import (
    CLASS_COLOURS,
    CLASSES,
    Phantom,
    PhantomParameters,
    make_phantom,
    plane_slabs,
)

EVERYTHING = (slice(None),) * 3
SMALL = (64, 64, 64)


@pytest.fixture(scope="module")
def sample():
    return make_phantom((96, 160, 160), seed=1)


def image_of(parameters, **options):
    phantom = Phantom(parameters)
    image = np.zeros(phantom.shape, np.uint16)
    phantom.fill_image(image, **options)
    return image


def test_same_seed_same_bytes_other_seed_others():
    first, again, other = (make_phantom(SMALL, seed=seed) for seed in (7, 7, 8))
    for name in ("image", "labels", "instances", "strokes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        assert (getattr(first, name) != getattr(other, name)).any(), name


@pytest.mark.parametrize("options", [{"rows": 1}, {"rows": 13, "workers": 1}, {"rows": 500}])
def test_image_does_not_depend_on_slabs_or_threads(options):
    parameters = PhantomParameters(shape=(41, 53, 67), spacing_nm=40)
    np.testing.assert_array_equal(image_of(parameters, **options), image_of(parameters))


def test_boxes_are_cut_from_one_field():
    phantom = Phantom(PhantomParameters(shape=(45, 70, 52)))
    box = (slice(11, 30), slice(40, None), slice(-20, -3))
    for method in (phantom.labels, phantom.instances, phantom.absorption):
        np.testing.assert_array_equal(method(box), method(EVERYTHING)[box])


def test_plane_slabs_are_the_same_image():
    parameters = PhantomParameters(shape=(50, 42, 44))
    slabs = list(plane_slabs(Phantom(parameters), planes=16))
    assert [box[0].stop for box, _ in slabs] == [16, 32, 48, 50]
    np.testing.assert_array_equal(np.concatenate([slab for _, slab in slabs]), image_of(parameters))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("shape", "spacing_nm"),
    [(SMALL, 30), (SMALL, 20), ((96, 160, 160), 30), ((43, 131, 75), 30), ((35, 60, 201), 40)],
)
def test_every_class_is_shown(shape, spacing_nm, seed):
    phantom = Phantom(PhantomParameters(shape=shape, spacing_nm=spacing_nm, seed=seed))
    counts = np.bincount(phantom.labels(EVERYTHING).ravel(), minlength=7)
    assert counts[0] == 0
    assert counts[1:].min() > 800
    assert counts[[1, 2, 3]].min() > 0.1 * counts.sum()


def test_large_fields_hold_more_organelles():
    numbers = [
        len(Phantom(PhantomParameters(shape=shape)).anatomy.classes)
        for shape in (SMALL, (128, 256, 256), (256, 256, 512))
    ]
    assert numbers[0] >= 11
    assert numbers[1] > 5 * numbers[0]
    assert numbers[2] > 2 * numbers[1]


def test_instances_agree_with_labels(sample):
    phantom = Phantom(PhantomParameters(shape=(96, 160, 160), seed=1))
    of_instance = phantom.anatomy.classes
    is_organelle = sample.instances > 0
    np.testing.assert_array_equal(is_organelle, sample.labels >= 3)
    np.testing.assert_array_equal(
        of_instance[sample.instances[is_organelle]], sample.labels[is_organelle]
    )


def test_contrast_is_that_of_soft_x_rays(sample):
    grey = {name: sample.image[sample.labels == label].mean() for label, name in CLASSES.items()}
    assert grey["lipid droplets"] < grey["mitochondria"] < grey["cytoplasm"] < grey["outside"]
    assert grey["mitochondria"] < grey["nucleus"] < grey["outside"]


def test_classes_overlap_in_grey_value(sample):
    mitochondria, cytoplasm = (sample.image[sample.labels == k].astype(float) for k in (4, 2))
    spread = np.sqrt((mitochondria.var() + cytoplasm.var()) / 2)
    assert 1 < (cytoplasm.mean() - mitochondria.mean()) / spread < 3
    assert sample.image.min() > 0
    assert sample.image.max() < 65535


def test_membranes_fade_in_places():
    phantom = Phantom(PhantomParameters(shape=(64, 128, 128), seed=2))
    labels = phantom.labels(EVERYTHING)
    absorption = phantom.absorption(EVERYTHING)
    vesicle = np.pad(labels == 6, 1)
    inner = np.ones(labels.shape, bool)
    for axis in range(3):
        for shift in (-2, 2):
            inner &= np.roll(vesicle, shift, axis)[1:-1, 1:-1, 1:-1]
    rim = (labels == 6) & ~inner
    lumen = absorption[(labels == 6) & inner].mean()
    strong, weak = np.percentile(absorption[rim], [95, 10])
    assert strong > lumen + 0.12
    assert weak < lumen + 0.04


def test_metadata(sample):
    assert sample.spacing == (30.0, 30.0, 30.0)
    assert sample.unit == "nm"
    assert sample.image.dtype == np.uint16
    assert sample.labels.dtype == sample.strokes.dtype == np.uint8
    assert list(CLASSES) == list(CLASS_COLOURS) == [1, 2, 3, 4, 5, 6]
    assert len(set(CLASS_COLOURS.values())) == 6


def test_progress_counts_rows():
    calls = []
    parameters = PhantomParameters(shape=(41, 50, 41))
    image_of(parameters, rows=20, workers=Run(2, lambda *step: calls.append(step)))
    assert calls == [(20, 50), (40, 50), (50, 50)]


def test_stopping_leaves_the_rest_unwritten():
    calls = []
    phantom = Phantom(PhantomParameters(shape=(41, 50, 41)))
    image = np.zeros(phantom.shape, np.uint16)
    with pytest.raises(Cancelled, match="stopped on request"):
        phantom.fill_image(
            image,
            rows=10,
            workers=Run(2, lambda done, _: calls.append(done), lambda: calls[-1:] == [20]),
        )
    assert image[:, :20].all()
    assert not image[:, 20:].any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": (64, 64)}, "three positive integers"),
        ({"shape": (64, 0, 64)}, "three positive integers"),
        ({"shape": (20, 64, 64)}, "use at least 1.2 micrometres, that is 40 voxels"),
        ({"seed": -1}, "non-negative"),
        ({"spacing_nm": 0}, "spacing_nm"),
        ({"spacing_nm": 100}, "at most 60"),
        ({"tilt_degrees": 10}, "between 20 and 90"),
        ({"noise": -0.1}, "noise must be"),
        ({"blur_nm": 1000}, "blur_nm must be"),
    ],
)
def test_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=message):
        PhantomParameters(**changes)


def test_bad_requests():
    phantom = Phantom(PhantomParameters(shape=SMALL))
    with pytest.raises(ValueError, match="three slices"):
        phantom.labels((slice(None),))
    with pytest.raises(ValueError, match="no steps"):
        phantom.labels((slice(None, None, 2), slice(None), slice(None)))
    with pytest.raises(ValueError, match="phantom's shape"):
        phantom.fill_image(np.zeros((2, 2, 2), np.uint16))
    with pytest.raises(ValueError, match="at least 1"):
        next(phantom.image_slabs(rows=0))
    with pytest.raises(ValueError, match="planes must be"):
        next(plane_slabs(phantom, planes=0))
