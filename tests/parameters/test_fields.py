"""A parameter says what it is once; check, text, range and copies follow."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from supervox.parameters import (
    change_entry,
    check,
    entries_of,
    parameter,
    parameter_of,
    read_json,
    stage,
)


@dataclass(frozen=True)
class Dough:
    """Of a bread."""

    flour: float = parameter(500.0, title="Flour", help="More is more.", unit="grams", gt=0)
    grains: tuple[str, ...] = parameter(
        ("rye",), title="Grains", help="Any of them.", choices={"rye": "dark", "spelt": "old"}
    )
    rests: tuple[float, ...] = parameter(
        (1.0, 2.5), title="Rests", help="One after the other.", unit="hours", ge=0.5, le=48
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Bread:
    """Baked."""

    dough: Dough = stage(Dough, title="Dough", help="Comes first.")
    heat: int = parameter(
        220, title="Heat", help="Of the air.", unit="degrees", le=300, instead="use a grill"
    )
    crusty: bool = parameter(True, title="Crust", help="Whether there is one.")
    note: str = field(default="")  # no parameter

    def __post_init__(self) -> None:
        check(self)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((("dough", "flour"), 0), "^the flour must be positive, not 0$"),
        ((("dough", "flour"), float("inf")), "the flour must be positive, not inf"),
        ((("dough", "rests"), (1.0, 49.0)), "must lie between 0.5 and 48 hours, not 49"),
        ((("dough", "grains"), ("oat", "rye")), r"unknown grains .'oat'.; choose from rye, spelt"),
        ((("heat",), 301), "the heat must be 300 degrees or less, not 301; use a grill"),
    ],
)
def test_what_is_out_of_range_is_refused_in_a_sentence(change, message) -> None:
    with pytest.raises(ValueError, match=message):
        change_entry(Bread(), *change)


def test_entries_come_in_the_order_of_the_fields() -> None:
    names = [(entry.name, entry.stage and entry.stage.title) for entry in entries_of(Bread())]
    assert names == [
        ("dough.flour", "Dough"),
        ("dough.grains", "Dough"),
        ("dough.rests", "Dough"),
        ("heat", None),
        ("crusty", None),
    ]


def test_values_are_written_with_their_units() -> None:
    texts = {entry.name: entry.text for entry in entries_of(Bread(Dough(1.0), crusty=False))}
    assert texts == {
        "dough.flour": "1 gram",
        "dough.grains": "dark",
        "dough.rests": "1, 2.5 hours",
        "heat": "220 degrees",
        "crusty": "no",
    }


def test_a_changed_copy_leaves_the_rest() -> None:
    bread = Bread()
    assert change_entry(bread, ("dough", "flour"), 250.0) == Bread(Dough(250.0))
    assert bread == Bread()


def test_a_field_that_is_none_is_a_key_error() -> None:
    assert parameter_of(Bread, "heat").unit == "degrees"
    for name in ("note", "butter"):
        with pytest.raises(KeyError):
            parameter_of(Bread, name)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"butter": 1}, "butter is unknown to this version of supervox: a newer one"),
        ({"dough": {"salt": 1}}, r"^dough\.salt is unknown"),
        ({"dough": {"flour": "much"}}, r"dough\.flour is damaged: input should be a valid number"),
        ({"dough": {"rests": [1, "2"]}}, r"dough\.rests\.1 is damaged"),
        ({"heat": True}, "heat is damaged"),
        ({"heat": 500}, "^the heat must be 300 degrees or less, not 500; use a grill$"),
        ([], "all of it is damaged"),
    ],
)
def test_json_is_believed_only_as_it_is_written(values, message) -> None:
    with pytest.raises(ValueError, match=message):
        read_json(Bread, values)


def test_json_may_lack_what_has_a_default_and_have_integers_for_floats() -> None:
    found = read_json(Bread, {"dough": {"flour": 300}, "crusty": False})
    assert found == Bread(Dough(300.0), crusty=False)
    assert type(found.dough.flour) is float
