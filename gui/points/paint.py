"""Which colour and brightness each unit of a scan gets: numpy only, no Qt.

Rows get slots, places in the unit table: units 0..n-1, then noise, tiny, invalid, then one per
cluster that is too large. A unit whose rows have several labels gets a further slot per label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.classes import UNLABELLED
from core.prepare.units import OVERSIZE
from gui.look.colours import GREY, unit_colours
from gui.points.draft import Draft

FULL, ANSWERED, DIM, BROWSE, DRAFT = 255, 125, 95, 235, 170
MODES = ("unit", "partition", "label", "prediction", "entropy", "height", "intensity", "truth")
BY_VALUE = MODES[3:]


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


def colours(
    slots: Slots, mode: str, partition: np.ndarray, ramp: np.ndarray, table: np.ndarray
) -> np.ndarray:
    """(M, 3) uint8 colour of each slot.

    partition (units,) of each unit, ramp (P, 3) its colours, table (256, 3) those of classes.
    """
    n = slots.units
    is_unit = slots.of_unit < n
    rgb = np.tile(np.array(GREY, np.uint8), (len(slots.label), 1))
    own = slots.of_unit[is_unit]
    if mode == "partition":
        rgb[is_unit] = ramp[partition[own]]
        return rgb
    if mode == "unit":
        rgb[is_unit] = unit_colours(n)[own]
    labelled = slots.label != UNLABELLED
    rgb[labelled] = table[slots.label[labelled]]
    if mode == "label":
        rgb[~labelled] = table[UNLABELLED]
    return rgb


def brightness(slots: Slots, *, asked: bool) -> np.ndarray:
    """(M,) uint8: while a unit is asked, answered ones are half bright and the rest dim."""
    if not asked:
        return np.full(len(slots.label), BROWSE, np.uint8)
    return np.where(slots.label != UNLABELLED, ANSWERED, DIM).astype(np.uint8)


def draft_slots(draft: Draft, preview: np.ndarray | None) -> np.ndarray:
    """(R,) int32 places in a table of 257 colours: each row's class, 256 for what is asked now.

    preview (R,) bool stands for what is selected while a shape is drawn.
    """
    if preview is not None:
        asked = preview
    elif draft.complete and not draft.selected.any():
        asked = np.zeros(len(draft.classes), bool)
    else:
        asked = draft.asked
    return np.where(asked, 256, draft.classes.astype(np.int32))
