"""Tables: units in headers, what is unknown is empty, and files that say what they hold."""

from __future__ import annotations

import csv
import json
import sys

import numpy as np
import pytest
from supervox.objects import Column, ObjectsError, ObjectTable, check_table_name, write_table


@pytest.fixture
def table():
    return ObjectTable(
        (
            Column("id", np.array([1, 2]), "", "number"),
            Column("class_name", np.array(["a, b", "Zellkörper"], object)),
            Column("volume", np.array([np.nan, 1 / 3]), "um^3", "voxels times", "a paper"),
        )
    )


def test_csv_has_units_in_its_header_and_empty_places_for_what_is_unknown(table, tmp_path):
    write_table(tmp_path / "o.csv", table)
    with (tmp_path / "o.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["id", "class_name", "volume (um^3)"],
        ["1", "a, b", ""],
        ["2", "Zellkörper", "0.333333333"],
    ]


def test_parquet_keeps_types_units_and_where_it_comes_from(table, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_table(tmp_path / "o.parquet", table, {"labels": "cell.tif"})
    found = parquet.read_table(tmp_path / "o.parquet")
    assert found.column_names == ["id", "class_name", "volume (um^3)"]
    assert found.column("id").to_pylist() == [1, 2]
    assert found.schema.field(2).metadata[b"definition"] == b"voxels times"
    assert json.loads(found.schema.metadata[b"supervox"]) == {"labels": "cell.tif"}


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ObjectsError, match=r"supervox\[tables\].*or write .csv"):
        check_table_name(tmp_path / "o.parquet")


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ObjectsError, match=r"tables end with .csv or .parquet"):
        check_table_name(tmp_path / "o.xlsx")


def test_columns_are_found_by_name(table):
    assert table["volume"][1] == pytest.approx(1 / 3)
    assert "volume" in table
    assert "surface" not in table
    with pytest.raises(ObjectsError, match="no measure 'surface'; there are id, class_name"):
        table.column("surface")
    assert table.where(np.array([False, True]))["id"].tolist() == [2]
