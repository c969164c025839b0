"""A benchmark that drives the real window, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

from .report import ROOT
from .timing import Skipped


def run_window(module: str, *words: object) -> dict[str, Any]:
    """Run a module of `benchmarks`, on a display of its own where there is none.

    Parameters
    ----------
    module : str
        Its last line on stdout are the results, as JSON.
    *words : object
        Its arguments.

    Raises
    ------
    Skipped
        If there is no display and none can be made, or the window fails.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, words)]
    if not os.environ.get("DISPLAY"):
        if shutil.which("xvfb-run") is None:
            raise Skipped("there is no display, and no xvfb-run to make one")
        command = ["xvfb-run", "-a", "-s", "-screen 0 1920x1080x24", *command]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Skipped(f"the window ended with exit code {done.returncode}")
    results: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return results
