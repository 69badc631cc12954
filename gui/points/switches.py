"""The switches over the view: colour by, top-down or turntable, filter."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QToolButton

from gui.look.combo import Combo
from gui.points.colours import Colours
from gui.points.filter_panel import FilterPanel
from gui.points.filters import EVERYTHING, Filters

_MODE_NAMES = {
    "scene": "Scene",
    "unit": "Unit",
    "partition": "Size partition",
    "label": "Label",
    "prediction": "Prediction",
    "entropy": "Entropy",
    "height": "Height",
    "intensity": "Intensity",
    "colours": "Colours of the file",
    "truth": "Ground truth",
    "error": "Right and wrong",
}
_BESIDE, _BELOW = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom


class Switches(QFrame):
    """Colour by, and turntable or top-down.

    Signals
    -------
    turned() : the person chose top-down or turntable
    """

    turned = Signal()

    def __init__(self, colours: Colours, filters: Filters) -> None:
        super().__init__()
        self.colours, self.filters = colours, filters
        self._panel: FilterPanel | None = None
        self.filter = QToolButton()
        self.filter.setCheckable(True)
        self.filter.setToolTip("Draw only a part of the scan  (Ctrl+F)")
        self.filter.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.filter.clicked.connect(self.open_filter)
        filters.changed.connect(self._tell_filter)
        self._tell_filter()
        self.modes = Combo()
        self.modes.setToolTip("Colour by")
        self.modes.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.modes.activated.connect(lambda _: colours.set_mode(self.modes.currentData()))
        self.top = QToolButton()
        self.top.setText("Top")
        self.top.setCheckable(True)
        self.top.setToolTip("Look straight down  (J)")
        self.top.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.top.clicked.connect(self._turn)
        self._row = QBoxLayout(_BESIDE, self)
        self._row.setContentsMargins(6, 5, 6, 5)
        self._row.addWidget(self.modes)
        self._row.addWidget(self.top)
        self._row.addWidget(self.filter)

    def open_filter(self) -> None:
        """Show the panel of filters below its button."""
        if self._panel is None:
            self._panel = FilterPanel(self, self.filters)
        self._panel.adjustSize()
        at, panel = self.filter.mapToGlobal(self.filter.rect().bottomLeft()), self._panel
        room = self.window().frameGeometry()
        if at.y() + panel.height() > room.bottom():  # the switches stand at the bottom
            at.setY(max(at.y() - self.filter.height() - panel.height(), room.top()))
        at.setX(max(min(at.x(), room.right() - panel.width()), room.left()))
        panel.move(at)
        panel.show()
        self._tell_filter()

    def _tell_filter(self) -> None:
        # Nobody may forget that there is more than is drawn.
        active = self.filters.filter != EVERYTHING
        self.filter.setText("Filtered" if active else "Filter")
        self.filter.setChecked(active)

    def _turn(self, top_down: bool) -> None:
        self.colours.view.set_top_down(top_down)
        self.turned.emit()

    def refresh(self) -> None:
        self.modes.clear()
        for mode in self.colours.modes():
            self.modes.addItem(f"Colour: {_MODE_NAMES[mode]}", mode)
        self.modes.setCurrentIndex(self.modes.findData(self.colours.mode))
        content = self.colours.state.content
        missing = "" if content is None else content.unpredicted
        self.modes.setToolTip(f"Colour by\n{missing}".strip())
        self.top.setChecked(self.colours.view.top_down)

    def fit(self, width: int) -> None:
        """In a narrow view name the colouring without a word before it, then stand in two rows."""
        for before, direction in (("Colour: ", _BESIDE), ("", _BESIDE), ("", _BELOW)):
            self._row.setDirection(direction)
            for place in range(self.modes.count()):
                name = f"{before}{_MODE_NAMES[self.modes.itemData(place)]}"
                if self.modes.itemText(place) != name:
                    self.modes.setItemText(place, name)
            hints = [part.sizeHint() for part in (self.modes, self.top, self.filter)]
            wide, high = [hint.width() for hint in hints], [hint.height() for hint in hints]
            gaps = 6 * (len(hints) - 1)
            if direction == _BESIDE:
                size = QSize(sum(wide) + gaps, max(high))
            else:
                size = QSize(max(wide), sum(high) + gaps)
            self._row.setSpacing(6)
            self.resize(size + QSize(12, 10))
            if self.width() <= width:
                return
