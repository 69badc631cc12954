"""Points or boxes in one window: actions, panels and steps change, the scan and the camera stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QCoreApplication, Qt
from PySide6.QtWidgets import QDockWidget, QToolBar

from gui.points.class_palette import Palette
from gui.start.recent import store
from gui.window import commands, docking
from gui.window.stepper import Stepper

if TYPE_CHECKING:
    from gui.window.box_steps import BoxSteps
    from gui.window.session import Session
    from gui.window.window import Window

_LEFT, _RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
LAYOUTS = {"points": "layout", "boxes": "layout boxes"}


class Tasks:
    """What an open project is answered by, in a window.

    Attributes
    ----------
    task : "points" or "boxes"
    stepper : the toolbar of the task
    """

    def __init__(self, window: Window, session: Session, stepper: Stepper) -> None:
        self.window, self.session = window, session
        self.task = "points"
        self._points = stepper, list(window.docks)
        self._boxes: tuple[BoxSteps, list[QDockWidget]] | None = None

    @property
    def _key(self) -> str:
        """What the window remembers this project's task by."""
        return f"task/{str(self.session.project.path.resolve()).replace('/', '|')}"

    @property
    def wanted(self) -> str:
        """The task that the project was left with; of a new one that has boxes and no units, boxes."""
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
        window, session = self.window, self.session
        if task == self.task or not session.use(task, window.theme):
            window.refresh()
            return
        store().setValue(self.layout_key, window.saveState(docking.VERSION))
        self.task = task
        store().setValue(self._key, task)
        window.actions_table.keep({action.id for action in commands.always(window)})
        if task == "boxes":
            self._make_boxes()
        else:
            window.actions_table.add(commands.of_session(window, session))
        window.setUpdatesEnabled(False)
        try:
            self._swap()
        finally:
            window.setUpdatesEnabled(True)
        window.keys_changed()
        session.begin()
        window.refresh()
        window.focus_view()

    def _make_boxes(self) -> None:
        from gui.window.box_commands import of_boxes
        from gui.window.box_steps import BoxSteps

        window, work = self.window, self.session.boxes
        assert work is not None
        window.actions_table.add(of_boxes(window, self.session, work))
        if self._boxes is None:
            run = window.actions_table.run
            palette = Palette(
                self.session.project.classes,
                window.theme,
                lambda id: run(f"box {id}"),
                work.panels.count_words,
                codes=(),
            )
            work.panels.take_palette(palette, palette.set_theme)
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
            work.state.changed.connect(window.refresh)
            work.frame.chose.connect(window.refresh)
            work.making.turned.connect(window.refresh)

    def _swap(self) -> None:
        """Show the panels and the toolbar of the task, and hide those of the other."""
        window, boxes = self.window, self._boxes
        assert boxes is not None
        on, off = (boxes, self._points) if self.task == "boxes" else (self._points, boxes)
        off[0].hide()
        for dock in off[1]:
            dock.hide()
        window.docks, window.stepper = on[1], on[0]
        on[0].show()
        for dock in on[1]:
            dock.show()
        kept = store().value(self.layout_key)
        if not isinstance(kept, QByteArray) or not window.restoreState(kept, docking.VERSION):
            window.reset_layout()

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
        window, docks = self.window, self._boxes[1]
        widths = self.session.boxes.panels.left
        left = [dock for dock in docks if dock.windowTitle() in widths]
        right = [dock for dock in docks if dock not in left]
        across = [(left[0], 250)] + ([(right[0], min(400, window.width() * 3 // 10))] if right else [])
        window.resizeDocks(
            [dock for dock, _ in across], [px for _, px in across], Qt.Orientation.Horizontal
        )
        for group in (left, right):
            parts = [self.session.boxes.panels.shares[dock.windowTitle()] for dock in group]
            high = sum(dock.height() for dock in group)
            window.resizeDocks(
                group, [high * part // max(sum(parts), 1) for part in parts], Qt.Orientation.Vertical
            )
