"""Where a volume is: a path, and after ``::`` what to take from inside the file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
        path, _, rest = os.fspath(text).partition("::")
        items = rest.split(",")
        settings: dict[str, str] = {}
        while items and (match := _SETTING.fullmatch(items[-1].strip())):
            settings[match[1].lower()] = match[2].strip()
            items.pop()
        inner = ",".join(items).strip() or None
        return cls(_expanded(Path(path)), inner, dict(reversed(settings.items())))

    def with_item(self, item: str) -> str:
        """Return what a person would type to take one thing more, for a message."""
        return (
            f"{self.path.name}::{self.inner},{item}" if self.inner else f"{self.path.name}::{item}"
        )

    def __str__(self) -> str:
        items = [self.inner] if self.inner else []
        items += [f"{key}={value}" for key, value in self.settings.items()]
        return f"{self.path}::{','.join(items)}" if items else str(self.path)


def _expanded(path: Path) -> Path:
    """Return a path with the home folder for ``~``; a name may begin like that as well."""
    first = path.parts[0] if path.parts else ""
    if not first.startswith("~") or (first != "~" and os.path.lexists(first)):
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # no such person, or no home
        return path
