"""Which colour and brightness each unit of a scan gets: numpy only, no Qt.

Rows get slots, places in the unit table: units 0..n-1, then noise, tiny, invalid, then one per
cluster that is too large. A unit whose rows have several labels gets a further slot per label.
"""

from __future__ import annotations

import numpy as np

from core.data.classes import FIRST_CODE, UNLABELLED
from gui.look.colours import GREY, unit_colours
from gui.points.draft import Draft
from gui.points.slots import Slots

FULL, AROUND, BROWSE, DRAFT = 255, 209, 235, 240
MODES = (
    "scene",
    "unit",
    "partition",
    "label",
    "prediction",
    "entropy",
    "height",
    "intensity",
    "truth",
    "colours",
    "error",
)
BY_VALUE = MODES[4:]


RIGHT, WRONG, UNKNOWN = 0, 1, 2  # places in a table of errors


def errors(truth: np.ndarray, said: np.ndarray) -> np.ndarray:
    """(N,) uint8: RIGHT or WRONG by truth and prediction (N,) uint8; UNKNOWN where either is no
    class."""
    known = (truth < FIRST_CODE) & (said < FIRST_CODE)
    return np.where(known, np.where(truth == said, RIGHT, WRONG), UNKNOWN).astype(np.uint8)


def colours(
    slots: Slots, mode: str, partition: np.ndarray, ramp: np.ndarray, table: np.ndarray
) -> np.ndarray:
    """(M, 3) uint8 colour of each slot.

    partition (units,) of each unit, ramp (P, 3) its colours, table (256, 3) those of classes. In
    the scene what has no class is black: it has the colour of its height and light.
    """
    if mode in BY_VALUE:  # only what is drawn on the asked unit has a colour of its own
        return np.zeros((len(slots.label), 3), np.uint8)
    n = slots.units
    is_unit = slots.of_unit < n
    bare = (0, 0, 0) if mode == "scene" else GREY
    rgb = np.tile(np.array(bare, np.uint8), (len(slots.label), 1))
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
    """(M,) uint8: while a unit is asked, all others are a little fainter."""
    return np.full(len(slots.label), AROUND if asked else BROWSE, np.uint8)


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
