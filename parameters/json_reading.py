"""Frozen dataclasses from JSON, with exactly the types that they are annotated with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")

# Bytes of a file's name that are no UTF-8 are lone surrogates in Python, which the validator
# refuses: meanwhile code points stand for them that no name has.
_HIDE = {0xDC80 + i: 0x10FF00 + i for i in range(128)}
_SHOW = {there: here for here, there in _HIDE.items()}
_ADAPTERS: dict[type, Any] = {}


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
    from pydantic import ValidationError

    try:
        text = json.dumps(values, ensure_ascii=False)
        hidden = text.translate(_HIDE)
        read: T = _adapter_of(kind).validate_json(hidden, strict=True, extra="forbid")
        return read if hidden == text else _restored(read)
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


def _adapter_of(kind: type[T]) -> Any:
    """Return what validates a dataclass; it takes a thousand times as long to make as to use."""
    from pydantic import TypeAdapter

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _restored(value: Any) -> Any:
    """Return a value with the surrogates that `_HIDE` took out of its strings."""
    if isinstance(value, str):
        return value.translate(_SHOW)
    if isinstance(value, tuple):
        return tuple(_restored(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _restored(getattr(value, f.name)) for f in fields(value)})
    return value
