"""What surfaces are made of: their raw id, how they reflect, and what passes them.

Reflections are quantiles as measured on labelled scans of a 64-beam sensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

QUANTILES = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
OWN_CAR = 1  # raw id of returns from the own car: SemanticKITTI's outliers
# Standing thing -> the same thing moving, raw ids of SemanticKITTI.
MOVING = {10: 252, 31: 253, 30: 254, 32: 255, 13: 257, 18: 258, 20: 259}


class Material(IntEnum):
    """A kind of surface: the row of `TABLE`."""

    ROAD = 0
    LANE = 1
    PARKING = 2
    SIDEWALK = 3
    OTHER_GROUND = 4
    TERRAIN = 5
    BUILDING = 6
    WINDOW = 7
    FENCE = 8
    MESH_FENCE = 9
    HEDGE = 10
    LEAVES = 11
    TRUNK = 12
    POLE = 13
    SIGN = 14
    CAR = 15
    DARK_CAR = 16
    TRUCK = 17
    BUS = 18
    OTHER_VEHICLE = 19
    BICYCLE = 20
    MOTORCYCLE = 21
    PERSON = 22
    BICYCLIST = 23
    MOTORCYCLIST = 24
    STRUCTURE = 25
    OBJECT = 26
    GLASS = 27
    OWN_CAR = 28


@dataclass(frozen=True)
class Kind:
    """One material.

    Attributes
    ----------
    raw : SemanticKITTI's id
    levels : reflection at QUANTILES, 0..1
    lost : share of rays that hit it and never come back: dark paint, panes
    passed : share of rays that go on through it
    """

    raw: int
    levels: tuple[float, ...]
    lost: float = 0.0
    passed: float = 0.0


_CAR = (0.0, 0.0, 0.0, 0.0, 0.02, 0.2, 0.35, 0.46, 0.95)
_WALL = (0.0, 0.09, 0.18, 0.30, 0.37, 0.47, 0.58, 0.65, 0.9)
_LEAF = (0.0, 0.02, 0.14, 0.23, 0.32, 0.40, 0.48, 0.53, 0.65)
_PAVED = (0.05, 0.11, 0.18, 0.27, 0.31, 0.34, 0.38, 0.40, 0.5)

TABLE: dict[Material, Kind] = {
    Material.ROAD: Kind(40, (0.0, 0.0, 0.05, 0.18, 0.27, 0.31, 0.34, 0.37, 0.45)),
    Material.LANE: Kind(60, (0.1, 0.15, 0.21, 0.29, 0.37, 0.50, 0.67, 0.72, 0.79)),
    Material.PARKING: Kind(44, (0.05, 0.11, 0.18, 0.27, 0.31, 0.35, 0.38, 0.40, 0.5)),
    Material.SIDEWALK: Kind(48, _PAVED),
    Material.OTHER_GROUND: Kind(49, (0.1, 0.2, 0.27, 0.32, 0.36, 0.39, 0.44, 0.49, 0.6)),
    Material.TERRAIN: Kind(72, (0.08, 0.16, 0.21, 0.29, 0.34, 0.39, 0.45, 0.48, 0.6)),
    Material.BUILDING: Kind(50, _WALL),
    Material.WINDOW: Kind(50, _WALL, lost=0.25),
    Material.FENCE: Kind(51, (0.0, 0.0, 0.07, 0.21, 0.32, 0.38, 0.46, 0.53, 0.7)),
    Material.MESH_FENCE: Kind(51, (0.0, 0.0, 0.07, 0.21, 0.32, 0.38, 0.46, 0.53, 0.7), passed=0.6),
    Material.HEDGE: Kind(70, _LEAF, passed=0.35),
    Material.LEAVES: Kind(70, _LEAF, lost=0.02),
    Material.TRUNK: Kind(71, (0.0, 0.02, 0.15, 0.25, 0.34, 0.43, 0.53, 0.58, 0.7)),
    Material.POLE: Kind(80, (0.0, 0.0, 0.0, 0.01, 0.18, 0.33, 0.47, 0.56, 0.8), lost=0.05),
    Material.SIGN: Kind(81, (0.0, 0.0, 0.02, 0.14, 0.37, 0.77, 0.99, 0.99, 0.99)),
    Material.CAR: Kind(10, _CAR, lost=0.06),
    Material.DARK_CAR: Kind(10, (0.0, 0.0, 0.0, 0.0, 0.01, 0.15, 0.33, 0.44, 0.9), lost=0.3),
    Material.TRUCK: Kind(18, (0.0, 0.0, 0.02, 0.16, 0.31, 0.37, 0.43, 0.51, 0.9), lost=0.05),
    Material.BUS: Kind(13, (0.0, 0.0, 0.1, 0.21, 0.32, 0.40, 0.52, 0.58, 0.8), lost=0.08),
    Material.OTHER_VEHICLE: Kind(20, (0.0, 0.0, 0.1, 0.21, 0.32, 0.40, 0.52, 0.58, 0.8), lost=0.05),
    Material.BICYCLE: Kind(
        11, (0.0, 0.0, 0.01, 0.15, 0.29, 0.56, 0.75, 0.85, 0.99), lost=0.1, passed=0.45
    ),
    Material.MOTORCYCLE: Kind(
        15, (0.0, 0.0, 0.0, 0.02, 0.17, 0.29, 0.38, 0.47, 0.8), lost=0.1, passed=0.1
    ),
    Material.PERSON: Kind(30, (0.05, 0.15, 0.21, 0.31, 0.41, 0.53, 0.62, 0.66, 0.75)),
    Material.BICYCLIST: Kind(31, (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.62, 0.7, 0.9)),
    Material.MOTORCYCLIST: Kind(32, (0.0, 0.0, 0.0, 0.02, 0.2, 0.38, 0.62, 0.8, 0.95)),
    Material.STRUCTURE: Kind(52, (0.0, 0.02, 0.13, 0.24, 0.34, 0.44, 0.54, 0.61, 0.8)),
    Material.OBJECT: Kind(99, (0.0, 0.0, 0.02, 0.21, 0.33, 0.40, 0.50, 0.57, 0.8)),
    Material.GLASS: Kind(10, _CAR, lost=0.75),
    Material.OWN_CAR: Kind(OWN_CAR, _CAR),
}

RAW = np.array([TABLE[each].raw for each in Material], np.uint32)
LEVELS = np.array([TABLE[each].levels for each in Material])
LOST = np.array([TABLE[each].lost for each in Material])
PASSED = np.array([TABLE[each].passed for each in Material])


def reflection(material: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(N,) float64 reflections of materials (N,) at shares 0..1 of their distributions."""
    place = np.clip(np.searchsorted(QUANTILES, share, side="right") - 1, 0, len(QUANTILES) - 2)
    knots = np.array(QUANTILES)
    within = (share - knots[place]) / (knots[place + 1] - knots[place])
    low, high = LEVELS[material, place], LEVELS[material, place + 1]
    found: np.ndarray = low + within * (high - low)
    return found
