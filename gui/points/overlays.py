"""What lies over the view: the unit card, the legend, and the switches of the view."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QToolButton, QVBoxLayout

from core.data.classes import UNLABELLED
from gui.desk.advice import advice
from gui.desk.content import Content
from gui.desk.rows import Rows
from gui.desk.scene import Scene
from gui.desk.state import State
from gui.look.colours import measure_table, partition_colours
from gui.look.combo import Combo
from gui.look.relief import MARKED_M, levels, relief, relief_table
from gui.look.theme import DARK, Theme
from gui.points.colours import Colours
from gui.points.draft import Draft
from gui.points.filter_panel import FilterPanel
from gui.points.filters import EVERYTHING, Filters
from gui.points.labelling import Labelling
from gui.view.contrast import told_apart

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
_BESIDE, _BELOW = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
_LEGEND_ROWS = 12
_TONE = 0.6


class Card(QFrame):
    """What is asked: what it may be, its measures, the reason, in words."""

    def __init__(self, state: State, labelling: Labelling) -> None:
        super().__init__()
        self.state, self.labelling, self.rows = state, labelling, Rows(state)
        self.key_of: Callable[[str], str] = lambda id: ""
        self.grown: Callable[[], str] = lambda: ""  # what was grown beyond the target, in words
        self.title, self.guess, self.measures, self.reason = (QLabel() for _ in range(4))
        self.title.setObjectName("heading")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(2)
        for label in (self.title, self.guess, self.measures, self.reason):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
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
            scan = state.coming or content.scan
            name = scan.replace("sequences/", "").replace("/velodyne", "")
            self.title.setText(f"Reading scan {name} …" if state.coming else f"Scan {name}")
            self.guess.setVisible(False)
            size = f"{len(content.points):,} points, {content.units:,} units in this scan"
            self.measures.setText("" if state.coming else size)
            coming = f"For {state.agenda.number}." if state.at_asked else ""
            self.reason.setText(coming if state.coming else advice(state))
            self.reason.setToolTip("")
            return
        xyz = content.points[target.rows, :3].astype(np.float64)
        size = xyz.max(axis=0) - xyz.min(axis=0)
        away = float(np.hypot(*xyz[:, :2].mean(axis=0)))
        title, place = target.what, state.place
        if place is not None:
            title = f"{state.agenda.number_of(place)}   {target.what.lower()}"
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
        draft, grown, detail = self.labelling.draft, self.grown(), ""
        if grown:
            text = grown
        elif draft is not None:
            text = self._draft(draft)
        elif place is not None:
            row = self.rows.at(place)
            text, detail = row.reason, row.detail
        else:
            text = "Not asked; a class you give counts as volunteered."
            if state.agenda.number:
                text += f" Esc: back to {state.agenda.number}."
        self.reason.setText(text)
        self.reason.setToolTip(detail)

    def natural_width(self) -> int:
        """Pixels it needs to show each of its texts in one line."""
        texts = (self.title, self.guess, self.measures, self.reason)
        wide = (label.fontMetrics().horizontalAdvance(label.text()) for label in texts)
        return 26 + max(wide)

    def narrowest(self) -> int:
        """Pixels below which its lines become too many."""
        return 44 * self.fontMetrics().averageCharWidth()

    def fit(self, width: int, height: int) -> None:
        """Take a width and the height that the texts need then; in little height the measures give
        way, then the reason: the Context panel and the queue tell them too."""
        inside = width - 24
        high = {
            label: label.heightForWidth(inside) + 2
            for label in (self.title, self.guess, self.measures, self.reason)
            if label.text()
        }
        for label in (self.measures, self.reason):
            fits = sum(high.values()) + 16 <= height
            if not fits:
                high.pop(label, None)
            if label.isHidden() == fits:
                label.setVisible(fits)
        self.setFixedSize(width, sum(high.values()) + 16)

    def _guess(self) -> str:
        """What the target may be, with the keys, or why that is not said."""
        likely, target = self.state.suggestion, self.state.target
        if target is not None and target.blind and self.state.second is None:
            likely = self.state.guesses.of(target.unit)  # as where none is shown, to compare
            likely = replace(likely, shown=False) if likely is not None else None
        bold = likely is not None and likely.shown and likely.sure
        if self.guess.font().bold() != bold:
            font = self.guess.font()
            font.setBold(bold)
            self.guess.setFont(font)
        if likely is None or not self.state.guesses.shown or self.labelling.draft is not None:
            return ""  # over a drawing Enter confirms that
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
        self._known: list[tuple[str, str]] = []
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(self.text)

    def refresh(self) -> None:
        self._known = self._rows()
        self.setVisible(bool(self._known))

    def fit(self, height: int) -> None:
        """Show as many rows as have room in a height, and how many more there are."""
        room = max(1, (height - 12) // max(self.fontMetrics().lineSpacing(), 1) - 1)
        rows = self._known if len(self._known) <= room + 1 else self._known[:room]
        lines = [f'<span style="color:{colour}">■</span>&nbsp;{name}' for name, colour in rows]
        if len(rows) < len(self._known):
            lines.append(f"and {len(self._known) - len(rows)} more")
        self.text.setText("<br>".join(lines))
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
            return self._named(names, partition_colours(len(units.cuts)))
        if mode in ("label", "prediction", "truth"):
            values = {"label": self._labels(content), "prediction": content.prediction}.get(
                mode, content.truth
            )
            assert values is not None
            counts = np.bincount(values, minlength=256)
            present = [c for c in np.argsort(-counts, kind="stable").tolist() if counts[c]]
            present = present[:_LEGEND_ROWS]
            return self._named(map(state.class_name, present), self.colours.classes[present])
        return self._named(("high", "middle", "low"), measure_table()[[255, 128, 0]])

    def _named(self, names: Iterable[str], rgb: np.ndarray) -> list[tuple[str, str]]:
        """Names and colours (n, 3), as the view shows them."""
        shown = told_apart(rgb, self.colours.theme.rgb("canvas"))
        return list(zip(names, map(_hex, shown), strict=True))

    def _labels(self, content: Content) -> np.ndarray:
        """(N,) labels as far as the person may see them now."""
        state = self.colours.state
        target, labels = state.target, content.labels.copy()
        if state.hides_labels:
            labels[:] = UNLABELLED
        elif target is not None and target.blind:
            labels[target.rows] = UNLABELLED
        return labels

    def _heights(self) -> list[tuple[str, str]]:
        """Heights over the ground, the highest first."""
        table = relief_table(dark=self.colours.theme is DARK)
        colours = relief(table, levels(np.array(MARKED_M)), np.full(len(MARKED_M), _TONE))
        names = [f"{height:g} m" for height in MARKED_M]
        target = self.colours.state.target
        names[0] = "ground, 3 x as uneven" if target is not None and target.flat else "ground"
        rows = self._named(names, colours)[::-1]
        content = self.colours.state.content
        if content is not None and content.prediction is not None:
            rows.append(("tint: the network's class", self.colours.theme.quiet))
        return rows


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
        self.scene, self.hidden, self._placing = scene, False, False
        self.card, self.legend = Card(scene.state, labelling), Legend(colours)
        self.switches = Switches(colours, filters)
        for part in (self.card, self.legend, self.switches):
            part.setParent(scene.view)
            part.show()
        scene.view.installEventFilter(self)
        self.card.installEventFilter(self)
        state = scene.state
        # The card with the frame: a unit never stands beside another one's words.
        state.target_changed.connect(self.retell)
        state.target_told.connect(self.refresh)
        state.project_changed.connect(self.refresh)
        colours.mode_changed.connect(self.refresh)
        filters.changed.connect(self.refresh)  # the name of a button changes
        self.set_theme(theme)

    def refresh(self, *_: object) -> None:
        """Write and place all three anew."""
        self.card.refresh()
        self.legend.refresh()
        self.switches.refresh()
        self.place()
        for part in (self.card, self.legend, self.switches):
            part.setVisible(part.isVisibleTo(self.scene.view) and not self.hidden)

    def retell(self, *_: object) -> None:
        """Write the card anew."""
        self.card.refresh()
        self.place()
        self.card.setVisible(self.card.isVisibleTo(self.scene.view) and not self.hidden)

    def place(self) -> None:
        """The card at the top left, the switches beside it or else below on the right, the legend
        at the bottom left: none covers another."""
        if self._placing:  # what is shown or hidden here asks for its place anew
            return
        self._placing = True
        self._place()
        self._placing = False

    def _place(self) -> None:
        width, height = self.scene.view.width(), self.scene.view.height()
        card, legend, switches = self.card, self.legend, self.switches
        inside = width - 2 * _MARGIN
        switches.fit(inside)
        beside = inside - switches.width() - _MARGIN
        natural = card.natural_width()
        # By the view alone: the switches never jump from unit to unit.
        above = beside >= card.narrowest()
        free = height - 2 * _MARGIN - (0 if above else switches.height() + _MARGIN)
        card.fit(max(min(natural, beside if above else inside), 60), free)
        card.move(_MARGIN, _MARGIN)
        right = width - switches.width() - _MARGIN
        top = _MARGIN if above else height - switches.height() - _MARGIN
        switches.move(max(right, _MARGIN), top)
        below = _MARGIN + max(card.height() if not card.isHidden() else 0, 0)
        free = height - below - 2 * _MARGIN
        legend.fit(free)
        if not above and legend.width() + switches.width() + _MARGIN > inside:
            free -= switches.height() + _MARGIN
            legend.fit(free)
            height -= switches.height() + _MARGIN
        legend.move(_MARGIN, height - legend.height() - _MARGIN)
        # Better none than one over the card; the switches are in the menus too.
        over = card.geometry() if not card.isHidden() else QRect()
        fits = bool(legend.text.text()) and not legend.geometry().intersects(over)
        legend.setVisible(fits and not self.hidden)
        switches.setVisible(not switches.geometry().intersects(over) and not self.hidden)

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
        self.refresh()  # the text may have another size

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The view has another size, or the card other words.
        seen = QEvent.Type.Resize if watched is self.scene.view else QEvent.Type.LayoutRequest
        if event.type() == seen:
            self.place()
        return False
