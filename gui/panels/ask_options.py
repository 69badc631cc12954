"""Ask with options: strategy, budget, seed and branch, with what that would ask; it closes by
itself."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QWidget,
)

from core import steps
from core.base.words import round_name
from core.project.project import Project
from core.query.strategies import strategies
from gui.charts.bars import Bar, Bars
from gui.desk.estimates import Estimates
from gui.look.colours import GREY, class_table
from gui.look.combo import Combo
from gui.look.spin import pad
from gui.look.theme import Theme

# What a budget may be counted in: name, suffix, lowest and highest on the slider, highest that may
# be typed, first value, decimals.
_KINDS = (
    ("Share of all points", " %", 0.01, 100.0, 100.0, 1.0, 3),
    ("Units", "", 1, 10_000, 1e7, 100, 0),
    ("Minutes", " min", 1, 600, 1e5, 30, 0),
)
_REST_MS = 150
_WIDTH = 300
_STEPS = 1000  # of the slider, even in the logarithm
_MOST_CLASSES = 6
_HIGHEST_SEED = 2**31 - 1


class AskOptions(QFrame):
    """Signals
    -------
    asked(options) : keyword arguments of core.steps.ask
    """

    asked = Signal(dict)

    def __init__(
        self, parent: QWidget, project: Project, estimates: Estimates, theme: Theme
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        # Else it goes on asking for dry runs.
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("card")
        self._project, self._estimates = project, estimates
        self.estimate = QLabel()
        self.estimate.setObjectName("quiet")
        self.estimate.setWordWrap(True)
        self.estimate.setMinimumWidth(_WIDTH)
        self.mix, self.source = Bars(theme), QLabel()
        self.source.setObjectName("quiet")
        self.source.setWordWrap(True)
        self.after = Combo()
        self._list_rounds()
        self.strategy = Combo()
        self.strategy.addItem("The project's", None)
        for name in sorted(strategies()):
            self.strategy.addItem(name, name)
        self.kind = Combo()
        self.kind.addItems([kind[0] for kind in _KINDS])
        self.kind.currentIndexChanged.connect(self._change)
        self.amount = QDoubleSpinBox()
        pad(self.amount)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setAccessibleName("Budget")
        self.slider.setToolTip("The budget; what it would ask is told below.")
        self.slider.valueChanged.connect(self._slid)
        self.seed = QSpinBox()
        pad(self.seed)
        self.seed.setRange(0, _HIGHEST_SEED)
        self.seed.setValue(min(max(project.seed, 0), _HIGHEST_SEED))
        self.seed.setToolTip("Of chance: another one makes other choices among equals.")
        self.button = QPushButton("Ask")
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self._ask)
        form = QFormLayout(self)
        form.addRow("After", self.after)
        form.addRow("Strategy", self.strategy)
        form.addRow("Budget", self.kind)
        form.addRow("", self.amount)
        form.addRow("", self.slider)
        form.addRow("Seed", self.seed)
        form.addRow(self.estimate)
        form.addRow(self.source)
        form.addRow(self.mix)
        form.addRow("", self.button)
        # A dry run only when the hand rests: a spin box passes through many values.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._say)
        self._change(0)
        self.after.currentIndexChanged.connect(self._rest.start)
        self.strategy.currentIndexChanged.connect(self._rest.start)
        self.seed.valueChanged.connect(self._rest.start)
        self.amount.valueChanged.connect(self._follow)
        estimates.changed.connect(self._say)
        self._say()

    def _list_rounds(self) -> None:
        """What the query may go on from: what is on the table, any other round, nothing."""
        project = self._project
        tip = project.tip
        now = "nothing: the first query" if tip is None else f"{round_name(tip.id)}, on the table"
        self.after.addItem(now, None)
        for found in reversed(project.rounds):
            about = project.tree.of(found.id)
            if found == tip or about.archived:
                continue
            name = about.name or found.query.strategy
            self.after.addItem(f"{round_name(found.id)}, {name}: a branch", found.id)
        if tip is not None:
            self.after.addItem("nothing: a branch from the start", "start")

    @property
    def options(self) -> dict[str, object]:
        """Keyword arguments of core.steps.ask."""
        value = self.amount.value()
        options: dict[str, object] = {"strategy": self.strategy.currentData()}
        kind = self.kind.currentIndex()
        if kind == 0:
            options["percent"] = f"{value:.{_KINDS[0][6]}f}%"
        elif kind == 1:
            options["units"] = int(value)
        else:
            options["minutes"] = value
        if self.after.currentData() is not None:
            options["after"] = self.after.currentData()
        if self.seed.value() != self._project.seed:
            options["seed"] = self.seed.value()
        return options

    def _say(self) -> None:
        """Say what would be asked."""
        options = self.options
        self.estimate.setText(self._estimates.words(options))
        found = self._estimates.of(options)
        known = isinstance(found, steps.Estimate)
        self.button.setEnabled(known or found is None)
        mix = found.mix if isinstance(found, steps.Estimate) else None
        self.mix.setVisible(mix is not None)
        self.source.setVisible(known)
        if mix is None:
            self.source.setText(
                "Which classes that would be nobody knows yet: a scored network, or 20 answers, "
                "would tell."
            )
        else:
            self.source.setText(f"Classes of these points, {mix.source}:")
            classes = self._project.classes
            colours = dict(zip(classes.names, class_table(classes).tolist(), strict=False))
            shares = mix.largest(classes, _MOST_CLASSES)
            longest = max(share for _, share in shares)
            self.mix.set_bars(
                [
                    Bar(name, f"{share:.0%}", share / longest, 1.0,
                        tuple(colours.get(name, GREY)))
                    for name, share in shares
                ]
            )  # fmt: skip
        self.adjustSize()

    def _change(self, index: int) -> None:
        _, suffix, low, high, highest, first, decimals = _KINDS[index]
        self.amount.setDecimals(decimals)
        self.amount.setRange(10.0**-decimals, highest)
        self.amount.setSuffix(suffix)
        self.slider.setToolTip(f"{low:g} to {high:,g}{suffix}; more can be typed.")
        self.amount.setValue(first)
        self._follow(first)

    def _slid(self, step: int) -> None:
        """The slider was moved: the number follows."""
        _, _, low, high, _, _, decimals = _KINDS[self.kind.currentIndex()]
        value = low * (high / low) ** (step / _STEPS)
        self.amount.setValue(float(f"{value:.2g}") if decimals else round(float(f"{value:.2g}")))

    def _follow(self, value: float) -> None:
        """The number was changed: the slider follows, where it reaches."""
        _, _, low, high, *_ = _KINDS[self.kind.currentIndex()]
        place = math.log(min(max(value, low), high) / low) / math.log(high / low)
        self.slider.blockSignals(True)
        self.slider.setValue(round(place * _STEPS))
        self.slider.blockSignals(False)
        self._rest.start()

    def _ask(self) -> None:
        self.close()
        self.asked.emit(self.options)
