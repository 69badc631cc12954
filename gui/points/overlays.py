"""What lies over the view: the unit card, the legend, and the switches of the view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from core.data.classes import UNLABELLED
from gui.desk.scene import Scene
from gui.desk.state import State
from gui.look.colours import measure_table, partition_colours
from gui.look.relief import MARKED_M, levels, relief, relief_table
from gui.look.theme import DARK, Theme
from gui.points.colours import Colours
from gui.points.draft import Draft
from gui.points.filter_panel import FilterPanel
from gui.points.filters import EVERYTHING, Filters
from gui.points.labelling import Labelling

_MODE_NAMES = {
    "scene": "Scene",
    "unit": "Unit",
    "partition": "Size partition",
    "label": "Label",
    "prediction": "Prediction",
    "entropy": "Entropy",
    "height": "Height",
    "intensity": "Intensity",
    "truth": "Ground truth",
}
_MARGIN = 10
_LEGEND_ROWS = 12
_TONE = 0.6


class Card(QFrame):
    """What is asked: what it may be, its measures, the reason, in words."""

    def __init__(self, state: State, labelling: Labelling) -> None:
        super().__init__()
        self.state, self.labelling = state, labelling
        self.key_of: Callable[[str], str] = lambda id: ""
        self.title, self.guess, self.measures, self.reason = (QLabel() for _ in range(4))
        self.title.setObjectName("heading")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(2)
        for label in (self.title, self.guess, self.measures, self.reason):
            label.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(label)
        self.reason.setObjectName("quiet")
        self.measures.setObjectName("quiet")

    def refresh(self) -> None:
        """Write anew what the target is."""
        state, target, content = self.state, self.state.target, self.state.content
        self.setVisible(content is not None)
        if content is None:
            return
        if target is None:
            name = content.scan.replace("sequences/", "").replace("/velodyne", "")
            self.title.setText(f"Scan {name}")
            self.guess.setVisible(False)
            self.measures.setText(f"{len(content.points):,} points, {content.units:,} units")
            self.reason.setText(self._advice())
            self.adjustSize()
            return
        xyz = content.points[target.rows, :3].astype(np.float64)
        size = xyz.max(axis=0) - xyz.min(axis=0)
        away = float(np.hypot(*xyz[:, :2].mean(axis=0)))
        current = state.round
        title = target.what
        if target.item is not None and current is not None:
            title = f"{target.item + 1} of {state.summary.asked:,}   {target.what.lower()}"
        given = np.bincount(content.labels[target.rows], minlength=256)
        given[UNLABELLED] = 0
        if given.any() and not target.blind:
            title += f"   ✓ {state.class_name(int(given.argmax()))}"
            more = int(np.count_nonzero(given)) - 1
            title += f" and {more} more" if more else ""
        self.title.setText(title)
        self.guess.setText(self._guess())
        self.guess.setVisible(bool(self.guess.text()))
        self.measures.setText(
            f"{size[0]:.1f} x {size[1]:.1f} x {size[2]:.1f} m at {away:.0f} m, "
            f"{len(target.rows):,} points"
        )
        draft = self.labelling.draft
        if draft is not None:
            text = self._draft(draft)
        elif target.item is not None and current is not None:
            text = current.query.reason[target.item]
        else:
            text = "Not asked; a class you give counts as volunteered."
        self.reason.setText(text)
        self.adjustSize()

    def _advice(self) -> str:
        state = self.state
        if state.project.units is None:
            return "Not prepared yet: press Prepare."
        if state.round is None:
            return "No question is open: press Ask, or click a unit to label it."
        if not state.summary.waiting:
            return "Every item is answered: press Train."
        return "Click a unit, or press Tab for the queue."

    def _guess(self) -> str:
        """What the target may be, with the keys, or why that is not said."""
        likely = self.state.suggestion
        bold = likely is not None and likely.shown and likely.sure
        if self.guess.font().bold() != bold:
            font = self.guess.font()
            font.setBold(bold)
            self.guess.setFont(font)
        if likely is None or not self.state.guesses.shown:
            return ""
        if not likely.shown:
            return "No suggestion for this one: decide unprompted."
        enter = self.key_of("accept").replace("Return", "Enter")
        shares = [f" {share:.0%}" if likely.measured else "" for share in likely.shares]
        early = "" if likely.measured else "   (too early to say how sure)"
        if likely.carried is not None:
            name = self.state.class_name(likely.carried)
            sure = f" (right in{shares[0]} of such cases)" if likely.measured else early
            return f"{enter}: {name}, as in the scan beside it{sure}"
        parts = [
            f"{self.state.class_name(c)}{share} [{self.key_of(f'class {c}')}]"
            for c, share in zip(likely.classes, shares, strict=True)
        ]
        unsure = "" if likely.sure or not likely.measured else "unsure: "
        return f"{enter}: {unsure}" + "   ".join(parts) + early

    def _draft(self, draft: Draft) -> str:
        if draft.complete and not draft.selected.any():
            return "Correct it with a tool, or Enter to confirm. Esc: whole again."
        asked = int(draft.asked.sum())
        after = "" if draft.guessed else f" of {int(draft.open.sum()):,} without one"
        further = f" {self.key_of('guess')}: split them further." if draft.tree else ""
        return f"Press the class of the {asked:,} bright points{after}.{further} Esc: put away."


class Legend(QFrame):
    """The colours on screen and what they mean."""

    def __init__(self, colours: Colours) -> None:
        super().__init__()
        self.colours = colours
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(self.text)

    def refresh(self) -> None:
        rows = self._rows()
        lines = [f'<span style="color:{colour}">■</span>&nbsp;{name}' for name, colour in rows]
        self.text.setText("<br>".join(lines))
        self.setVisible(bool(rows))
        self.adjustSize()

    def _rows(self) -> list[tuple[str, str]]:
        state = self.colours.state
        content = state.content
        if content is None:
            return []
        mode = self.colours.mode
        if mode == "unit":
            return []
        if mode == "scene":
            return self._heights()
        if mode == "partition" and state.project.units is not None:
            units = state.project.units
            names = [f"up to {cut} m" for cut in units.cuts] + ["ground"]
            return list(zip(names, map(_hex, partition_colours(len(units.cuts))), strict=True))
        if mode in ("label", "prediction", "truth"):
            values = {"label": content.labels, "prediction": content.prediction}.get(
                mode, content.truth
            )
            assert values is not None
            counts = np.bincount(values, minlength=256)
            present = [c for c in np.argsort(-counts, kind="stable").tolist() if counts[c]]
            table = self.colours.classes
            return [(state.class_name(c), _hex(table[c])) for c in present[:_LEGEND_ROWS]]
        ramp = measure_table()
        low, middle, high = _hex(ramp[0]), _hex(ramp[128]), _hex(ramp[255])
        return [("high", high), ("middle", middle), ("low", low)]

    def _heights(self) -> list[tuple[str, str]]:
        """Heights over the ground, the highest first."""
        table = relief_table(dark=self.colours.theme is DARK)
        colours = relief(table, levels(np.array(MARKED_M)), np.full(len(MARKED_M), _TONE))
        names = [f"{height:g} m" for height in MARKED_M]
        target = self.colours.state.target
        names[0] = "ground, 3 x as uneven" if target is not None and target.flat else "ground"
        return list(zip(names, map(_hex, colours), strict=True))[::-1]


def _hex(colour: np.ndarray) -> str:
    return "#{:02x}{:02x}{:02x}".format(*(int(part) for part in colour))


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
        self.modes = QComboBox()
        self.modes.setToolTip("Colour by")
        self.modes.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.modes.activated.connect(lambda _: colours.set_mode(self.modes.currentData()))
        self.top = QToolButton()
        self.top.setText("Top")
        self.top.setCheckable(True)
        self.top.setToolTip("Look straight down  (J)")
        self.top.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.top.clicked.connect(self._turn)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 5, 6, 5)
        layout.addWidget(self.modes)
        layout.addWidget(self.top)
        layout.addWidget(self.filter)

    def open_filter(self) -> None:
        """Show the panel of filters below its button."""
        if self._panel is None:
            self._panel = FilterPanel(self, self.filters)
        self._panel.move(self.filter.mapToGlobal(self.filter.rect().bottomLeft()))
        self._panel.show()
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
        self.top.setChecked(self.colours.view.top_down)
        self.adjustSize()


class Overlays(QObject):
    """Places the three over the view and keeps them up to date."""

    def __init__(
        self,
        scene: Scene,
        colours: Colours,
        labelling: Labelling,
        filters: Filters,
        theme: Theme,
    ) -> None:
        super().__init__(scene)
        self.scene, self.hidden = scene, False
        self.card, self.legend = Card(scene.state, labelling), Legend(colours)
        self.switches = Switches(colours, filters)
        for part in (self.card, self.legend, self.switches):
            part.setParent(scene.view)
            part.show()
        scene.view.installEventFilter(self)
        state = scene.state
        state.target_told.connect(self.refresh)
        state.project_changed.connect(self.refresh)
        colours.mode_changed.connect(self.refresh)
        self.set_theme(theme)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Write and place all three anew."""
        self.card.refresh()
        self.legend.refresh()
        self.switches.refresh()
        self.place()
        for part in (self.card, self.legend, self.switches):
            part.setVisible(part.isVisibleTo(self.scene.view) and not self.hidden)

    def place(self) -> None:
        width, height = self.scene.view.width(), self.scene.view.height()
        self.card.move(_MARGIN, _MARGIN)
        self.switches.move(width - self.switches.width() - _MARGIN, _MARGIN)
        self.legend.move(_MARGIN, height - self.legend.height() - _MARGIN)

    def toggle(self) -> None:
        """Hide all of them, or show them again."""
        self.hidden = not self.hidden
        self.switches.show()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        red, green, blue = theme.rgb("panel")
        style = (
            f"QFrame {{ background: rgba({red},{green},{blue},215); border-radius: 8px; }}"
            f"QLabel {{ background: transparent; }}"
        )
        for part in (self.card, self.legend, self.switches):
            part.setStyleSheet(style)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False
