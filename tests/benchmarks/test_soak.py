"""A long day in one process: what is answered, opened and changed leaves nothing behind.

Memory and handles after the first tenth of each part, and at its end; garbage is swept before.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core import steps
from core.base.jobs import Job
from core.project.project import Project
from gui.window.window import Window
from tests.gui.driver import Driver, keep_settings_in, open_window
from tests.streets import small_scan, write_scan

SCANS, ANSWERS, OPENINGS, THEMES = 230, 10_000, 500, 200
_PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def long_street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 230 scans, which together have 10,000 units to ask."""
    place = tmp_path_factory.mktemp("long")
    for seed in range(SCANS):
        write_scan(place / "scans", f"sequences/00/velodyne/{seed:06d}", *small_scan(seed))
    with Project.create(
        place / "p", format="semantickitti", root=place / "scans", train=["00"], preset="laptop"
    ) as project:
        steps.prepare(project, Job(), workers=1)
        found = steps.ask(project, Job(), units=ANSWERS + 1)
        assert len(found.query.items) > ANSWERS
    return place / "p"


@pytest.fixture
def window(qapp, qtbot, tmp_path: Path, long_street: Path) -> Window:
    keep_settings_in(tmp_path)
    made = open_window(long_street, qtbot)
    Driver(made, qtbot).settle()
    return made


def wait(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not ready():
        assert time.monotonic() < until
        QApplication.processEvents()
    # As the program's own loop does at each turn; processEvents alone leaves closed windows there.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def held() -> tuple[float, int, int]:
    """MB of memory, open files and threads of this process, swept."""
    for _ in range(2):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
    process = psutil.Process()
    return process.memory_info().rss / 1e6, process.num_fds(), process.num_threads()


def soak(report, what: str, count: int, act: Callable[[int], object]) -> None:
    """Do something so often; nothing may grow after the first tenth."""
    before, began = (0.0, 0, 0), time.monotonic()
    for number in range(count):
        if number == count // 10:
            before = held()
        act(number)
    after = held()
    took = time.monotonic() - began
    print(f"\n{count:,} {what}: {before} to {after}, {took:.0f} s")
    report(f"memory after {count:,} {what} / after a tenth of them", after[0] / before[0], "≤ 1.05")
    report("open files and threads more than then", sum(after[1:]) - sum(before[1:]), "0")
    assert after[0] / before[0] <= 1.05
    assert after[1] <= before[1]
    assert after[2] <= before[2]  # one that had not ended yet may have since


def test_a_long_day(window: Window, long_street: Path, report):
    def answer(_: int) -> None:
        session = window.session
        wait(lambda: session.gate.in_sight and session.state.target is not None)
        QTest.keyClick(session.view.canvas.native, Qt.Key.Key_1)

    def change_theme(_: int) -> None:
        window.change_theme()
        QApplication.processEvents()

    def open_again(_: int) -> None:
        window.open_project(long_street)
        session = window.session
        session.view.instant = True
        wait(lambda: session.gate.in_sight and session.state.target is not None)

    answered = len(list(window.session.project.answers.entries()))
    soak(report, "answers", ANSWERS, answer)
    wait(lambda: window.session.state.settled)
    assert len(list(window.session.project.answers.entries())) == answered + ANSWERS
    soak(report, "changes of theme", THEMES, change_theme)
    soak(report, "openings", OPENINGS, open_again)
    window.close()
