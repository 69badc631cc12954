"""Where the card, the legend and the switches lie over the view: none covers another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject, QRect

from gui.desk.scene import Scene
from gui.look.theme import Theme
from gui.points.card import Card
from gui.points.colours import Colours
from gui.points.filters import Filters
from gui.points.labelling import Labelling
from gui.points.legend import Legend
from gui.points.switches import Switches

_MARGIN = 10


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
        self.rests = False  # while something else than points is answered
        self.card, self.legend = Card(scene.state, labelling), Legend(colours)
        self.switches = Switches(colours, filters)
        for part in (self.card, self.legend, self.switches):
            part.setParent(scene.view)
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
        with self._quiet():
            self.card.refresh()
            self.legend.refresh()
            self.switches.refresh()
        self.place()

    def retell(self, *_: object) -> None:
        """Write the card anew."""
        with self._quiet():
            self.card.refresh()
        self.place()

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """What is written, shown or hidden here asks for its place anew: not in the middle of it. A
        part that is hidden while it is being shown stays on screen, hidden or not."""
        before, self._placing = self._placing, True
        try:
            yield
        finally:
            self._placing = before

    def place(self) -> None:
        """The card at the top left, the switches beside it or else below on the right, the legend
        at the bottom left: none covers another."""
        if not self._placing:
            with self._quiet():
                self._place()

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
        over = card.geometry() if card.wanted else QRect()
        free = height - (_MARGIN + over.height()) - 2 * _MARGIN
        legend.fit(free)
        if not above and legend.width() + switches.width() + _MARGIN > inside:
            free -= switches.height() + _MARGIN
            legend.fit(free)
            height -= switches.height() + _MARGIN
        legend.move(_MARGIN, height - legend.height() - _MARGIN)
        # Better none than one over the card, or cut; the switches are in the menus too.
        room = self.scene.view.rect()
        clear = room.contains(legend.geometry()) and not legend.geometry().intersects(over)
        shown = not (self.hidden or self.rests)
        card.setVisible(card.wanted and shown)
        legend.setVisible(legend.wanted and clear and shown)
        switches.setVisible(not switches.geometry().intersects(over) and shown)

    def toggle(self) -> None:
        """Hide all of them, or show them again."""
        self.hidden = not self.hidden
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
