"""Points or boxes in one window: actions, panels and steps change, the scan and the camera stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QCoreApplication, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QToolBar

from gui.look.docks import hide_left_over_tabs
from gui.points.class_palette import Palette
from gui.start.recent import store
from gui.window import commands, docking
from gui.window.faces import Tasked
from gui.window.stepper import Stepper
from gui.window.tour import Step, steps

if TYPE_CHECKING:
    from gui.window.box_steps import BoxSteps
    from gui.window.session import Session

_LEFT, _RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
_CLASSES, _BOX, _NUMBERS, _CAMERA = "Classes", "Box", "Numbers", "Camera"
_ON_LEFT = ("Frames", "Boxes")
_ROOMY, _TIGHT = 46, 36  # lines of text in the window's height for all panels below each other
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
        session.points.undoing.elsewhere = self._turn_boxes

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

    def open(self) -> None:
        """Begin with the task that the project was left with, at the first open frame."""
        self.use(self.wanted)
        if self.task == "boxes" and self.session.boxes is not None:
            self.session.boxes.finishing.begin_open()

    def _turn_boxes(self, redo: bool) -> bool:
        """Take back, or bring again, an answer about boxes; whether boxes can be shown."""
        self.use("boxes")
        work = self.session.boxes
        if self.task != "boxes" or work is None:
            return False
        turn = work.redo if redo else work.undo
        turn()
        return True

    def _turn_points(self, redo: bool) -> None:
        """The same of an answer about points."""
        self.use("points")
        points = self.session.points
        turn = points.redo if redo else points.undo
        turn()

    def tour(self) -> list[Step]:
        """The steps of the tour of what is shown."""
        session, key_of = self.session, self.shell.actions_table.key_of
        if self.task == "boxes" and session.boxes is not None:
            from gui.window import box_tour

            return box_tour.steps(session.boxes, self.stepper, key_of)
        return steps(session, self.stepper, key_of)

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
                shown=self.session.project.classes.boxed,
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
            for dock in docks:  # to be known to a layout that is restored
                window.addDockWidget(_LEFT, dock)
            work.state.changed.connect(shell.refresh)
            work.elsewhere.connect(self._turn_points)
            work.making.turned.connect(shell.refresh)

    def _swap(self) -> None:
        """Show the panels and the toolbar of the task, and hide those of the other."""
        window, shell, boxes = self.window, self.shell, self._boxes
        assert boxes is not None
        on, off = (boxes, self._points) if self.task == "boxes" else (self._points, boxes)
        shell.docks, shell.stepper = on[1], on[0]
        off[0].hide()
        on[0].show()

        def take_off() -> None:
            for dock in off[1]:
                window.removeDockWidget(dock)  # hidden ones would leave their tabs in sight

        take_off()
        QCoreApplication.processEvents()
        kept = store().value(self.layout_key)
        if not isinstance(kept, QByteArray) or not window.restoreState(kept, docking.VERSION):
            shell.reset_layout()
        take_off()  # a layout that does not know them shows them

    # -- the panels of boxes ------------------------------------------------------------------

    def _sides(self) -> tuple[list[QDockWidget], list[QDockWidget]]:
        """The docks of boxes on the left and on the right, from above."""
        assert self._boxes is not None
        docks = {dock.windowTitle(): dock for dock in self._boxes[1]}
        left = [docks.pop(title) for title in _ON_LEFT]
        return left, [docks[title] for title in (_CLASSES, _BOX, _NUMBERS, _CAMERA)]

    @property
    def _lines(self) -> int:
        """Lines of text that the window is high."""
        return self.window.height() // max(self.window.fontMetrics().height(), 1)

    def place(self) -> None:
        """Put every panel of boxes on its side; where the window is low, those that are seldom
        looked at behind others."""
        if self._boxes is None:
            return
        window, (left, right) = self.window, self._sides()
        for dock in (*left, *right):
            window.removeDockWidget(dock)
        QCoreApplication.processEvents()  # else Qt leaves the old tabs in sight
        classes, box, numbers, camera = right
        roomy = self._lines >= _ROOMY
        below = right if roomy else [box, numbers, camera, classes]
        for group, area in ((left, _LEFT), (below, _RIGHT)):
            for dock in group:
                dock.setFloating(False)
                window.addDockWidget(area, dock)
                dock.show()
        window.tabifyDockWidget(numbers, camera)
        if not roomy:
            window.tabifyDockWidget(camera, classes)
        if self._lines < _TIGHT:
            window.tabifyDockWidget(*left)
            left[0].raise_()
        (numbers if roomy else classes).raise_()
        if self.session.boxes is not None:
            self.session.boxes.panels.bars.setVisible(roomy)

    def size(self) -> None:
        """Give each panel of boxes the size it needs."""
        if self._boxes is None or self.session.boxes is None:
            return
        QCoreApplication.processEvents()
        window, (left, right) = self.window, self._sides()
        self._fit_tabs()
        wide = int(min(472, max(330, window.width() * 0.33)))
        window.resizeDocks([left[0], right[1]], [240, wide], Qt.Orientation.Horizontal)
        QCoreApplication.processEvents()  # how high the classes are depends on their width
        classes, box, numbers, _ = right
        groups = [left] if self._lines >= _TIGHT else []
        groups.append([classes, box, numbers] if self._lines >= _ROOMY else [box, classes])
        for group in groups:
            high = sum(dock.height() for dock in group)
            titles = [dock.windowTitle() for dock in group]
            parts = self.session.boxes.panels.heights(titles, high)
            window.resizeDocks(group, parts, Qt.Orientation.Vertical)

    def _fit_tabs(self) -> None:
        """No panel becomes narrower than the tabs that it stands behind; those of an arrangement
        that is no more go, which Qt leaves in sight."""
        docks = self.shell.docks
        hide_left_over_tabs(self.window, docks)
        for bar in self.window.findChildren(QTabBar):
            if not bar.count() or not bar.isVisible():
                continue
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(False)
            bar.ensurePolished()
            titles = {bar.tabText(place) for place in range(bar.count())}
            for dock in docks:
                if dock.windowTitle() in titles:
                    dock.setMinimumWidth(bar.sizeHint().width())
