"""Classifiers by name on the command line: labels, models, projects, and what is said of them."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from supervox.segmentation import METHODS, ClassifierParameters, SegmentationParameters, Segmenter

from .conftest import SPACING

QUICK = ("--partitions", 1, "--supervoxel-size", 6, "--preset", "fast", "--no-edge-refinement")


@pytest.mark.parametrize("name", METHODS)
def test_every_classifier_segments_and_its_model_gives_the_same_labels(
    files, program, run, read, tmp_path, name
):
    # a program of its own once, with the library that is loaded only if it is asked for
    done = (program if name == "logistic" else run)(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--classifier", name, "--output", tmp_path / "l.tif"),
        *("--save-model", tmp_path / "m", "--json"),
    )
    assert done.code == 0, done.err
    report = json.loads(done.out)
    parameters = SegmentationParameters.from_dict(report["parameters"])
    assert parameters.classifier == ClassifierParameters(name)
    assert ("scikit-learn" in report["versions"]) == METHODS[name].of_scikit_learn
    labels = read(tmp_path / "l.tif")
    expected = Segmenter(files.image, spacing=SPACING, parameters=parameters)
    np.testing.assert_array_equal(labels, expected.segment(files.strokes).labels)
    done = run("apply", tmp_path / "m", files / "volume.tif", "--output", tmp_path / "applied")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(read(tmp_path / "applied/volume_labels.tif"), labels)
    done = run("info", tmp_path / "m")
    assert re.search(rf"classifier +{METHODS[name].title};", done.out)


def test_a_name_that_there_is_not_is_refused_with_those_that_there_are(files, run, tmp_path):
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif"),
        *("--classifier", "magic", "--output", tmp_path / "l.tif"),
    )
    assert done.code == 2
    assert "'magic' is not one of 'extra-trees', 'random-forest'" in done.err


def test_a_missing_library_is_told_before_anything_is_read(files, run, tmp_path, monkeypatch):
    monkeypatch.setattr("supervox.segmentation.classifier.estimators.find_spec", lambda name: None)
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif"),
        *("--classifier", "svm", "--output", tmp_path / "l.tif"),
    )
    assert done.code == 2
    assert "'--classifier': the classifier svm needs scikit-learn" in done.err
    assert "pip install 'supervox[classifiers]'" in done.err
    assert "Segmenting" not in done.err


def test_a_project_goes_on_with_its_classifier(files, run, read, tmp_path):
    project = tmp_path / "cell.supervox"
    done = run(
        *("segment", files / "volume.tif", "--annotations", files / "strokes.tif", *QUICK),
        *("--project", project, "--classifier", "logistic", "--json"),
    )
    assert done.code == 0, done.err
    done = run("segment", "--project", project, "--refine", 0.5, "--output", tmp_path / "l.tif")
    assert done.code == 0, done.err
    done = run("info", project)
    assert re.search("classifier +logistic regression;", done.out)
    done = run("info", project, "--json")
    content = json.loads(done.out)
    assert content["settings"]["parameters"]["classifier"]["method"] == "logistic"
    steps = [step for step in content["history"] if step["what"] == "segmented"]
    assert [step["parameters"]["classifier"]["method"] for step in steps] == ["logistic"] * 2
    assert all(step["versions"]["scikit-learn"] for step in steps)
    parameters = SegmentationParameters.from_dict(steps[-1]["parameters"])
    expected = Segmenter(files.image, spacing=SPACING, parameters=parameters)
    labels = expected.segment(files.strokes).labels
    np.testing.assert_array_equal(read(tmp_path / "l.tif"), labels)
    done = run("report", project, "--output", tmp_path / "report")
    assert done.code == 0, done.err
    text = (tmp_path / "report/report.md").read_text()
    assert "trained a logistic regression [2] on standardised features (scikit-learn [3]" in text
    done = run("segment", "--project", project, "--classifier", "extra-trees", "--json")
    changed = SegmentationParameters.from_dict(json.loads(done.out)["parameters"])
    assert changed == replace(parameters, classifier=ClassifierParameters())
