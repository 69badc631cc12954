"""What a click takes: the unit of a point, or the stray points around it."""

from __future__ import annotations

import numpy as np

from core.prepare.units import INVALID, NOISE, OVERSIZE, TINY, Units
from gui.desk.content import Content
from gui.desk.target import Target, of_unit

NOISE_REACH_M = 1.0


def clicked(content: Content, units: Units | None, row: int) -> Target | None:
    """The target of a clicked row: its unit, its large cluster, or the stray points within 1 m that
    have its class, or none yet like it.

    None for a row without coordinates.
    """
    state = int(content.unit[row])
    if state >= 0 and units is not None:
        return of_unit(content, units, state)
    if state <= OVERSIZE:
        rows = np.flatnonzero(content.unit == state)
        return Target(rows, "", None, "Cluster too large to be asked")
    if state == INVALID:
        return None
    away = np.linalg.norm(content.points[:, :3] - content.points[row, :3], axis=1)
    like = content.labels == content.labels[row]  # a class that others have already stays theirs
    rows = np.flatnonzero((content.unit == state) & (away <= NOISE_REACH_M) & like)
    words = {NOISE: "Noise points within 1 m", TINY: "Points of a tiny ground cell"}
    return Target(rows, "", None, words[state])
