"""The one door to HDF5 files: what they name elsewhere is looked at before HDF5 follows it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import h5py

from .errors import VolumeError
from .hdf5_examination import examine
from .hdf5_opening import open_file
from .outside import check_outside


class Door:
    """What a volume reads of HDF5 files.

    HDF5 opens what a link names as soon as somebody asks for its name, files, pipes and all. So
    each file is examined, and its links are checked, before anything is asked of it.

    Parameters
    ----------
    volume : Path
        As it was given.

    Attributes
    ----------
    checked : set of tuple of str, str, int
        Parts of virtual datasets that were looked into: their files, names and depths.
    """

    def __init__(self, volume: Path) -> None:
        self._volume = volume
        self.checked: set[tuple[str, str, int]] = set()
        self._opens: dict[str, bool] = {}  # real paths of files that were looked at

    def open(self, path: Path) -> tuple[h5py.File, tuple[str, ...]]:
        """Open a file that leads nowhere where it mustn't.

        Returns
        -------
        file : h5py.File
        notes : tuple of str

        Raises
        ------
        VolumeError
            If it is none, or a link in it, or in what it leads to, goes outside, and that isn't to
            be followed, or to no ordinary file.
        """
        examine([path])
        file, notes = open_file(path)
        try:
            if os.path.realpath(path) not in self._opens:
                self._opens[os.path.realpath(path)] = True
                self.admit(_linked(file), "a link to")
        except BaseException:
            file.close()
            raise
        return file, notes

    def admit(self, names: Iterable[Sequence[Path]], what: str) -> None:
        """Look at files, and at all that their links lead to, before HDF5 does.

        Parameters
        ----------
        names : iterable of sequence of Path
            Of each file, the places where it may be, in HDF5's order: it takes the first that it
            can open, and so only where that fails, the next one matters.
        what : str
            What the volume has there, as for `check_outside`.
        """
        waiting = [places for places in names if places]
        while waiting:
            firsts = {os.path.realpath(places[0]): places[0] for places in waiting}
            for place in firsts.values():
                check_outside(self._volume, place, what)
            new = {real: place for real, place in firsts.items() if real not in self._opens}
            readable = {real: place for real, place in new.items() if h5py.is_hdf5(place)}
            examine(readable.values())
            further: list[Sequence[Path]] = []
            for real in new:
                self._opens[real] = real in readable and _enter(readable[real], further)
            further += [
                places[1:]
                for places in waiting
                if places[1:] and not self._opens[os.path.realpath(places[0])]
            ]
            waiting, what = further, "a link to"

    def first(self, places: Sequence[Path]) -> Path:
        """Return the one of several admitted places that HDF5 opens; else the first."""
        return next((it for it in places if self._opens.get(os.path.realpath(it))), places[0])


def _enter(place: Path, further: list[Sequence[Path]]) -> bool:
    """Add what the links of a file lead to; return whether it can be opened."""
    try:
        file, _ = open_file(place)
    except (OSError, VolumeError):  # nor can HDF5
        return False
    with file:
        further += _linked(file)
    return True


def _linked(file: h5py.File) -> list[list[Path]]:
    """Return, of each file that links of a file name, the places where it may be."""
    named: set[str] = set()

    def visit(name: bytes, info: h5py.h5l.LinkInfo) -> None:
        if info.type == h5py.h5l.TYPE_EXTERNAL:
            named.add(os.fsdecode(file.id.links.get_val(name)[0]))

    file.id.links.visit(visit, info=True)
    return [list(places(Path(file.filename), name, "HDF5_EXT_PREFIX")) for name in sorted(named)]


def places(file: Path, name: str, variable: str) -> Iterator[Path]:
    """Give what is there of the places where HDF5 looks for a file that another one names.

    Parameters
    ----------
    file : Path
        That names it.
    name : str
    variable : str
        Of the environment, with more folders: ``HDF5_EXT_PREFIX`` for links, ``HDF5_VDS_PREFIX``
        for virtual datasets.
    """
    home, is_whole = str(file.parent), os.path.isabs(name)
    beside = os.path.basename(name) if is_whole else name
    more = [part for part in os.environ.get(variable, "").split(os.pathsep) if part]
    folders = [folder.replace("${ORIGIN}", home) for folder in more]
    folders += [home, "", os.path.dirname(os.path.realpath(file))]
    found = [name] if is_whole else []
    found += [os.path.join(folder, beside) for folder in folders]
    yield from (Path(place) for place in dict.fromkeys(found) if os.path.lexists(place))
