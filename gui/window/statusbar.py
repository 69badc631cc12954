"""The status bar: the last answer's time to disk, what was spent, the running job."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar

from core.base.jobs import Progress
from core.base.words import duration
from gui.desk.state import State


class StatusBar(QStatusBar):
    """Facts at the left, the job at the right."""

    def __init__(self, state: State, *, writable: bool, drawing: str) -> None:
        super().__init__()
        self.state = state
        self.setSizeGripEnabled(False)
        self.saved, self.spent, self.said, self.job = QLabel(), QLabel(), QLabel(), QLabel()
        self.bar = QProgressBar()
        self.bar.setFixedWidth(140)
        self.bar.setTextVisible(False)
        for label in (self.saved, self.spent, self.said):
            self.addWidget(label)
        if drawing:
            self.addPermanentWidget(QLabel(drawing))
        self.addPermanentWidget(self.job)
        self.addPermanentWidget(self.bar)
        self.writable = writable
        state.answers_changed.connect(self.refresh)
        state.project_changed.connect(self.refresh)
        state.told.connect(self.said.setText)
        self.idle()
        self.refresh()

    def refresh(self) -> None:
        """Write the facts anew."""
        answers, project = self.state.project.answers, self.state.project
        if not self.writable:
            self.saved.setText("read only")
        elif answers.last_write_ms:
            self.saved.setText(f"saved in {answers.last_write_ms:.0f} ms")
        else:
            self.saved.setText(answers.note or "all saved")
        spent = answers.spent()
        total = int(project.units.scan_rows.sum()) if project.units is not None else None
        of = f" of {total:,}" if total else ""
        self.spent.setText(
            f"{spent.points:,}{of} points · {spent.units:,} units labelled · "
            f"{spent.minutes:.1f} min"
        )
        self.spent.setToolTip("In all rounds, and what was labelled without being asked")

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

    def starting(self, name: str) -> None:
        self.job.setText(f"{name} starts …")
        self.bar.setVisible(True)
        self.bar.setMaximum(0)

    def stopping(self) -> None:
        self.job.setText("Stopping …")

    def idle(self) -> None:
        self.job.setText("")
        self.bar.setVisible(False)
