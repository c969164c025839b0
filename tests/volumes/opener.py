"""Opens volumes that may be spoilt, in a process of its own with little memory; says how it went.

``python -m tests.volumes.opener BYTES`` reads addresses, one a line, and prints a line of JSON for
each before it is opened and one after.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
from typing import Any

import numpy as np
from supervox.volumes import VolumeError, open_volume


def look(address: str) -> dict[str, Any]:
    """Open a volume, read some planes, and return what it says of itself."""
    try:
        with open_volume(address) as volume:
            depth = len(volume.data)
            for z in {0, depth // 2, depth - 1}:
                plane = volume.data[z : z + 1, :512, :512]
            return {
                "state": "read",
                "shape": volume.shape,
                "dtype": str(volume.data.dtype),
                "spacing": volume.spacing,
                "unit": volume.unit,
                "origin": volume.origin,
                "notes": volume.notes,
                "sum": float(np.nan_to_num(plane.astype(float)).sum()),
            }
    except VolumeError as error:
        return {"state": "refused", "text": str(error)}
    except MemoryError:
        return {"state": "memory"}
    except Exception as error:
        return {"state": "bug", "text": f"{type(error).__name__}: {error}"}


def tell(what: dict[str, Any]) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Answer one line by one."""
    logging.getLogger().setLevel(logging.CRITICAL)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    most = used + int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for line in sys.stdin:
        address = line.rstrip("\n")
        tell({"opens": address})
        tell(look(address))


if __name__ == "__main__":
    main()
