"""A file is written over no other one unasked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget
from supervox.napari_plugin.widgets.where_to import ask_where_to

YES, NO = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No


class Answers:
    """What a person types, and says when asked whether a file may be replaced."""

    def __init__(self, typed: Iterator[str], says: Any) -> None:
        self._typed, self._says = typed, says
        self.begins: list[str] = []
        self.questions: list[str] = []

    def name(self, *asked: Any) -> tuple[str, str]:
        self.begins.append(Path(asked[2]).name)
        return next(self._typed), ""

    def replace(self, *asked: Any) -> Any:
        self.questions.append(asked[2])
        return self._says


@pytest.mark.parametrize("says", [YES, NO])
def test_a_name_that_gets_its_ending_replaces_no_other_file_unasked(
    says: Any, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cell.csv").write_text("of last year")
    typed = iter([str(tmp_path / "cell"), str(tmp_path / "other")])
    answers = Answers(typed, says)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", answers.name)
    monkeypatch.setattr(QMessageBox, "question", answers.replace)
    parent = QWidget()
    qtbot.addWidget(parent)
    chosen = ask_where_to(parent, "Save", tmp_path / "first.csv", (".csv",))
    assert answers.questions == ["cell.csv exists already. Replace it?"]
    if says == YES:
        assert chosen == tmp_path / "cell.csv"
    else:  # asked again, from there
        assert chosen == tmp_path / "other.csv"
        assert answers.begins == ["first.csv", "cell.csv"]


def test_a_name_with_its_ending_was_asked_for_by_qt(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cell.JPG").write_bytes(b"")
    answers = Answers(iter([str(tmp_path / "cell.JPG"), ""]), NO)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", answers.name)
    monkeypatch.setattr(QMessageBox, "question", answers.replace)
    parent = QWidget()
    qtbot.addWidget(parent)
    asked = parent, "Save", tmp_path / "a.png", (".png", ".jpg")
    assert ask_where_to(*asked) == tmp_path / "cell.JPG"
    assert ask_where_to(*asked) is None
    assert answers.questions == []
