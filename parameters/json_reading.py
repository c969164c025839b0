"""Frozen dataclasses from JSON, with exactly the types that they are annotated with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def read_json(kind: type[T], values: Mapping[str, Any]) -> T:
    """Make a dataclass of what JSON held.

    A field that isn't there gets its default, as a file of an older version lacks those that came
    later; one that the dataclass doesn't have is refused, since a newer version meant something by
    it. Integers may stand for floats, and lists for tuples; nothing else is converted.

    Parameters
    ----------
    kind : type
        A dataclass, of which fields can be dataclasses.
    values : mapping
        As `json.loads` returned it.

    Raises
    ------
    ValueError
        If something is unknown, missing without a default, of another type, or refused by the
        dataclass itself; the message says where.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        adapter: TypeAdapter[T] = TypeAdapter(kind)
        return adapter.validate_json(json.dumps(values), strict=True, extra="forbid")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        if first["type"] == "value_error":  # ours, and a sentence
            raise ValueError(str(first["ctx"]["error"])) from error
        if first["type"] == "unexpected_keyword_argument":
            raise ValueError(
                f"{place} is unknown to this version of supervox: a newer one may have written it"
            ) from error
        what = first["msg"][0].lower() + first["msg"][1:]
        raise ValueError(f"{place or 'all of it'} is damaged: {what}") from error
