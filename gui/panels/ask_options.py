"""Ask with options: strategy and budget, in a small panel that closes by itself."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QWidget,
)

from core.query.strategies import strategies
from gui.desk.estimates import Estimates
from gui.look.combo import Combo
from gui.look.spin import pad

# What a budget may be counted in: name, suffix, highest, first value, decimals.
_KINDS = (
    ("Share of all points", " %", 100.0, 1.0, 3),
    ("Units", "", 1e7, 100, 0),
    ("Minutes", " min", 1e5, 30, 0),
)
_REST_MS = 150
_WIDTH = 260


class AskOptions(QFrame):
    """Signals
    -------
    asked(options) : keyword arguments of core.steps.ask
    """

    asked = Signal(dict)

    def __init__(self, parent: QWidget, estimates: Estimates) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("card")
        self._estimates = estimates
        self.estimate = QLabel()
        self.estimate.setObjectName("quiet")
        self.estimate.setWordWrap(True)
        self.estimate.setMinimumWidth(_WIDTH)
        self.strategy = Combo()
        self.strategy.addItem("The project's", None)
        for name in sorted(strategies()):
            self.strategy.addItem(name, name)
        self.kind = Combo()
        self.kind.addItems([kind[0] for kind in _KINDS])
        self.kind.currentIndexChanged.connect(self._change)
        self.amount = QDoubleSpinBox()
        pad(self.amount)
        button = QPushButton("Ask")
        button.setProperty("primary", True)
        button.clicked.connect(self._ask)
        form = QFormLayout(self)
        form.addRow("Strategy", self.strategy)
        form.addRow("Budget", self.kind)
        form.addRow("", self.amount)
        form.addRow(self.estimate)
        form.addRow("", button)
        # A dry run only when the hand rests: a spin box passes through many values.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._say)
        self._change(0)
        self.strategy.currentIndexChanged.connect(self._rest.start)
        self.amount.valueChanged.connect(self._rest.start)
        estimates.changed.connect(self._say)
        self._say()

    @property
    def options(self) -> dict[str, object]:
        """Keyword arguments of core.steps.ask."""
        value = self.amount.value()
        options: dict[str, object] = {"strategy": self.strategy.currentData()}
        kind = self.kind.currentIndex()
        if kind == 0:
            options["percent"] = f"{value:.{_KINDS[0][4]}f}%"
        elif kind == 1:
            options["units"] = int(value)
        else:
            options["minutes"] = value
        return options

    def _say(self) -> None:
        """Say what would be asked."""
        self.estimate.setText(self._estimates.words(self.options))
        self.adjustSize()

    def _change(self, index: int) -> None:
        _, suffix, highest, first, decimals = _KINDS[index]
        self.amount.setDecimals(decimals)
        self.amount.setRange(10.0**-decimals, highest)
        self.amount.setSuffix(suffix)
        self.amount.setValue(first)
        self._rest.start()

    def _ask(self) -> None:
        self.hide()
        self.asked.emit(self.options)
