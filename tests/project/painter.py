"""A person at work, for the kill test: paints, corrects, undoes, saves, exports until killed.

``python painter.py`` reads lines "PROJECT OUT SEED" and does the work of each in a process of its
own, forked, so that nothing has to be imported anew. It writes what it is about to do before it
does it, and "saved N" when N changes are on the disk.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import numpy as np
from supervox.project.changes import ObjectChange, Paint, VoxelChange
from supervox.project.project import Project
from supervox.project.records import RecordKind
from supervox.volumes import write_volume

VOXELS = 400  # of a stroke
KINDS = (RecordKind.VOXELS, RecordKind.CORRECTIONS, RecordKind.OBJECTS)  # of what is done here


def tell(*words: object) -> None:
    """Write a line that is there even if this process ends now."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def stroke(
    volume: np.ndarray, place: int, class_id: int, paint: Paint = Paint.STROKES
) -> VoxelChange:
    """Return a stroke, the same for the same place."""
    voxels = np.arange(place, place + VOXELS)
    new = np.full(VOXELS, class_id, np.uint8)
    return VoxelChange(voxels, volume.reshape(-1)[voxels], new, paint)


def count_changes(project: Project) -> int:
    """Count the records of what is done here."""
    return sum(project.annotations.journal.count(kind) for kind in KINDS)


def work(folder: str, out: Path, seed: int) -> None:
    """Work without an end."""
    chance = random.Random(seed)
    project: Project | None = None

    def saved(state: object) -> None:
        if project is not None:
            tell("saved", count_changes(project))

    project = Project.open(folder, on_state=saved)
    store, derived = project.annotations, project.derived
    partitions = derived.load_partitions()
    tell("ready", len(partitions))
    for step in range(10**9):
        what = chance.choices(
            ["paint", "edit", "undo", "redo", "save", "prepare", "export", "copy", "note"],
            [30, 5, 5, 4, 3, 2, 3, 1, 2],
        )[0]
        if what == "paint":
            place, class_id = chance.randrange(store.voxels.size - VOXELS), chance.randrange(6)
            paint = chance.choice(list(Paint))
            tell("paint", place, class_id, paint.value)
            store.apply(stroke(store.painted[paint], place, class_id, paint))
        elif what == "edit":
            tell("edit", step)
            store.record(ObjectChange({"kind": "mark", "at": [step]}))
        elif what == "undo" and store.can_undo:
            tell("undo")
            store.undo()
        elif what == "redo" and store.can_redo:
            tell("redo")
            store.redo()
        elif what == "save":
            project.save()
        elif what == "prepare":
            derived.save_partition(step % 2, partitions[step % 2])
        elif what == "export":
            labels = np.full((40, 64, 64), 1 + step % 200, np.uint8)
            write_volume(out / f"{seed}-{step % 3}.tif", labels)
            write_volume(out / f"{seed}-{step % 3}.zarr", labels)
        elif what == "copy":
            project.save_as(out / f"{seed}-{step}.supervox")
        else:
            project.history.note("worked", step=step)


def main() -> None:
    """Fork a worker for each line, and say its number."""
    for line in sys.stdin:
        folder, out, seed = line.split("\t")
        child = os.fork()
        if child == 0:
            work(folder, Path(out), int(seed))
        tell("worker", child)
        os.waitpid(child, 0)
        tell("dead")


if __name__ == "__main__":
    main()
