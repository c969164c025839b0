"""What a parameter says of itself, as metadata of a dataclass's field.

Why not pydantic's models: parameters are hashed, compared, sent to the workers of a cluster and
made by people in Python, where a refused value should give one sentence that says what would do;
and the help of a command should not wait for an import of half a second. Plain frozen dataclasses
do all that. Pydantic reads JSON into them (`json_reading`), which is what it is better at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

KEY = "supervox"
FLOATS = (float, "float", tuple[float, ...], "tuple[float, ...]")  # as they may be annotated


@dataclass(frozen=True)
class Parameter:
    """All that a person should know of a parameter.

    Attributes
    ----------
    title : str
        As it stands beside a field, without unit.
    help : str
        One or two sentences: what it does, and what more and less of it lead to.
    unit : str
        In the plural; empty if there is none.
    ge, gt, le : float, optional
        The value, or each of several, is at least `ge`, more than `gt`, at most `le`.
    step : float, optional
        By which a field in a window goes up and down.
    choices : mapping of str to str, optional
        The names that it can be, or be several of, each with what it stands for; None if it is
        no choice of names.
    instead : str
        What to do for something beyond the range, for the end of the sentence that refuses it.
    write : callable, optional
        Writes a value for people, where that needs more than its type and unit.
    """

    title: str
    help: str
    unit: str = ""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    step: float | None = None
    choices: Mapping[str, str] | None = None
    instead: str = ""
    write: Callable[[Any], str] | None = None

    @property
    def range(self) -> str:
        """The range in words, with its unit, as "2 voxels or more"; empty if all is allowed."""
        unit = f" {self.unit}" if self.unit else ""
        if self.ge is not None and self.le is not None:
            return f"between {_number(self.ge)} and {_number(self.le)}{unit}"
        if self.ge is not None:
            return f"{_number(self.ge)}{unit} or more"
        if self.gt is not None:
            return "positive" if self.gt == 0 else f"more than {_number(self.gt)}{unit}"
        return f"{_number(self.le)}{unit} or less" if self.le is not None else ""

    def check(self, value: Any) -> None:
        """Refuse a value, or several in a tuple, that can't be.

        Raises
        ------
        ValueError
            If a number is out of the range, or a name none of the choices.
        """
        values = value if isinstance(value, tuple) else (value,)
        subject = self.title[0].lower() + self.title[1:]
        if self.choices:
            if unknown := [item for item in values if item not in self.choices]:
                shown = unknown if isinstance(value, tuple) else repr(value)
                known = ", ".join(self.choices)
                raise ValueError(f"unknown {subject} {shown}; choose from {known}")
        elif self.range:
            for item in values:
                if not self._holds(item):
                    verb = "must lie" if self.range.startswith("between") else "must be"
                    instead = f"; {self.instead}" if self.instead else ""
                    raise ValueError(
                        f"the {subject} {verb} {self.range}, not {_number(item)}{instead}"
                    )

    def _holds(self, value: float) -> bool:
        return (
            math.isfinite(value)
            and (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
        )

    def text(self, value: Any) -> str:
        """Write a value for people: with its unit, and a chosen name as what it stands for."""
        if self.write is not None:
            return self.write(value)
        if self.choices:
            values = value if isinstance(value, tuple) else (value,)
            return ", ".join(self.choices.get(item, str(item)) for item in values)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, tuple):
            words = ", ".join(
                " at ".join(map(_number, item)) if isinstance(item, tuple) else _number(item)
                for item in value
            )
            return f"{words} {self.unit}".strip() if words else "none"
        unit = self.unit.removesuffix("s") if value == 1 else self.unit
        return f"{_number(value)} {unit}".strip()


def parameter(
    default: Any,
    *,
    title: str,
    help: str,  # noqa: A002 (the word that click and argparse have for it)
    unit: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    step: float | None = None,
    choices: Mapping[str, str] | None = None,
    instead: str = "",
    write: Callable[[Any], str] | None = None,
) -> Any:
    """Make a field of a dataclass that is a parameter; see `Parameter` for the arguments.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Oven:
    ...     heat: float = parameter(180.0, title="Heat", help="Of the air.", unit="degrees", le=250)
    ...
    ...     def __post_init__(self) -> None:
    ...         check(self)
    >>> Oven(300)
    Traceback (most recent call last):
        ...
    ValueError: the heat must be 250 degrees or less, not 300
    """
    about = Parameter(title, help, unit, ge, gt, le, step, choices, instead, write)
    return field(default=default, metadata={KEY: about})


def stage(kind: type, *, title: str, help: str) -> Any:  # noqa: A002
    """Make a field of a dataclass that holds the parameters of a stage, with all defaults."""
    return field(default_factory=kind, metadata={KEY: Parameter(title, help)})


def parameter_of(owner: Any, name: str) -> Parameter:
    """Return what a dataclass, or an instance of it, says of a field.

    Raises
    ------
    KeyError
        If it has no such field, or one that is no parameter.
    """
    found: dict[str, Field[Any]] = {item.name: item for item in fields(owner)}
    about: Parameter = found[name].metadata[KEY]
    return about


def check(parameters: Any) -> None:
    """Check all fields of a dataclass, for its ``__post_init__``.

    Integers that stand for floats become floats: what is equal is the same in files, too.

    Raises
    ------
    ValueError
        If a value is out of its range; the sentence says what would do.
    """
    for item in fields(parameters):
        if KEY not in item.metadata:
            continue
        value = getattr(parameters, item.name)
        item.metadata[KEY].check(value)
        if item.type in FLOATS:
            floats = tuple(map(float, value)) if isinstance(value, tuple) else float(value)
            object.__setattr__(parameters, item.name, floats)


def _number(value: Any) -> str:
    """Write a number: all digits of an integer, and of another one those that matter."""
    return f"{value:g}" if isinstance(value, float) else str(value)
