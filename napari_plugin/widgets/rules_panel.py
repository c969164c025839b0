"""The rules that sort objects: a list in their order, with what each catches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QVBoxLayout,
    QWidget,
)
from supervox.objects import REMOVED, ObjectsError, Rule

from .controls import button, list_choices, tool
from .steady import SteadyLabel

EXAMPLE = "specks: voxels < 30"


class RulesPanel(QWidget):
    """Shows rules, and has them changed: each change is carried out at once.

    Parameters
    ----------
    set_rules : callable
        Takes all rules, in their order.
    put_in : callable
        Changes the labels as the rules say.
    complete : callable
        Returns a rule with the units that are shown. Raises `ObjectsError` where it asks for a
        measure that objects lack, or in a unit that doesn't fit.
    """

    def __init__(
        self,
        set_rules: Callable[[Sequence[Rule]], None],
        put_in: Callable[[], None],
        complete: Callable[[Rule], Rule],
    ) -> None:
        super().__init__()
        self._set, self._rules, self._complete = set_rules, tuple[Rule, ...](), complete
        self._shown: tuple[object, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        line = QHBoxLayout()
        self.list = QListWidget()
        self.list.setObjectName("supervox_rules")
        self.list.setToolTip(
            "Rules are carried out from the first to the last, each on what those before it left. "
            "What was given to a class, or marked as right, by hand stays as it is"
        )
        self.list.currentRowChanged.connect(self._on_row)
        line.addWidget(self.list, 1)
        side = QVBoxLayout()
        self.up = tool(
            "supervox_rule_up", "↑", "Carry this rule out earlier", lambda: self._move(-1)
        )
        self.down = tool("supervox_rule_down", "↓", "Carry it out later", lambda: self._move(1))
        self.remove = tool("supervox_rule_remove", "×", "Take this rule away", self._remove)
        for made in (self.up, self.down, self.remove):
            side.addWidget(made)
        side.addStretch(1)
        line.addLayout(side)
        layout.addLayout(line, 1)
        line = QHBoxLayout()
        self.text = QLineEdit()
        self.text.setObjectName("supervox_rule_text")
        self.text.setPlaceholderText(EXAMPLE)
        self.text.setToolTip(
            "A name, a colon, and a condition on measures, as above the table: "
            "'sheets: volume > 0.02 um^3 and sphericity < 0.4'. The name may be left out. A class "
            "is asked for by its name or number: 'class == mitochondria'"
        )
        self.text.returnPressed.connect(self._add)
        line.addWidget(self.text, 1)
        line.addWidget(QLabel("→"))
        self.to = QComboBox()
        self.to.setObjectName("supervox_rule_to")
        self.to.setToolTip("What becomes of the objects that meet it, in the table and picture")
        line.addWidget(self.to)
        self.add = button("supervox_rule_add", "Add", "Add it as the last rule", self._add)
        self.change = button(
            "supervox_rule_change", "Change", "Put it in the place of the rule above", self._change
        )
        for press in (self.add, self.change):
            press.setAutoDefault(False)  # Enter adds
            line.addWidget(press)
        layout.addLayout(line)
        line = QHBoxLayout()
        self.says = SteadyLabel(2)
        self.says.setObjectName("supervox_rules_say")
        line.addWidget(self.says, 1)
        self.put_in = button(
            "supervox_rules_put_in",
            "Put into the labels",
            "Change the labels as the rules say, as corrections: they are exported then. Without "
            "it, rules sort the table and the picture only",
            put_in,
        )
        self.put_in.setAutoDefault(False)
        line.addWidget(self.put_in)
        layout.addLayout(line)

    def show_rules(
        self,
        rules: tuple[Rule, ...],
        caught: Sequence[int | None],
        refused: str,
        classes: Sequence[tuple[str, int]],
    ) -> None:
        """Show rules.

        Parameters
        ----------
        rules : tuple of Rule
        caught : sequence of int
            How many objects each of them changed; None where it can't be carried out.
        refused : str
            What is wrong with them; empty if nothing is.
        classes : sequence of (str, int)
            Names and ids of what objects can become.
        """
        now = (rules, tuple(caught), refused, tuple(classes))
        if now == self._shown:
            return
        self._shown, self._rules = now, rules
        entries = [*classes, ("removed", REMOVED)]
        list_choices(self.to, entries)
        names = {class_id: name for name, class_id in entries}
        row = min(self.list.currentRow(), len(rules) - 1)
        self.list.blockSignals(True)
        self.list.clear()
        for rule, number in zip(rules, caught, strict=True):
            name = "" if rule.name == rule.condition else f"{rule.name}: "
            to = names.get(rule.to_class, f"class {rule.to_class}")
            self.list.addItem(f"{name}{rule.condition} → {to}   ({_caught(number)})")
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self._enable()
        self.put_in.setEnabled(any(caught))
        hint = "" if rules else "No rules: all objects are of the class of their labels"
        self.says.say(refused or hint, "warning" if refused else "note")

    def _enable(self) -> None:
        row, last = self.list.currentRow(), len(self._rules) - 1
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < last)
        self.remove.setEnabled(row >= 0)
        self.change.setEnabled(row >= 0)

    def _on_row(self, row: int) -> None:
        """Show the chosen rule in the line below, where it can be changed."""
        self._enable()
        if 0 <= row < len(self._rules):
            rule = self._rules[row]
            self.text.setText(rule.text.rpartition(" -> ")[0])
            self.to.setCurrentIndex(max(self.to.findData(rule.to_class), 0))

    def _written(self) -> Rule | None:
        """Read the rule in the line; say what is wrong with it."""
        to = self.to.currentData()
        action = "remove" if to == REMOVED else f"class {to}"
        try:
            rule = Rule.parse(f"{self.text.text()} -> {action}")
            return self._complete(rule)
        except ObjectsError as error:
            self.says.say(str(error), "warning")
            return None

    def _add(self) -> None:
        rule = self._written()
        if rule is not None:
            self.text.clear()
            self._set([*self._rules, rule])

    def _change(self) -> None:
        rule, row = self._written(), self.list.currentRow()
        if rule is not None and 0 <= row < len(self._rules):
            self._set([*self._rules[:row], rule, *self._rules[row + 1 :]])

    def _remove(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._rules):
            self.list.setCurrentRow(-1)
            self.text.clear()
            self._set([*self._rules[:row], *self._rules[row + 1 :]])

    def _move(self, by: int) -> None:
        row, rules = self.list.currentRow(), list(self._rules)
        rules[row], rules[row + by] = rules[row + by], rules[row]
        self.list.blockSignals(True)
        self.list.setCurrentRow(row + by)
        self.list.blockSignals(False)
        self._set(rules)


def _caught(number: int | None) -> str:
    """Say how many objects a rule changed."""
    if number is None:
        return "can't be carried out"
    return "1 object" if number == 1 else f"{number:,} objects"
