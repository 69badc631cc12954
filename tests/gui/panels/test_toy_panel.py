"""A panel as CONTRIBUTING.md teaches it, in the real window: it follows answers and undo."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget

from gui.look.theme import THEMES
from tests.gui.driver import Driver
from tests.plugins.answers_per_class import AnswersPerClass

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def panel(driver: Driver) -> AnswersPerClass:
    """The toy in a dock beside the others."""
    made = AnswersPerClass(driver.state, driver.window.theme)
    dock = QDockWidget("Answers per class", driver.window)
    dock.setObjectName(dock.windowTitle())
    dock.setWidget(made)
    driver.window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    driver.settle()
    assert made.isVisible()
    return made


def said(panel: AnswersPerClass) -> str:
    return panel.text.accessibleDescription()


def test_the_panel_counts_answers_per_class_and_undo(driver: Driver, panel: AnswersPerClass):
    assert panel.text.text() == said(panel) == "Nothing is answered yet."
    for key, words in (
        ("1", "1 car"),
        ("2", "1 car, 1 bicycle"),
        ("2", "2 bicycle, 1 car"),
        ("3", "2 bicycle, 1 car, 1 motorcycle"),
    ):
        driver.key(key)
        assert said(panel) == words
    for words in ("2 bicycle, 1 car", "1 car, 1 bicycle", "1 car", "Nothing is answered yet."):
        driver.key("Z", CONTROL)
        assert said(panel) == words


def test_another_answer_to_a_unit_replaces_the_first(driver: Driver, panel: AnswersPerClass):
    first = driver.state.target.unit
    driver.key("1")
    driver.state.show_unit(first)
    driver.settle()
    driver.key("2")
    assert said(panel) == "1 bicycle"
    driver.key("Z", CONTROL)
    assert said(panel) == "1 car"


def test_it_counts_the_same_from_scratch(driver: Driver, panel: AnswersPerClass):
    """A panel that is made late, or told of a changed project, says what one that followed does."""
    for key in "1231":
        driver.key(key)
    driver.key("Z", CONTROL)
    followed = said(panel)
    found = Counter(int(entry.classes[0]) for entry in driver.entries() if entry.verb == "answer")
    assert found.total() == 4
    assert followed == "1 car, 1 bicycle, 1 motorcycle"
    driver.state.project_changed.emit()
    assert said(panel) == followed
    late = AnswersPerClass(driver.state, driver.window.theme)
    driver.qtbot.addWidget(late)
    assert said(late) == followed


def test_it_takes_its_colour_from_the_theme(driver: Driver, panel: AnswersPerClass):
    driver.key("1")
    dark, light = (THEMES[name].accent for name in ("dark", "light"))
    assert dark in panel.text.text()
    panel.set_theme(THEMES["light"])
    assert light in panel.text.text()
    assert dark not in panel.text.text()
