"""What is asked of what is shown; the project's changes as Qt signals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import Signal

from core.answers.entry import Head
from core.assist.suggestion import Suggestion
from core.data.items import scan_of
from core.project.project import Project
from core.rounds.round import Round
from gui.desk.activity import Activity
from gui.desk.agenda import Agenda, Way
from gui.desk.background import Background, Turn
from gui.desk.estimates import Estimates
from gui.desk.guesses import Guesses
from gui.desk.later import AfterFrame, Later
from gui.desk.order import Order
from gui.desk.sample import Sample
from gui.desk.stage import Stage
from gui.desk.summary import Summary
from gui.desk.target import BY_THEMSELVES, Target

_TELL_MS = 40


class State(Stage):
    """One open project, the scan that is shown, the unit an answer would be about.

    Attributes
    ----------
    running : name of the step that runs in the background, or None
    change : seconds that another scan costs more than another unit, and how often that was
        measured; None before

    Signals
    -------
    target_told() : the same a moment later, for panels: the view's frame comes first
    answers_changed() : an entry was added, anywhere
    project_changed() : units, rounds or predictions
    changed() : any of the last three, told once for a key: for actions and steps, which are many
    """

    target_told = Signal()
    answers_changed = Signal()
    project_changed = Signal()
    changed = Signal()
    _entry_added = Signal()

    def __init__(self, project: Project, activity: Activity) -> None:
        super().__init__(project, activity)
        self.summary = Summary(project)
        self.running: str | None = None
        self.change: tuple[float, int] | None = None
        self._units = project.units
        self.background = Background(2, "background")
        self.guesses = Guesses(project, self.background, self)
        self.estimates = Estimates(project, self.background, self)
        self.order = Order(project, self.summary, self.guesses)
        self.agenda = Agenda(project, self.summary, self.order)
        self.as_asked = self.agenda.as_asked
        # Entries may come by the thousand, and from another thread: tell of them together.
        self._telling = Later(self, _TELL_MS, self.answers_changed.emit)
        self._following = AfterFrame(self, _TELL_MS, self.target_told.emit)
        self.target_changed.connect(lambda _: self._following.start())
        self._entry_added.connect(self._telling.soon)
        self.answers_changed.connect(self.estimates.forget)
        self.answers_changed.connect(self._answers_told)
        self.target_told.connect(self.changed)
        self.project_changed.connect(self.changed)
        project.answers.on_change.append(self._entry_added.emit)
        self.target_told.connect(self._guess)
        self.target_told.connect(self._look_ahead)
        self.guesses.changed.connect(self._following.start)
        self.guesses.failed.connect(self.told)
        self.estimates.changed.connect(self.changed)
        self.order.refill()

    @property
    def settled(self) -> bool:
        """Whether everything on screen is up to date."""
        waiting = self._telling.isActive() or self._following.isActive()
        waiting |= self.content is not None and not self.content.form.whole
        return self._coming is None and not self._renewing and not waiting

    def after(self, frame_is_due: Callable[[], bool]) -> None:
        """Tell panels of a target once its frame is not due any more."""
        self._following.due = frame_is_due

    def _guess(self) -> None:
        if self.content is not None:
            self.guesses.follow(self.content.scan)

    def _look_ahead(self) -> None:
        """The frame is drawn: find the form of what is shown, read what comes next."""
        if self.content is not None and self._coming is None:
            self.forms.want(self.content, Turn.SOON)
            for scan in self.agenda.ahead:
                self.loader.ask(scan)

    @property
    def suggestion(self) -> Suggestion | None:
        """What is suggested for the target, None where nothing is known or must be shown."""
        target = self.target
        return self.guesses.held(target.unit) if target is not None and not target.blind else None

    def _answers_told(self) -> None:
        if not self._following.isActive():  # else the target is told of in a moment
            self.changed.emit()

    # -- the query ----------------------------------------------------------------------------

    @property
    def round(self) -> Round | None:
        """The round whose items are on the table."""
        return self.summary.round

    def set_order(self, *, by_scan: bool, partition: str | None, suggested: int | None) -> None:
        """Sort and filter the queue (gui.desk.order.Order); what is asked is one of those kept."""
        order = self.order
        order.by_scan, order.partition, order.suggested = by_scan, partition, suggested
        order.refill()
        self.project_changed.emit()
        asked = self.target is not None and self.target.item is not None
        if asked and order.line_of(self.cursor) is None:
            place = order.after(-1)
            if place is not None:
                self.go(place)

    @property
    def second(self) -> Sample | None:
        """The sample of others' units that is asked for a second opinion, or None."""
        return self.agenda.second

    @property
    def cursor(self) -> int:
        """Place of the item that the queue asks, -1 before the first."""
        return self.agenda.cursor

    @property
    def announced(self) -> str:
        """The unit that is asked or on its way, or cannot be read; or a name for points without
        one; "" for none."""
        if self._coming is None and self.target is not None and self.content is not None:
            return self.target.unit or f"{self.content.scan}#{int(self.target.rows[0])}"
        return self._missed.unit if self._missed is not None else self.aimed_at

    @property
    def at_asked(self) -> bool:
        """Whether what is shown, or on its way, is what is asked."""
        return self.agenda.asks(self.announced)

    def begin(self) -> None:
        """Show the first open item, or the first scan where nothing is asked."""
        way = self.agenda.begin()
        if not way.to:
            self.show_scan(self.project.dataset.train[0])
        else:
            self._take(way)

    def go(self, place: int) -> None:
        """Make an item of the query, or of the sample, the target; read what comes next."""
        if self.round is not None or self.second is not None:
            self._take(self.agenda.go(place))

    def skip(self) -> None:
        """Leave the item open and go to the next one; from a detour, back to what is asked."""
        self._take(self.agenda.skip(self.announced))

    def back(self) -> None:
        """Go to the item before this one, answered or not."""
        self._take(self.agenda.back())

    def return_to_asked(self) -> bool:
        """Go back to what is asked; False where that is shown already, or nothing is owed."""
        way = self.agenda.home(self.announced)
        if way is not None:
            self._take(way)
        return way is not None

    def advance(self, answered: Target) -> None:
        """Go on after an answer to `answered`."""
        asked = self.second
        way = self.agenda.advance(answered.unit, answered.item, blind=answered.blind)
        self._go_on(way, asked)

    def _go_on(self, way: Way, asked: Sample | None) -> None:
        """Go on after an answer, given while that sample was asked: it may have been its last."""
        if self.second is not asked:
            self._unhide()
        self._take(way)

    def _take(self, way: Way) -> None:
        """Go where the agenda says."""
        if way.to:
            self.show_unit(way.to)
        elif not way.stays:
            self.target = None
            self.target_changed.emit(False)
        if way.words:
            self.told.emit(way.words)

    # -- showing ------------------------------------------------------------------------------

    @property
    def place(self) -> int | None:
        """Place in the query, or in the sample, of what is asked, or will be; None where that is
        neither. What is seen again stands where the queue stands."""
        return self.agenda.place_of(self.aimed_at)

    def show_unit(self, unit: str) -> None:
        """Make a unit the target, asked or not; in a sample only one of its units."""
        if self._may_answer(unit):
            self._show(scan_of(unit), unit, fly=True)

    def show_rows(self, scan: str, unit: str, rows: np.ndarray) -> None:
        """Make rows (R,) of a scan the target: their unit, where it has the same ones still; in a
        sample only one of its units."""
        if self.second is not None:  # it is asked as it is, not by what was drawn before
            self.show_unit(unit)
        else:
            self._show(scan, Target(rows, unit, None, BY_THEMSELVES), fly=True)

    def reload(self) -> None:
        """Read everything shown anew: units, rounds or predictions have changed.

        What is asked stays, and what was drawn on it; so does the scan until it is read.
        """
        before, coming = self.round, self._coming
        prepared = self.project.units is not self._units
        self._units = self.project.units
        self.estimates.forget()
        self.summary.renew()
        if prepared:
            self.guesses.forget()
        else:
            self.guesses.renew()
        if prepared or self.round != before:
            self.order.suggested = None  # nothing is suggested until something is learnt anew
            if self.round != before:  # a filter was for that round's items
                self.order.partition = None
            self.order.refill()
            self.agenda.forget()
        if self.target is not None:
            self.target = self.agenda.placed(self.target)
        self.project_changed.emit()
        if coming is None and not prepared and self.content is not None:
            self.loader.renew(self.content.scan)
        else:
            self.loader.forget()
        if coming is not None:  # on its way to another one
            self._show(coming.scan, coming.place, fly=coming.fly)
        elif self.content is None:
            self.begin()
        else:
            self._renewing = True
            self.loader.get(self.content.scan)  # which asks for it
            self.target_changed.emit(False)

    # -- targets ------------------------------------------------------------------------------

    def aim(self, target: Target) -> None:
        """Make something in the shown scan the target; it is asked if the query asks it."""
        if self._may_answer(target.unit):
            self._missed = None
            self.target = self.agenda.as_asked(target)
            self.target_changed.emit(False)

    def _may_answer(self, unit: str) -> bool:
        may = self.agenda.turn_to(unit)
        if not may:
            self.told.emit("Only the sample is answered; Esc ends it.")
        return may

    def show_again(self, head: Head, rows: np.ndarray | None = None, *, redo: bool = False) -> None:
        """Go where an entry about rows (R,) was taken back or, by `redo`, brought back; nothing
        moves where one is there already. From a blind answer that was brought back, which is asked
        no more, go on as it did."""
        if self.second is not None and not (head.blind and head.unit in self.second):
            self.end_second()
        if head.blind and redo:
            asked = self.second
            self._go_on(self.agenda.answered_again(head.unit), asked)
            return
        if head.blind:
            self.agenda.see_again(head.unit)
        else:
            self.agenda.ask_too(head.unit)
        here = self.target is not None and self.target.unit == head.unit != ""
        place: str | Target = head.unit
        if rows is not None:
            place = Target(rows, head.unit, None, BY_THEMSELVES, blind=head.blind)
        self._show(head.scan, place, fly=not here)

    # -- second opinions ----------------------------------------------------------------------

    @property
    def hides_labels(self) -> bool:
        """Whether labels and suggestions are kept from the person, for a second opinion."""
        return self.second is not None

    def begin_second(self, units: Sequence[str], **about: str) -> None:
        """Ask a sample blind: units that others answered, or what it is `about` (Sample)."""
        way = self.agenda.begin_second(units, **about)
        self._unhide()
        self._take(way)

    def end_second(self) -> None:
        """Show labels again, go back to what the query asks, and say how far it came."""
        if self.second is not None:
            way = self.agenda.end_second()
            self._unhide()
            self._take(way)

    def _unhide(self) -> None:
        """Labels are hidden now, or shown again; the queue lists something else."""
        self.scan_shown.emit()
        self.project_changed.emit()

    # -- words --------------------------------------------------------------------------------

    def class_name(self, label: int) -> str:
        """Name of a class or code."""
        return self.project.classes.title(label)

    def shut(self) -> None:
        """Stop reading; the project is closed by who opened it."""
        self.project.answers.on_change.clear()
        self._telling.stop()
        self._following.stop()
        self.loader.shut()
        self.forms.shut()
        self.guesses.shut()
        self.estimates.shut()
        self.background.shut()
