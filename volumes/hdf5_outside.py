"""Links of an HDF5 file that lead out of its folder, found before any of them is followed."""

from __future__ import annotations

import os
from pathlib import Path

import h5py

from .outside import check_outside, may_follow


def check_links(file: h5py.File, volume: Path) -> None:
    """Refuse a file that has links out of its folder, or in files that it links to.

    HDF5 opens what a link names as soon as somebody asks for its name, and files, pipes and all.

    Parameters
    ----------
    file : h5py.File
        Just opened.
    volume : Path
        As it was given.

    Raises
    ------
    VolumeError
        If a link leads outside, and that isn't to be followed, or to no ordinary file.
    """
    _check(file, Path(file.filename), volume, {os.path.realpath(file.filename)})


def _check(file: h5py.File, path: Path, volume: Path, seen: set[str]) -> None:
    named: set[str] = set()

    def visit(name: bytes, info: h5py.h5l.LinkInfo) -> None:
        if info.type == h5py.h5l.TYPE_EXTERNAL:
            named.add(os.fsdecode(file.id.links.get_val(name)[0]))

    file.id.links.visit(visit, info=True)
    for name in sorted(named):
        for place in _places(path, name):
            check_outside(volume, place, "a link to")
            if os.path.isfile(place) and (real := os.path.realpath(place)) not in seen:
                seen.add(real)
                if h5py.is_hdf5(place) and not may_follow():
                    with h5py.File(place, "r", locking=False) as further:
                        _check(further, place, volume, seen)


def _places(file: Path, name: str) -> list[Path]:
    """Return the place where HDF5 finds a file that another one names, if there is one."""
    folders = [
        prefix for prefix in os.environ.get("HDF5_EXT_PREFIX", "").split(os.pathsep) if prefix
    ]
    found = [Path(name)] if os.path.isabs(name) else []
    found += [Path(folder.replace("${ORIGIN}", str(file.parent)), name) for folder in folders]
    found += [file.parent / os.path.basename(name)] if os.path.isabs(name) else [file.parent / name]
    found += [] if os.path.isabs(name) else [Path.cwd() / name]
    return [place for place in found if os.path.lexists(place)][:1]
