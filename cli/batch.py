"""Many volumes, one after the other: names of their files, and going on after one that fails."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from supervox.volumes import Address, SupervoxError, VolumeError, format_of

from .errors import TOO_LITTLE_MEMORY, say
from .outputs import ENDINGS
from .report import print_table
from .results import ResultFiles

T = TypeVar("T")
FAILED = 1  # exit code: some volumes failed

_logger = logging.getLogger(__name__)


@dataclass
class Batch:
    """What became of each volume of a command.

    Attributes
    ----------
    volumes : tuple of str
        Their addresses.
    entries : dict of str to dict
        What was done with those that were finished, by address.
    errors : dict of str to str
        Why others failed.
    """

    volumes: tuple[str, ...]
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def left(self) -> list[str]:
        """Those of which nothing went wrong so far, and that aren't finished."""
        return [path for path in self.volumes if path not in self.errors | self.entries]

    def attempt(self, path: str, work: Callable[[], T]) -> T | None:
        """Do something with a volume; what goes wrong is said, and costs this volume only.

        A single volume fails as ever: there is nothing to go on with.
        """
        try:
            return work()
        except Exception as error:
            if len(self.volumes) == 1:
                raise
            self.errors[path] = _why(path, error)
            rest = "; going on with the others" if self.left else ""
            say(f"error: {self.errors[path]}{rest}")
            return None

    def listed(self) -> list[dict[str, Any]]:
        """Return one entry a volume, in their order; of one that failed, why."""
        return [
            self.entries.get(path) or {"volume": path, "outputs": {}, "error": self.errors[path]}
            for path in self.volumes
            if path in self.entries or path in self.errors
        ]

    def print_summary(self) -> None:
        """Print a line a volume, if there are several."""
        if len(self.volumes) == 1:
            return
        rows = [
            ("done", path, f"{e['seconds']['total']:.1f} s") for path, e in self.entries.items()
        ]
        rows += [("failed", path, "") for path in self.errors]
        order = {path: i for i, path in enumerate(self.volumes)}
        click.echo()
        print_table(["", "volume", "time"], sorted(rows, key=lambda row: order[row[1]]))
        for path in self.errors:
            click.echo(f"failed: {self.errors[path]}")
        click.echo(f"{len(self.entries)} of {len(self.volumes)} volumes were labelled")


def _why(path: str, error: Exception) -> str:
    """Say in one line what went wrong with a volume, with its name."""
    if isinstance(error, MemoryError):
        text = TOO_LITTLE_MEMORY
    elif isinstance(error, SupervoxError):
        from .remedies import with_remedy  # knows the engine, which takes a while to load

        text = with_remedy(error)
    else:  # a bug, perhaps: its traceback is of use, and the other volumes are as well
        _logger.error("%s: the traceback of its error follows", path, exc_info=error)
        text = f"{type(error).__name__}: {error}"
    text = " ".join(text.split())
    name = str(Address.parse(path).path)
    return text if name in text else f"{path}: {text}"


def without_repeats(volumes: Sequence[str]) -> tuple[str, ...]:
    """Return each volume once, and say which ones were given several times."""
    found: dict[str, str] = {}
    for path in volumes:
        address = Address.parse(path)
        key = str(address).replace(str(address.path), os.path.abspath(address.path), 1)
        if key in found:
            say(f"{path} is given several times; it is labelled once")
        found.setdefault(key, path)
    return tuple(found.values())


def name_files(
    batch: Batch, folder: Path, ending: str | None, kinds: Sequence[str]
) -> dict[str, ResultFiles]:
    """Choose the names of the files of each volume.

    Volumes whose files would have the same name are told apart by what differs: the folders that
    they are in, what is taken from inside a file, or their own endings.

    Parameters
    ----------
    batch : Batch
        One whose format isn't known fails.
    folder : Path
        Where they go.
    ending : str, optional
        That of all of them; that of each volume by default.
    kinds : sequence of str
        What is written: ``"labels"``, ``"probabilities"``, ``"uncertainty"``.
    """
    both = {}
    for path in batch.left:
        found = batch.attempt(path, partial(_split_ending, path))
        if found is not None:
            both[path] = found[0], ending or found[1]
    chosen = _tell_apart(both)
    return {
        path: ResultFiles(
            **{kind: str(folder / f"{stem}_{kind}.{both[path][1]}") for kind in kinds}
        )
        for path, stem in chosen.items()
    }


def _tell_apart(names: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Return a stem for each volume such that no two files have the same name.

    Names that differ in their case only are the same on some file systems.
    """
    chosen = {path: stem for path, (stem, _) in names.items()}
    most = max((len(Address.parse(path).path.absolute().parts) for path in names), default=0)
    groups: list[list[str]] = []
    for depth in range(most + 1):
        places: dict[str, list[str]] = {}
        for path, stem in chosen.items():
            places.setdefault(f"{stem}.{names[path][1]}".casefold(), []).append(path)
        groups = [group for group in places.values() if len(group) > 1]
        if not groups:
            return chosen
        for group in groups:
            for path in group:
                parts = [*_parents(path, depth), names[path][0], *_details(path, group)]
                chosen[path] = "_".join(parts)
    one, other = groups[0][:2]
    raise VolumeError(
        f"{one} and {other} would both become {chosen[one]}; apply the model to them one by one, "
        "with another --output"
    )


def _parents(path: str, depth: int) -> Sequence[str]:
    """Return the names of the last folders that a volume is in."""
    parents = Address.parse(path).path.absolute().parts[1:-1]
    return parents[len(parents) - min(depth, len(parents)) :]


def _details(path: str, others: Iterable[str]) -> list[str]:
    """Return what tells a volume from others of the same file, or of the same name and folder."""
    address = Address.parse(path)
    alike = [Address.parse(other) for other in others if other != path]
    found = []
    if any(other.path == address.path for other in alike):
        text = str(address).removeprefix(str(address.path))
        found.append(re.sub(r"[^\w.-]+", "_", text).strip("_"))
    if any(
        other.path.parent == address.path.parent and other.path != address.path for other in alike
    ):
        found.append(address.path.name.rpartition(".")[2])
    return [text for text in found if text]


def _split_ending(text: str) -> tuple[str, str]:
    """Return the stem of a volume's name, and the ending that its labels get."""
    path = Address.parse(text).path
    entry = format_of(Address(path))
    ending = max(
        (e for e in entry.extensions if path.name.lower().endswith(e)), key=len, default=""
    )
    stem = path.name[: len(path.name) - len(ending)]
    writable = entry.create is not None
    return stem, (ending or entry.extensions[0]).lstrip(".") if writable else ENDINGS[0]
