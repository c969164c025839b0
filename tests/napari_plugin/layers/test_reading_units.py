"""Lengths, areas and volumes in the unit in which they read best."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.napari_plugin.layers.reading_units import in_reading_units, reading_unit, unit_text
from supervox.napari_plugin.layers.source import length
from supervox.napari_plugin.widgets.objects_table import ObjectsModel, titled
from supervox.objects import Column, ObjectTable, Rule
from supervox.volumes import convert_length


@pytest.mark.parametrize(
    ("size", "unit", "power", "expected"),
    [
        (46.0, "angstrom", 1, (46.0, "angstrom")),  # as it is written
        (4600.0, "angstrom", 1, (460.0, "nm")),
        (320.0, "nm", 1, (320.0, "nm")),
        (1500.0, "nm", 1, (1.5, "um")),
        (0.02, "mm", 1, (20.0, "um")),
        (5.2e6, "nm", 3, (0.0052, "um")),
        (5.2e5, "nm", 3, (5.2e5, "nm")),  # 0.00052 µm³ reads no better
        (5.2e7, "nm", 2, (52.0, "um")),
        (3e-9, "mm", 3, (3.0, "um")),
        (1e30, "nm", 3, (1e12, "mm")),
        (0.0, "nm", 3, (0.0, "nm")),
        (np.nan, "nm", 3, (np.nan, "nm")),
        (5000.0, "voxel", 3, (5000.0, "voxel")),
    ],
)
def test_the_unit_follows_the_magnitude(
    size: float, unit: str, power: int, expected: tuple[float, str]
) -> None:
    read, factor = reading_unit(size, unit, power)
    assert (size * factor, read) == (pytest.approx(expected[0], nan_ok=True), expected[1])


@given(
    st.floats(1e-3, 1e15), st.sampled_from(["angstrom", "nm", "um", "mm"]), st.sampled_from([1, 2])
)
def test_a_size_stays_the_same_size(size: float, unit: str, power: int) -> None:
    read, factor = reading_unit(size, unit, power)
    assert size * factor * convert_length(1.0, read, unit) ** power == pytest.approx(size)
    assert read == unit or size * factor >= 0.1**power or read == "nm"


def test_units_are_written_as_people_do() -> None:
    assert [unit_text(u) for u in ("um^3", "nm^2", "angstrom", "")] == ["µm³", "nm²", "Å", ""]
    assert length(8, (50, 40, 40), "nm") == "320 nm (8 voxels)"
    assert length(8, (500, 400, 400), "nm") == "3.2 µm (8 voxels)"


def test_a_table_is_read_and_asked_in_the_units_that_it_shows() -> None:
    table = ObjectTable(
        (
            Column("id", np.arange(1, 4)),
            Column("class", np.ones(3, np.int64)),
            Column("class_name", np.array(["cell"] * 3, object)),
            Column("volume", np.array([2e7, 3e7, np.nan]), "nm^3"),
            Column("length", np.array([20.0, 30.0, 40.0]), "nm"),
            Column("sphericity", np.array([0.5, 1, 1])),
        )
    )
    model = ObjectsModel()
    model.show_table(table)
    titles = [titled(column) for column in model.columns]
    assert titles == ["id", "class name", "volume (µm³)", "length (nm)", "sphericity"]
    assert model.data(model.index(0, 2)) == "0.02"
    model.filter(0, "volume > 0.025")
    assert model.numbers.tolist() == [2]
    model.filter(0, "volume > 2.5e7 nm^3")
    assert model.numbers.tolist() == [2]
    assert table.column("volume").unit == "nm^3"  # as it is exported
    # what is left after an edit is shown in the same units
    less = table.replaced("volume", table["volume"] / 1e6)
    model.update_table(less, 0, "")
    np.testing.assert_allclose(model.table["volume"], [2e-8, 3e-8, np.nan])
    assert in_reading_units(less).column("volume").unit == "nm^3"
    rule = Rule.parse("flat: not (volume > 0.025) or length < 25 and sphericity < 2 -> remove")
    whole = rule.with_units(model.table)
    assert whole.condition == ("not (volume > 0.025 um^3) or length < 25 nm and sphericity < 2")
    assert whole.chooses(table).tolist() == [True, False, True]
    assert whole.with_units(table) == whole
    bare = Rule.parse("volume > 0.025 -> remove").with_units(model.table)
    assert (bare.name, bare.condition) == ("volume > 0.025 um^3",) * 2
