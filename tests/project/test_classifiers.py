"""A project keeps which classifier was used, and says so where it can't keep what it learned."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from supervox.cli.export import write_model
from supervox.project import Project, ProjectError, keep_result
from supervox.project.compute import complete
from supervox.project.documents import read_document, write_document
from supervox.project.model_file import MODEL
from supervox.reports.methods import CITATIONS, methods_paragraph
from supervox.segmentation import (
    METHODS,
    ClassifierParameters,
    RefinementParameters,
    SegmentationError,
    Segmenter,
)

from .conftest import QUICK


def opened(home):
    return Project.open(home / "cell.supervox")


class Mine:
    """An estimator that nobody else has."""

    def fit(self, X, y):
        self.classes_, self.column = np.unique(y), np.unique(y, return_inverse=True)[1]
        self.rows = X

    def predict_proba(self, X):
        near = [np.linalg.norm(self.rows - x, axis=1).argmin() for x in X]
        return np.eye(len(self.classes_))[self.column[near]]


def test_a_project_of_the_version_before_keeps_its_result(home, sample, monkeypatch):
    """It says nothing of a classifier's name, neither in its settings nor in its journal."""
    path = home / "cell.supervox/project.json"
    content = read_document(path) | {"schema": 1}
    del content["parameters"]["classifier"]["method"]
    write_document(path, content)
    with opened(home) as project:
        assert project.findings == []
        assert project.settings.parameters == QUICK
        monkeypatch.setattr(Segmenter, "segment", None)
        assert complete(project, sample.image).class_ids
        assert project.derived.load_model(project.strokes).parameters == QUICK


def test_what_a_result_depends_on_is_as_it_was_for_trees_of_ours(home):
    """The digests of what the version before kept are those of its parameters, without a name."""
    with opened(home) as project:
        digests = set()
        for method in METHODS:
            chosen = replace(QUICK, classifier=ClassifierParameters(method, trees=20))
            project.settings = replace(project.settings, parameters=chosen)
            digests.add(project.derived.result_origin(project.strokes))
        assert len(digests) == len(METHODS)
    from supervox.project.result_store import _as_ever

    assert _as_ever(ClassifierParameters(trees=20)) == {"trees": 20, "seed": 0}
    assert _as_ever(ClassifierParameters("svm")) == asdict(ClassifierParameters("svm"))


def test_what_a_result_depends_on_is_as_it_was_without_a_balance(home):
    with opened(home) as project:
        before = project.derived.result_origin(project.strokes)
        for value, is_same in ((0.5, False), (0.0, True)):
            parameters = project.settings.parameters.balanced((1, value))
            project.settings = replace(project.settings, parameters=parameters)
            assert (project.derived.result_origin(project.strokes) == before) is is_same
    from supervox.project.result_store import _refinement_as_ever

    assert _refinement_as_ever(RefinementParameters(0.5)) == {"strength": 0.5}


def test_a_model_that_cannot_be_kept_is_told_and_the_labels_are_kept(home, sample):
    with opened(home) as project:
        strokes, settings = project.strokes, project.settings
        segmenter = Segmenter(
            sample.image,
            spacing=settings.spacing,
            parameters=settings.parameters,
            partitions=project.derived.load_partitions(),
            estimator=Mine(),
        )
        result = segmenter.segment(strokes)
        with pytest.raises(ProjectError, match="with another classifier than the project says"):
            keep_result(project, segmenter, result, strokes)
        project.settings = replace(settings, parameters=segmenter.parameters)
        keep_result(project, segmenter, result, strokes)
        (told,) = [item for item in project.findings if item.part.endswith(MODEL)]
        assert "the model is not kept, all else is: a model with Mine can't be saved" in told.text
    with opened(home) as project:
        found = complete(project, sample.image)  # of what is kept: nobody has the estimator
        np.testing.assert_array_equal(found.labels, result.labels)
        with pytest.raises(SegmentationError, match=r"cell\.supervox: a model with Mine can't be"):
            write_model(project, home / "model")
        project.settings = replace(project.settings, parameters=QUICK)
        assert project.derived.why_no_model(project.strokes) is None
        assert complete(project, sample.image).class_ids == result.class_ids
        assert project.derived.load_model(project.strokes) is not None


@pytest.mark.parametrize("method", [*METHODS, "own"])
def test_the_methods_paragraph_names_the_classifier_and_its_source(home, method):
    with opened(home) as project:
        chosen = replace(QUICK, classifier=ClassifierParameters(method, trees=17, seed=5))
        settings = replace(project.settings, parameters=chosen)
    text, cited = methods_paragraph(settings, "1.2", 3, 20, [])
    if method == "own":
        assert "trained a classifier of the authors' own" in text
        assert "scikit-learn" not in text
        return
    word = {"svm": "support vector machine"}.get(method, METHODS[method].title.split()[-1])
    assert word in text
    assert ("scikit-learn [3]" in text) == METHODS[method].of_scikit_learn
    assert (CITATIONS["scikit-learn"] in cited) == METHODS[method].of_scikit_learn
    assert "seed 5), classes weighing the same." in text
