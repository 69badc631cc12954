"""The points of the shown scan as boxes need them: what is ground, what is a cluster, what a class
measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.boxes.fit import Size, ground_height
from core.prepare.units import CLUSTER
from gui.desk.content import Content


@dataclass(frozen=True, eq=False)
class ScanPoints:
    """Of the N points of a scan.

    Attributes
    ----------
    points : (N, 4) float32
    is_ground : (N,) bool
    cluster : (N,) int32 number within the scan, -1 for none
    """

    points: np.ndarray
    is_ground: np.ndarray
    cluster: np.ndarray

    @classmethod
    def of(cls, content: Content) -> ScanPoints:
        """Those of a scan that was read; one that is not prepared has no clusters."""
        unit = content.unit
        cluster = np.full(len(unit), -1, np.int32)
        if content.table is not None:
            mine = content.table.range_of(content.scan)
            is_cluster = content.table.kind[mine.start : mine.stop] == CLUSTER
            held = np.flatnonzero(unit >= 0)
            of_cluster = held[is_cluster[unit[held]]]
            cluster[of_cluster] = unit[of_cluster]
        return cls(content.points, content.form.low, cluster)

    @property
    def standing(self) -> np.ndarray:
        """(N,) bool: points that are none of the ground."""
        found: np.ndarray = ~self.is_ground & np.isfinite(self.points[:, :3]).all(axis=1)
        return found

    def ground_at(self, xy: np.ndarray) -> float | None:
        """Height of the ground at a place (2,), None where none is near."""
        return ground_height(self.points, self.is_ground, xy)


def nearest_class(box: np.ndarray, sizes: tuple[Size | None, ...]) -> int:
    """The class whose mean size is nearest to that of a box (7,), by ratios; 0 where none is known.
    A side that is too short counts half: it may be seen in part."""

    def off(size: Size | None) -> float:
        if size is None:
            return float("inf")
        ratios = np.log(box[3:6] / size)
        return float(np.where(ratios > 0, ratios, -ratios / 2).sum())

    return int(np.argmin([off(size) for size in sizes])) if any(sizes) else 0
