"""A paragraph for the methods of a paper, made from the parameters, and what it cites."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from supervox.features import FILTERS, STATISTICS
from supervox.project import ProjectSettings
from supervox.segmentation import (
    DEFAULT,
    OWN,
    ClassifierParameters,
    SegmentationParameters,
    balance_text,
    boosting_rounds,
)

CITATIONS = {
    "slic": "R. Achanta et al., SLIC superpixels compared to state-of-the-art superpixel methods, "
    "IEEE TPAMI 34 (2012) 2274, doi:10.1109/TPAMI.2012.120",
    "trees": "P. Geurts, D. Ernst, L. Wehenkel, Extremely randomized trees, Machine Learning 63 "
    "(2006) 3, doi:10.1007/s10994-006-6226-1",
    "forest": "L. Breiman, Random forests, Machine Learning 45 (2001) 5, "
    "doi:10.1023/A:1010933404324",
    "boosting": "J. H. Friedman, Greedy function approximation: a gradient boosting machine, "
    "Annals of Statistics 29 (2001) 1189, doi:10.1214/aos/1013203451",
    "logistic": "D. R. Cox, The regression analysis of binary sequences, J. R. Stat. Soc. B 20 "
    "(1958) 215, doi:10.1111/j.2517-6161.1958.tb00292.x",
    "svm": "C. Cortes, V. Vapnik, Support-vector networks, Machine Learning 20 (1995) 273, "
    "doi:10.1007/BF00994018",
    "scikit-learn": "F. Pedregosa et al., Scikit-learn: machine learning in Python, JMLR 12 (2011) "
    "2825",
    "cuts": "Y. Boykov, O. Veksler, R. Zabih, Fast approximate energy minimization via graph cuts, "
    "IEEE TPAMI 23 (2001) 1222, doi:10.1109/34.969114",
    "guided": "K. He, J. Sun, X. Tang, Guided image filtering, IEEE TPAMI 35 (2013) 1397, "
    "doi:10.1109/TPAMI.2012.213",
}


class LeftOut(NamedTuple):
    """What of a volume has no data.

    Attributes
    ----------
    share : float
        Of its voxels, from 0 to 1.
    fill_values : tuple of float
        Constants that stand for it.
    """

    share: float
    fill_values: tuple[float, ...]

    @property
    def text(self) -> str:
        """What to say in a table; empty if all has data."""
        if not self.share:
            return ""
        values = "".join(f", the constant {value:g}" for value in self.fill_values)
        return f"{100 * self.share:.3g} % of the voxels{values}"


def methods_paragraph(
    settings: ProjectSettings,
    version: str,
    n_classes: int,
    n_strokes: int,
    n_supervoxels: Sequence[int],
    names: Mapping[int, str] | None = None,
    *,
    n_steps: int = 1,
    left_out: LeftOut | None = None,
) -> tuple[str, list[str]]:
    """Return the paragraph, with numbers in brackets, and the works that these stand for.

    Parameters
    ----------
    settings : ProjectSettings
    version : str
        Of supervox.
    n_classes, n_strokes : int
        That were painted.
    n_supervoxels : sequence of int
        Of each partition; empty if that isn't known.
    names : mapping of int to str, optional
        Of the classes, as far as they have any.
    n_steps : int
        At which the strokes were painted.
    left_out : LeftOut, optional
        What has no data.
    """
    cited: list[str] = []

    def cite(name: str) -> str:
        cited.append(CITATIONS[name])
        return f"[{len(cited)}]"

    parameters = settings.parameters
    sentences = [
        f"Volumes were segmented with Supervox {version}.",
        _voxels(settings),
        *_mask(settings),
        *_constants(left_out, is_masked=settings.mask is not None),
        _supervoxels(parameters, cite("slic"), n_supervoxels),
        _features(parameters),
        f"{n_strokes} strokes of {n_classes} classes were painted by hand; the supervoxels that "
        f"they touch trained {_classifier(parameters.classifier, cite)}.",
    ]
    if n_steps > 1 and parameters.classifier.method == DEFAULT:
        sentences.append("After each change of the strokes a part of the trees was grown anew.")
    sentences += _refinement(parameters, cite, names)
    return " ".join(sentences), cited


def _refinement(
    parameters: SegmentationParameters,
    cite: Callable[[str], str],
    names: Mapping[int, str] | None,
) -> Iterator[str]:
    """Say what became of the classifier's probabilities."""
    refinement = parameters.refinement
    if refinement.balance:
        yield (
            "To the log-probabilities of single classes a constant was added that was set by hand "
            f"({balance_text(refinement.balance, names)})."
        )
    if refinement.strength > 0:
        yield (
            "The probabilities were refined by a Markov random field on the graph of touching "
            "supervoxels, its label costs learned from strokes that were left out in turn "
            f"(strength {refinement.strength:g}), minimised by alpha-expansion {cite('cuts')}."
        )
    if parameters.partitions > 1:
        yield f"The votes of {parameters.partitions} partitions with shifted grids were averaged."
    if parameters.edge_refinement:
        yield (
            f"Borders were moved onto the edges of the image by a guided filter {cite('guided')}."
        )


def _voxels(settings: ProjectSettings) -> str:
    size = " x ".join(map(str, settings.shape))
    part = "" if settings.box is None else " (a part of the volume)"
    if settings.spacing_from == "unknown":
        return f"The volume had {size} voxels{part}."
    spacing = " x ".join(f"{value:g}" for value in settings.spacing)
    unit = f" {settings.unit}" if settings.unit else ""
    return f"The volume had {size} voxels{part} of {spacing}{unit} (plane, row, column)."


def _mask(settings: ProjectSettings) -> Iterator[str]:
    if settings.mask is not None:
        share = 100 * settings.mask.left_out / math.prod(settings.volume.shape)
        whole = "it" if settings.box is None else "the whole volume"
        yield f"A mask left out {share:.3g} % of {whole}."


def _constants(left_out: LeftOut | None, *, is_masked: bool) -> Iterator[str]:
    """Say what had no data beside what the mask left out."""
    if left_out is None or not left_out.share:
        return
    in_all = f"{100 * left_out.share:.3g} % of it"
    if left_out.fill_values:
        values = ", ".join(f"{value:g}" for value in left_out.fill_values)
        many = "s" * (len(left_out.fill_values) > 1)
        yield f"Voxels of the constant{many} {values} had no data; {in_all} was left out in all."
    elif not is_masked:
        yield f"Voxels that hold no number, {in_all}, were left out."


def _supervoxels(
    parameters: SegmentationParameters, citation: str, n_supervoxels: Sequence[int]
) -> str:
    stage = parameters.supervoxels
    many = f" ({n_supervoxels[0]:,} in the first partition)" if n_supervoxels else ""
    return (
        "Intensities were scaled so that their percentiles 1 and 99 lie 10 apart. The volume was "
        f"cut into supervoxels of about {stage.size_voxels:g} voxels edge length{many} by SLIC "
        f"{citation} with compactness {stage.compactness:g}, after a Gaussian of sigma "
        f"{stage.smoothing_voxels:g}."
    )


def _classifier(chosen: ClassifierParameters, cite: Callable[[str], str]) -> str:
    """Say what was trained, and how."""
    if chosen.method == OWN:
        return "a classifier of the authors' own, which the project doesn't keep (describe it here)"
    what = {
        "extra-trees": ("{trees} extremely randomised trees {cited}", "trees"),
        "random-forest": ("a random forest {cited} of {trees} trees", "forest"),
        "gradient-boosting": ("gradient-boosted trees {cited}, {rounds} rounds", "boosting"),
        "logistic": ("a logistic regression {cited} on standardised features", "logistic"),
        "svm": (
            "a support vector machine {cited} with a Gaussian kernel on standardised features, its "
            "probabilities calibrated by cross-validation",
            "svm",
        ),
    }
    text, work = what[chosen.method]
    text = text.format(cited=cite(work), trees=chosen.trees, rounds=boosting_rounds(chosen))
    made_by = f"scikit-learn {cite('scikit-learn')}, " if chosen.method != DEFAULT else ""
    return f"{text} ({made_by}seed {chosen.seed}), classes weighing the same"


def _features(parameters: SegmentationParameters) -> str:
    stage = parameters.features
    filters = ", ".join(FILTERS[name] for name in stage.filters)
    sigmas = ", ".join(f"{value:g}" for value in stage.sigmas_voxels)
    statistics = " and ".join(STATISTICS[name] for name in stage.statistics)
    return (
        f"Each supervoxel was described by the {statistics} of {filters}, at sigmas of {sigmas} "
        "voxels of the finest axis."
    )
