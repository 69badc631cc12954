"""Active time by a clock that the test turns."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from gui.desk.activity import IDLE_S, Activity


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched(qapp, qtbot):
    """A focused button whose application events an Activity counts."""
    clock = Clock()
    button = QPushButton("label")
    button.resize(200, 60)
    qtbot.addWidget(button)
    button.show()
    qtbot.waitExposed(button)
    button.activateWindow()
    button.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is button)
    activity = Activity(clock)
    qapp.installEventFilter(activity)
    activity.take()
    yield activity, clock, button
    qapp.removeEventFilter(activity)


def test_time_between_actions_counts_up_to_thirty_seconds(watched):
    activity, clock, button = watched
    clock.now += 2
    QTest.keyClick(button, Qt.Key.Key_A)
    clock.now += 3600  # lunch
    QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    clock.now += 4
    effort = activity.take()
    assert effort.active_s == pytest.approx(2 + IDLE_S + 4)
    assert (effort.clicks, effort.keys) == (1, 1)


def test_each_answer_begins_anew(watched):
    activity, clock, button = watched
    clock.now += 5
    QTest.keyClick(button, Qt.Key.Key_A)
    activity.take()
    clock.now += 1
    assert activity.take()[:3] == (pytest.approx(1), 0, 0)


def test_what_was_taken_can_be_given_back(watched):
    activity, clock, button = watched
    clock.now += 5
    QTest.keyClick(button, Qt.Key.Key_A)
    before = activity.take()
    clock.now += 2
    assert activity.take()[:3] == (pytest.approx(2), 0, 0)
    activity.give_back(before)
    clock.now += 1
    assert activity.take()[:3] == (pytest.approx(6), 0, 1)
