"""Live update: a stroke is added to a prepared volume of 100 M voxels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.execution import split_blocks
from supervox.sample_data import Phantom, PhantomParameters, stroke_planes
from supervox.segmentation import (
    RefinementParameters,
    Segmentation,
    SegmentationParameters,
    Segmenter,
)

from .report import Target, table
from .timing import THREADS, median, say, timed

SHAPE, QUICK_SHAPE = (200, 700, 715), (48, 64, 64)
STROKES = 12
ROUNDS, QUICK_ROUNDS = 5, 2
STAGES = ("scan", "train", "predict", "couple", "refine")
LIMIT, LIMIT_IN_VIEW = 2.0, 0.3  # seconds


def measure(quick: bool) -> dict[str, Any]:
    """Prepare the volume, then add strokes and change the strength."""
    phantom = Phantom(PhantomParameters(shape=QUICK_SHAPE if quick else SHAPE))
    image = np.empty(phantom.shape, np.uint16)
    phantom.fill_image(image, workers=THREADS)
    annotations = np.zeros(phantom.shape, np.uint8)
    for z, plane in stroke_planes(phantom, STROKES):
        annotations[z] = plane
    say(f"live update: {image.size / 1e6:.0f} M voxels made")
    parameters = SegmentationParameters(partitions=1, edge_refinement=False)
    segmenter = Segmenter(image, spacing=phantom.spacing, parameters=parameters, workers=THREADS)
    prepared = timed(segmenter.prepare)[1]
    say(f"live update: prepared in {prepared:.0f} s")
    first = _update(segmenter, annotations)
    strokes = []
    rounds = QUICK_ROUNDS if quick else ROUNDS
    for seed in range(1, rounds + 1):
        _add_stroke(annotations, phantom, seed)
        strokes.append(_update(segmenter, annotations))
        say(f"live update: a stroke {strokes[-1]['total']:.2f} s")
    strengths = []
    for _ in range(rounds):
        segmenter.segment(annotations, refinement=RefinementParameters(strength=0))
        strengths.append(_update(segmenter, annotations, RefinementParameters()))
        say(f"live update: another strength {strengths[-1]['total']:.2f} s")
    (partition,) = segmenter.partitions
    return {
        "shape": list(phantom.shape),
        "supervoxels": partition.graph.n_supervoxels,
        "classes": len(np.unique(annotations)) - 1,
        "painted": int(np.count_nonzero(annotations)),
        "prepared": prepared,
        "first": first,
        "strokes": strokes,
        "strengths": strengths,
    }


def _update(
    segmenter: Segmenter,
    annotations: NDArray[np.uint8],
    refinement: RefinementParameters | None = None,
) -> dict[str, float]:
    """Return the seconds of the stages, of all of them, and of the labels of one plane."""
    result, total = timed(lambda: segmenter.segment(annotations, refinement=refinement))
    stages = dict(segmenter.seconds)
    return stages | {"total": total, "plane": timed(lambda: _middle_plane(result))[1]}


def _middle_plane(result: Segmentation) -> NDArray[np.unsignedinteger]:
    planes, rows, columns = result.shape
    block = split_blocks(result.shape, (1, rows, columns))[planes // 2]
    return next(iter(result.render(blocks=[block]))).labels


def _add_stroke(annotations: NDArray[np.uint8], phantom: Phantom, seed: int) -> None:
    """Paint one stroke of a set of others, of another class each time."""
    z, plane = next(iter(stroke_planes(phantom, STROKES, seed)))
    classes = np.unique(plane[plane > 0])
    label = classes[seed % len(classes)]
    parts, _ = ndimage.label((plane == label) & (annotations[z] == 0), np.ones((3, 3)))
    annotations[z][parts == 1] = label


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    size = f"{np.prod(results['shape']) / 1e6:.0f} M voxels"
    for what, runs in (("a stroke added", "strokes"), ("another strength", "strengths")):
        total = median([run["total"] for run in results[runs]])
        yield Target(
            f"{size}, {what}: labels of the whole volume",
            f"below {LIMIT:g} s",
            f"{total:.2f} s",
            total < LIMIT,
        )
    in_view = median([run["total"] + run["plane"] for run in results["strokes"]])
    yield Target(
        f"{size}, a stroke added: labels in view",
        f"{LIMIT_IN_VIEW:g} s (design)",
        f"{in_view:.2f} s (all supervoxels first)",
        in_view <= LIMIT_IN_VIEW,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    shape = " x ".join(map(str, results["shape"]))
    yield "## Live update"
    yield ""
    yield f"A phantom of {shape} voxels, one partition of {results['supervoxels']} supervoxels,"
    yield f"{results['classes']} classes, {results['painted']} painted voxels, {THREADS} threads;"
    yield f"prepared in {results['prepared']:.0f} s. A stroke is added, or the strength of"
    yield "refinement goes back from 0 to its default; until every supervoxel of the"
    yield "volume has its class."
    yield "Seconds, medians of"
    yield f"{len(results['strokes'])} (the first time is a single run, which loads what it needs):"
    yield ""
    rows = []
    for name, runs in (
        ("first time", [results["first"]]),
        ("a stroke added", results["strokes"]),
        ("another strength", results["strengths"]),
    ):
        cells = [
            f"{median([run[stage] for run in runs]):.3f}" if stage in runs[0] else "-"
            for stage in (*STAGES, "total", "plane")
        ]
        rows.append((name, *cells, " ".join(f"{run['total']:.2f}" for run in runs)))
    yield from table(("", *STAGES, "all", "labels of one plane", "all, each run"), rows)
