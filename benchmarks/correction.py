"""Correction: what every single stroke is worth, painted by robots, against a voxel-level forest.

``python -m benchmarks.correction --volumes mouse,phantom --robots error --seeds 0`` plays some
sessions only, and prints a line for each.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from supervox.sample_data import example_strokes

from .correction_tables import describe, draw, section, targets
from .datasets import REAL, Dataset, data_folder, load_membranes, load_phantom, load_real
from .made_volumes import MADE, make_plates
from .robots import ROBOTS
from .sessions import MOST, Prepared, Session, VoxelForest, start_of
from .timing import say

__all__ = ["draw", "measure", "section", "targets"]

SEEDS = (0, 1, 2)
FINAL_SEEDS = (0,)  # final labels and the slider take as long as all of the rest
PEER_ROBOTS = ("random", "error", "pairs")
PEER_SEEDS = (0,)  # it takes ten times as long
FIXED_BUDGET = 12
PROCESSES = 2
QUICK, QUICK_SHAPE, QUICK_MOST = "plates, quick", (24, 48, 48), 12
OTHERS = ("membranes", "phantom")


@dataclass(frozen=True)
class Job:
    """Sessions of one volume with one seed, played in one process."""

    volume: str
    seed: int
    robots: tuple[str, ...] = ROBOTS
    is_peer: bool = False
    with_final: bool = True
    most: int = MOST


def volume_names() -> list[str]:
    """Return the volumes that are there."""
    real = [name for name in REAL if (data_folder() / name).is_dir()]
    others = [n for n in OTHERS if n != "membranes" or (data_folder() / "fly_neuropil").is_dir()]
    return [*real, *others, *MADE]


@lru_cache(maxsize=1)
def load(name: str) -> Dataset:
    """Read or make a volume."""
    if name == QUICK:
        data = make_plates(QUICK_SHAPE)
        strokes = example_strokes(data.truth, FIXED_BUDGET, 0, tuple(data.scored))
        return replace(data, strokes={(FIXED_BUDGET, 0): strokes})
    if name in MADE:
        return MADE[name]()
    if name == "phantom":
        return load_phantom(budgets=(FIXED_BUDGET,))
    return load_membranes() if name == "membranes" else load_real(name)


def play_job(job: Job) -> dict[str, Any]:
    """Play the sessions of a job: by robot, and "fixed", by seed, where the volume has strokes."""
    data = load(job.volume)
    if job.is_peer:
        peer = VoxelForest(data)
        return {robot: peer.session(robot, job.seed, job.most) for robot in job.robots}
    prepared = Prepared(data, job.with_final)
    found: dict[str, Any] = {}
    for robot in job.robots:
        found[robot] = prepared.session(robot, job.seed, job.most)
    if job.with_final:
        seeds = [seed for budget, seed in data.strokes if budget == FIXED_BUDGET]
        found["fixed"] = {str(seed): prepared.fixed(FIXED_BUDGET, seed) for seed in seeds}
    return found


def play_jobs(jobs: list[Job], processes: int) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Play all jobs, several at a time; each on one thread."""
    if processes == 1:
        found: Iterable[dict[str, Any]] = map(play_job, jobs)
        yield from zip(jobs, found, strict=True)
        return
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=fresh) as pool:
        yield from zip(jobs, pool.map(play_job, jobs), strict=True)


def measure(
    quick: bool, keep: Callable[[dict[str, Any]], None] = lambda found: None
) -> dict[str, Any]:
    """Play all sessions; what is found is kept as it comes."""
    names = [QUICK] if quick else volume_names()
    seeds, most = (SEEDS[:1], QUICK_MOST) if quick else (SEEDS, MOST)
    peers = [
        Job(name, seed, PEER_ROBOTS, is_peer=True, most=most)
        for name in names
        for seed in PEER_SEEDS
    ]
    ours = [
        Job(name, seed, with_final=seed in FINAL_SEEDS, most=most)
        for seed in seeds
        for name in names
    ]
    jobs = [*ours, *peers]
    volumes: dict[str, dict[str, Any]] = {name: _about(load(name)) for name in names}
    missing = [] if quick else [n for n in (*REAL, *OTHERS) if n not in names]
    results = {"volumes": list(volumes.values()), "missing": missing}
    for job, found in play_jobs(jobs, 1 if quick else PROCESSES):
        volume = volumes[job.volume]
        if fixed := found.pop("fixed", None):
            volume["fixed"] = fixed
        kind = volume["peer" if job.is_peer else "robots"]
        for robot, session in found.items():
            kind.setdefault(robot, {})[str(job.seed)] = session
            say(f"{'voxel forest, ' * job.is_peer}{_line(job, robot, session)}")
        keep(results)
    return results


def _about(data: Dataset) -> dict[str, Any]:
    return {
        "name": data.name,
        "shape": list(data.image.shape),
        "classes": {str(k): v for k, v in data.class_names.items() if k > 0},
        "start": start_of(data),
        "robots": {},
        "peer": {},
        "fixed": {},
    }


def _line(job: Job, robot: str, session: Session) -> str:
    return f"{job.volume:22} {robot:7} seed {job.seed}: {describe(session)}"


def main(arguments: list[str] | None = None) -> None:
    """Play some sessions, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.correction", description=__doc__)
    parser.add_argument("--volumes", default="", help="parts of names, with commas; all if none")
    parser.add_argument("--robots", default=",".join(ROBOTS), help="some of %(default)s")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--most", type=int, default=MOST, help="strokes in all")
    parser.add_argument("--live-only", action="store_true", help="no final labels, no slider")
    parser.add_argument("--peer", action="store_true", help="the voxel forest instead")
    parser.add_argument("--curves", action="store_true", help="print mean Dice after each stroke")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--save", type=Path, help="file for all that was found, JSON")
    options = parser.parse_args(arguments)
    wanted = options.volumes.split(",")
    names = [name for name in volume_names() if any(part in name for part in wanted)]
    if not names:
        parser.error(f"no volume is called so; there are {', '.join(volume_names())}")
    jobs = [
        Job(name, int(seed), (robot,), options.peer, not options.live_only, options.most)
        for name in names
        for seed in options.seeds.split(",")
        for robot in options.robots.split(",")
    ]
    saved = []
    for job, found in play_jobs(jobs, options.processes):
        (robot,) = job.robots
        print(_line(job, robot, found[robot]), flush=True)
        if options.curves:
            print("   ", " ".join(f"{value:.3f}" for value in found[robot]["live"]), flush=True)
        saved.append({"volume": job.volume, "seed": job.seed, "robot": robot} | found[robot])
    if options.save:
        options.save.write_text(json.dumps(saved, indent=1) + "\n")


if __name__ == "__main__":
    main()
