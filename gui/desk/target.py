"""What an answer would be about: a unit of the query, or what somebody clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.prepare.units import CLUSTER, INVALID, NOISE, OVERSIZE, TINY, Units
from gui.desk.content import Content

NOISE_REACH_M = 1.0


@dataclass(frozen=True)
class Target:
    """What an answer would be about now.

    Attributes
    ----------
    rows : (R,) int64 of the shown scan
    unit : unit_id, "" for rows that belong to no unit
    slot : base slot of the unit (gui.view.paint), None for noise
    item : place in the open query, None for a unit somebody clicked
    what : what it is, in words
    blind : seen for a second opinion: no label is shown, and the answer is only compared
    """

    rows: np.ndarray
    unit: str
    slot: int | None
    item: int | None
    what: str
    blind: bool = False


def of_unit(content: Content, units: Units, number: int) -> Target:
    """The target of a unit by its number within the scan."""
    index = units.range_of(content.scan).start + number
    rows = np.flatnonzero(content.unit == number)
    what = "Cluster" if units.kind[index] == CLUSTER else "Ground cell"
    return Target(rows, units.name(index), number, None, what)


def clicked(content: Content, units: Units | None, row: int) -> Target | None:
    """The target of a clicked row: its unit, its large cluster, or the stray points within 1 m.

    None for a row without coordinates.
    """
    state = int(content.unit[row])
    if state >= 0 and units is not None:
        return of_unit(content, units, state)
    if state <= OVERSIZE:
        slot = content.units + 3 + OVERSIZE - state
        rows = np.flatnonzero(content.unit == state)
        return Target(rows, "", slot, None, "Cluster too large to be asked")
    if state == INVALID:
        return None
    away = np.linalg.norm(content.points[:, :3] - content.points[row, :3], axis=1)
    rows = np.flatnonzero((content.unit == state) & (away <= NOISE_REACH_M))
    words = {NOISE: "Noise points within 1 m", TINY: "Points of a tiny ground cell"}
    return Target(rows, "", None, None, words[state])
