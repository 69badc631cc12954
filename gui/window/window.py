"""The one window: start page, or an open project with its docks."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDockWidget,
    QMainWindow,
    QStatusBar,
    QWidget,
)

from core.base.errors import ProjectError
from core.project.project_file import FILE
from gui.desk.activity import Activity
from gui.desk.counted import project_words
from gui.look.scrolled import Scrolled
from gui.look.theme import THEMES, Theme, palette, style_sheet
from gui.start.folders import choose_folder
from gui.start.recent import remember, store
from gui.window import commands, docking
from gui.window.actions import Actions
from gui.window.branches import Branches
from gui.window.experiments import may_end, show_experiments, show_round
from gui.window.jobs import Jobs
from gui.window.make_demo import make_demo
from gui.window.menus import fill_menus
from gui.window.session import Session
from gui.window.stepper import Stepper
from gui.window.tasks import Tasks

if TYPE_CHECKING:  # each is loaded when it is first shown
    from gui.start.new_project import NewProject
    from gui.window.box_steps import BoxSteps
    from gui.window.command_palette import CommandPalette, KeySheet

SMALLEST_TEXT, LARGEST_TEXT = 0.8, 2.0


class Window(QMainWindow):
    """Shows the start page or a project: call `show_start` or `open_project`."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("LidarLoop")
        self.resize(1440, 900)
        self.setMinimumSize(900, 600)
        geometry = store().value("geometry")
        if isinstance(geometry, QByteArray):  # panels fit the size that they were left at
            self.restoreGeometry(geometry)
        self.theme: Theme = THEMES.get(str(store().value("theme", "dark")), THEMES["dark"])
        self.activity = Activity()
        self.jobs = Jobs(self)
        self.session: Session | None = None
        self.stepper: Stepper | BoxSteps | None = None
        self.tasks: Tasks | None = None
        self.docks: list[QDockWidget] = []
        self.branches: Branches | None = None
        self.greets = False  # whether the first project that opens begins with the tour
        self.actions_table = Actions(self)
        self.actions_table.add(commands.always(self))
        self.apply_theme()

    @cached_property
    def command_palette(self) -> CommandPalette:
        from gui.window.command_palette import CommandPalette

        return CommandPalette(self, self.actions_table)

    @cached_property
    def key_sheet(self) -> KeySheet:
        from gui.window.command_palette import KeySheet

        sheet = KeySheet(self, self.actions_table)
        sheet.changed.connect(self._show_keys)
        return sheet

    @staticmethod
    def _application() -> QApplication:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        return application

    # -- pages --------------------------------------------------------------------------------

    def show_start(self) -> None:
        """Close the project, if one is open, and show the start page."""
        from gui.start.start import Start

        self._shut_session()
        self.setWindowTitle("LidarLoop")
        start = Start()
        start.demo.connect(self.make_demo)
        start.experiments.connect(self.open_experiments)
        start.folder_chosen.connect(self.look_at)
        start.project_chosen.connect(self.open_project)
        self.setCentralWidget(start)
        self._fill_menus()

    def look_at(self, folder: Path) -> None:
        """Open a project's folder, or offer to make a project of a folder of scans."""
        if (folder / FILE).exists():
            self.open_project(folder)
            return
        from core.data.recognise import recognise

        try:
            found = recognise(folder)
        except ProjectError as error:
            self.say(f"{error.what} {error.do}")
            return
        if found is None:
            self.say(
                f"{folder} holds no scans in a known layout. Choose a folder with SemanticKITTI's "
                f"sequences/, nuScenes' v1.0-*/, ROS bags, or .bin, .pcd, .ply or .npy files."
            )
            return
        from gui.start.new_project import NewProject

        self.show_new(NewProject(found, self.theme))

    def show_new(self, page: NewProject) -> None:
        """Show the page that makes a project."""
        self._shut_session()
        page.made.connect(self.open_project)
        page.left.connect(self.show_start)
        self.setCentralWidget(page)

    def make_demo(self) -> None:
        """Make the demo in the background, then open it where its page is still shown."""
        page = self.centralWidget()
        make_demo(self.jobs, self.say, self.open_project, lambda: self.centralWidget() is page)

    def open_project(self, path: Path) -> None:
        """Open a project; say why on the start page where it cannot be opened."""
        self._shut_session()
        try:
            session = Session(path, self.activity, self.jobs, self.theme)
        except ProjectError as error:
            self.show_start()
            self.say(f"{error.what} {error.do}")
            return
        self.session = session
        session.queue.sort_by_scan(str(store().value("by_scan", "true")) == "true")
        self.setCentralWidget(session.page)
        self.actions_table.add(commands.of_session(self, session))
        made = session.make_palette(self.theme, self.actions_table.run)
        self._show_keys()
        self.stepper = Stepper(session.state, self.actions_table.run)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.stepper)
        self.setStatusBar(session.status)
        self._apply_motion()
        self._dock("Queue", session.queue)
        self._dock("Scans", session.browser)
        self._dock("Classes", made)
        dock = self._dock("Partitions", session.partitions)
        dock.visibilityChanged.connect(session.partitions.seen.turn)
        dock = self._dock("Rounds", Scrolled(session.rounds))
        dock.visibilityChanged.connect(session.rounds.seen.turn)
        self._dock("Review", Scrolled(session.review))
        self._dock("Context", session.context)
        docking.place(self, self.docks)
        self.tasks = Tasks(self, self, session, self.stepper)
        state = session.state
        state.changed.connect(self.refresh)
        session.context.turned.connect(self.refresh)
        session.steps.prepared.connect(self._renew_report)
        session.steps.report_asked.connect(self.open_report)
        for signal in (self.jobs.started, self.jobs.finished):
            signal.connect(self.refresh)
        session.queue.sorted_by_scan.connect(lambda on: store().setValue("by_scan", on))
        if session.points.in_view is not None:
            session.points.in_view.colours.mode_changed.connect(self.refresh)
            session.points.in_view.overlays.switches.turned.connect(self.refresh)
        self.branches = Branches(self, session)
        self.setWindowTitle(f"{path.name} – LidarLoop")
        self._fill_menus()
        # Only a window that is laid out knows what is left for the middle; nothing to draw yet.
        self.setUpdatesEnabled(False)
        try:
            self._lay_out(session)
            remember(path)
            # Now, not before: thousands of events of the first layout would all pass through it.
            self._application().installEventFilter(self.activity)
            session.begin()
            self.tasks.open()
        finally:
            self.setUpdatesEnabled(True)
        self.activateWindow()  # the first OpenGL widget makes the native window anew
        self.focus_view()
        if self.greets:
            self.greets = False
            store().setValue("toured", "true")
            self.show_tour()

    def _lay_out(self, session: Session) -> None:
        """Show the window and give every panel its place."""
        self.show()
        self._application().processEvents()
        layout = store().value("layout")
        # Docks are tabbed once only: Qt leaves the tabs of a first time in sight below the second.
        if not isinstance(layout, QByteArray) or not self.restoreState(layout, docking.VERSION):
            docking.tab(self, self.docks)
            docking.size(self, self.docks, session.palette)
        else:
            docking.fit_tabs(self, self.docks)

    def reset_layout(self) -> None:
        """Put every dock back where it was at first."""
        if self.tasks is not None and self.tasks.task == "boxes":
            self.tasks.place()
            self.tasks.size()
        elif self.docks:
            for dock in self.docks:
                self.removeDockWidget(dock)
            self._application().processEvents()  # else Qt leaves the old tabs in sight
            docking.place(self, self.docks)
            docking.tab(self, self.docks)
            docking.size(self, self.docks, self.session.palette if self.session else None)

    def _dock(self, title: str, content: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(title)
        dock.setWidget(content)
        self.docks.append(dock)
        return dock

    def _shut_session(self) -> None:
        # They are about what is left now; those of another window, as of experiments, are not.
        for dialog in self.findChildren(QDialog, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if not dialog.close():  # an editor asks once where something was typed
                dialog.done(QDialog.DialogCode.Rejected)
        session = self.session
        if session is None:
            return
        remember(
            session.project.path,
            spent=project_words(session.project),
            picture=session.picture(),
        )
        assert self.tasks is not None
        store().setValue(self.tasks.layout_key, self.saveState(docking.VERSION))
        session.shut()
        kept = {action.id for action in commands.always(self)}
        self.actions_table.keep(kept)
        for dock in self.tasks.docks:
            self.removeDockWidget(dock)
            _take_away(dock)
        for bar in self.tasks.bars:
            _take_away(bar)
        self.docks = []
        self.session = self.stepper = self.tasks = self.branches = None
        # Its parts know each other, so that only the collector ends them: once Qt has, in a moment.
        QTimer.singleShot(0, gc.collect)
        self.setStatusBar(QStatusBar())
        self.statusBar().hide()

    # -- keeping up to date -------------------------------------------------------------------

    def refresh(self, *_: object) -> None:
        """Bring actions and stepper up to date."""
        self.actions_table.refresh()
        if self.stepper is not None:
            self.stepper.refresh(self.jobs.running, self.actions_table.reasons.__getitem__)

    def keys_changed(self) -> None:
        """Other actions are in the table."""
        self._fill_menus()
        self._show_keys()

    def change_task(self) -> None:
        """Draw boxes, or label points."""
        if self.tasks is not None:
            self.tasks.change()

    def _show_keys(self) -> None:
        """Write the keys where they are on screen."""
        if self.session is not None:
            self.session.show_keys(self.actions_table.key_of)

    def _fill_menus(self) -> None:
        fill_menus(self.menuBar(), self.actions_table, self.docks)

    def focus_view(self) -> None:
        """Give the keys back to the view."""
        if self.session is not None and self.session.view is not None:
            self.session.view.canvas.native.setFocus()
        else:
            self.setFocus()

    def say(self, text: str) -> None:
        """Tell something where the person looks: on the page, or in the banner of a project."""
        page = self.centralWidget()
        if self.session is not None:
            self.session.banner.show_note(text, "")
        elif page is not None and hasattr(page, "say"):
            page.say(text)

    # -- actions ------------------------------------------------------------------------------

    def choose_for(self, title: str, then: Callable[[Path], object]) -> None:
        """Do something with a folder that the person chooses."""
        chosen = choose_folder(self, title)
        if chosen is not None:
            then(chosen)

    def open_ask(self) -> None:
        if self.session is None or self.stepper is None:
            return
        from gui.panels.ask_options import AskOptions

        state = self.session.state
        options = AskOptions(self, state.project, state.estimates, self.theme)
        options.asked.connect(self.session.steps.ask_next)
        button = self.stepper.buttons["ask"]
        options.move(button.mapToGlobal(button.rect().bottomLeft()))
        options.show()

    def open_palette(self) -> None:
        self.command_palette.open()

    def open_keys(self) -> None:
        self.key_sheet.toggle()

    def put_away(self) -> bool:
        """Close what lies over the window, the last first; return whether anything did."""
        made = self.__dict__  # neither is made only to be closed
        if "command_palette" in made and self.command_palette.isVisible():
            self.command_palette.close_palette()
        elif "key_sheet" in made and self.key_sheet.isVisible():
            self.key_sheet.close_sheet()
        else:
            return False
        self.focus_view()
        return True

    def open_settings(self) -> None:
        """Show what project.toml holds, in a window beside this one."""
        from gui.window.settings_page import SettingsPage

        if self.session is not None:
            shown = self.findChild(SettingsPage)
            if shown is None:
                shown = SettingsPage(self, self.session.project, self.session.no.change)
            shown.show()
            shown.raise_()
            shown.activateWindow()

    def open_report(self, *, anew: bool = False) -> None:
        """Show what became of the points; `anew`: of a new preparation, and the keys stay here."""
        from gui.window.report_page import show_report

        if self.session is not None:
            show_report(self, self.session.state, self.theme, anew=anew)

    def _renew_report(self) -> None:
        """A page that is open is of the new preparation, and takes no key."""
        from gui.window.report_page import ReportPage

        if self.findChild(ReportPage) is not None:
            self.open_report(anew=True)

    def open_export(self) -> None:
        """Ask what goes out, and where to."""
        from gui.window.export_page import ExportPage

        session = self.session
        if session is not None:
            path = session.project.path
            out = path.parent / f"{path.name}-export"
            page = ExportPage(self, out, session.exchange.export)
            page.show()
            page.activateWindow()

    def open_experiments(self) -> None:
        """Show the window of experiments, beside this one."""
        show_experiments(self, self.theme, self.open_round)

    def open_desk(self) -> None:
        """Show the charts of the project, beside this window."""
        from gui.desk_page.page import show_desk

        if self.session is not None:
            session = self.session
            show_desk(self, session.state, self.theme, session.rounds.choose, session.steps.ask_by)

    def open_quality(self) -> None:
        """Show the figures of a probability sample, beside this window."""
        from gui.window.quality import show_quality

        if self.session is not None:
            show_quality(self, self.session, self.theme)

    def open_round(self, folder: Path) -> None:
        """Open the project that a round's folder lies in, and show that round."""
        self.open_project(folder.parents[1])
        show_round(self.session, self.docks, folder.name)

    def open_classes(self) -> None:
        """Show the class list, in a window beside this one; saved, the project opens with it."""
        from gui.window.edit_classes import edit_classes

        if self.session is not None:
            edit_classes(self, self.session, self.theme, self.open_project)

    def change_theme(self) -> None:
        """Change between dark and light."""
        self.theme = THEMES["light" if self.theme.name == "dark" else "dark"]
        store().setValue("theme", self.theme.name)
        self.apply_theme()

    def scale_text(self, by: float) -> None:
        """Make all text larger or smaller; 0 as it was at first."""
        scale = float(str(store().value("text", 1.0))) * by if by else 1.0
        store().setValue("text", min(max(scale, SMALLEST_TEXT), LARGEST_TEXT))
        self.apply_theme()

    @property
    def still(self) -> bool:
        """Whether nothing flies."""
        return str(store().value("still", "false")) == "true"

    def change_motion(self) -> None:
        """Fly to what is asked, or be there at once."""
        store().setValue("still", "false" if self.still else "true")
        self._apply_motion()

    def _apply_motion(self) -> None:
        if self.session is not None and self.session.view is not None:
            self.session.view.instant = self.still or self.session.software

    def show_tour(self) -> None:
        """Show in five short steps how to label."""
        from gui.window.tour import Tour

        if self.tasks is not None:
            Tour(self, self.tasks.tour()).show()

    def apply_theme(self) -> None:
        application = self._application()
        application.setPalette(palette(self.theme))
        scale = float(str(store().value("text", 1.0)))
        application.setStyleSheet(style_sheet(self.theme, scale))
        docking.fit_tabs(self, self.docks)
        if self.session is not None:
            self.session.set_theme(self.theme)
            for page in self.findChildren(QDialog):
                if hasattr(page, "set_theme"):
                    page.set_theme(self.theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not may_end(self):
            event.ignore()
            return
        store().setValue("geometry", self.saveGeometry())
        self._shut_session()
        self.jobs.shut()
        self._application().removeEventFilter(self.activity)
        event.accept()


def _take_away(part: QWidget) -> None:
    """At once: what is only deleted later still takes part in the next project's layout."""
    part.setParent(None)
    part.deleteLater()
