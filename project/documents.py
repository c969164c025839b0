"""Small JSON files that a person may read, and that tell when they are damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from supervox.volumes import appearing

from .errors import writing

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
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
            size += len(block)
    return [size, digest.hexdigest()]


def plain(content: Any) -> Any:
    """Return what JSON makes of it: tuples become lists."""
    return json.loads(json.dumps(content, allow_nan=False))


def json_bytes(content: Any, indent: int | None = None) -> bytes:
    """Return JSON as people read it; in ASCII where a name of a file isn't UTF-8."""
    try:
        return json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return json.dumps(content, indent=indent, allow_nan=False).encode()


def write_document(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file with its checksum; it appears complete or not at all.

    Raises
    ------
    ProjectError
        If it can't be written.
    """
    whole = plain(dict(content))
    whole[CHECKSUM] = digest_of(whole)
    with writing(path), appearing(path) as temporary:
        temporary.write_bytes(json_bytes(whole, indent=2) + b"\n")


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
        content = json.loads(path.read_text("utf-8"))
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
