"""Starting the window: checks in words, theme, one event loop; and pictures of it."""

from __future__ import annotations

import gc
import locale
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from gui.view.opengl import display_problem

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from gui.window.window import Window

__all__ = ["display_problem", "pictures", "run"]
_PATIENCE_S = 20.0  # for a picture


def run(project: Path | None) -> int:
    """Open the window, on a project or on the start page; return the exit code."""
    problem = display_problem()
    if problem is not None:
        print(f"lidarloop: {problem}", file=sys.stderr)
        return 2
    from core.base import compiling
    from gui.start.recent import store

    application, _ = open_window(project, greets=store().value("toured") is None)
    compiling.start(("core.prepare.warm", "models.sparse.warm"))
    return application.exec()


def open_window(project: Path | None, *, greets: bool = False) -> tuple[QApplication, Window]:
    """Make and show the window, on a project or on the start page.

    `greets`: the first project that opens begins with the tour.
    """
    gc.disable()  # starting makes many objects and no garbage
    try:
        application, window = _start()
        window.greets = greets
        if project is None:
            window.show_start()
        else:
            window.open_project(project)
        window.show()
        return application, window
    finally:
        gc.freeze()  # nor will they become any: later collections need not look at them


def pictures(project: Path, out: Path) -> list[Path]:
    """Save pictures of the window on `project`, each a state a person meets, below `out`."""
    from core.base.errors import ProjectError

    problem = display_problem()
    if problem is not None:
        raise ProjectError(problem, "Then run it again.")
    from tempfile import TemporaryDirectory

    from PySide6.QtCore import QSettings

    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as settings:  # the same pictures for everybody
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, settings)
        return _pictures(project, out)


def _pictures(project: Path, out: Path) -> list[Path]:
    from PySide6.QtCore import QEventLoop, QTimer

    application, window = _start()
    window.show_start()
    window.show()
    made: list[Path] = []

    def settle(until: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not until() and time.monotonic() < end:
            turn = QEventLoop()
            QTimer.singleShot(5, turn.quit)
            turn.exec()
        for _ in range(10):
            application.processEvents()

    def picture(name: str) -> None:
        settle(lambda: True)
        path = out / f"{name}.png"
        window.grab().save(str(path))
        made.append(path)

    picture("start")
    window.open_project(project)
    session = window.session
    if session is None:
        window.close()
        return made
    if session.view is not None:
        session.view.instant = True
    settle(lambda: session.state.content is not None and session.state.guesses.rested)
    modes = session.points.in_view.colours.modes() if session.points.in_view is not None else ()
    for mode in modes:
        window.actions_table.run(f"mode {mode}")
        picture(mode)
    next(dock for dock in window.docks if dock.objectName() == "Rounds").raise_()
    picture("rounds")
    window.change_theme()
    picture("light" if window.theme.name == "light" else "dark")
    window.change_theme()
    window.close()
    return made


def _start() -> tuple[QApplication, Window]:
    from PySide6.QtWidgets import QApplication

    from gui.look.icon import application_icon
    from gui.window.garbage import Garbage
    from gui.window.window import Window

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    # Qt took the desktop's locale: where it has a decimal comma, C libraries would cut 1.5 to 1.
    locale.setlocale(locale.LC_NUMERIC, "C")
    application.setApplicationName("LidarLoop")
    application.setStyle("Fusion")
    application.setWindowIcon(application_icon())
    window = Window()
    Garbage(window)
    _tell_faults(window)
    return application, window


def _tell_faults(window: Window) -> None:
    """Show a fault of ours in the window, and print it: Qt would only print it."""

    def hook(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, fault, trace))
        print(text, file=sys.stderr)
        if window.session is not None:
            window.session.banner.show_fault(text)

    sys.excepthook = hook
