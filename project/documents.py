"""Small JSON files that a person may read, and that tell when they are damaged."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from supervox.volumes import appearing

from .errors import NotKeepable, writing
from .inside import open_inside, read_inside

CHECKSUM = "checksum"


def digest_of(content: Any) -> str:
    """Return a short digest of what JSON can hold; the order of names doesn't matter."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def digest_of_file(path: Path) -> list[Any]:
    """Return size and digest of a file.

    Raises
    ------
    OSError
        If it can't be read.
    """
    digest, size = blake2b(digest_size=16), 0
    with open_inside(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
            size += len(block)
    return [size, digest.hexdigest()]


def plain(content: Any, where: str = "") -> Any:
    """Return what JSON makes of it: tuples become lists, NumPy's numbers become Python's.

    Parameters
    ----------
    content
        What is to be kept.
    where : str
        What it is called in the message.

    Raises
    ------
    NotKeepable
        If JSON can't hold it: a number that is none, or an object of another kind.
    """
    if isinstance(content, np.ndarray | np.generic):
        content = content.tolist()
    if isinstance(content, Mapping):
        begin = f"{where}." if where else ""
        return {str(name): plain(value, f"{begin}{name}") for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [plain(value, f"{where}[{i}]") for i, value in enumerate(content)]
    if isinstance(content, PurePath):
        return str(content)
    if isinstance(content, float) and not math.isfinite(content):
        raise NotKeepable(f"{where or 'the value'} is {content}, which can't be kept in a project")
    if content is None or isinstance(content, bool):
        return content
    for kind in (str, int, float):  # and not what is derived of them, like an enumeration
        if isinstance(content, kind):
            return kind(content)
    raise NotKeepable(
        f"{where or 'the value'} is of the type {type(content).__name__}, which can't be kept in a "
        "project"
    )


def to_text(content: Any, indent: int | None = None) -> str:
    """Return JSON that UTF-8 can hold: of the bytes of a file's name that is none, escapes."""
    text = json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def write_document(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file with its checksum; it appears complete or not at all.

    Raises
    ------
    ProjectError
        If it can't be written, or JSON can't hold it.
    """
    whole = plain(dict(content))
    whole[CHECKSUM] = digest_of(whole)
    with writing(path), appearing(path) as temporary:
        temporary.write_text(to_text(whole, indent=2) + "\n", "utf-8")


def read_document(path: Path) -> dict[str, Any]:
    """Read what `write_document` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it can't be read, or isn't as it was written.
    """
    try:
        content = json.loads(read_inside(path).decode())
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError("it can't be read") from error
    if not isinstance(content, dict) or CHECKSUM not in content:
        raise ValueError("it is no file of a project")
    checksum = content.pop(CHECKSUM)
    if checksum != digest_of(content):
        raise ValueError("its checksum is wrong: it is damaged, or was changed by hand")
    return content
