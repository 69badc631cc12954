"""What was chosen on a chart: units, to which the queue keeps and which the view lights; or scans,
such as those that measure a network, which have no units."""

from __future__ import annotations

from collections.abc import Sequence
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
    mask : (U,) bool, which of all units they are
    """

    words: str
    units: np.ndarray
    fingerprint: str
    mask: np.ndarray

    def holds(self, numbers: np.ndarray) -> np.ndarray:
        """(m,) bool: which of units' numbers (m,) are chosen; a negative one is none's."""
        found: np.ndarray = self.mask[numbers] & (numbers >= 0)
        return found


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

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._state = state
        self.now: Chosen | None = None
        self.scans: tuple[str, ...] = ()
        state.project_changed.connect(self._check)

    def choose(self, words: str, units: np.ndarray) -> None:
        """Choose units (n,) by their numbers; none puts the choice away."""
        table = self._state.project.units
        if table is None or not len(units):
            self.clear()
            return
        mask = np.zeros(len(table), bool)
        mask[units] = True
        self._take(Chosen(words, np.flatnonzero(mask), table.fingerprint, mask))
        self._show()

    def choose_scans(self, scans: Sequence[str]) -> None:
        """Choose scans and show the first; none puts the choice away."""
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
