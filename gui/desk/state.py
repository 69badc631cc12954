"""What is shown and asked now; the project's changes as Qt signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from core.answers.entry import Head
from core.assist.suggestion import Suggestion
from core.base.errors import ProjectError
from core.data.items import scan_of
from core.project.project import Project
from core.rounds.round import Round
from gui.desk.activity import Activity
from gui.desk.agenda import Agenda
from gui.desk.background import Background
from gui.desk.content import Content, Loader
from gui.desk.guesses import Guesses
from gui.desk.order import Order
from gui.desk.sample import Sample
from gui.desk.summary import Summary
from gui.desk.target import Target, of_unit

_AHEAD = 3
_TELL_MS = 40


class State(QObject):
    """One open project, the scan that is shown, the unit an answer would be about.

    Attributes
    ----------
    running : name of the step that runs in the background, or None
    change : seconds that another scan costs more than another unit, and how often that was
        measured; None before

    Signals
    -------
    scan_shown() : another scan, or the same one anew
    target_changed(fly) : another unit, or none, or other labels; fly there or stay
    target_told() : the same a moment later, for panels: the view's frame comes first
    answers_changed() : an entry was added, anywhere
    project_changed() : units, rounds or predictions
    changed() : any of the last three, told once for a key: for actions and steps, which are many
    told(text) : something to say in the status bar
    failed(error) : a ProjectError to show
    """

    scan_shown = Signal()
    target_changed = Signal(bool)
    target_told = Signal()
    answers_changed = Signal()
    project_changed = Signal()
    changed = Signal()
    told = Signal(str)
    failed = Signal(object)
    _entry_added = Signal()

    def __init__(self, project: Project, activity: Activity) -> None:
        super().__init__()
        self.project = project
        self.activity = activity
        self.summary = Summary(project)
        self.loader = Loader(project, self)
        self.content: Content | None = None
        self.target: Target | None = None
        self.running: str | None = None
        self.change: tuple[float, int] | None = None
        # Scan, item or unit that is asked there, whether to fly.
        self._coming: tuple[str, int | str | None, bool] | None = None
        self.background = Background(2, "background")
        self.guesses = Guesses(project, self.background, self)
        self.order = Order(project, self.summary, self.guesses)
        self.agenda = Agenda(project, self.summary, self.order)
        self.loader.loaded.connect(self._arrived)
        self.loader.failed.connect(self._missing)
        # Entries may come by the thousand, and from another thread: tell of them together.
        self._telling = QTimer(self)
        self._telling.setSingleShot(True)
        self._telling.setInterval(_TELL_MS)
        self._telling.timeout.connect(self.answers_changed)
        self._following = QTimer(self)
        self._following.setSingleShot(True)
        self._following.setInterval(_TELL_MS)
        self._following.timeout.connect(self.target_told)
        self.target_changed.connect(lambda _: self._following.start())
        self._entry_added.connect(self._tell)
        self.answers_changed.connect(self._answers_told)
        self.target_told.connect(self.changed)
        self.project_changed.connect(self.changed)
        project.answers.on_change.append(self._entry_added.emit)
        self.target_told.connect(self._guess)
        self.guesses.changed.connect(self._following.start)
        self.guesses.failed.connect(self.told)
        self.order.refill()

    @property
    def settled(self) -> bool:
        """Whether everything on screen is up to date."""
        waiting = self._telling.isActive() or self._following.isActive()
        return self._coming is None and not waiting

    def _guess(self) -> None:
        if self.content is not None:
            self.guesses.follow(self.content.scan)

    @property
    def suggestion(self) -> Suggestion | None:
        """What is suggested for the target, None where nothing is known or must be shown."""
        target = self.target
        return self.guesses.of(target.unit) if target is not None and not target.blind else None

    def _answers_told(self) -> None:
        if not self._following.isActive():  # else the target is told of in a moment
            self.changed.emit()

    def _tell(self) -> None:
        if not self._telling.isActive():
            self._telling.start()

    # -- the query ----------------------------------------------------------------------------

    @property
    def round(self) -> Round | None:
        """The round whose items are on the table."""
        return self.summary.round

    def set_order(self, *, by_scan: bool, partition: str | None, suggested: int | None) -> None:
        """Sort and filter the queue (gui.order.Order)."""
        order = self.order
        order.by_scan, order.partition, order.suggested = by_scan, partition, suggested
        order.refill()
        self.project_changed.emit()

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
        """The unit that is asked or on its way, as the person was told; "" for none."""
        if self._coming is not None:
            _, place, _ = self._coming
            if isinstance(place, int) and self.round is not None:
                return self.round.query.items[place]
            return place if isinstance(place, str) else ""
        if self.target is None or self.content is None:
            return ""
        return self.target.unit or f"{self.content.scan}#{int(self.target.rows[0])}"

    @property
    def coming(self) -> str | None:
        """The scan that is being read to be shown, or None."""
        return self._coming[0] if self._coming is not None else None

    @property
    def at_asked(self) -> bool:
        """Whether what is shown, or on its way, is what is asked."""
        return self.agenda.asks(self.announced)

    @property
    def stands_on(self) -> int | None:
        """Place in the query, or in the sample, in whose row the target stands; None for what is
        not asked."""
        target, second = self.target, self.second
        if target is None or not target.blind:
            asked = target is not None and second is None
            return self.summary.place_of(target.unit) if target is not None and asked else None
        if second is not None:
            return second.place
        return self.cursor if self.cursor >= 0 and self.round is not None else None

    def begin(self) -> None:
        """Show the first open item, or the first scan where nothing is asked."""
        if self.second is not None:
            self._ask_second(self.second.place)
            return
        self.agenda.forget()
        place = self.order.after(-1)
        if place is not None:
            self.go(place)
        else:
            self.show_scan(self.project.dataset.train[0])

    def go(self, place: int) -> None:
        """Make an item of the query, or of the sample, the target; read what comes next."""
        current = self.round
        if current is None:
            return
        if self.second is not None:
            self._ask_second(place)
            return
        self.agenda.ask(place)
        self._show(scan_of(current.query.items[place]), place, fly=True)
        self._read_ahead()

    def _read_ahead(self) -> None:
        for scan in self.order.scans_behind(self.cursor, _AHEAD):
            self.loader.ask(scan)

    def skip(self) -> None:
        """Leave the item open and go to the next one; from a detour, back to what is asked."""
        if self.return_to_asked():
            return
        if self.second is not None:
            place = self.second.after()
            if place is not None:
                self._ask_second(place)
            else:
                self.told.emit("This is the last of the sample.")
            return
        self.agenda.leave_repeat()
        place = self.agenda.behind(self.cursor)
        if place is not None:
            self.go(place)
        elif self.agenda.owes:
            self.go(self.cursor)
            self.told.emit("This is the last open item.")
        else:
            self.told.emit(self._all_done())

    def back(self) -> None:
        """Go to the item before this one, answered or not."""
        if self.second is not None:
            self._ask_second(self.second.before())
            return
        place = self.order.before(self.cursor)
        if place is not None:
            self.go(place)

    def return_to_asked(self) -> bool:
        """Go back to what is asked; False where that is shown already, or nothing is owed."""
        if self.at_asked:
            return False
        if self.second is not None:
            self._ask_second(self.second.place)
            return True
        if self.agenda.again and self.cursor >= 0:
            self.show_unit(self.agenda.again)
            return True
        if self.agenda.owes:
            self.go(self.cursor)
        return self.agenda.owes

    # -- showing ------------------------------------------------------------------------------

    def show_unit(self, unit: str) -> None:
        """Make a unit the target, asked or not."""
        self._show(scan_of(unit), unit, fly=True)

    def show_scan(self, scan: str) -> None:
        """Show a scan without a target."""
        self._show(scan, None, fly=True)

    def step_scan(self, by: int) -> None:
        """Show the scan `by` places later in the list."""
        names = self.scans()
        at = names.index(self.content.scan) if self.content else 0
        self.show_scan(names[(at + by) % len(names)])

    def scans(self) -> tuple[str, ...]:
        """Every scan of the project, training first."""
        dataset = self.project.dataset
        return (*dataset.train, *dataset.validation)

    def _show(self, scan: str, place: int | str | None, *, fly: bool) -> None:
        self._coming = (scan, place, fly)
        content = self.loader.get(scan)
        if content is not None:
            self._arrived(scan)
        else:
            self.target = None
            self.target_changed.emit(False)
            self.told.emit(f"Reading {scan} …")

    def _arrived(self, scan: str) -> None:
        if self._coming is None or self._coming[0] != scan:
            return
        _, place, fly = self._coming
        self._coming = None
        content = self.loader.get(scan)
        self.told.emit("")
        if content is not self.content:
            self.content = content
            self.target = None
            self.scan_shown.emit()
        if isinstance(place, str):
            self.target = self._unit_target(place)
        else:
            self.target = self._item_target(place) if place is not None else None
        self.activity.take()
        self.target_changed.emit(fly)

    def _missing(self, scan: str, error: ProjectError) -> None:
        if self._coming is not None and self._coming[0] == scan:
            self._coming = None
            self.failed.emit(error)

    def reload(self) -> None:
        """Read everything shown anew: units, rounds or predictions have changed."""
        self.loader.forget()
        self.guesses.forget()
        before = self.round
        self.summary.renew()
        self.order.suggested = None  # nothing is suggested until something is learnt anew
        if self.round != before:  # a filter was for that round's items
            self.order.partition = None
            self.agenda.forget()
        self.order.refill()
        self.project_changed.emit()
        if self.content is None:
            self.begin()
        elif self.target is not None and self.target.item is not None:
            self._show(self.content.scan, self.target.item, fly=False)
        elif self.target is not None and self.target.blind:
            self._show(self.content.scan, self.target.unit, fly=False)
        else:
            self._show(self.content.scan, None, fly=False)

    # -- targets ------------------------------------------------------------------------------

    def _item_target(self, place: int) -> Target | None:
        current = self.round
        units = self.project.units
        if current is None or units is None:
            return None
        index = units.find(current.query.items[place])
        if index is None:
            return None
        scan = scan_of(current.query.items[place])
        assert self.content is not None
        number = index - units.range_of(scan).start
        return replace(of_unit(self.content, units, number), item=place)

    def _unit_target(self, unit: str) -> Target | None:
        units, content = self.project.units, self.content
        index = units.find(unit) if units is not None else None
        if units is None or index is None or content is None:
            return None
        return self._as_asked(of_unit(content, units, index - units.range_of(content.scan).start))

    def _as_asked(self, target: Target) -> Target:
        """A target as the query, a repeat or the sample asks it, if one of them does."""
        if self.agenda.is_blind(target.unit):
            return replace(target, blind=True)
        return replace(target, item=self.summary.place_of(target.unit))

    def aim(self, target: Target) -> None:
        """Make something in the shown scan the target; it is asked if the query asks it."""
        if self.second is not None:
            if target.unit not in self.second:
                self.told.emit("Only the sample is answered in a second opinion; Esc ends it.")
                return
            self.second.go(target.unit)
        self.target = self._as_asked(target)
        self.target_changed.emit(False)

    def show_again(self, head: Head) -> None:
        """Go where an entry was made."""
        place = self.summary.place_of(head.unit)
        if head.blind:
            self.agenda.see_again(head.unit)
            self.show_unit(head.unit)
            return
        self.end_second()
        if place is not None:
            self.agenda.ask_too(place)
        self._show(head.scan, place if place is not None else head.unit or None, fly=True)

    # -- second opinions ----------------------------------------------------------------------

    @property
    def hides_labels(self) -> bool:
        """Whether labels and suggestions are kept from the person, for a second opinion."""
        return self.second is not None

    def begin_second(self, units: Sequence[str]) -> None:
        """Ask units that others answered, without showing what they said."""
        self.agenda.begin_second(units)
        self.scan_shown.emit()
        self.project_changed.emit()
        self._ask_second(0)

    def _ask_second(self, place: int) -> None:
        assert self.second is not None
        self.second.place = place
        self.show_unit(self.second.unit)
        following = self.second.after()
        if following is not None:
            self.loader.ask(scan_of(self.second.units[following]))

    def end_second(self) -> None:
        """Show labels again, go back to what the query asks, and say how far it came."""
        sample = self.second
        if sample is None:
            return
        self.agenda.second = None
        self.scan_shown.emit()
        self.project_changed.emit()
        if not self.return_to_asked():
            self.target = None
            self.target_changed.emit(False)
        done, count = len(sample.done), len(sample.units)
        rest = "see Review for the agreement" if done == count else "asked anew it goes on there"
        self.told.emit(f"The second opinion has ended after {done:,} of {count:,}: {rest}.")

    # -- going on -----------------------------------------------------------------------------

    def advance(self, answered: Target) -> None:
        """Go on after an answer to `answered`: to the next open item from what was asked; from a
        detour nowhere, so that more can be clicked."""
        if self.second is not None:
            self.second.done.add(answered.unit)
            place = self.second.after()
            if place is not None:
                self._ask_second(place)
            else:
                self.end_second()
            return
        if answered.blind:
            self.agenda.again = ""
            self._ask(self.cursor if self.agenda.owes else self.order.after(self.cursor))
            return
        if answered.item is not None:
            self.agenda.note(answered.unit)
        if answered.item is None or answered.item != self.cursor:
            self.target = None
            self.target_changed.emit(False)
            self.told.emit(f"Tab: back to {self.agenda.number}." if self.agenda.owes else "")
            return
        place = self.agenda.behind(answered.item)
        here = scan_of(answered.unit)
        if place is not None and self.agenda.repeat_before(place, here):
            self.show_unit(self.agenda.again)
            self._read_ahead()
        else:
            self._ask(place)

    def _ask(self, place: int | None) -> None:
        if place is not None:
            self.go(place)
            return
        self.target = None
        self.target_changed.emit(False)
        self.told.emit(self._all_done())

    def _all_done(self) -> str:
        waiting = self.summary.waiting
        if self.round is not None and waiting:
            return f"This list is answered; {waiting:,} more wait outside of it: show all."
        return "Every item is answered: train the round."

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
        self.guesses.shut()
        self.background.shut()
