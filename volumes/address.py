"""Where a volume is: a path, and after ``::`` what to take from inside the file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

_SETTING = re.compile(r"([A-Za-z_]\w*)=(.*)")


@dataclass(frozen=True)
class Address:
    """A parsed ``path::inner,key=value``.

    Parameters
    ----------
    path
        The file or folder.
    inner
        What to take inside it: a dataset, a pyramid level, an image number.
    settings
        The ``key=value`` items, for instance ``c=1`` for the second channel.
    """

    path: Path
    inner: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | os.PathLike[str]) -> Address:
        """Parse what a person typed.

        Examples
        --------
        >>> Address.parse("scan.h5::/entry/data,c=1").settings
        {'c': '1'}
        """
        path, rest = _split(os.fspath(text))
        items = rest.split(",")
        settings: dict[str, str] = {}
        while items and (match := _SETTING.fullmatch(items[-1].strip())):
            settings[match[1].lower()] = match[2].strip()
            items.pop()
        inner = ",".join(items).strip() or None
        return cls(_home(path), inner, dict(reversed(settings.items())))

    def with_item(self, item: str) -> str:
        """Return what a person would type to take one thing more, for a message."""
        return (
            f"{self.path.name}::{self.inner},{item}" if self.inner else f"{self.path.name}::{item}"
        )

    @property
    def inside(self) -> str:
        """What stands behind ``::``; empty where all is taken."""
        items = [self.inner] if self.inner else []
        return ",".join([*items, *(f"{key}={value}" for key, value in self.settings.items())])

    def taking(self, **settings: str) -> Address:
        """Return what takes something more from inside the file."""
        return replace(self, settings={**self.settings, **settings})

    def at(self, path: Path) -> Address:
        """Return what takes the same from another file."""
        return replace(self, path=path)

    def __str__(self) -> str:
        return f"{self.path}::{self.inside}" if self.inside else str(self.path)


def _split(text: str) -> tuple[str, str]:
    """Take apart what stands before and behind ``::``, which may be part of a file's name too."""
    path, separator, rest = text.partition("::")
    if separator and not (path and os.path.lexists(_home(path))):
        parts = text.split("::")
        for n in range(len(parts), 1, -1):
            whole = "::".join(parts[:n])
            if os.path.lexists(whole):
                return whole, "::".join(parts[n:])
    return path, rest


def _home(text: str) -> Path:
    """Return a path in which ``~/`` is the person's home; a name may begin with ``~`` too."""
    path = Path(text)
    if not text.startswith("~") or os.path.lexists(path):
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # nobody has that name, so it is a file's
        return path
