"""What an answer would be about: a unit of the query, or what somebody clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.items import point_of, scan_of
from core.prepare.units import BLOCK, SCAN, VOXELS, Units, is_cell
from gui.desk.content import Content

BY_THEMSELVES = "Points without a unit"
_WHAT = {SCAN: "Whole scan", BLOCK: "Block", VOXELS: "Super-voxel"}  # of other units


@dataclass(frozen=True, eq=False)  # one is another one though its rows are the same
class Target:
    """What an answer would be about now.

    Attributes
    ----------
    rows : (R,) int64 of the shown scan
    unit : unit_id, "" for rows that belong to no unit
    item : place in the open query, None for a unit somebody clicked
    what : what it is, in words
    blind : seen for a second opinion: no label is shown, and the answer is only compared
    flat : an even piece of ground, to be seen from above; not the foot of a bush or a wall
    """

    rows: np.ndarray
    unit: str
    item: int | None
    what: str
    blind: bool = False
    flat: bool = False


def find_unit(content: Content | None, unit: str) -> Target | None:
    """The target of a unit of a scan by its unit_id, or of a point; None where the scan has none
    of that name."""
    row = point_of(unit)
    if row is not None and content is not None and scan_of(unit) == content.scan:
        known = row < len(content.points)
        return Target(np.array([row]), unit, None, "Point") if known else None
    units = content.table if content is not None else None
    index = units.find(unit) if units is not None else None
    if content is None or units is None or index is None:
        return None
    return of_unit(content, units, index - units.range_of(content.scan).start)


def of_unit(content: Content, units: Units, number: int) -> Target:
    """The target of a unit by its number within the scan."""
    index = units.range_of(content.scan).start + number
    rows = np.flatnonzero(content.unit == number)
    kind = units.kind[index]
    flat = content.form.is_flat(rows)
    what = _WHAT.get(int(kind), "Cluster")
    if is_cell(kind):
        what = "Ground cell" if flat else "Uneven ground cell"
    return Target(rows, units.name(index), None, what, flat=flat)
