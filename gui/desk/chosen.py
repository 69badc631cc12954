"""What was chosen on a chart: units, to which the queue keeps and which the view lights; or scans,
such as those that measure a network, which have no units."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.prepare.units import CLUSTER, Units
from gui.desk.background import Turn
from gui.desk.state import State

_AT_ONCE = 20_000  # units; what more of them come to is counted beside the window


@dataclass(frozen=True, eq=False)
class Chosen:
    """Attributes
    ----------
    words : what they are, such as "size 5 m"
    units : (n,) int64 numbers, ascending, of the preparation `fingerprint`
    mask : (U,) bool, which of all units they are
    points : of all of them
    scans : (s,) int64 numbers of their scans, ascending
    sizes : (m,) int64 how many of them are clusters of 0, 1, 2 … metres
    """

    words: str
    units: np.ndarray
    fingerprint: str
    mask: np.ndarray
    points: int
    scans: np.ndarray
    sizes: np.ndarray

    def holds(self, numbers: np.ndarray) -> np.ndarray:
        """(m,) bool: which of units' numbers (m,) are chosen; a negative one is none's."""
        found: np.ndarray = self.mask[numbers] & (numbers >= 0)
        return found


def chosen_of(table: Units, words: str, units: np.ndarray) -> Chosen:
    """Units (n,) by their numbers, each once, and what is told of them."""
    mask = np.zeros(len(table), bool)
    mask[units] = True
    own = np.flatnonzero(mask)
    per_scan = np.bincount(table.scan[own], minlength=len(table.scans))
    sizes = np.bincount(table.size[own[table.kind[own] == CLUSTER]])
    return Chosen(words, own, table.fingerprint, mask, int(table.points[own].sum()),
                  np.flatnonzero(per_scan), sizes)  # fmt: skip


class Choice(QObject):
    """What is chosen in a project; `choice_of` has the one of a state.

    Attributes
    ----------
    now : the units that are chosen, or None
    scans : those that are chosen instead

    Signals
    -------
    changed() : other units or scans are chosen, or none
    """

    changed = Signal()
    _made = Signal(object)

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._state = state
        self.now: Chosen | None = None
        self.scans: tuple[str, ...] = ()
        self._making: Future[Chosen] | None = None
        self._made.connect(self._arrived)
        state.project_changed.connect(self._check)

    @property
    def rested(self) -> bool:
        """Whether no choice is on its way."""
        return self._making is None

    def choose(self, words: str, units: np.ndarray) -> None:
        """Choose units (n,) by their numbers, many of them a moment later; none puts the choice
        away."""
        table = self._state.project.units
        if table is None or not len(units):
            self.clear()
        elif len(units) <= _AT_ONCE:
            self._making = None
            self._choose(chosen_of(table, words, units))
        else:
            made = self._making = self._state.background.submit(
                partial(chosen_of, table, words, units), Turn.NOW
            )
            made.add_done_callback(self._made.emit)

    def _arrived(self, done: Future[Chosen]) -> None:
        table = self._state.project.units
        if done is not self._making or done.cancelled():
            return  # something else was chosen meanwhile
        self._making, chosen = None, done.result()
        if table is not None and table.fingerprint == chosen.fingerprint:
            self._choose(chosen)

    def _choose(self, chosen: Chosen) -> None:
        self._take(chosen)
        self._show()

    def choose_scans(self, scans: Sequence[str]) -> None:
        """Choose scans and show the first; none puts the choice away."""
        self._making = None
        if self.now is not None or self.scans or scans:
            self._take(None, tuple(scans))
        if scans:
            self._state.show_scan(scans[0])

    def clear(self) -> None:
        """Choose nothing any more."""
        self.choose_scans(())

    def _take(self, chosen: Chosen | None, scans: tuple[str, ...] = ()) -> None:
        state, order = self._state, self._state.order
        self.now, self.scans = chosen, scans
        order.chosen = chosen
        state.set_order(by_scan=order.by_scan, partition=order.partition, suggested=order.suggested)
        self.changed.emit()

    def _check(self) -> None:
        """A new preparation has other units."""
        table = self._state.project.units
        if self.now is not None and (table is None or table.fingerprint != self.now.fingerprint):
            self._take(None)

    def _show(self) -> None:
        """Show the scan that holds most of them, unless some are in sight already."""
        state, chosen = self._state, self.now
        units = state.project.units
        assert chosen is not None
        assert units is not None
        if len(chosen.units) == 1:
            state.show_unit(units.name(int(chosen.units[0])))
            return
        if len(self.rows_in(state.shown_scan)):
            return
        scan = int(np.bincount(units.scan[chosen.units]).argmax())
        state.show_scan(units.scans[scan])

    def rows_in(self, scan: str) -> np.ndarray:
        """(m,) int64 numbers, within a scan, of its units that are chosen."""
        units, chosen = self._state.project.units, self.now
        if units is None or chosen is None or chosen.fingerprint != units.fingerprint:
            return np.zeros(0, np.int64)
        mine = units.range_of(scan)
        first, last = np.searchsorted(chosen.units, (mine.start, mine.stop))
        found: np.ndarray = chosen.units[first:last] - mine.start
        return found


def choice_of(state: State) -> Choice:
    """The choice of a state, the same one for all who ask."""
    return state.findChild(Choice) or Choice(state)
