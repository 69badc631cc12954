"""Points or boxes in one window: actions, panels and steps change, the scan and the camera stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QCoreApplication, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolBar

from gui.points.class_palette import Palette
from gui.start.recent import store
from gui.window import commands, docking
from gui.window.faces import Tasked
from gui.window.stepper import Stepper

if TYPE_CHECKING:
    from gui.window.box_steps import BoxSteps
    from gui.window.session import Session

_LEFT, _RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
LAYOUTS = {"points": "layout", "boxes": "layout boxes"}


class Tasks:
    """What an open project is answered by, in a window.

    Attributes
    ----------
    task : "points" or "boxes"
    stepper : the toolbar of the task
    """

    def __init__(
        self, window: QMainWindow, shell: Tasked, session: Session, stepper: Stepper
    ) -> None:
        """`window` and `shell` are the same, as Qt and as we see it."""
        self.window, self.shell, self.session = window, shell, session
        self.task = "points"
        self._points = stepper, list(shell.docks)
        self._boxes: tuple[BoxSteps, list[QDockWidget]] | None = None

    @property
    def _key(self) -> str:
        """What the window remembers this project's task by."""
        return f"task/{str(self.session.project.path.resolve()).replace('/', '|')}"

    @property
    def wanted(self) -> str:
        """The task that the project was left with; boxes where it has some and no units."""
        project = self.session.project
        bare = project.units is None and bool(project.boxes.counts_by_scan())
        return str(store().value(self._key, "boxes" if bare else "points"))

    @property
    def stepper(self) -> Stepper | BoxSteps:
        if self.task == "boxes" and self._boxes is not None:
            return self._boxes[0]
        return self._points[0]

    @property
    def layout_key(self) -> str:
        """Where the layout of this task is remembered."""
        return LAYOUTS[self.task]

    @property
    def docks(self) -> list[QDockWidget]:
        """Every dock of the project, of both tasks."""
        return [*self._points[1], *(self._boxes[1] if self._boxes is not None else [])]

    @property
    def bars(self) -> list[QToolBar]:
        """The toolbars of both tasks."""
        return [self._points[0], *([self._boxes[0]] if self._boxes is not None else [])]

    def change(self) -> None:
        """Draw boxes instead of labelling points, or the other way round."""
        self.use("points" if self.task == "boxes" else "boxes")

    def use(self, task: str) -> None:
        """Answer by points or boxes from now on, in this project."""
        window, shell, session = self.window, self.shell, self.session
        if task == self.task or not session.use(task, shell.theme):
            shell.refresh()
            return
        store().setValue(self.layout_key, window.saveState(docking.VERSION))
        self.task = task
        store().setValue(self._key, task)
        shell.actions_table.keep({action.id for action in commands.always(shell)})
        if task == "boxes":
            self._make_boxes()
        else:
            shell.actions_table.add(commands.of_session(shell, session))
        window.setUpdatesEnabled(False)
        try:
            self._swap()
        finally:
            window.setUpdatesEnabled(True)
        shell.keys_changed()
        session.begin()
        shell.refresh()
        shell.focus_view()

    def _make_boxes(self) -> None:
        from gui.window.box_commands import of_boxes
        from gui.window.box_steps import BoxSteps

        window, shell, work = self.window, self.shell, self.session.boxes
        assert work is not None
        shell.actions_table.add(of_boxes(shell, self.session, work))
        if self._boxes is None:
            run = shell.actions_table.run
            palette = Palette(
                self.session.project.classes,
                shell.theme,
                lambda id: run(f"box {id}"),
                work.panels.count_words,
                codes=(),
            )
            work.panels.take_palette(palette, palette.set_theme, lambda: palette.wanted)
            work.panels.take_keys(palette.set_keys)
            bar = BoxSteps(work, run)
            window.addToolBar(Qt.ToolBarArea.TopToolBarArea, bar)
            docks = []
            for title, content in work.panels.docks.items():
                dock = QDockWidget(title, window)
                dock.setObjectName(f"boxes {title}")
                dock.setWidget(content)
                docks.append(dock)
            self._boxes = bar, docks
            self.place()
            work.state.changed.connect(shell.refresh)
            work.frame.chose.connect(shell.refresh)
            work.making.turned.connect(shell.refresh)

    def _swap(self) -> None:
        """Show the panels and the toolbar of the task, and hide those of the other."""
        window, shell, boxes = self.window, self.shell, self._boxes
        assert boxes is not None
        on, off = (boxes, self._points) if self.task == "boxes" else (self._points, boxes)
        off[0].hide()
        for dock in off[1]:
            dock.hide()
        shell.docks, shell.stepper = on[1], on[0]
        on[0].show()
        for dock in on[1]:
            dock.show()
        kept = store().value(self.layout_key)
        if not isinstance(kept, QByteArray) or not window.restoreState(kept, docking.VERSION):
            shell.reset_layout()

    # -- the panels of boxes ------------------------------------------------------------------

    def place(self) -> None:
        """Put every panel of boxes on its side, and give each the size it needs."""
        if self._boxes is None:
            return
        window, docks = self.window, self._boxes[1]
        sides = self.session.boxes.panels.left if self.session.boxes is not None else ()
        left = [dock for dock in docks if dock.windowTitle() in sides]
        right = [dock for dock in docks if dock not in left]
        for group, area in ((left, _LEFT), (right, _RIGHT)):
            for dock in group:
                dock.setFloating(False)
                window.addDockWidget(area, dock)
                dock.show()

    def size(self) -> None:
        """Give each panel of boxes the size it needs."""
        if self._boxes is None or self.session.boxes is None:
            return
        QCoreApplication.processEvents()
        window, docks, panels = self.window, self._boxes[1], self.session.boxes.panels
        left = [dock for dock in docks if dock.windowTitle() in panels.left]
        right = [dock for dock in docks if dock not in left]
        wide = int(min(472, max(330, window.width() * 0.33)))
        window.resizeDocks([left[0], right[0]], [240, wide], Qt.Orientation.Horizontal)
        QCoreApplication.processEvents()  # how high the classes are depends on their width
        for group in (left, right):
            high = sum(dock.height() for dock in group)
            parts = panels.heights([dock.windowTitle() for dock in group], high)
            window.resizeDocks(group, parts, Qt.Orientation.Vertical)
