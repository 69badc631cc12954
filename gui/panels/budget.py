"""The budget of the round on the table, spent and left; before one, what the next would ask."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from core.base.words import duration
from core.data.items import point_of
from core.rounds.spending import Spending
from gui.desk.state import State
from gui.look.words import Wrapped


class Budget(QWidget):
    """A thin bar with two lines under it; a line alone while nothing is asked but may be."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        self._spending: Spending | None = None
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(5)
        self.spent, self.time = Wrapped(name="quiet"), Wrapped(name="quiet")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(3)
        layout.addWidget(self.bar)
        for label in (self.spent, self.time):
            layout.addWidget(label)
        state.target_told.connect(self.refresh)
        state.project_changed.connect(self.restart)
        state.answers_changed.connect(self.refresh)
        state.estimates.changed.connect(self.refresh)
        self.restart()

    def restart(self) -> None:
        """Another round may be on the table; the items of the same one are not counted anew."""
        current, spending = self.state.round, self._spending
        if current is None:
            self._spending = None
        elif spending is None or spending.query is not current.query:
            self._spending = Spending(current.query, self.state.project.answers.fold)
        self.refresh()

    def refresh(self) -> None:
        """Count the new answers."""
        spending, second = self._spending, self.state.second
        if second is not None:
            self.bar.setMaximum(len(second))
            self.bar.setValue(len(second.done))
            what = "points" if point_of(second.unit) is not None else "units"
            self.spent.setText(f"{second.name}: {len(second.done):,} of {len(second):,} {what}")
            self.time.setText("Esc ends it.")
            return
        summary = self.state.summary
        may_ask = spending is None and self.state.project.units is not None
        may_ask = may_ask and (summary.tip is None or summary.scored)
        self.setVisible(spending is not None or may_ask)
        self.bar.setVisible(spending is not None)
        self.time.setVisible(spending is not None)
        if may_ask:
            self.spent.setText(f"Ask: {self.state.estimates.words()}")
        if spending is None:
            return
        spending.follow()
        query = spending.query
        self.bar.setMaximum(max(len(query.items), 1))
        self.bar.setValue(spending.done)
        declined = spending.done - spending.units
        aside = f" ({declined:,} declined)" if declined else ""
        self.spent.setText(
            f"{spending.done:,} of {len(query.items):,} items{aside}, "
            f"{spending.points:,} of {int(query.cost.sum()):,} points"
        )
        pace = self.state.project.answers.pace()
        parts = [f"{duration(spending.seconds)} worked"]
        if pace is not None:
            parts.append(f"{pace:.1f} s each")
            if spending.waiting:
                parts.append(f"{duration(pace * spending.waiting)} left")
        self.time.setText(", ".join(parts))
