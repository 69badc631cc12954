"""Slots: places in the table of colours, by which a unit changes its colour at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.classes import UNLABELLED
from core.prepare.units import OVERSIZE


@dataclass
class Slots:
    """The unit table of one scan.

    Attributes
    ----------
    slot : (N,) int32 of each row
    units : number of units of the scan
    of_unit, label : (M,) base slot and label of each slot, UNLABELLED where it has none
    """

    slot: np.ndarray
    units: int
    of_unit: np.ndarray
    label: np.ndarray

    def follow(self, before: np.ndarray, after: np.ndarray) -> bool:
        """Take over labels `after` (N,) in place of those `before` by changing one entry of the
        table; False where points would change their slots, and nothing is changed."""
        rows = np.flatnonzero(before != after)
        if not len(rows):
            return True
        slot, label = int(self.slot[rows[0]]), after[rows[0]]
        alone = np.count_nonzero(self.of_unit == self.of_unit[slot]) == 1
        same = (self.slot[rows] == slot).all() and (after[rows] == label).all()
        if not (alone and same and np.count_nonzero(self.slot == slot) == len(rows)):
            return False
        self.label[slot] = label
        return True


def base_slots(unit: np.ndarray, units: int) -> np.ndarray:
    """(N,) int32 slot of each row by its unit (N,), labels left out."""
    state = np.where(unit > OVERSIZE, -1 - unit, 3 + OVERSIZE - unit)
    return np.where(unit >= 0, unit, units + state).astype(np.int32)


def make_slots(unit: np.ndarray, units: int, labels: np.ndarray) -> Slots:
    """Slots of rows with units (N,) and labels (N,) uint8."""
    base = base_slots(unit, units)
    count = max(units + 3, int(base.max(initial=0)) + 1)
    label = np.full(count, UNLABELLED, np.uint8)
    # The label most rows of a slot have stays in it; rows with another move to a slot of their own.
    per_pair = np.bincount(base.astype(np.int64) << 8 | labels)
    pairs = np.flatnonzero(per_pair)
    ascending = np.argsort(per_pair[pairs], kind="stable")
    label[pairs[ascending] >> 8] = (pairs[ascending] & 255).astype(np.uint8)
    further = pairs[label[pairs >> 8] != (pairs & 255)]
    slot = base.copy()
    if len(further):
        moved = np.flatnonzero(labels != label[base])
        keys = base[moved].astype(np.int64) << 8 | labels[moved]
        slot[moved] = count + np.searchsorted(further, keys)
    return Slots(
        slot,
        units,
        np.concatenate([np.arange(count), further >> 8]).astype(np.int32),
        np.concatenate([label, (further & 255).astype(np.uint8)]),
    )
