"""Units that were chosen on a chart: the queue keeps to them, the view lights them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from gui.desk.state import State


@dataclass(frozen=True, eq=False)
class Chosen:
    """Attributes
    ----------
    words : what they are, such as "size 5 m"
    units : (n,) int64 numbers, ascending, of the preparation `fingerprint`
    """

    words: str
    units: np.ndarray
    fingerprint: str

    def holds(self, numbers: np.ndarray) -> np.ndarray:
        """(m,) bool: which of units' numbers (m,) are chosen."""
        if not len(self.units):
            return np.zeros(len(numbers), bool)
        at = np.minimum(np.searchsorted(self.units, numbers), len(self.units) - 1)
        found: np.ndarray = self.units[at] == numbers
        return found


class Choice(QObject):
    """What is chosen in a project; `choice_of` has the one of a state.

    Signals
    -------
    changed() : other units are chosen, or none
    """

    changed = Signal()

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._state = state
        self.now: Chosen | None = None
        state.project_changed.connect(self._check)

    def choose(self, words: str, units: np.ndarray) -> None:
        """Choose units (n,) by their numbers; none puts the choice away."""
        table = self._state.project.units
        if table is None or not len(units):
            self.clear()
            return
        self._take(Chosen(words, np.unique(np.asarray(units, np.int64)), table.fingerprint))
        self._show()

    def clear(self) -> None:
        """Choose nothing any more."""
        if self.now is not None:
            self._take(None)

    def _take(self, chosen: Chosen | None) -> None:
        state, order = self._state, self._state.order
        self.now = order.chosen = chosen
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
