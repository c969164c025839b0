"""Nested parameters as one list, for forms, options and tables; and copies with one changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar, get_type_hints

from .fields import KEY, Parameter

T = TypeVar("T")


@dataclass(frozen=True)
class ParameterEntry:
    """A parameter within all.

    Attributes
    ----------
    path : tuple of str
        Names of the fields on the way to it, as ("classifier", "trees").
    about : Parameter
    kind : type
        Of its value, as it is annotated.
    value : object
    stage : Parameter, optional
        What is said of the stage that it belongs to; None if it stands beside the stages.
    """

    path: tuple[str, ...]
    about: Parameter
    kind: Any
    value: Any
    stage: Parameter | None = None

    @property
    def name(self) -> str:
        """The path in one word, as "classifier.trees"."""
        return ".".join(self.path)

    @property
    def text(self) -> str:
        """The value as people write it."""
        return self.about.text(self.value)


def entries_of(parameters: Any) -> Iterator[ParameterEntry]:
    """Yield every parameter of an object and of the stages in it, in the order of the fields."""
    hints = get_type_hints(type(parameters))
    for item in fields(parameters):
        if KEY not in item.metadata:
            continue
        about, value = item.metadata[KEY], getattr(parameters, item.name)
        if is_dataclass(value):
            for inner in entries_of(value):
                yield replace(inner, path=(item.name, *inner.path), stage=inner.stage or about)
        else:
            yield ParameterEntry((item.name,), about, hints[item.name], value)


def change_entry(parameters: T, path: Sequence[str], value: Any) -> T:
    """Return a copy with one value changed, wherever it is in there.

    Raises
    ------
    ValueError
        If the value can't be.
    """
    name, *rest = path
    if rest:
        value = change_entry(getattr(parameters, name), rest, value)
    changed: T = replace(parameters, **{name: value})  # type: ignore[type-var]
    return changed
