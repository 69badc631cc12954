"""Tables show the columns that have room, and come to rest."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QTableWidget, QTableWidgetItem

from gui.look.tables import Fit


@pytest.mark.parametrize("wide", range(120, 520, 40))
def test_columns_that_were_chosen_stay(qtbot, wide: int):
    """A title wider than its column had no width once it was hidden, so that the column came back,
    was hidden again, and so on: the window was never at rest."""
    table = QTableWidget(30, 4)
    qtbot.addWidget(table)
    table.setHorizontalHeaderLabels(["Class", "Annotator", "A title that is long", "Seconds"])
    for row in range(30):
        for column in range(4):
            table.setItem(row, column, QTableWidgetItem("x"))
    fit = Fit(table, (0, 3, 2, 1))
    table.resize(wide, 200)
    table.show()
    qtbot.waitExposed(table)
    QApplication.processEvents()
    fit.again()
    shown = [not table.isColumnHidden(column) for column in range(4)]
    for _ in range(5):
        QApplication.processEvents()
        fit.again()
        assert [not table.isColumnHidden(column) for column in range(4)] == shown
    assert shown[0]
    header = table.horizontalHeader()
    used = sum(header.sectionSizeHint(column) for column in range(4) if shown[column])
    assert used <= table.viewport().width() or shown == [True, False, False, False]
