"""Nothing of the workspace of boxes is cut, at any size of window and text; both kinds of work have
their own panels, actions and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QTabBar

from gui.start.recent import store
from tests.gui.boxes.frames import CONTROL, BoxDriver, box_car
from tests.gui.cut import all_windows, cut

SIZES = ((1100, 700), (1440, 900), (1920, 1080))
QUICK = (((1100, 700), 1.5), ((1440, 900), 1.0))
SEEN = [(size, text) for size in SIZES for text in (1.0, 1.5, 2.0)]
OF_POINTS = {"Queue", "Scans", "Partitions", "Rounds", "Review", "Context"}
OF_BOXES = {"Frames", "Boxes", "Box", "Numbers", "Camera"}


def faults(driver: BoxDriver, size: tuple[int, int]) -> list[str]:
    for _ in range(4):
        QApplication.processEvents()
    found = [fault for window in all_windows() for fault in cut(window)]
    if driver.window.size().toTuple() != size:
        found.append(f"the window grew to {driver.window.size().toTuple()}")
    view, card = driver.session.view, driver.work.in_view.card
    if card.isVisible() and not view.rect().contains(card.geometry()):
        found.append("the card ends outside the view")
    return found


@pytest.mark.parametrize(
    ("size", "text"),
    [pytest.param(*one, marks=[] if one in QUICK else pytest.mark.slow) for one in SEEN],
    ids=lambda part: "x".join(map(str, part)) if part in SIZES else None,
)
def test_nothing_is_cut(street: BoxDriver, size, text: float):
    driver = street
    store().setValue("text", text)
    driver.window.resize(*size)
    driver.window.apply_theme()
    driver.window.reset_layout()
    driver.settle()
    found = {fault: "no box" for fault in faults(driver, size)}
    box_car(driver, 0)
    driver.rest()
    for dock in driver.window.docks:
        dock.raise_()
        driver.rest()
        for fault in faults(driver, size):
            found.setdefault(fault, dock.windowTitle())
    driver.key("V", CONTROL)
    driver.rest()
    for fault in faults(driver, size):
        found.setdefault(fault, "copied")
    assert not found, "\n".join(f"{state}: {fault}" for fault, state in found.items())


def test_each_kind_of_work_has_its_own_panels_actions_and_keys(street: BoxDriver):
    window = street.window

    def seen() -> set[str]:
        for _ in range(4):
            QApplication.processEvents()
        return {dock.windowTitle() for dock in window.docks if dock.toggleViewAction().isChecked()}

    assert seen() >= OF_BOXES
    assert not seen() & OF_POINTS
    tabs = [bar for bar in window.findChildren(QTabBar) if bar.isVisible()]
    shown = {bar.tabText(n) for bar in tabs for n in range(bar.count())}
    assert not shown & OF_POINTS
    for _ in range(2):
        in_menus = {
            action for menu in window.menuBar().actions() for action in menu.menu().actions()
        }
        for id, made in window.actions_table.made.items():
            assert made in in_menus, id
        keys = [key for action in window.actions_table.table.values() for key in action.keys]
        assert len(keys) == len(set(keys))
        street.key(Qt.Key.Key_F4)
    assert street.session.work is street.session.boxes
    street.key(Qt.Key.Key_F4)
    assert street.session.work is street.session.points
    assert seen() >= OF_POINTS
    assert not seen() & OF_BOXES
    # A click is the points' again, and nothing of boxes is on screen.
    assert not street.work.in_view.card.isVisible()
    assert not any(visual.visible for visual in street.session.view.over)
    street.key("W")
    assert street.entries() == []


def test_every_key_of_the_table_is_on_the_key_sheet(street: BoxDriver):
    street.key(Qt.Key.Key_F1)
    sheet = street.window.key_sheet
    shown = {label.text() for label in sheet.findChildren(QLabel)}
    for action in street.window.actions_table.table.values():
        if action.keys:
            assert ", ".join(action.keys) in shown, action.id
            assert action.title in shown
    street.key(Qt.Key.Key_F1)
