"""One stage in a process of its own: ``python -m benchmarks.memory_stage STAGE FOLDER WARM [...]``.

Loads what the stage needs, runs it once on the tiny inputs in WARM, so that compiled code is in
memory, and then on those in FOLDER, unless ``--reference`` says to stop before. Prints the peak
resident memory as JSON. The stage ``inputs`` makes the inputs themselves.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from supervox.features import FeatureBank, IntensityRange, pool_features
from supervox.sample_data import make_phantom
from supervox.segmentation import (
    RegionGraph,
    Segmentation,
    SupervoxelParameters,
    compute_supervoxels,
    find_strokes,
    label_supervoxels,
    refine,
    region_graph,
    train_forest,
)
from supervox.segmentation.rendering.renderer import Renderer

Arrays = dict[str, Any]
THREADS = 2


def supervoxels(at: Arrays) -> Any:
    """Cut the volume into supervoxels."""
    return compute_supervoxels(at["volume"], workers=THREADS)


def features(at: Arrays) -> Any:
    """Compute the feature table."""
    n = int(at["ids"].max()) + 1  # known, as in a partition
    bank = FeatureBank()
    return pool_features(at["volume"], at["ids"], bank, n_supervoxels=n, workers=THREADS)


def graph(at: Arrays) -> Any:
    """Find which supervoxels touch."""
    return region_graph(at["ids"], at["volume"], workers=THREADS)


def segment(at: Arrays) -> Any:
    """Get from strokes to one class per supervoxel."""
    strokes = find_strokes(at["strokes"], workers=THREADS)
    painted = label_supervoxels(at["ids"], strokes)
    forest = train_forest(at["table"][painted.supervoxels], painted.classes, workers=THREADS)
    probabilities = forest.predict(at["table"], workers=THREADS)
    return probabilities, refine(probabilities, RegionGraph(**{name: at[name] for name in GRAPH}))


def rendering(at: Arrays) -> Any:
    """Make the labels block by block, edges refined, as they are written to a file."""
    renderer = Renderer(
        at["volume"],
        (1.0, 1.0, 1.0),
        IntensityRange.measure(at["volume"]),
        SupervoxelParameters.smoothing_voxels,
        (at["ids"],),
        edge_refinement=True,
    )
    ids = tuple(range(1, at["probabilities"].shape[1] + 1))
    result = Segmentation(ids, (at["probabilities"],), (at["classes"],), renderer, THREADS)
    for _ in result.render():
        pass


GRAPH = ("edges", "area", "size", "mean_intensity")
STAGES: dict[str, tuple[Callable[[Arrays], Any], tuple[str, ...]]] = {
    "supervoxels": (supervoxels, ("volume",)),
    "features": (features, ("volume", "ids")),
    "graph": (graph, ("volume", "ids")),
    "segment": (segment, ("ids", "strokes", "table", *GRAPH)),
    "rendering": (rendering, ("volume", "ids", "probabilities", "classes")),
}


def make_inputs(folder: Path, edge: int) -> None:
    """Run the stages on a phantom and save what each gives to the next."""
    sample = make_phantom((edge, edge, edge), strokes_per_class=4, workers=THREADS)
    at: Arrays = {"volume": sample.image, "strokes": sample.strokes}
    at["ids"] = supervoxels(at)
    at["table"] = features(at).values
    at |= asdict(graph(at))
    at["probabilities"], at["classes"] = segment(at)
    for name, array in at.items():
        np.save(folder / f"{name}.npy", array)


def load(stage: str, folder: Path) -> Arrays:
    """Read the inputs of a stage into memory."""
    return {name: np.load(folder / f"{name}.npy") for name in STAGES[stage][1]}


def peak_bytes() -> int:
    """Return the most memory that this process ever had resident.

    Not `getrusage` where it can be helped: on Linux that starts from the parent's.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = (line.split() for line in status.read_text().splitlines())
        return 1024 * next(int(words[1]) for words in lines if words[0] == "VmHWM:")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Run one stage, and print the peak."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=[*STAGES, "inputs"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("warm", type=Path, nargs="?")
    parser.add_argument("--edge", type=int)
    parser.add_argument("--reference", action="store_true")
    options = parser.parse_args()
    if options.stage == "inputs":
        make_inputs(options.folder, options.edge)
        return
    function, _ = STAGES[options.stage]
    function(load(options.stage, options.warm))
    at = load(options.stage, options.folder)
    loaded = sum(array.nbytes for array in at.values())
    result = None if options.reference else function(at)
    print(json.dumps({"peak": peak_bytes(), "loaded": loaded}))
    del result


if __name__ == "__main__":
    main()
