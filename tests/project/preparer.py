"""Prepares projects until killed, for the tests of resuming.

``python preparer.py VOLUME`` reads lines with the folder of a project, and prepares each in a
process of its own, forked with the kernels in memory. It says "worker PID" before, "prepared" at
the end, and "dead" when the process has ended, however it did. The file BLOCKS beside the project
gets a line for each block that is worked on.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import QUICK
from counted_blocks import BLOCKS, report_blocks, use_small_blocks
from supervox.execution import Run
from supervox.features import IntensityRange
from supervox.project import Project
from supervox.project.compute import prepare
from supervox.segmentation import prepare_partitions
from supervox.volumes import open_volume


def tell(*words: object) -> None:
    """Write a line that is there even if this process ends now."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def work(folder: str, data: np.ndarray) -> None:
    """Prepare a project, from wherever it is."""
    file = os.open(Path(folder).with_name(BLOCKS), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    report_blocks(pytest.MonkeyPatch(), lambda block: os.write(file, f"{block}\n".encode()))
    with Project.open(folder) as project:
        prepare(project, data, run=Run(2))
    tell("prepared")


def main() -> None:
    """Fork a worker for each line, and say its number."""
    use_small_blocks(pytest.MonkeyPatch())
    with open_volume(sys.argv[1]) as volume:
        data = volume.data[:]
    prepare_partitions(  # without a thread left behind: forks hold no locks
        data, QUICK.shifts, QUICK, spacing=(30, 30, 30), intensity=IntensityRange.measure(data)
    )
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            work(line.strip(), data)
            os._exit(0)
        tell("worker", child)
        os.waitpid(child, 0)
        tell("dead")


if __name__ == "__main__":
    main()
