"""The status bar: who answers, the last answer's time to disk, what was spent, the running job."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton

from core.answers.annotator import annotator_name
from core.base.jobs import Progress
from core.base.words import duration
from gui.desk.counted import points, units_words
from gui.desk.state import State


class StatusBar(QStatusBar):
    """Facts at the left, what was just said behind them, the job at the right.

    Where all of it has no room, facts give way, the least needed first; they stay in the tooltip.
    """

    def __init__(self, state: State, *, writable: bool, drawing: str) -> None:
        super().__init__()
        self.state = state
        self.setSizeGripEnabled(False)
        self.who = QToolButton()
        self.who.setObjectName("who")
        self.who.setText(f"You: {annotator_name()}")
        self.who.setToolTip("The name your answers are kept under. Click to see how to change it.")
        self.who.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.saved, self.spent, self.said, self.job = QLabel(), QLabel(), QLabel(), QLabel()
        self.drawing = QLabel(drawing)
        self.said.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setFixedWidth(140)
        self.bar.setTextVisible(False)
        self.addWidget(self.who)
        self.addWidget(self.saved)
        self.addWidget(self.spent)
        self.addWidget(self.said, 1)
        self.addPermanentWidget(self.drawing)
        self.addPermanentWidget(self.job)
        self.addPermanentWidget(self.bar)
        self.writable = writable
        self.facts: Callable[[], str] | None = None  # in place of what points were spent
        state.answers_changed.connect(self.refresh)
        state.project_changed.connect(self.refresh)
        state.told.connect(self._say)
        self.idle()
        self.refresh()

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self._fit()

    def _fit(self) -> None:
        """Give what is said the room it needs, and the job its own."""
        spare = [part for part in (self.drawing, self.spent, self.saved) if part.text()]
        parts = [self.who, *spare]
        if not self.bar.isHidden():
            parts += [self.job, self.bar]
        wanted = self.said.fontMetrics().horizontalAdvance(self.said.text()) + 20
        room = self.width() - sum(part.sizeHint().width() + 8 for part in parts)
        for part in (self.drawing, self.spent, self.saved):
            hide = not part.text()
            if not hide and room < wanted:
                hide = True
                room += part.sizeHint().width() + 8
            part.setHidden(hide)
        self.job.setHidden(not self.job.text())
        # It goes on in another line; two are always kept free, else the view would jump with it.
        two = 2 * self.said.fontMetrics().lineSpacing() + 6
        self.said.setMinimumHeight(max(self.said.heightForWidth(max(room, 60)), two))
        facts = (self.saved.text(), self.spent.text(), self.drawing.text())
        self.setToolTip("\n".join(text for text in facts if text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "bar"):
            self._fit()

    def refresh(self) -> None:
        """Write the facts anew."""
        answers, project = self.state.project.answers, self.state.project
        if not self.writable:
            self.saved.setText("read only")
        elif answers.last_write_ms:
            self.saved.setText(f"saved in {answers.last_write_ms:.0f} ms")
        else:
            self.saved.setText(answers.note or "all saved")
        if self.facts is not None:
            self.spent.setText(self.facts())
            self.spent.setToolTip("In all frames")
            self._fit()
            return
        spent = answers.spent()
        total = int(project.units.scan_returns.sum()) if project.units is not None else None
        of = f" of {total:,}" if total else ""
        self.spent.setText(
            f"{points(spent):,}{of} points · {units_words(spent)} · {spent.minutes:.1f} min"
        )
        self.spent.setToolTip("In all rounds, and what was labelled without being asked")
        self._fit()

    def progressed(self, report: Progress) -> None:
        """Show how far the job is, or what it says."""
        if report.said:
            self.state.told.emit(report.said)
            return
        self.bar.setVisible(True)
        self.bar.setMaximum(max(report.total, 1))
        self.bar.setValue(report.done)
        parts = [f"{report.text} {report.done / max(report.total, 1):.0%}"]
        if "loss" in report.values:
            parts.append(f"loss {report.values['loss']:.3f}")
        if report.seconds_left is not None and report.done < report.total:
            parts.append(f"{duration(report.seconds_left)} left")
        self.job.setText(", ".join(parts))
        self._fit()

    def starting(self, name: str) -> None:
        self.job.setText(f"{name} starts …")
        self.bar.setVisible(True)
        self.bar.setMaximum(0)
        self._fit()

    def stopping(self) -> None:
        self.job.setText("Stopping …")
        self._fit()

    def idle(self) -> None:
        self.job.setText("")
        self.bar.setVisible(False)
        self._fit()
