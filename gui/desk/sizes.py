"""How large a unit is and where it stands: one number on the card, the column and the sheet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gui.desk.content import Content
from gui.view.hull import convex

_FLOATS_M = 0.5  # over the ground, from where it is said
_THIN_M = 0.3  # below that a height is said in centimetres


class Sizes(NamedTuple):
    """Metres: length and width of the narrowest upright box around a unit, its height, what is
    between it and the ground, how far it is from the scanner, and over the plane through it in
    which nine tenths of its points lie."""

    long: float
    wide: float
    tall: float
    base: float
    away: float
    uneven: float
    is_ground: bool

    def words(self, *, is_cut: bool = False) -> str:
        """Its sizes and where it is; `is_cut`: it may be higher, where the scanner does not see."""
        if self.is_ground:
            size = f"{self.long:.1f} x {self.wide:.1f} m of ground"
            size += f", uneven by {100 * self.uneven:.0f} cm"
        else:
            thin = self.tall < _THIN_M
            tall = f"{100 * self.tall:.0f} cm" if thin else f"{self.tall:.1f} m"
            tall = f"at least {tall}" if is_cut else tall
            size = f"{tall} high, {self.long:.1f} x {max(self.wide, 0.1):.1f} m"
            if self.base > _FLOATS_M:
                size += f", {self.base:.1f} m up"
        return f"{size} · {self.away:.0f} m away"

    def short(self) -> str:
        """Its sizes alone, as short as can be: length, width, height."""
        flat = f"{self.long:.1f} x {max(self.wide, 0.1):.1f}"
        return f"{flat} m" if self.is_ground else f"{flat} x {self.tall:.1f} m"


def sizes(xyz: np.ndarray, height: np.ndarray, *, is_ground: bool) -> Sizes:
    """Of finite points xyz (R, 3), R >= 1, metres in the scan, and their height (R,) over the
    ground."""
    places = xyz.astype(np.float64)
    long, wide = footprint(places[:, :2])
    low, high = float(places[:, 2].min()), float(places[:, 2].max())
    ground = float(np.median(places[:, 2] - height))
    away = float(np.hypot(*places[:, :2].mean(axis=0)))
    uneven = _uneven(places) if is_ground else 0.0
    return Sizes(long, wide, high - low, low - ground, away, uneven, is_ground)


def _uneven(places: np.ndarray) -> float:
    """Metres over the plane through places (R, 3) in which nine tenths of them lie."""
    across = np.column_stack([places[:, :2] - places[:, :2].mean(axis=0), np.ones(len(places))])
    over = places[:, 2] - across @ np.linalg.lstsq(across, places[:, 2], rcond=None)[0]
    return float(np.ptp(np.quantile(over, [0.05, 0.95])))


def of_rows(content: Content, rows: np.ndarray, *, is_ground: bool) -> Sizes | None:
    """Of rows (R,) of a scan, None where none of them is anywhere."""
    xyz = content.points[rows, :3]
    finite = np.isfinite(xyz).all(axis=1)
    if not finite.any():
        return None
    return sizes(xyz[finite], content.form.height[rows[finite]], is_ground=is_ground)


def hull(places: np.ndarray, room: float) -> np.ndarray:
    """(k, 2) corners of the convex hull around squares of half a side `room` > 0 at places (n, 2):
    so that a single point has one too."""
    corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)]) * room
    outer = places[convex(places)].astype(np.float64)
    around = (outer[:, None, :] + corners).reshape(-1, 2)
    return around[convex(around)]


def footprint(places: np.ndarray) -> tuple[float, float]:
    """Length and width in metres of the narrowest rectangle around places (n, 2)."""
    corners = hull(places, 1e-3)
    edges = np.roll(corners, -1, axis=0) - corners
    turn = np.arctan2(edges[:, 1], edges[:, 0])
    along = np.stack([np.cos(turn), np.sin(turn)])
    across = np.stack([-along[1], along[0]])
    extents = np.stack([np.ptp(corners @ along, axis=0), np.ptp(corners @ across, axis=0)])
    best = extents[:, extents.prod(axis=0).argmin()]
    return float(best.max()), float(best.min())
