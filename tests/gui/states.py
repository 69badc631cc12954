"""Every state of the window that a person meets, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtWidgets import QApplication, QDialog, QFrame

from core.base.errors import ProjectError
from core.base.jobs import Progress
from core.data.recognise import recognise
from gui.desk.later import Later
from gui.start.new_project import NewProject
from gui.window.tour import Tour
from gui.window.window import Window

# Waits until a condition holds and all that was posted is done.
Settle = Callable[[Callable[[], bool]], None]


def at_rest(window: Window) -> bool:
    """Whether the open project shows what is asked, learns nothing, and has told its lists."""
    state = window.session.state
    telling = any(later.isActive() for later in window.findChildren(Later))
    return state.settled and state.content is not None and state.guesses.rested and not telling


def page_states(window: Window, scans: Path, settle: Settle) -> Iterator[str]:
    """The pages of a window without a project; `scans` is a dataset's root."""
    window.show_start()
    settle(lambda: True)
    yield "start"
    window.look_at(Path(__file__).parent)
    settle(lambda: True)
    yield "start-nothing-found"
    found = recognise(scans)
    assert found is not None
    window.show_new(NewProject(found, window.theme))
    settle(lambda: True)
    yield "new-project"
    page = window.centralWidget()
    page.path.setText(str(Path(__file__).parent))
    page.preset.setCurrentIndex(0)
    page.train.setText("nothing")
    settle(lambda: page.settled)
    yield "new-project-wrong"
    page.classes.open_editor()
    settle(lambda: True)
    yield "new-project-classes"
    window.findChild(QDialog).close()
    settle(lambda: True)


def session_states(window: Window, settle: Settle) -> Iterator[str]:
    """Bring a window with an open query into each state and tell its name. No answer is given."""
    for states in (_modes, _panels, _drawing, _messages, _cards):
        yield from states(window, settle)


def _modes(window: Window, settle: Settle) -> Iterator[str]:
    colours = window.session.work.in_view.colours
    before = colours.mode
    for mode in colours.modes():
        window.actions_table.run(f"mode {mode}")
        settle(lambda: at_rest(window))
        yield f"mode-{mode}"
    window.actions_table.run(f"mode {before}")
    window.session.state.show_scan(window.session.state.content.scan)
    settle(lambda: at_rest(window))
    yield "nothing-asked"
    window.actions_table.run("label")
    settle(lambda: at_rest(window))


def _panels(window: Window, settle: Settle) -> Iterator[str]:
    for dock in window.docks:
        if window.tabifiedDockWidgets(dock):
            dock.raise_()
            settle(lambda: at_rest(window))
            if dock.objectName() == "Review":
                window.session.review.refill()
                settle(window.session.review._asked.done)
            yield f"panel-{dock.objectName().lower()}"
    next(dock for dock in window.docks if dock.objectName() == "Context").raise_()
    settle(lambda: at_rest(window))


def _drawing(window: Window, settle: Settle) -> Iterator[str]:
    for tool in ("lasso", "brush"):
        window.actions_table.run(tool)
        settle(lambda: True)
        yield f"tool-{tool}"
        window.actions_table.run("whole")
    window.actions_table.run("guess")
    settle(lambda: at_rest(window) and window.session.work.labelling.draft is not None)
    yield "draft"
    while window.session.work.labelling.draft is not None:
        window.actions_table.run("whole")
    settle(lambda: True)


def _messages(window: Window, settle: Settle) -> Iterator[str]:
    session, banner = window.session, window.session.banner
    banner.show_error(
        ProjectError(
            "Scan sequences/00/velodyne/000123 has changed since it was prepared; labels could "
            "land on wrong points.",
            "Bring the original file back, or make a new project for the new scans.",
        )
    )
    settle(lambda: True)
    yield "banner-error"
    banner.show_fault("Traceback (most recent call last):\nValueError: operands could not be read")
    settle(lambda: True)
    yield "banner-fault"
    session.steps.ask_next()
    settle(banner.isVisible)
    yield "banner-ask"
    banner.put_away()
    session.status.starting("Train")
    report = {"loss": 0.732, "epoch": 3.0, "labelled_miou": 0.41}
    session.status.progressed(Progress(420, 1000, "epoch 3 of 10", report, 754.0))
    session.rounds.progressed(Progress(420, 1000, "epoch 3 of 10", report, 754.0))
    session.state.told.emit("Shapes take what is in sight only.")
    settle(lambda: True)
    yield "training"
    session.status.idle()
    session.state.told.emit("")
    session.rounds.started("Train")
    for curve in session.rounds.curves:
        curve.hide()


def _cards(window: Window, settle: Settle) -> Iterator[str]:
    switches = window.session.work.in_view.overlays.switches
    switches.open_filter()
    settle(lambda: True)
    yield "filter"
    switches._panel.hide()
    sheet = window.session.work.sheet
    window.actions_table.run("alike")
    settle(sheet.isVisible)
    yield "alike"
    sheet.tick_all()
    settle(lambda: True)
    yield "alike-ticked"
    sheet.hide()
    window.actions_table.run("keys")
    settle(lambda: True)
    yield "key-sheet"
    window.key_sheet.toggle()
    window.actions_table.run("commands")
    settle(lambda: True)
    yield "command-palette"
    window.command_palette.close_palette()
    window.actions_table.run("tour")
    tour = window.findChild(Tour)
    for place in range(len(tour.steps)):
        tour.go(place)
        settle(lambda: True)
        yield f"tour-{place + 1}"
    tour.close()
    window.actions_table.run("settings")
    settle(lambda: True)
    yield "settings"
    window.findChild(QDialog).close()
    window.actions_table.run("classes")
    settle(lambda: True)
    yield "classes"
    window.findChild(QDialog).close()
    window.session.status.who.click()
    settle(lambda: True)
    yield "who-am-i"
    window.session.banner.put_away()
    window.open_ask()
    settle(lambda: True)
    yield "ask-options"
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QFrame) and widget.windowFlags() & widget.windowType().Popup == (
            widget.windowType().Popup
        ):
            widget.hide()
    settle(lambda: True)
