"""What the eye needs of a scan to see forms: height over the ground beside it, reflection, surface
directions, and how large to draw a point. Arrays only; it knows no project and no OpenGL.

Surfaces take a second, so a scan is shown by a sketch of its form first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.base.loading import loading

CELL_M, REACH_M = 1.0, 100.0
_NEIGHBOURS = 9  # of a point, itself included
_CLOSES = 1.09  # of the angle between rings: splats of this size leave no gap
_FINEST_M = 0.02
_NOISE_M = 0.01  # of a range: what is no thicker near the scanner is no bush
_QUANTILES = 65
_PLANE = 3000  # points to lay a plane by
_WIDE_M = 30.0
_FLAT, _LEVEL, _ON_GROUND_M = 0.06, 0.8, 0.5  # roughness, upward part of a normal, height
_EVEN, _ROUGH = 0.18, 0.27  # roughness up to which a surface is one, and from which it is leaves
_LEAST_WEIGHT = 0.05
_FAR_M, _SECTORS = 15.0, 72  # nearer a beam's own place in the scanner counts
_TRIED, _BESIDE = 400, 0.03  # points and radians around each by which a sketch tells the pitch
_UNDER_SKY = 0.75  # of the sectors, at most: nothing stands there that reaches the highest beam


@dataclass(frozen=True)
class Ground:
    """Height of the ground, (S, S) float32 metres at the middles of cells of CELL_M around the
    scanner, x first."""

    z: np.ndarray

    def at(self, xy: np.ndarray) -> np.ndarray:
        """(n,) float32 metres at places xy (n, >= 2), between the cells linearly; outside of the
        field as at its border."""
        size = len(self.z)
        place = np.clip((xy[:, :2] + REACH_M) / CELL_M - 0.5, 0, size - 1.001)
        low = place.astype(np.intp)
        (x, y), (i, j) = (place - low).T, low.T
        z = self.z
        near = z[i, j] * (1 - y) + z[i, j + 1] * y
        far = z[i + 1, j] * (1 - y) + z[i + 1, j + 1] * y
        return (near * (1 - x) + far * x).astype(np.float32)


@dataclass(frozen=True)
class Form:
    """Of the N points of a scan; rows that are not finite have zeros.

    Attributes
    ----------
    ground : the ground under it
    height : (N,) float32 metres over the ground
    reflection : (N,) float32 0..1, the intensity by its rank within the scan; of even surfaces the
        median around each point, as beams differ
    normal : (N, 3) float32 direction of the surface, turned to the scanner; zero where none is
    rough : (N,) float32 how thick the surface around each point is, as part of its length, the
        middle one of its neighbours': 0 for a plane and a line, 0.35 for leaves
    splat : (N,) float32 metres across a point must be to touch those beside it
    pitch : radians between neighbouring points as the scanner sees them
    highest : radians over the horizon of the highest beam; what stands higher is cut off there
    low : (N,) bool, ground rows
    whole : False for a sketch, where nobody has looked at surfaces yet: no directions, all else but
        the ground as a surface is, reflections as they are, the pitch by a few points
    """

    ground: Ground
    height: np.ndarray
    reflection: np.ndarray
    normal: np.ndarray
    rough: np.ndarray
    splat: np.ndarray
    pitch: float
    highest: float
    low: np.ndarray
    whole: bool = True

    @cached_property
    def leafy(self) -> np.ndarray:
        """(N,) float32 0..1: 0 for what has one surface, 1 for leaves, between where none tells."""
        return np.clip((self.rough - _EVEN) / (_ROUGH - _EVEN), 0, 1).astype(np.float32)

    @cached_property
    def kind(self) -> np.ndarray:
        """(N,) float32: 1 for even ground, half of how leafy for all else: for the visual."""
        return np.where(self.low & (self.rough < _ROUGH), np.float32(1), self.leafy / 2)

    def is_flat(self, rows: np.ndarray) -> bool:
        """Whether rows (R,) are a level, even piece of ground; never by a sketch."""
        level = np.abs(self.normal[rows, 2])
        return bool(
            self._on_ground(rows)
            and np.median(self.rough[rows]) <= _FLAT
            and np.median(level) >= _LEVEL
        )

    def tells_flat(self, rows: np.ndarray) -> bool:
        """Whether this is enough to say so of rows (R,)."""
        return self.whole or not self._on_ground(rows)

    def _on_ground(self, rows: np.ndarray) -> bool:
        return bool(np.median(self.height[rows]) <= _ON_GROUND_M)


def form_of(points: np.ndarray, low: np.ndarray | None) -> Form:
    """The form of points (N, 4) float32, the scanner at the origin; low (N,) bool are ground rows,
    None where nobody knows them: then the lowest of each cell."""
    return with_surfaces(points, sketch_of(points, low))


def sketch_of(points: np.ndarray, low: np.ndarray | None) -> Form:
    """The same without surfaces, in a tenth of the time: ground, heights and what is low are those
    of the form."""
    finite, solid = _solid(points)
    xyz = solid[:, :3]
    low = finite & (lowest(solid) if low is None else low)
    ground = ground_under(xyz[low])
    height = np.where(finite, xyz[:, 2] - ground.at(xyz), 0).astype(np.float32)
    away = np.linalg.norm(xyz, axis=1)
    here = np.flatnonzero(finite)
    pitch = _pitch(xyz[here], away[here], np.flatnonzero(~low[here]))
    rough = np.where(low | ~finite, 0, _EVEN).astype(np.float32)  # no surface may look like leaves
    nowhere = np.zeros((len(points), 3), np.float32)
    highest = _highest(xyz[here])
    reflection = np.zeros(len(points), np.float32)
    reflection[here] = ranks(solid[here, 3])  # what is no return has no place among them
    return Form(
        *(ground, height, reflection, nowhere, rough),
        *(_splat(pitch, away), pitch, highest, low, False),
    )


def with_surfaces(points: np.ndarray, sketch: Form) -> Form:
    """The form of points (N, 4) float32 by its sketch."""
    finite, solid = _solid(points)
    xyz = solid[:, :3]
    normal, rough = np.zeros((len(points), 3), np.float32), np.zeros(len(points), np.float32)
    reflection, away = sketch.reflection.copy(), np.linalg.norm(xyz, axis=1)
    here = np.flatnonzero(finite)
    normal[here], rough[here], reflection[here], gap = _surfaces(xyz[here], reflection[here])
    apart = (gap / np.maximum(away[here], 1e-3))[~sketch.low[here]]
    pitch = float(np.median(apart)) if len(apart) else 0.0
    return replace(
        sketch,
        reflection=reflection,
        normal=normal,
        rough=rough,
        splat=_splat(pitch, away),
        pitch=pitch,
        whole=True,
    )


def _solid(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) bool: the finite rows; and points (N, 4) with zeros in all others."""
    finite = np.isfinite(points).all(axis=1)
    if finite.all():
        return finite, points
    return finite, np.where(finite[:, None], points, 0).astype(np.float32)


def _splat(pitch: float, away: np.ndarray) -> np.ndarray:
    return np.maximum(_FINEST_M, _CLOSES * pitch * away).astype(np.float32)


def _pitch(xyz: np.ndarray, away: np.ndarray, rows: np.ndarray) -> float:
    """Radians from a point to its fourth neighbour, the middle one of some of rows (R,) among
    points xyz (n, 3) that are `away` (n,) metres: near what `with_surfaces` finds of all."""
    turned = np.arctan2(xyz[:, 1], xyz[:, 0])
    order = np.argsort(turned)
    sorted_, placed = turned[order], xyz[order]
    some = rows[:: max(1, len(rows) // _TRIED)]
    first = np.searchsorted(sorted_, turned[some] - _BESIDE)
    last = np.searchsorted(sorted_, turned[some] + _BESIDE)
    found = []
    for row, begin, end in zip(some.tolist(), first.tolist(), last.tolist(), strict=True):
        off = placed[begin:end] - xyz[row]
        squares = np.einsum("ij,ij->i", off, off)
        if len(squares) > 4:
            found.append(float(np.sqrt(np.partition(squares, 4)[4])) / max(float(away[row]), 1e-3))
    return float(np.median(found)) if found else 0.0


def cell_heights(points: np.ndarray, form: Form, rows: np.ndarray) -> np.ndarray:
    """(N,) float32 metres: heights as the form has them, but of ground within 30 m of rows (R,)
    three times what they are over the plane through the ground there, so that a kerb shows."""
    middle = points[rows, :3].mean(axis=0)
    x, y = points[:, 0] - middle[0], points[:, 1] - middle[1]
    away = x * x + y * y
    wide = np.flatnonzero(form.low & (away < _WIDE_M**2))
    height, z = form.height.copy(), points[wide, 2]
    near = np.flatnonzero(away[wide] < (_WIDE_M / 2) ** 2)
    if len(near) < 3:
        return height
    across = np.column_stack([x[wide], y[wide], np.ones(len(wide))])
    # A key waits for this: some thousand points tell the plane as well as all.
    near = near[:: max(1, len(near) // _PLANE)]
    kept = near
    for _ in range(4):
        plane = np.linalg.lstsq(across[kept], z[kept], rcond=None)[0]
        off = np.abs(z[near] - across[near] @ plane)
        kept = near[off <= max(0.1, 2 * float(np.median(off)))]
    over = z - across @ plane
    lowest = np.quantile(over[:: max(1, len(over) // _PLANE)], 0.2)
    height[wide] = np.clip(3 * (over - lowest), -0.5, 2)
    return height


def _highest(xyz: np.ndarray) -> float:
    """Radians over the horizon of the highest beam, by what it met in each direction: points xyz
    (n, 3)."""
    flat = np.hypot(xyz[:, 0], xyz[:, 1])
    far = flat > _FAR_M
    if not far.any():
        return float(np.pi / 2)
    raised = np.arctan2(xyz[far, 2], flat[far])
    turned = np.arctan2(xyz[far, 1], xyz[far, 0])
    tops = np.full(_SECTORS, -np.pi / 2)
    np.maximum.at(tops, ((turned / np.pi + 1) / 2 * _SECTORS).astype(int) % _SECTORS, raised)
    return float(np.quantile(tops[tops > -np.pi / 2], _UNDER_SKY))


def lowest(points: np.ndarray) -> np.ndarray:
    """(N,) bool: points within 0.2 m of the lowest of their cell, two cells wide."""
    cell = np.floor(np.clip(points[:, :2], -REACH_M, REACH_M) / (2 * CELL_M)).astype(np.int64)
    _, place = np.unique(cell[:, 0] << 32 ^ (cell[:, 1] & 0xFFFFFFFF), return_inverse=True)
    bottom = np.full(int(place.max(initial=-1)) + 1, np.inf)
    np.minimum.at(bottom, place, points[:, 2])
    return np.asarray(points[:, 2] <= bottom[place] + 0.2)


def ground_under(xyz: np.ndarray) -> Ground:
    """The ground by its points xyz (n, 3): the lower points of each cell, and where a cell has none
    what lies around it, the nearer the better."""
    size = round(2 * REACH_M / CELL_M)
    place = np.floor((xyz[:, :2] + REACH_M) / CELL_M).astype(np.int64)
    inside = ((place >= 0) & (place < size)).all(axis=1)
    cell, z = place[inside] @ (size, 1), xyz[inside, 2].astype(np.float64)
    mean = _means(cell, z, size)[0]
    under = z <= mean[cell] + 0.05
    mean, count = _means(cell[under], z[under], size)
    total, weight = np.where(count > 0, mean, 0).reshape(size, size), (count > 0).astype(float)
    weight = weight.reshape(size, size)
    field, known = np.zeros((size, size)), np.zeros((size, size), bool)
    for sigma in (0.7, 1.5, 3, 6, 12, 24, 48):
        near = _near(size, sigma)
        share = _smooth(weight, near)
        here = ~known & (share > _LEAST_WEIGHT)
        field[here] = _smooth(total, near)[here] / share[here]
        known |= here
    if known.any():
        field[~known] = np.median(field[known])
    return Ground(field.astype(np.float32))


def _smooth(field: np.ndarray, near: np.ndarray) -> np.ndarray:
    """(S, S) near @ field @ near, `near` symmetric. Row by row: a product of this size would start
    BLAS's threads, which spin while drawing and training hold the cores (1 ms becomes 30)."""
    across = (field[:, None] @ near)[:, 0]
    return (across.T[:, None] @ near)[:, 0].T


def _near(size: int, sigma: float) -> np.ndarray:
    """(S, S) how much each of `size` cells in a line counts for each: a normal curve of `sigma`
    cells that ends at four of them. A product with it takes a fiftieth of what loading scipy's
    filter does."""
    reach = int(4 * sigma + 0.5)
    away = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    curve = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    falls = np.zeros(max(size, reach + 1))
    falls[: reach + 1] = (curve / curve.sum())[reach:]
    return falls[away]


def _means(cell: np.ndarray, z: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    count = np.bincount(cell, minlength=size * size)
    total = np.bincount(cell, weights=z, minlength=size * size)
    return total / np.maximum(count, 1), count


def ranks(values: np.ndarray) -> np.ndarray:
    """(N,) float32 0..1: the rank of each of values (N,), equal ones alike."""
    if not len(values):
        return np.zeros(0, np.float32)
    share = np.linspace(0, 1, _QUANTILES)
    knots, first = np.unique(np.quantile(values, share), return_index=True)
    if len(knots) == 1:
        return np.full(len(values), 0.5, np.float32)
    return np.interp(values, knots, share[first]).astype(np.float32)


def _surfaces(
    xyz: np.ndarray, reflection: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Direction (n, 3) of the surface through each of points xyz (n, 3), its roughness (n,),
    reflection (n,) and the metres (n,) to its fourth neighbour.

    Even surfaces are smoothed and rough ones left as they are: so walls look even, and leaves
    flicker.
    """
    with loading:
        from scipy.spatial import cKDTree

    if len(xyz) < 5:
        return np.zeros_like(xyz), np.zeros(len(xyz)), reflection, np.zeros(len(xyz))
    tree = cKDTree(xyz, leafsize=24, balanced_tree=False, compact_nodes=False)
    distance, near = tree.query(xyz, min(_NEIGHBOURS, len(xyz)))
    around = xyz[near]
    around -= around.mean(axis=1, keepdims=True)
    covariance = np.einsum("nki,nkj->nij", around, around)
    normal, rough = least_axes(covariance, noise=_NEIGHBOURS * _NOISE_M**2)
    away = (normal * xyz).sum(axis=1) > 0
    normal[away] *= -1
    rough = np.median(rough[near], axis=1)
    even = np.clip((_ROUGH - rough) / (_ROUGH - _EVEN), 0, 1).astype(np.float32)
    smooth = normal + even[:, None] * (normal[near].mean(axis=1) - normal)
    length = np.linalg.norm(smooth, axis=1, keepdims=True)
    normal = np.divide(smooth, length, out=normal, where=length > 1e-6)
    reflection = reflection + even * (np.median(reflection[near], axis=1) - reflection)
    return normal, rough, reflection, distance[:, 4]


def least_axes(covariance: np.ndarray, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) float32 unit eigenvectors of the least eigenvalues of covariance (n, 3, 3), zero where
    no direction is least; and (n,) float32 0..1 the square root of the least, less `noise`, over
    the largest one.

    In closed form (Smith 1961), ten times as fast as a general solver.
    """
    a = covariance.astype(np.float64)
    scale = np.trace(a, axis1=1, axis2=2)
    a /= np.maximum(scale, 1e-30)[:, None, None]
    mean = 1 / 3
    off = a - mean * np.eye(3)
    spread = np.sqrt((off * off).sum(axis=(1, 2)) / 6)
    cosine = np.linalg.det(off) / np.maximum(2 * spread**3, 1e-30)
    angle = np.arccos(np.clip(cosine, -1, 1)) / 3
    least = mean + 2 * spread * np.cos(angle + 2 * np.pi / 3)
    largest = mean + 2 * spread * np.cos(angle)
    rest = a - least[:, None, None] * np.eye(3)
    # Its rows are at right angles to the vector: the longest of their products is the safest.
    products = np.stack([np.cross(rest[:, i], rest[:, j]) for i, j in ((0, 1), (0, 2), (1, 2))], 1)
    length = np.linalg.norm(products, axis=2)
    best = length.argmax(axis=1)
    rows = np.arange(len(a))
    longest = length[rows, best]
    found = products[rows, best] / np.maximum(longest, 1e-30)[:, None]
    found[(longest < 1e-9) | (scale <= 0)] = 0
    thick = np.clip(least - noise / np.maximum(scale, 1e-30), 0, None)
    ratio = np.sqrt(thick / np.maximum(largest, 1e-12))
    return found.astype(np.float32), np.minimum(ratio, 1).astype(np.float32)
