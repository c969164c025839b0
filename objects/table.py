"""Tables of measures: columns with a unit and a definition each, written as CSV and Parquet."""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.volumes import appearing

from .errors import ObjectsError

TABLE_ENDINGS = (".csv", ".parquet")


@dataclass(frozen=True)
class Column:
    """One measure of all objects.

    Attributes
    ----------
    name : str
    values : array, (N,)
        Numbers, or texts.
    unit : str
        As it stands in headers; nothing for numbers without one.
    definition : str
        What it is, in a sentence.
    source : str
        Where that is from.
    """

    name: str
    values: NDArray[Any]
    unit: str = ""
    definition: str = ""
    source: str = ""

    @property
    def title(self) -> str:
        """The name with its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def as_json(self) -> dict[str, str]:
        """Return what is to be known of it, without the values."""
        about = {"name": self.name, "unit": self.unit, "definition": self.definition}
        return about | ({"source": self.source} if self.source else {})


@dataclass(frozen=True)
class ObjectTable:
    """Measures of objects, of classes or of pairs: a row each.

    Attributes
    ----------
    columns : tuple of Column
        All of the same length.
    """

    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.column(name).values

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by its name.

        Raises
        ------
        ObjectsError
            If there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise ObjectsError(f"there is no measure {name!r}; there are {', '.join(self.names)}")

    def replaced(self, name: str, values: NDArray[Any]) -> ObjectTable:
        """Return the table with other values in a column."""
        self.column(name)
        return ObjectTable(
            tuple(
                replace(column, values=values) if column.name == name else column
                for column in self.columns
            )
        )

    def where(self, chosen: NDArray[np.bool_]) -> ObjectTable:
        """Return the table of some rows."""
        return ObjectTable(
            tuple(replace(column, values=column.values[chosen]) for column in self.columns)
        )

    def rows(self) -> Iterable[tuple[Any, ...]]:
        """Yield the rows as Python's own numbers and texts."""
        return zip(*(column.values.tolist() for column in self.columns), strict=True)

    def to_csv(self) -> str:
        """Return the table as CSV: a header with units, then the rows; what is unknown is empty."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([column.title for column in self.columns])
        writer.writerows([[_text(value) for value in row] for row in self.rows()])
        return stream.getvalue()

    def as_json(self) -> list[dict[str, str]]:
        """Return what the columns are."""
        return [column.as_json() for column in self.columns]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return "" if value != value else f"{value:.9g}"
    return str(value)


def check_table_name(path: Path) -> None:
    """Refuse a file of a kind that tables aren't written as.

    Raises
    ------
    ObjectsError
        If the ending is none of a table's, or what its kind needs isn't installed.
    """
    if path.suffix.lower() not in TABLE_ENDINGS:
        raise ObjectsError(f"{path}: tables end with {' or '.join(TABLE_ENDINGS)}")
    if path.suffix.lower() == ".parquet":
        _arrow(path)


def write_table(path: Path, table: ObjectTable, about: Mapping[str, Any] | None = None) -> None:
    """Write a table, as CSV or Parquet by the ending of the name.

    Parameters
    ----------
    path : Path
    table : ObjectTable
    about : mapping, optional
        What is kept within a Parquet file besides: where the table comes from.

    Raises
    ------
    ObjectsError
        As for `check_table_name`.
    OSError
        If it can't be written.
    """
    check_table_name(path)
    with appearing(path) as staged:
        if path.suffix.lower() == ".csv":
            staged.write_text(table.to_csv(), encoding="utf-8", errors="backslashreplace")
        else:
            _write_parquet(staged, table, about or {})


def provenance_name(path: Path) -> str:
    """Return the name of what lies beside a table and says where it comes from."""
    return f"{path.name}.json"


def write_with_provenance(
    path: Path, table: ObjectTable, what: str, about: Mapping[str, Any]
) -> None:
    """Write a table, and beside it what its columns are and what it was made from.

    Parameters
    ----------
    path : Path
    table : ObjectTable
    what : str
        What it holds, as "objects".
    about : mapping
        Where it comes from.

    Raises
    ------
    ObjectsError, OSError
        As for `write_table`.
    """
    content = dict(about) | {
        "table": what,
        "rows": len(table),
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "columns": table.as_json(),
    }
    write_table(path, table, content)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    with appearing(path.with_name(provenance_name(path))) as staged:
        staged.write_text(text + "\n", encoding="utf-8")


def _arrow(path: Path) -> Any:
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise ObjectsError(
            f"{path}: Parquet needs the package pyarrow; install it with: "
            "pip install 'supervox[tables]', or write .csv"
        ) from error
    return pyarrow


def _write_parquet(path: Path, table: ObjectTable, about: Mapping[str, Any]) -> None:
    """Write a Parquet file: units and definitions are metadata of its columns."""
    arrow = _arrow(path)
    fields, arrays = [], []
    for column in table.columns:
        array = arrow.array(column.values)
        fields.append(arrow.field(column.title, array.type, metadata=column.as_json()))
        arrays.append(array)
    schema = arrow.schema(fields, metadata={"supervox": json.dumps(about)})
    arrow.parquet.write_table(arrow.Table.from_arrays(arrays, schema=schema), path)


def joined(tables: Sequence[ObjectTable]) -> ObjectTable:
    """Return the columns of several tables of the same rows beside one another."""
    return ObjectTable(tuple(column for table in tables for column in table.columns))
