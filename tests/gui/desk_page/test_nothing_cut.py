"""Nothing is cut on the Desk, at any size of window and text."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from gui.desk_page.page import DeskPage
from gui.start.recent import store
from tests.gui.cut import cut


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1100, 700), (1440, 900)], ids=str)
@pytest.mark.parametrize("text", [1.0, 1.5])
def test_nothing_is_cut(driver, qtbot, size: tuple[int, int], text: float):
    store().setValue("text", text)
    driver.window.apply_theme()
    driver.window.resize(*size)
    driver.window.open_desk()
    desk = driver.window.findChild(DeskPage)
    desk.resize(*size)
    qtbot.waitUntil(lambda: desk.rested, timeout=30_000)
    desk.arrange()
    found = {}
    for name, dock in desk.docks.items():
        dock.raise_()
        QApplication.processEvents()
        found[name] = cut(desk)
    assert desk.size().toTuple() == size
    assert not any(found.values()), found
