"""What determines the classifier, beside the labelled supervoxels."""

from __future__ import annotations

from dataclasses import dataclass, replace

from supervox.parameters import check, parameter

DEFAULT = "extra-trees"
OWN = "own"  # an object that was given in Python


@dataclass(frozen=True)
class Method:
    """A classifier that can be chosen by name.

    Attributes
    ----------
    title : str
        What it is, in a sentence.
    averages_trees : bool
        Whether trees vote: half of them then say the same, less exactly.
    of_scikit_learn : bool
        Whether scikit-learn trains it.
    """

    title: str
    averages_trees: bool = False
    of_scikit_learn: bool = True


METHODS = {
    DEFAULT: Method("extremely randomised trees", averages_trees=True, of_scikit_learn=False),
    "random-forest": Method("random forest", averages_trees=True),
    "gradient-boosting": Method("gradient-boosted trees"),
    "logistic": Method("logistic regression"),
    "svm": Method("support vector machine"),
}


@dataclass(frozen=True)
class ClassifierParameters:
    """Which classifier is trained, and how.

    Attributes
    ----------
    method : str
        Name of the classifier, one of `METHODS`, or "own" for an estimator that is given in Python.
    trees : int
        Number of trees, where there are any; boosting grows a quarter as many for each class.
    seed : int
        Seed of the random choices; the same seed and strokes give the same classifier.
    """

    method: str = parameter(
        DEFAULT,
        title="Classifier",
        help="What learns from the strokes. Extra trees are the fastest by far; the others come "
        "from scikit-learn.",
        choices={name: method.title for name, method in METHODS.items()},
    )

    trees: int = parameter(
        200,
        title="Number of trees",
        help="How many trees vote, where the classifier has any. More give steadier probabilities, "
        "and take longer after every stroke.",
        ge=1,
        step=50,
    )
    seed: int = parameter(
        0,
        title="Seed",
        help="Number that the random choices follow from: the same gives the same labels.",
        ge=0,
        le=2**32 - 1,
    )

    def __post_init__(self) -> None:
        if self.method == OWN:  # nobody chooses it by name
            replace(self, method=DEFAULT)  # checks the rest
        else:
            check(self)
