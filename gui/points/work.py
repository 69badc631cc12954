"""Answering by points: what a class key, Enter, Esc and undo do while units are asked.

The session asks the work of its project, whatever is asked there: `answer`, `accept`, `leave`,
`undo`, `redo`, `decline`.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui.desk.scene import Scene
from gui.desk.state import State
from gui.look.theme import Theme
from gui.points.colours import Colours
from gui.points.contact_sheet import ContactSheet
from gui.points.drawing import Drawing
from gui.points.filters import Filters
from gui.points.growing import Growing
from gui.points.history import History
from gui.points.labelling import Labelling
from gui.points.overlays import Overlays
from gui.points.undoing import Undoing
from gui.view.view import CloudView


class InView:
    """The parts of the work that need the 3D view."""

    def __init__(self, view: CloudView, state: State, labelling: Labelling, theme: Theme) -> None:
        self.colours = Colours(view, state, labelling, theme)
        self.scene = Scene(view, state, self.colours, theme)
        self.drawing = Drawing(view, state, labelling, self.colours, theme)
        self.filters = Filters(self.scene, self.colours)
        self.overlays = Overlays(self.scene, self.colours, labelling, self.filters, theme)
        self.history = History(self.scene)


class PointsWork(QObject):
    """The units' classes: of a whole unit by a key, of its parts by a draft, of many by a sheet.

    `in_view` is None where OpenGL does not work; `page` is what the sheet lies over.
    """

    def __init__(self, page: QWidget, view: CloudView | None, state: State, theme: Theme) -> None:
        super().__init__(state)
        self.labelling = Labelling(state)
        self.undoing = Undoing(self.labelling)
        self.growing = Growing(state, self.labelling)
        self.in_view = InView(view, state, self.labelling, theme) if view is not None else None
        if self.in_view is not None:
            self.growing.lit.connect(self.in_view.colours.light)
            self.in_view.drawing.taken.connect(self.growing.click)
            self.in_view.overlays.card.grown = self.growing.words
        self.sheet = ContactSheet(page, state, self.labelling, theme)

    def answer(self, label: int) -> None:
        """Give a class or code to what is ticked on the sheet, else to what is asked; while a tool
        is in hand only to what was drawn with it."""
        if self.sheet.isVisible():
            self.sheet.give(label)
        elif self.in_view is not None and self.in_view.drawing.missed():
            return
        elif not self.growing.give(label):
            self.labelling.give(label)

    def accept(self) -> None:
        """Tick on the sheet, else close a polygon that is being drawn, else confirm."""
        if self.sheet.isVisible():
            self.sheet.tick()
        elif self.in_view is not None and (
            self.in_view.drawing.close() or self.in_view.drawing.missed()
        ):
            return
        elif not self.growing.accept():
            self.labelling.accept()

    def same(self) -> None:
        """Answer what is asked as more of the thing that was answered last."""
        if self.sheet.isVisible():
            self.labelling.state.told.emit("The units of a sheet are things of their own.")
        elif self.in_view is not None and self.in_view.drawing.missed():
            return
        elif not self.growing.same():
            self.labelling.same()

    def leave(self) -> bool:
        """Put away the sheet, else the tool, what was grown, the selection, the draft; return
        whether there was any."""
        if self.sheet.isVisible():
            self.sheet.hide()
            return True
        if self.in_view is not None and self.in_view.drawing.put_away():
            return True
        if self.growing.put_away():
            return True
        drawn = self.labelling.draft is not None
        self.labelling.put_away()
        return drawn

    def undo(self) -> None:
        """Take back the draft's last step, else one's newest answer, and go there."""
        self.undoing.undo()

    def redo(self) -> None:
        """Bring back what the last undo took, and go there."""
        self.undoing.redo()

    def decline(self) -> None:
        """Say that the unit cannot be answered; it is asked no more until put back."""
        self.labelling.decline()

    def rest(self, rests: bool) -> None:
        """Leave the view to other work, or take it again; what was drawn is kept."""
        if rests and self.sheet.isVisible():
            self.sheet.hide()
        if self.in_view is not None:
            self.in_view.drawing.put_away()
            self.in_view.drawing.rests = self.in_view.overlays.rests = rests
            self.in_view.overlays.refresh()

    def resume(self) -> bool:
        """Go on with the drawing that was left last; return whether there is one."""
        return self.labelling.resume()

    def next_drawing(self) -> None:
        """Go to a drawing that is open."""
        self.labelling.next_drawing()

    @property
    def at_work(self) -> str:
        """What is to be done before units that are asked anew are shown: nobody takes away what
        somebody is drawing. "" where nobody is."""
        held = self.in_view is not None and self.in_view.drawing.held
        if held or self.labelling.draft is not None:
            return "Your drawing stays: finish it, then Tab goes on."
        return ""

    @property
    def in_stroke(self) -> bool:
        """Whether a shape is half drawn: then the view must not change its size."""
        return self.in_view is not None and self.in_view.drawing.draw_tool.busy

    def show_keys(self, key_of: Callable[[str], str]) -> None:
        """Write the keys that actions have now, by their ids."""
        if self.in_view is not None:
            self.in_view.overlays.card.key_of = key_of
            self.in_view.overlays.refresh()

    def set_theme(self, theme: Theme) -> None:
        self.sheet.set_theme(theme)
        if self.in_view is not None:
            for part in (
                self.in_view.colours,
                self.in_view.scene,
                self.in_view.drawing,
                self.in_view.overlays,
            ):
                part.set_theme(theme)

    def shut(self) -> None:
        """Write what waits, take nothing more from the background."""
        self.sheet.shut()
        self.growing.shut()
        self.labelling.shut()
        if self.in_view is not None:
            self.in_view.history.shut()
            self.in_view.scene.shut()
