"""The process that opens mutated files, which may end it: it says what becomes of each, in JSON.

Lines on standard input are ``FILE`` (read it and say what it holds). Lines on standard output are
answers; none comes if the interpreter ends or hangs, which whoever asks sees.
"""

from __future__ import annotations

import json
import resource
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from supervox.volumes import VolumeError, open_volume

MEMORY = 2 * 2**30  # bytes of address space beyond what the libraries take


def answer(address: str) -> dict[str, Any]:
    """Return what a file holds and what is said of it, or why it is refused."""
    try:
        with open_volume(address) as volume:
            values = np.asarray(volume.data)
            return {
                "values": blake2b(values.tobytes()).hexdigest(),
                "shape": values.shape,
                "dtype": values.dtype.str,
                "spacing": volume.spacing,
                "is stated": volume.spacing_stated,
                "unit": volume.unit,
                "origin": volume.origin,
                "classes": [item.as_json() for item in volume.classes],
                "turned": volume.turned,
                "notes": volume.notes,
            }
    except VolumeError as error:
        return {"refused": str(error)}
    except MemoryError:  # what was claimed is refused by the limit
        return {"memory": MEMORY}
    except Exception as error:  # what a person would see as a traceback
        return {"raised": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Answer until there is nothing to read."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    used = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(line.rstrip("\n"))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
