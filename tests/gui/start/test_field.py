"""A field's sentence: in the colour of its kind, in letters as large as all others."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QLineEdit

from gui.look.theme import DARK, style_sheet
from gui.start.field import Field


def test_a_sentence_has_the_letters_of_the_window_and_the_colour_of_its_kind(qapp, qtbot):
    before = qapp.styleSheet()
    qapp.setStyleSheet(style_sheet(DARK, 2.0))
    try:
        edit = QLineEdit()
        field = Field(edit)
        qtbot.addWidget(field)
        field.show()
        for warning, colour in ((False, DARK.error), (True, DARK.warning)):
            field.tell("It is not there.", warning=warning)
            assert field.problem.fontInfo().pointSizeF() == edit.fontInfo().pointSizeF()
            shown = field.problem.palette().color(QPalette.ColorRole.WindowText)
            assert shown == QColor(colour)
    finally:
        qapp.setStyleSheet(before)
