"""What an answer took is not lost where it cannot be written: it counts for the next try."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.base.errors import StorageError
from tests.gui.clock import Clock
from tests.gui.driver import Driver


def by_key(driver: Driver) -> None:
    driver.key("1")


def by_decline(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Delete)


def by_sheet(driver: Driver) -> None:
    """The asked unit and two like it."""
    sheet = driver.session.work.sheet
    driver.key("A", Qt.KeyboardModifier.ControlModifier)
    driver.qtbot.waitUntil(sheet.isVisible)
    for picture in sheet.pictures[1:3]:
        QTest.mouseClick(picture, Qt.MouseButton.LeftButton)
    QTest.keyClick(QApplication.focusWidget(), "1")
    driver.settle()


@pytest.mark.parametrize(("answer", "clicks"), [(by_key, 0), (by_decline, 0), (by_sheet, 2)])
def test_a_full_disk_takes_nothing_of_an_effort(
    driver, monkeypatch, answer: Callable[[Driver], None], clicks: int
):
    clock = Clock(driver.state.activity)
    unit, append = driver.state.target.unit, driver.answers.append

    def fail(_: object) -> None:
        raise StorageError("The disk is full.", "Make room.")

    clock.now += 12
    monkeypatch.setattr(driver.answers, "append", fail)
    answer(driver)
    assert driver.session.banner.what.text() == "The disk is full."
    assert driver.state.target.unit == unit
    monkeypatch.setattr(driver.answers, "append", append)
    clock.now += 3
    answer(driver)
    entries = driver.entries()
    assert entries[0].unit == unit
    assert sum(entry.active_s for entry in entries) == pytest.approx(15)
    assert sum(entry.clicks for entry in entries) == 2 * clicks
