"""Draws boxes with real keys in a project, saying after each key what is saved, until it is killed.

xvfb-run -a python -m tests.gui.boxes.killed_boxes PROJECT FOLDER
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtTest import QTest

from gui.app import _start
from tests.gui.boxes.frames import BoxDriver, box_car
from tests.gui.driver import keep_settings_in, open_window

_PATIENCE_S = 60.0


class _Waiter:
    """What the driver needs of pytest-qt."""

    def waitUntil(self, condition: Callable[[], object], timeout: int = 10_000) -> None:  # as its
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            assert time.monotonic() < end, "it never came"
            QTest.qWait(2)

    def waitExposed(self, window: object) -> None:
        assert QTest.qWaitForWindowExposed(window)


def main(project: Path, place: Path) -> None:
    keep_settings_in(place)
    _start()
    waiter = _Waiter()
    driver = BoxDriver(open_window(project, waiter), waiter)
    driver.settle()
    driver.draw_boxes()
    box_car(driver, 0)
    while True:
        box = driver.frame.row.box.box
        print(len(driver.answers.history.heads), *box.tolist(), flush=True)
        driver.key("W")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
