"""Takes the guide's pictures from the real application: ``make screenshots``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).parents[1] / "images"


def main() -> None:
    """Take all pictures, with napari's settings as they come, not a person's own."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        sys.exit("The pictures need a display: 'make screenshots' brings one along (Xvfb).")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "settings.yaml")
        os.environ["XDG_DATA_HOME"] = str(Path(folder) / "data")  # of projects without a name
        from .scenes import take_all

        take_all(IMAGES)


if __name__ == "__main__":
    main()
