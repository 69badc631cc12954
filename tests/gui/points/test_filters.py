"""What a filter leaves on screen, by real keys and clicks."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.points.filters import EVERYTHING
from tests.gui.driver import Driver

CONTROL = Qt.KeyboardModifier.ControlModifier


def drawn(driver: Driver) -> np.ndarray:
    """(N,) bool: rows of the shown scan that are on some pixel."""
    found = np.zeros(len(driver.state.content.points), bool)
    ids = driver.session.view.picker.ids()
    found[ids[ids >= 0]] = True
    return found


@pytest.fixture
def whole(driver):
    """The whole scan in view, the unit asked."""
    driver.key(Qt.Key.Key_End)
    return driver


def away(driver: Driver) -> np.ndarray:
    return np.linalg.norm(driver.state.content.points[:, :3], axis=1)


def test_sliders_limit_the_distance_but_never_the_asked_unit(whole):
    driver, view = whole, whole.session.view
    before, rows = drawn(driver), driver.state.target.rows
    driver.key("F", CONTROL)
    panel = driver.session.work.in_view.overlays.switches._panel
    assert panel.isVisible()
    for _ in range(100):
        QTest.keyClick(panel.far, Qt.Key.Key_Left)
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    shown = drawn(driver)
    shown[rows] = False
    assert shown.any()
    assert away(driver)[shown].max() <= 20
    assert before[away(driver) > 20].any()
    assert drawn(driver)[rows].any()
    assert driver.session.work.in_view.overlays.switches.filter.text() == "Filtered"
    assert view.picker.ids().max() >= 0
    driver.key("F", CONTROL)
    driver.click(panel.all)
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    np.testing.assert_array_equal(drawn(driver), before)


def test_a_key_draws_a_box_around_the_unit_smaller_each_time(whole):
    driver = whole
    before, points = drawn(driver), driver.state.content.points
    unit = points[driver.state.target.rows, :3]
    for metres in (8, 3, 1):
        driver.key("K", CONTROL)
        shown = drawn(driver)
        low, high = unit.min(axis=0) - metres, unit.max(axis=0) + metres
        inside = ((points[:, :3] >= low - 1e-4) & (points[:, :3] <= high + 1e-4)).all(axis=1)
        assert shown.any()
        assert not (shown & ~inside).any()
    driver.key(Qt.Key.Key_Tab)  # the box goes with what is asked
    moved = points[driver.state.target.rows, :3].mean(axis=0)
    if driver.state.content.points is points:
        shown = points[drawn(driver), :3]
        assert np.linalg.norm(shown - moved, axis=1).max() < 60
    driver.key("K", CONTROL)
    assert driver.session.work.in_view.filters.filter == EVERYTHING
    driver.key(Qt.Key.Key_End)
    assert drawn(driver).sum() > 0.8 * before.sum()


def test_a_class_is_hidden_and_comes_back(whole):
    driver = whole
    rows = driver.state.target.rows
    scan = driver.state.content.scan
    driver.key(driver.session.project.classes.keys[0])
    while driver.state.content.scan != scan:
        driver.key(Qt.Key.Key_Tab)
    driver.key(Qt.Key.Key_End)
    assert drawn(driver)[rows].any()
    driver.key("F", CONTROL)
    panel = driver.session.work.in_view.overlays.switches._panel
    driver.click(panel.classes[0])
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    driver.key(Qt.Key.Key_End)
    asked = driver.state.target.rows
    assert not drawn(driver)[np.setdiff1d(rows, asked)].any()
    driver.key("U", CONTROL)
    driver.key(Qt.Key.Key_End)
    assert drawn(driver)[rows].any()
    assert driver.session.work.in_view.filters.filter == EVERYTHING


def test_every_slider_says_what_it_is_and_where_it_stands(driver):
    driver.key("F", CONTROL)
    panel = driver.session.work.in_view.overlays.switches._panel
    assert (panel.from_.text(), panel.to.text()) == ("From 0 m", "to the farthest")
    assert panel.from_.buddy() is panel.near
    assert panel.to.buddy() is panel.far
    QTest.keyClick(panel.far, Qt.Key.Key_Left)
    QTest.keyClick(panel.near, Qt.Key.Key_Right)
    assert (panel.from_.text(), panel.to.text()) == ("From 1 m", "to 119 m")
    assert all(part.isVisible() for part in (panel.from_, panel.to))
