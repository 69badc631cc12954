"""Guessing how a sensor stands from its scans: which way is up, how high the origin is.

The ground is the plane near the sensor that lies on all sides of it and has hardly a point below.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.data.rig import AS_IT_IS, AXES, Rig, canonical

_NEAREST_M, _REACH_M = 0.2, 20.0  # what is nearer is no return or the own vehicle's
_VOXEL_M = 0.25  # a point each: else what is near the sensor outweighs all else
_MOST = 6000
_TRIES = 900
_THICK_M, _BELOW_M = 0.15, 0.4
_HEIGHT_M = 6.0  # planes further away than this count less
_LEAST, _MOST_BELOW = 0.10, 0.12  # of the points on the plane, and below it
_SECTORS, _LEAST_SECTORS, _IN_SECTOR = 8, 5, 0.01
_UPRIGHT = 0.6  # z up is kept where its plane is this good, measured by the best one's
_TILT_DEG = 6.0  # of less, no one need speak
_AGREE_DEG = 5.0
_UPS = ("x,y,z", "x,-y,-z", "z,-x,-y", "-z,-x,y", "z,y,-x", "-z,y,x")  # z, -z, -y, y, -x, x up


@dataclass(frozen=True)
class Stance:
    """Where the ground is.

    Attributes
    ----------
    up : (3,) unit vector away from the ground, in the scan's axes
    height_m : how high the origin is over the ground
    nearest_m : how near the ground is seen
    share : of the points within 20 m, thinned to one in 0.25 m, those on the ground
    """

    up: tuple[float, float, float]
    height_m: float
    nearest_m: float
    share: float

    @property
    def tilt_deg(self) -> float:
        """Angle between up and z."""
        return float(np.degrees(np.arccos(np.clip(self.up[2], -1, 1))))

    @property
    def upright(self) -> bool:
        """Whether z is up, as good as it need be."""
        return self.tilt_deg <= _TILT_DEG

    @property
    def axes(self) -> str:
        """`rig.axes` that bring up to z: named axes where they do, else a matrix."""
        if self.upright:
            return AS_IT_IS
        up = np.array(self.up)
        named = max(_UPS, key=lambda text: float(_up_of(text) @ up))
        base = _up_of(named)
        if float(base @ up) >= np.cos(np.radians(_TILT_DEG)):
            return named
        return canonical(" ".join(map(str, (_turn(named) @ _between(up, base)).reshape(-1))))

    @property
    def words(self) -> str:
        """What the guess is, for a person."""
        axes = self.axes
        named = next((words for text, words in AXES.values() if text == axes), "")
        if axes == AS_IT_IS:
            way = "z is up"
        elif named:
            way = f"the axes look like {named}"
        elif self.tilt_deg <= 60:
            way = f"the sensor looks tilted by {self.tilt_deg:.0f} degrees"
        else:
            way = f"up looks like ({', '.join(f'{v:.2f}' for v in self.up)})"
        return f"{way}, the origin {self.height_m:.2f} m above the ground"


def guess_stance(scans: Iterable[np.ndarray]) -> Stance | None:
    """Guess from a few scans, points (N, >= 3) each in metres, any axes; None where no ground is
    seen, or where they contradict each other. Deterministic."""
    found = [one for one in map(_of_scan, scans) if one is not None]
    if not found:
        return None
    ups = np.array([one.up for one in found])
    middle = found[int(np.argmax((ups @ ups.T).sum(axis=1)))]
    agree = [
        one
        for one, up in zip(found, ups, strict=True)
        if float(up @ np.array(middle.up)) >= np.cos(np.radians(_AGREE_DEG))
    ]
    if 2 * len(agree) <= len(found):
        return None
    return Stance(
        middle.up,
        float(np.median([one.height_m for one in agree])),
        float(np.median([one.nearest_m for one in agree])),
        float(np.median([one.share for one in agree])),
    )


def _of_scan(points: np.ndarray) -> Stance | None:
    near = _thinned(points)
    if len(near) < 50:
        return None
    best: tuple[float, np.ndarray, float] | None = None
    upright: tuple[float, np.ndarray, float] | None = None
    for number, (ups, distances) in enumerate(_candidates(near)):
        score = _scores(near, ups, distances)
        at = int(np.argmax(score))
        one = _refined(near, ups[at], float(distances[at]))
        if one is None:
            continue
        if number == 0 and one[1][2] >= np.cos(np.radians(_TILT_DEG)):
            upright = one
        if best is None or one[0] > best[0]:
            best = one
    if best is None:
        return None
    if upright is not None and upright[0] >= _UPRIGHT * best[0]:
        best = upright
    _, up, distance = best
    finite = points[np.isfinite(points[:, :3]).all(axis=1), :3].astype(np.float64)
    on = finite[np.abs(finite @ up - distance) < _THICK_M] - distance * up
    away = np.linalg.norm(on, axis=1)
    away = away[away > _NEAREST_M]
    x, y, z = (float(v) for v in up)
    share = float((np.abs(near @ up - distance) < _THICK_M).mean())
    return Stance((x, y, z), -distance, float(np.percentile(away, 1)), share)


def _thinned(points: np.ndarray) -> np.ndarray:
    """(n, 3) float64 finite points near the sensor, one in a voxel."""
    xyz = points[np.isfinite(points[:, :3]).all(axis=1), :3].astype(np.float64)
    away = np.abs(xyz).max(axis=1, initial=0)
    xyz = xyz[(away < _REACH_M) & (away > _NEAREST_M)]
    cell = np.floor((xyz + _REACH_M) / _VOXEL_M).astype(np.int64)
    wide = int(2 * _REACH_M / _VOXEL_M) + 1
    _, first = np.unique((cell[:, 0] * wide + cell[:, 1]) * wide + cell[:, 2], return_index=True)
    first.sort()
    thinned: np.ndarray = xyz[first[:: len(first) // _MOST + 1]]
    return thinned


def _candidates(near: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Planes as (k, 3) ups and (k,) distances, up · p = distance: z up first, then the other
    axes, then through three points each."""
    made = []
    for text in _UPS:
        up = _up_of(text)
        along = near @ up
        counts, edges = np.histogram(along, np.arange(along.min() - 0.2, along.max() + 0.3, 0.1))
        best = np.argsort(-counts, kind="stable")[:8]
        made.append((np.repeat(up[None], len(best), 0), edges[best] + 0.05))
    rng = np.random.default_rng(0)
    a, b, c = near[rng.integers(0, len(near), (3, _TRIES))]
    up = np.cross(b - a, c - a)
    size = np.linalg.norm(up, axis=1)
    good = size > 0.5
    up, a = up[good] / size[good, None], a[good]
    distance = (up * a).sum(axis=1)
    side = np.where(np.median(near @ up.T, axis=0) >= distance, 1.0, -1.0)
    made.append((up * side[:, None], distance * side))
    return [one for one in made if len(one[1])]


def _scores(near: np.ndarray, ups: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """(k,) how much each plane looks like the ground."""
    over = near @ ups.T - distances
    on = (np.abs(over) < _THICK_M).mean(axis=0)
    below = (over < -_BELOW_M).mean(axis=0)
    score: np.ndarray = (on - below) / (1 + (distances / _HEIGHT_M) ** 2)
    return score


def _refined(
    near: np.ndarray, up: np.ndarray, distance: float
) -> tuple[float, np.ndarray, float] | None:
    """Score, up and distance of the plane fitted to what lies on it, None where it is no ground."""
    for _ in range(3):
        on = near[np.abs(near @ up - distance) < _THICK_M]
        if len(on) < 20:
            return None
        middle = on.mean(axis=0)
        _, _, axes = np.linalg.svd(on - middle, full_matrices=False)
        up = axes[2] * (1.0 if axes[2] @ up >= 0 else -1.0)
        distance = float(middle @ up)
    over = near @ up - distance
    inlier = np.abs(over) < _THICK_M
    below = float((over < -_BELOW_M).mean())
    if inlier.mean() < _LEAST or below > _MOST_BELOW:
        return None
    # Over an open road all is ground, and which side is up only the sensor tells: it is above.
    if distance > _THICK_M and up[2] < np.cos(np.radians(_TILT_DEG)):
        return None
    flat = _between(up, np.array([0.0, 0.0, 1.0])) @ near[inlier].T
    sector = np.floor((np.arctan2(flat[1], flat[0]) / (2 * np.pi) + 0.5) * _SECTORS).astype(int)
    held = np.bincount(sector % _SECTORS, minlength=_SECTORS) >= _IN_SECTOR * inlier.sum()
    if held.sum() < _LEAST_SECTORS:
        return None
    return float(_scores(near, up[None], np.array([distance]))[0]), up, distance


def _turn(axes: str) -> np.ndarray:
    return Rig(axes).rotation


def _up_of(axes: str) -> np.ndarray:
    """The unit vector in the file's axes that named axes bring to z."""
    up: np.ndarray = _turn(axes)[2]
    return up


def _between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(3, 3) the smallest rotation that brings a unit vector to another (Rodrigues)."""
    cosine = float(first @ second)
    if cosine < -1 + 1e-9:
        other = np.eye(3)[int(np.argmin(np.abs(first)))]
        axis = np.cross(first, other)
        axis /= np.linalg.norm(axis)
        return 2 * np.outer(axis, axis) - np.eye(3)
    v = np.cross(first, second)
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    made: np.ndarray = np.eye(3) + cross + cross @ cross / (1 + cosine)
    return made
