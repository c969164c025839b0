"""Rules: read, checked, applied in order, in any unit of the same kind."""

from __future__ import annotations

import numpy as np
import pytest
from supervox.objects import (
    Column,
    ObjectsError,
    ObjectTable,
    Rule,
    apply_rules,
    find_objects,
    measure_objects,
    parse_rules,
)


@pytest.fixture
def table():
    return ObjectTable(
        (
            Column("class", np.array([1, 1, 2, 2])),
            Column("class_name", np.array(["cell", "cell", "er", "er"], object)),
            Column("volume", np.array([1e6, 2e7, 3e7, 4e9]), "nm^3"),
            Column("sphericity", np.array([0.9, 0.3, 0.35, np.nan])),
        )
    )


@pytest.mark.parametrize(
    ("condition", "chosen"),
    [
        ("volume > 0.015 um^3", [0, 1, 1, 1]),
        ("volume > 0.015 µm³", [0, 1, 1, 1]),
        ("volume > 15000000", [0, 1, 1, 1]),
        ("volume <= 2e7 nm^3", [1, 1, 0, 0]),
        ("sphericity < 40 %", [0, 1, 1, 0]),
        ("not sphericity < 0.4", [1, 0, 0, 1]),
        ("sphericity != 0.9", [0, 1, 1, 0]),
        ("class == 2 and sphericity < 0.4 or volume < 2e6", [1, 0, 1, 0]),
        ("class = 2 and (sphericity < 0.4 or volume < 2e6)", [0, 0, 1, 0]),
        ('class_name == "er"', [0, 0, 1, 1]),
        ("class_name == er", [0, 0, 1, 1]),
        ("class == er", [0, 0, 1, 1]),
        ("class != er and volume > 2e6", [0, 1, 0, 0]),
        ('class == "er" or class == cell', [1, 1, 1, 1]),
        ("(class == er) and not sphericity < 0.4", [0, 0, 0, 1]),
        ("class == lipid droplets", [0, 0, 0, 0]),
        ('class == ""', [0, 0, 0, 0]),
    ],
)
def test_conditions_choose(table, condition, chosen):
    rule = Rule.parse(f"{condition} -> class 9")
    assert rule.chooses(table).tolist() == [bool(value) for value in chosen]
    assert Rule.parse(rule.text) == rule


def test_a_class_is_asked_for_by_a_name_of_several_words(table):
    names = np.array(["lipid droplets", "cell", "er", "lipid"], object)
    named = table.replaced("class_name", names)
    rule = Rule.parse("fat: class == lipid droplets and volume > 10 -> remove")
    assert rule.chooses(named).tolist() == [True, False, False, False]
    assert Rule.parse(rule.text) == rule


@pytest.mark.parametrize("name", ["er: rough", "er #2", "er -> golgi", "and"])
def test_a_name_with_a_sign_goes_into_quotation_marks(table, name):
    named = table.replaced("class_name", np.array([name, "cell", "er", "er"], object))
    rules = parse_rules(f'class == "{name}" -> remove # gone\nrough: class == "{name}" -> class 7')
    assert [rule.name for rule in rules] == [f'class == "{name}"', "rough"]
    for rule in rules:
        assert rule.chooses(named).tolist() == [True, False, False, False]
        assert Rule.parse(rule.text) == rule


def test_lengths_in_voxels_may_be_written_so():
    table = ObjectTable((Column("feret_max", np.array([3.0, 9.0]), "voxel"),))
    for words in ("4", "4 voxel", "4 voxels"):
        assert Rule.parse(f"feret_max > {words} -> remove").chooses(table).tolist() == [False, True]


def test_rules_follow_one_another(table):
    rules = parse_rules(
        """
        # what is small goes first
        specks: volume < 2e6 -> remove
        sheets: class == 1 and sphericity < 0.4 -> class 5   # and that
        class == 5 -> class 6
        class == 1 -> class 7
        """
    )
    ruled = apply_rules(table, rules, {6: "sheet"})
    assert ruled.class_of.tolist() == [0, 6, 2, 2]
    assert ruled.changed == (1, 1, 1, 0)
    left = ruled.table(table, {6: "sheet"})
    assert left["class"].tolist() == [6, 2, 2]
    assert left["class_name"].tolist() == ["sheet", "er", "er"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("volume > 3", "is no rule; write it like"),
        ("-> class 3", "is no rule"),
        ("volume > 3 -> class", "behind the arrow stands 'class' with a number, or 'remove'"),
        ("volume > 3 -> class 0", "behind the arrow"),
        ("volume > 3 -> class 99999999999", "classes are from 1 to 2147483647"),
        ("volume -> class 3", "a comparison behind 'volume'.* is missing"),
        ("volume > -> class 3", "a number, or the name of a class, is missing"),
        ("(volume > 3 -> class 3", "a bracket isn't closed"),
        ("volume > 3 nm volume -> class 3", "'volume' is not expected there"),
        ("volume > 3; -> class 3", "';' can't be read"),
        ("3 > volume -> class 3", "the name of a measure is missing"),
    ],
)
def test_what_is_no_rule_is_refused_at_once(line, message):
    with pytest.raises(ObjectsError, match=message):
        parse_rules(line)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("volum > 3", "no measure 'volum'; is it volume\\?"),
        ("volume > 3 um^2", "volume is in nm\\^3, which 'um\\^2' doesn't fit"),
        ("volume > 3 apples", "which 'apples' doesn't fit"),
        ("sphericity > 3 nm", "sphericity has no unit"),
        ('volume > "big"', "volume is compared with numbers"),
        ("volume > big", "volume is compared with numbers"),
        ("class_name == 3", "class_name is compared with names"),
    ],
)
def test_what_no_measure_fits_is_refused(table, condition, message):
    with pytest.raises(ObjectsError, match=message):
        apply_rules(table, [Rule.parse(f"{condition} -> remove")])


def test_tables_follow_the_rules():
    labels = np.zeros((1, 1, 9), np.uint8)
    labels[0, 0] = [1, 2, 0, 1, 1, 2, 0, 1, 0]
    instances = find_objects(labels)
    measured = measure_objects(instances)
    rules = parse_rules("voxels > 1 -> class 3\nvoxels == 1 and class == 1 -> remove")
    ruled = apply_rules(measured.objects, rules)
    left = measured.after(ruled, {3: "long"})
    assert left.objects["id"].tolist() == [2, 3, 4]
    assert left.objects["class_name"].tolist() == ["", "long", ""]
    assert left.classes["class"].tolist() == [2, 3]
    assert next(iter(left.contacts.rows()))[:4] == (3, 3, 4, 2)
    assert len(left.contacts) == 1
    assert ruled.instances(instances).class_of.tolist() == [0, 2, 3, 2, 0]
