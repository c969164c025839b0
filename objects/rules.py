"""Rules: named steps that give objects another class, or remove them, by their measures.

A rule is a line such as ``large and flat: volume > 0.02 um^3 and sphericity < 0.4 -> class 5``; the
name and the colon may be left out, and ``-> remove`` removes. Objects of a class are asked for by
its name or number: ``class == lipid droplets``; quotation marks are needed only around a name with
a sign in it, or with "and", "or" or "not". Rules are applied in order, each to what those before it
left, so the same rules on the same objects always give the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.volumes import convert_length, unit_symbol

from .checks import MOST_IDS
from .errors import ObjectsError
from .instances import Instances
from .table import Column, ObjectTable

REMOVED = 0  # the class of objects that a rule removes

Chosen = NDArray[np.bool_]
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "<": np.less,
    ">": np.greater,
    "==": np.equal,
    "=": np.equal,
    "!=": np.not_equal,
}
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<compare><=|>=|==|!=|<|>|=)|(?P<bracket>[()])
    |"(?P<text>[^"]*)"|(?P<word>[^\W\d][\w.]*(?:\^\d)?|%))""",
    re.VERBOSE,
)
_QUOTED = re.compile('"[^"]*"')
_JOINING = ("and", "or", "not", "(", ")")
_EXAMPLE = "write it like: volume > 0.02 um^3 and sphericity < 0.4"


@dataclass(frozen=True)
class Rule:
    """One step.

    Attributes
    ----------
    name : str
    condition : str
        Comparisons of measures, joined by ``and``, ``or``, ``not`` and brackets.
    to_class : int
        The class that objects get which meet it; 0 removes them.
    """

    name: str
    condition: str
    to_class: int

    @classmethod
    def parse(cls, line: str) -> Rule:
        """Read a rule from a line.

        Raises
        ------
        ObjectsError
            If it isn't one; the message shows how one is written.

        Examples
        --------
        >>> Rule.parse("specks: voxels < 20 -> remove")
        Rule(name='specks', condition='voxels < 20', to_class=0)
        """
        before, arrow, action = _parted(line, "->")
        words = action.split()
        if not arrow or not before.strip():
            raise ObjectsError(f"{line.strip()!r} is no rule; {_EXAMPLE} -> class 5")
        name, colon, condition = _parted(before, ":")
        condition = (condition if colon else before).strip()
        if words == ["remove"]:
            to_class = REMOVED
        elif len(words) == 2 and words[0] == "class" and words[1].isdecimal() and int(words[1]):
            to_class = int(words[1])
            if to_class > MOST_IDS:
                raise ObjectsError(f"{line.strip()!r}: classes are from 1 to {MOST_IDS}")
        else:
            raise ObjectsError(
                f"{line.strip()!r}: behind the arrow stands 'class' with a number, or 'remove'"
            )
        rule = cls(name.strip() if colon else condition, condition, to_class)
        _Condition(rule).check()
        return rule

    @property
    def text(self) -> str:
        """The rule as a line."""
        action = "remove" if self.to_class == REMOVED else f"class {self.to_class}"
        named = "" if self.name == self.condition else f"{self.name}: "
        return f"{named}{self.condition} -> {action}"

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes that the condition asks for.

        Examples
        --------
        >>> Rule.parse('class == lipid droplets or class == "a and b" -> remove').class_names
        ('lipid droplets', 'a and b')
        """
        condition = _Condition(self)
        condition.check()
        return tuple(condition.class_names)

    def with_units(self, table: ObjectTable) -> Rule:
        """Return the rule with a table's unit behind each number that has none.

        Examples
        --------
        >>> table = ObjectTable((Column("volume", np.zeros(0), "um^3"),))
        >>> Rule.parse("volume > 0.02 and voxels > 9 -> remove").with_units(table).condition
        'volume > 0.02 um^3 and voxels > 9'
        """
        found = list(_TOKEN.finditer(self.condition))
        texts = [(one.lastgroup, one[one.lastgroup or 0]) for one in found]
        condition = self.condition
        for k in range(len(found) - 1, 1, -1):  # from the end: what is before keeps its place
            name, after = texts[k - 2][1], texts[k + 1 : k + 2]
            is_bare = texts[k][0] == "number" and (not after or after[0][1] in _JOINING)
            if is_bare and name in table and (unit := table.column(name).unit):
                condition = f"{condition[: found[k].end()]} {unit}{condition[found[k].end() :]}"
        name = condition if self.name == self.condition else self.name
        return Rule(name, condition, self.to_class)

    def chooses(self, table: ObjectTable) -> Chosen:
        """Return which objects meet the condition; what is unknown meets none.

        Raises
        ------
        ObjectsError
            If the table lacks a measure, or a unit doesn't fit.
        """
        return _Condition(self).evaluate(table)


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Read rules, one a line; empty lines and what follows ``#`` are left out.

    Raises
    ------
    ObjectsError
        If a line is no rule.
    """
    lines = (_parted(line, "#")[0].strip() for line in text.splitlines())
    return tuple(Rule.parse(line) for line in lines if line)


def _parted(text: str, sign: str) -> tuple[str, str, str]:
    """Part a text at the first sign that stands in no quotation marks."""
    at = _QUOTED.sub(lambda found: " " * len(found[0]), text).find(sign)
    return (text[:at], sign, text[at + len(sign) :]) if at >= 0 else (text, "", "")


@dataclass(frozen=True)
class RuledObjects:
    """What rules left.

    Attributes
    ----------
    class_of : int64, (N,)
        Class of every object; 0 for those that were removed.
    changed : tuple of int or None
        How many objects each rule changed; None for one that was left out.
    refused : tuple of str
        Why rules were left out, in their order.
    """

    class_of: NDArray[np.int64]
    changed: tuple[int | None, ...]
    refused: tuple[str, ...] = ()

    def table(self, objects: ObjectTable, names: Mapping[int, str]) -> ObjectTable:
        """Return the table of objects with the new classes, without those that were removed."""
        return with_classes(objects, self.class_of, names).where(self.class_of != REMOVED)

    def instances(self, instances: Instances) -> Instances:
        """Return the instances with the new classes; ids of removed objects belong to class 0."""
        return Instances(instances.ids, self.class_of.astype(np.int32))


def apply_rules(
    objects: ObjectTable,
    rules: Iterable[Rule],
    names: Mapping[int, str] | None = None,
    kept: Chosen | None = None,
    *,
    leave_out: bool = False,
) -> RuledObjects:
    """Apply rules in order, each to what those before it left.

    Parameters
    ----------
    objects : ObjectTable
        A row for each object, with ``class`` and ``class_name``.
    rules : iterable of Rule
    names : mapping of int to str, optional
        Names of the classes.
    kept : bool, (N,), optional
        Objects that no rule changes: those that were given to a class, or marked, by hand.
    leave_out : bool
        Whether rules that can't be carried out are left out, so that they keep none that can.

    Raises
    ------
    ObjectsError
        If a rule asks for a measure that isn't there, or with a unit that doesn't fit, and isn't
        left out.
    """
    class_of = objects["class"].astype(np.int64)
    free = np.ones(class_of.size, np.bool_) if kept is None else ~kept
    changed: list[int | None] = []
    refused = []
    for rule in rules:
        table = with_classes(objects, class_of, names or {})
        try:
            met = rule.chooses(table)
        except ObjectsError as error:
            if not leave_out:
                raise
            refused.append(str(error))
            changed.append(None)
            continue
        chosen = met & (class_of != REMOVED) & (class_of != rule.to_class) & free
        class_of = np.where(chosen, rule.to_class, class_of)
        changed.append(int(chosen.sum()))
    return RuledObjects(class_of, tuple(changed), tuple(refused))


def with_classes(
    objects: ObjectTable, class_of: NDArray[np.int64], names: Mapping[int, str]
) -> ObjectTable:
    """Return a table of objects with other classes and their names."""
    old = dict(zip(objects["class"].tolist(), objects["class_name"].tolist(), strict=True))
    known = old | dict(names)
    texts = np.array([known.get(value, "") for value in class_of.tolist()], object)
    return objects.replaced("class", class_of).replaced("class_name", texts)


class _Condition:
    """A condition as tokens, read from the left.

    Parameters
    ----------
    rule : Rule
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._tokens: list[tuple[str, str]] = []
        self.class_names: list[str] = []  # that were asked for by now
        self._at = 0
        place = 0
        text = rule.condition
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if found is None:
                raise self._error(f"{text[place:].strip()!r} can't be read")
            kind = found.lastgroup or ""
            self._tokens.append((kind, found[kind]))
            place = found.end()

    def check(self) -> None:
        """Refuse what can't be read, whatever the table."""
        self._at = 0
        self._either(None)
        self._end()

    def evaluate(self, table: ObjectTable) -> Chosen:
        """Return which rows meet the condition."""
        self._at = 0
        chosen = self._either(table)
        self._end()
        return chosen

    def _end(self) -> None:
        if self._at < len(self._tokens):
            raise self._error(f"{self._tokens[self._at][1]!r} is not expected there")

    def _error(self, what: str) -> ObjectsError:
        return ObjectsError(f"{self._rule.condition!r}: {what}; {_EXAMPLE}")

    def _peek(self, *words: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][1] in words

    def _take(self, kind: str, what: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != kind:
            raise self._error(f"{what} is missing")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _either(self, table: ObjectTable | None) -> Chosen:
        chosen = self._both(table)
        while self._peek("or"):
            self._at += 1
            chosen = chosen | self._both(table)
        return chosen

    def _both(self, table: ObjectTable | None) -> Chosen:
        chosen = self._one(table)
        while self._peek("and"):
            self._at += 1
            chosen = chosen & self._one(table)
        return chosen

    def _one(self, table: ObjectTable | None) -> Chosen:
        if self._peek("not"):
            self._at += 1
            return ~self._one(table)
        if self._peek("("):
            self._at += 1
            chosen = self._either(table)
            if not self._peek(")"):
                raise self._error("a bracket isn't closed")
            self._at += 1
            return chosen
        return self._comparison(table)

    def _comparison(self, table: ObjectTable | None) -> Chosen:
        name = self._take("word", "the name of a measure")
        compare = _COMPARE[self._take("compare", f"a comparison behind {name!r}, such as <,")]
        wanted: Any = self._text()
        unit = ""
        if wanted is None:
            wanted = float(self._take("number", "a number, or the name of a class,"))
            if self._next_kind() and not self._peek(*_JOINING):
                unit = self._take("word", "'and' or 'or'")
        if table is None:
            if isinstance(wanted, str) and name in ("class", "class_name"):
                self.class_names.append(wanted)
            return np.zeros(0, np.bool_)
        if name == "class" and isinstance(wanted, str):
            name = "class_name"
        column = self._column(table, name)
        is_text = column.values.dtype == object
        if isinstance(wanted, str) != is_text:
            kind = "names" if is_text else "numbers"
            raise self._error(f"{name} is compared with {kind}")
        if not is_text:
            wanted = self._in_unit(wanted, unit, column)
        with np.errstate(invalid="ignore"):
            met: Chosen = np.asarray(compare(column.values, wanted), np.bool_)
        return met if is_text else met & ~np.isnan(column.values.astype(np.float64))

    def _next_kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _text(self) -> str | None:
        """Take a name, in quotation marks or of some words; None if it is none."""
        if self._next_kind() == "text":
            return self._take("text", "")
        words = []
        while self._next_kind() == "word" and not self._peek(*_JOINING):
            words.append(self._take("word", ""))
        return " ".join(words) or None

    def _column(self, table: ObjectTable, name: str) -> Column:
        if name in table:
            return table.column(name)
        near = get_close_matches(name, table.names, n=3)
        known = f"is it {' or '.join(near)}?" if near else f"there are {', '.join(table.names)}"
        raise ObjectsError(f"{self._rule.condition!r}: there is no measure {name!r}; {known}")

    def _in_unit(self, value: float, unit: str, column: Column) -> float:
        """Return a number in the unit of a column."""
        unit = unit.replace("²", "^2").replace("³", "^3")  # as tables show it
        unit = unit.replace("voxels", "voxel")
        if not unit or unit == column.unit:
            return value
        if unit == "%" and not column.unit:
            return value / 100
        base, _, power = unit.partition("^")
        own, _, own_power = column.unit.partition("^")
        source, target = unit_symbol(base), unit_symbol(own)
        if source is None or target is None or (power or "1") != (own_power or "1"):
            has = f"is in {column.unit}" if column.unit else "has no unit"
            raise self._error(f"{column.name} {has}, which {unit!r} doesn't fit")
        return value * convert_length(1.0, source, target) ** int(power or 1)
