"""The table of filters and scales, and a look at any one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from supervox.features import FILTER_TEXTS, FILTERS, FeatureBank, FeatureParameters
from supervox.napari_plugin.layers.source import Source, length

from .controls import button, note

ROW_HEIGHT = 22  # pixels
SCALES = (1.0, 2.0, 4.0, 8.0, 16.0)


class FeatureEditor(QWidget):
    """Ticks of which filter is computed at which scale.

    Parameters
    ----------
    choose : callable
        Takes the features that are ticked.
    preview : callable
        Shows the feature of a name.
    hint : callable
        Tells why something is refused.
    """

    def __init__(
        self,
        choose: Callable[[FeatureParameters], None],
        preview: Callable[[str], None],
        hint: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._choose, self._hint = choose, hint
        self._features = FeatureParameters()
        self._source: Source | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.table = QTableWidget(len(FILTERS), 1 + len(SCALES))
        self.table.setObjectName("supervox_features")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.verticalHeader().setVisible(False)
        self.table.setMinimumWidth(240)
        self.table.horizontalHeader().setMinimumSectionSize(18)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for column in range(1, 1 + len(SCALES)):
            self.table.setColumnWidth(column, 27)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._fill()
        self.table.itemChanged.connect(self._on_ticked)
        layout.addWidget(self.table)
        look = QHBoxLayout()
        self.channels = QComboBox()
        self.channels.setObjectName("supervox_feature_channel")
        self.channels.setToolTip("One of the features that are ticked")
        self.channels.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.channels.setMinimumContentsLength(8)
        look.addWidget(self.channels, 1)
        self.look = button(
            "supervox_feature_look",
            "Show",
            "Compute this feature for the slice in view, and show it as a layer",
            lambda: preview(self.channels.currentText()),
        )
        look.addWidget(self.look)
        layout.addLayout(look)
        layout.addWidget(
            note("More features take longer to prepare, and seldom make the labels better.")
        )

    def _fill(self) -> None:
        for row, name in enumerate(FILTERS):
            text = FILTER_TEXTS[name]
            item = QTableWidgetItem(text.title)
            item.setToolTip(text.help)
            self.table.setItem(row, 0, item)
            columns = [1] if name == "raw" else range(1, 1 + len(SCALES))
            for column in columns:
                tick = QTableWidgetItem()
                tick.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
                tick.setCheckState(Qt.CheckState.Unchecked)
                self.table.setItem(row, column, tick)
        for row in range(len(FILTERS)):
            self.table.setRowHeight(row, ROW_HEIGHT)
        height = ROW_HEIGHT * len(FILTERS)
        self.table.setFixedHeight(height + self.table.horizontalHeader().sizeHint().height() + 6)

    def show_features(self, features: FeatureParameters, source: Source | None) -> None:
        """Show the features that are chosen, and their scales in the unit of an image."""
        self._features, self._source = features, source
        self.table.setHorizontalHeaderLabels(["Filter", *(f"{sigma:g}" for sigma in SCALES)])
        for column, sigma in enumerate(SCALES, 1):
            text = (
                f"{sigma:g} voxels"
                if source is None
                else length(sigma, source.spacing, source.unit)
            )
            head = self.table.horizontalHeaderItem(column)
            assert head is not None
            head.setToolTip(f"Scale (sigma): {text}")
        with QSignalBlocker(self.table):
            for row, name in enumerate(FILTERS):
                for column, sigma in enumerate(SCALES, 1):
                    item = self.table.item(row, column)
                    if item is not None:
                        is_on = name in features.filters and (
                            name == "raw"
                            or (
                                (sigma in features.sigmas_voxels)
                                and (name, sigma) not in features.without
                            )
                        )
                        item.setCheckState(
                            Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked
                        )
        names = list(FeatureBank(features).channel_names)
        if names != [self.channels.itemText(k) for k in range(self.channels.count())]:
            chosen = self.channels.currentText()
            self.channels.clear()
            self.channels.addItems(names)
            if chosen in names:
                self.channels.setCurrentText(chosen)

    def _on_ticked(self) -> None:
        try:
            features = self._ticked()
        except ValueError as error:
            self._hint(str(error))
            self.show_features(self._features, self._source)
            return
        self._choose(features)

    def _ticked(self) -> FeatureParameters:
        """Return what is ticked; empty rows and columns are left out of the table."""
        ticks = {
            (name, sigma)
            for row, name in enumerate(FILTERS)
            for column, sigma in enumerate(SCALES, 1)
            if (item := self.table.item(row, column)) is not None
            and item.checkState() == Qt.CheckState.Checked
        }
        scaled = {pair for pair in ticks if pair[0] != "raw"}
        filters = tuple(name for name in FILTERS if any(pair[0] == name for pair in ticks))
        sigmas = tuple(sigma for sigma in SCALES if any(pair[1] == sigma for pair in scaled))
        table = {(name, sigma) for name in filters if name != "raw" for sigma in sigmas}
        return replace(
            self._features,
            filters=filters,
            sigmas_voxels=sigmas,
            without=tuple(table - scaled),
        )
