"""The queue of frames: what is asked, how far it is, what it took, and asking for more."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.data.items import short_name
from core.query.box_strategies import box_strategies
from gui.boxes.queue import FrameQueue
from gui.desk.later import Later
from gui.desk.state import State
from gui.look.combo import Combo
from gui.look.spin import pad

_SCAN = Qt.ItemDataRole.UserRole
_TELL_MS = 60
_NAMES = {
    "random": "By chance",
    "every": "Evenly spread",
    "unlabelled": "Emptiest first",
    "entropy": "Least sure first",
    "kecor": "Most to be told (KECOR)",
    "cal": "Unsure, unlike, of rare classes (CAL)",
    "cal-normal": "CAL by the normal detector alone",
}
_BUDGETS = (("frames", "frames", 20), ("boxes", "boxes", 100), ("minutes", "minutes", 30))


class FramesPanel(QWidget):
    """Frames with their boxes; a click shows one.

    Signals
    -------
    chosen(scan) : the person went to a frame
    asked(options) : they ask for frames: a strategy and one budget, for core.frame_steps.ask_frames
    """

    chosen = Signal(str)
    asked = Signal(object)

    def __init__(self, state: State, queue: FrameQueue) -> None:
        super().__init__()
        self.state, self.queue = state, queue
        self.meter = QLabel()
        self.meter.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.list = QTreeWidget()
        self.list.setColumnCount(3)
        self.list.setHeaderLabels(["Frame", "Boxes", "Done"])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideLeft)  # the number is at the end
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.list.clicked.connect(self._choose)
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setObjectName("quiet")
        self.strategy, self.unit = Combo(), Combo()
        self.strategy.addItem("Chance at first, then CAL", None)  # as the command line asks
        for name in box_strategies():
            self.strategy.addItem(_NAMES.get(name, name), name)
        for name, title, amount in _BUDGETS:
            self.unit.addItem(title, (name, amount))
        self.amount = QSpinBox()
        pad(self.amount)
        self.amount.setRange(1, 100_000)
        self.amount.setValue(_BUDGETS[0][2])
        self.unit.currentIndexChanged.connect(
            lambda _: self.amount.setValue(self.unit.currentData()[1])
        )
        self.ask = QPushButton("Ask for frames")
        self.ask.clicked.connect(self._ask)
        for part in (self.strategy, self.unit, self.amount, self.ask):
            part.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        grid = QGridLayout()
        grid.setSpacing(4)
        grid.addWidget(self.strategy, 0, 0, 1, 2)
        grid.addWidget(self.amount, 1, 0)
        grid.addWidget(self.unit, 1, 1)
        grid.addWidget(self.ask, 2, 0, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.meter)
        layout.addWidget(self.bar)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.why)
        layout.addLayout(grid)
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._listed: tuple[str, ...] = ()
        self._more = 0  # that are asked behind those
        self._seen: tuple[int, int] | None = None  # changes and settlings that are written
        self._blind = False
        self._marked: QTreeWidgetItem | None = None
        self._telling = Later(self, _TELL_MS, self.refresh)
        state.answers_changed.connect(self._telling.soon)
        state.project_changed.connect(self._telling.soon)
        state.scan_shown.connect(self.follow)
        self.refresh()

    def sizeHint(self) -> QSize:
        return QSize(250, 420)

    def options(self) -> dict[str, object]:
        """What is asked for, as core.frame_steps.ask_frames takes it."""
        name, _ = self.unit.currentData()
        return {"strategy": self.strategy.currentData(), name: self.amount.value()}

    def _ask(self) -> None:
        self.asked.emit(self.options())

    def set_reason(self, reason: str | None) -> None:
        """Why frames cannot be asked for now, or None."""
        self.ask.setEnabled(reason is None)
        self.ask.setToolTip(reason or "Choose the frames to draw boxes in next")

    def _choose(self, index: QModelIndex) -> None:
        scan = index.siblingAtColumn(0).data(_SCAN)
        if scan is not None:
            self.chosen.emit(scan)

    def refresh(self) -> None:
        """Write how far the frames are that changed since the last call, of thousands a few; all
        where others are asked, or a second opinion begins or ends."""
        boxes, asked = self.state.project.boxes, self.queue.near()
        seen, self._seen = self._seen, (boxes.changes, boxes.settlings)
        more = len(self.queue.asked) - len(asked)
        if (asked, more) != (self._listed, self._more):
            self._fill(asked, more)
            seen = None
        blind = bool(self.queue.sample)
        if seen is None or blind or self._blind:
            changed = set(asked)
        else:
            changed = boxes.redrawn(seen[0]) | boxes.resettled(seen[1])
        self._blind = blind
        drawn = {} if blind else boxes.boxes_by_scan()
        for scan in changed.intersection(self._rows):
            row = self._rows[scan]
            row.setText(1, f"{drawn[scan]:,}" if scan in drawn else "")
            row.setText(2, "✓" if self.queue.settled(scan) else "")
        self._measure()

    def _fill(self, asked: tuple[str, ...], more: int) -> None:
        self._listed, self._more = asked, more
        self._marked = None
        self.list.clear()
        several = len({scan.rpartition("/")[0] for scan in asked}) > 1
        rows = []
        for scan in asked:
            name = short_name(scan) if several else scan.rpartition("/")[2]
            row = QTreeWidgetItem([name, "", ""])
            row.setData(0, _SCAN, scan)
            row.setToolTip(0, scan)
            for column in (1, 2):
                row.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
            rows.append(row)
        self._rows = dict(zip(asked, rows, strict=True))
        self.list.addTopLevelItems(rows)
        if more:
            last = QTreeWidgetItem([f"and {more:,} more", "", ""])
            last.setFlags(Qt.ItemFlag.NoItemFlags)
            last.setToolTip(0, "They are ranked as they come nearer")
            self.list.addTopLevelItem(last)
        self.follow()

    def _measure(self) -> None:
        """The budget: frames that are done of those asked, boxes, minutes, seconds a box."""
        boxes = self.state.project.boxes
        done, asked = self.queue.counts()
        count, minutes = sum(boxes.class_counts().values()), boxes.minutes()
        what = (
            "second opinion" if self.queue.sample else "asked" if self.queue.of_round else "in all"
        )
        budget = self.queue.budget()
        if budget is None:
            parts = [f"{done:,} of {asked:,} frames {what}"]
            parts.append("1 box" if count == 1 else f"{count:,} boxes")
        else:  # more frames wait than it has room for
            frames = "1 frame" if done == 1 else f"{done:,} frames"
            done, asked = budget
            parts = [f"{done:,} of {asked:,} boxes asked", f"{frames} done"]
        if minutes >= 0.05:
            parts.append(f"{minutes:.1f} min")
            if count:
                parts.append(f"{60 * minutes / count:.1f} s a box")
        self.meter.setText(" · ".join(parts))
        self.bar.setMaximum(max(asked, 1))
        self.bar.setValue(min(done, max(asked, 1)))

    def follow(self) -> None:
        """Highlight the frame that is shown."""
        why = self.queue.why(self.state.shown_scan or "")
        self.why.setText(f"Asked: {why}." if why else "")
        self.why.setVisible(bool(why))
        row = self._rows.get(self.state.shown_scan)
        if row is not self._marked:
            self._marked = row
            if row is None:
                self.list.clearSelection()
            else:
                self.list.setCurrentItem(row)
                self.list.scrollToItem(row)
