"""What is shown and asked now; the project's changes as Qt signals."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from core.answers.entry import Head
from core.assist.suggestion import Suggestion
from core.base.errors import ProjectError
from core.data.items import scan_of
from core.project.project import Project
from core.quality.agreement import Repeats
from core.rounds.round import Round
from gui.desk.activity import Activity
from gui.desk.background import Background
from gui.desk.content import Content, Loader
from gui.desk.estimates import Estimates
from gui.desk.guesses import Guesses
from gui.desk.order import Order
from gui.desk.summary import Summary
from gui.desk.target import Target, of_unit

_AHEAD = 3
_TELL_MS = 40


class State(QObject):
    """One open project, the scan that is shown, the unit an answer would be about.

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
        self.cursor = -1
        self.repeats = Repeats(project)
        self.again = ""  # a unit that is seen a second time, unmarked
        self.second: deque[str] = deque()  # a sample of others' units, for a second opinion
        # Scan, item or unit that is asked there, whether to fly.
        self._coming: tuple[str, int | str | None, bool] | None = None
        self.background = Background(2, "background")
        self.guesses = Guesses(project, self.background, self)
        self.estimates = Estimates(project, self.background, self)
        self.order = Order(project, self.summary, self.guesses)
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
        self.answers_changed.connect(self.estimates.forget)
        self.answers_changed.connect(self._answers_told)
        self.target_told.connect(self.changed)
        self.project_changed.connect(self.changed)
        project.answers.on_change.append(self._entry_added.emit)
        self.target_told.connect(self._guess)
        self.guesses.changed.connect(self._following.start)
        self.guesses.failed.connect(self.told)
        self.estimates.changed.connect(self.changed)
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

    def begin(self) -> None:
        """Show the first open item, or the first scan where nothing is asked."""
        place = self.order.after(-1)
        if place is not None:
            self.go(place)
        else:
            self.show_scan(self.project.dataset.train[0])

    def go(self, place: int) -> None:
        """Make an item of the query the target, and read the scans of the next ones."""
        current = self.round
        if current is None:
            return
        self.cursor = place
        scan = scan_of(current.query.items[place])
        self._show(scan, place, fly=True)
        ahead, scans = place, [scan]
        for _ in range(_AHEAD):
            following = self.order.after(ahead)
            if following is None:
                break
            ahead = following
            name = scan_of(current.query.items[ahead])
            if name not in scans:
                scans.append(name)
                self.loader.ask(name)

    def skip(self) -> None:
        """Leave the item open and go to the next one."""
        place = self.order.after(self.cursor)
        if place is not None:
            self.go(place)
        elif self.order.line_of(self.cursor) is not None and self.order.is_open(self.cursor):
            self.go(self.cursor)
            self.told.emit("This is the last open item.")
        else:
            self.told.emit(self._all_done())

    def back(self) -> None:
        """Go to the item before this one, answered or not."""
        place = self.order.before(self.cursor)
        if place is not None:
            self.go(place)

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
        self.estimates.forget()
        self.summary.renew()
        self.order.suggested = None  # nothing is suggested until something is learnt anew
        self.order.refill()
        if self.round is None:
            self.cursor = -1
        self.project_changed.emit()
        if self.content is None:
            self.begin()
        elif self.target is not None and self.target.item is not None:
            self._show(self.content.scan, self.target.item, fly=False)
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
        target = of_unit(content, units, index - units.range_of(content.scan).start)
        blind = unit == self.again or (bool(self.second) and unit == self.second[0])
        return target if blind is False else replace(target, blind=True)

    def aim(self, target: Target) -> None:
        """Make something in the shown scan the target; it is asked if the query asks it."""
        place = self.summary.place_of(target.unit)
        if place is not None:
            self.cursor = place
            target = replace(target, item=place)
        self.target = target
        self.target_changed.emit(False)

    def show_again(self, head: Head) -> None:
        """Go where an entry was made."""
        place = self.summary.place_of(head.unit)
        if head.blind:
            self.again = head.unit
            self.show_unit(head.unit)
            return
        if place is not None:
            self.cursor = place
        self._show(head.scan, place, fly=True)

    @property
    def hides_labels(self) -> bool:
        """Whether labels and suggestions are kept from the person, for a second opinion."""
        return bool(self.second)

    def begin_second(self, units: Sequence[str]) -> None:
        """Ask units that others answered, without showing what they said."""
        self.second = deque(units)
        self.scan_shown.emit()
        self.show_unit(self.second[0])

    def end_second(self) -> None:
        """Show labels again."""
        self.second.clear()
        self.scan_shown.emit()
        self.target_changed.emit(False)

    def advance(self, answered: Target) -> None:
        """Go to the next open item after an answer to `answered`."""
        if self.second:
            if answered.unit == self.second[0]:
                self.second.popleft()
            if self.second:
                self.show_unit(self.second[0])
                return
            self.end_second()
            self.told.emit("The blind sample is done: see Review for the agreement.")
        if answered.blind:
            self.again = ""
        elif answered.item is not None:
            self.repeats.note(answered.unit)
            self.again = self.repeats.due() or ""
            if self.again:
                self.cursor = answered.item
                self.show_unit(self.again)
                return
        at = self.cursor if answered.blind else answered.item
        place = self.order.after(at) if at is not None and at >= 0 else None
        if place is not None:
            self.go(place)
            return
        self.target = None
        self.target_changed.emit(False)
        if answered.item is not None:
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
        self.estimates.shut()
        self.background.shut()
