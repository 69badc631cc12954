"""A whole thing at once: a selection grown over superpoints, step by step. No network is needed.

Superpoints of what stands on the ground are the clusters of the preparation, pieces of loose points
that are in none, and pieces that rise from ground cells, as wheels and sills do. Those of the
ground are smooth patches of equal height and brightness. A selection takes over the superpoints
beside it, the nearest first, while what comes out is no higher and no longer than a thing of its
kind. Figures on real scans are in docs/benchmarks.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from core.base.loading import loading
from core.prepare.units import INVALID, NOISE, TINY, is_cell

STEPS = 4
_VOXEL_M = 0.2
# Between superpoints beside each other, and more for each metre from the sensor: scan lines part.
_GAP_M, _GAP_PER_M = 0.5, 0.012
_FLAT = 0.5  # what a metre of height weighs: scan lines lie closer along a line than between lines
_MORE_GAP = (1.0, 1.15, 1.3, 1.3)  # by step
_LOOSE = 0.6  # of the gap, within a piece of loose points
_RISE_M = 0.3  # above the ground around it, to be no ground
_BANDS_M = (0.0, 15.0, 35.0, 80.0)
_LENGTH_M = 6.0  # a car; each step one more
_LONGER = 1.3  # than the selection was
_HIGHER_M = 0.4  # than the selection, each step once more
_LOW_M, _SHORT_M = (
    2.2,
    5.5,
)  # so low and short it may be one thing, whatever the heights of its parts
_BEYOND_M = 0.3  # that a piece which rises from the ground may stand out of the selection
_FEWEST = 20  # points that make a top
_PATCH_M, _PATCH_STEP_M, _PATCH_LIGHT, _PATCH_ROUGH_M = 0.5, 0.025, 0.05, 0.04
_PATCH_LINKS = 5  # of eight
_PATCH_SHARE = 0.2  # of a ground selection's points in a patch that it takes over
_REACH_M = 3.0  # along the ground, each step once more
_TURNS = np.pi / 8 * np.arange(8)
_MOST_SQUARES = 1 << 20  # of a metre, that are held as a whole
_ALONG = np.stack([np.cos(_TURNS), np.sin(_TURNS)])  # (2, 8) directions that lengths are taken in


@dataclass(frozen=True)
class Superpoints:
    """The superpoints of one scan, P in number.

    Attributes
    ----------
    of_row : (N,) int32 superpoint of each row, P for rows without one
    places : (N, 2) float64 x, y in metres
    ground : (P,) bool a patch of ground; rising : (P,) bool a piece that rises from ground
    size : (P,) int64 points; low, high : (P,) float64 metres above the ground around
    least, most : (P, 8) float64 metres that it reaches from and to in eight directions
    seen : (P,) uint8 class that a network gives most of its points, or None
    starts, beside, gap : neighbours of superpoint p, beside[starts[p]:starts[p + 1]], and how far
        away they are, in parts of the gap that is usual at their distance from the sensor
    """

    of_row: np.ndarray
    places: np.ndarray
    ground: np.ndarray
    rising: np.ndarray
    size: np.ndarray
    low: np.ndarray
    high: np.ndarray
    least: np.ndarray
    most: np.ndarray
    seen: np.ndarray | None
    starts: np.ndarray
    beside: np.ndarray
    gap: np.ndarray

    def __len__(self) -> int:
        return len(self.size)


def superpoints(
    points: np.ndarray, unit: np.ndarray, kind: np.ndarray, prediction: np.ndarray | None = None
) -> Superpoints:
    """Of a scan's points (N, 4) float32 x, y, z metres and intensity 0..1.

    unit (N,) int32 number within the scan or a state (core.prepare.units), kind (u,) uint8 of its
    units; prediction (N,) uint8 class that a network gives each row, where there is one.
    """
    xyz = points[:, :3].astype(np.float64)
    finite = np.isfinite(xyz).all(axis=1) & (unit != INVALID)
    cell = np.append(is_cell(kind), False)
    ground = finite & ((unit == TINY) | cell[np.where(unit >= 0, unit, len(kind))])
    height = np.zeros(len(xyz))
    height[finite] = _above_ground(xyz[finite], ground[finite])
    rising = ground & (height > _RISE_M)
    rows = np.flatnonzero(finite & (~ground | rising))
    # 0 for what rises from ground, 1 for loose points, from 2 on clusters, too large ones as well.
    origin = np.where(rising, 0, np.where(unit == NOISE, 1, unit - unit.min(initial=0) + 2))[rows]
    piece, ends, gap = _pieces(xyz[rows], origin)
    patch_rows = np.flatnonzero(ground & ~rising)
    patch = _patches(points[patch_rows]) + piece.max(initial=-1) + 1
    of_row = np.full(len(xyz), -1, np.int32)
    of_row[rows], of_row[patch_rows] = piece, patch
    count = int(of_row.max(initial=-1)) + 1
    placed = np.flatnonzero(of_row >= 0)
    order = placed[np.argsort(of_row[placed], kind="stable")]
    first = np.searchsorted(of_row[order], np.arange(count))
    along = xyz[order, :2] @ _ALONG
    is_rising, is_ground = np.zeros(count, bool), np.zeros(count, bool)
    is_rising[piece[origin == 0]] = True
    is_ground[patch] = True
    both = np.concatenate([ends, ends[:, ::-1]])
    by_piece = np.argsort(both[:, 0], kind="stable")
    of_row[of_row < 0] = count
    return Superpoints(
        of_row=of_row,
        places=xyz[:, :2],
        ground=is_ground,
        rising=is_rising,
        size=np.bincount(of_row, minlength=count + 1)[:count],
        low=_reduced(np.minimum, height[order], first),
        high=_reduced(np.maximum, height[order], first),
        least=_reduced(np.minimum, along, first),
        most=_reduced(np.maximum, along, first),
        seen=_most_seen(of_row, count, prediction) if prediction is not None else None,
        starts=np.searchsorted(both[by_piece, 0], np.arange(count + 1)),
        beside=both[by_piece, 1],
        gap=np.concatenate([gap, gap])[by_piece],
    )


def _reduced(by: np.ufunc, values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """`by` over runs of values (n, ...) that begin at `first`."""
    found: np.ndarray = by.reduceat(values, first) if len(first) else values[:0]
    return found


def _above_ground(xyz: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """(n,) float64 metres above the lowest ground point of the 3 x 3 square metres around."""
    with loading:
        from scipy.ndimage import distance_transform_edt, minimum_filter

    at = np.floor(xyz[:, :2]).astype(np.int64)
    if not ground.any():
        nothing: np.ndarray = xyz[:, 2] - xyz[:, 2].min(initial=0)
        return nothing
    at -= at.min(axis=0) - 1  # a square more on each side
    shape = at.max(axis=0) + 2
    key = at[:, 0] * shape[1] + at[:, 1]
    if shape.prod() > _MOST_SQUARES:
        sparse: np.ndarray = xyz[:, 2] - _low_by_square(key, xyz[:, 2], ground, int(shape[1]))
        return sparse
    low = np.full(shape.prod(), np.inf)
    np.minimum.at(low, key[ground], xyz[ground, 2])
    low = minimum_filter(low.reshape(shape), 3, mode="nearest")
    unknown = ~np.isfinite(low)
    if unknown.any():
        nearest = distance_transform_edt(unknown, return_distances=False, return_indices=True)
        low = low[tuple(nearest)]
    found: np.ndarray = xyz[:, 2] - low.ravel()[key]
    return found


def _low_by_square(key: np.ndarray, z: np.ndarray, ground: np.ndarray, width: int) -> np.ndarray:
    """(n,) float64 lowest ground point of the 3 x 3 squares around each point's square `key`, of
    `width` in a row, else of the nearest squares that have some: where few of many are occupied."""
    with loading:
        from scipy.spatial import cKDTree

    around = np.array([row * width + column for row in (-1, 0, 1) for column in (-1, 0, 1)])
    known, place = np.unique(key[ground][:, None] + around, return_inverse=True)
    low = np.full(len(known), np.inf)
    np.minimum.at(low, place.reshape(-1), np.repeat(z[ground], len(around)))
    square, of = np.unique(key, return_inverse=True)
    places = [np.column_stack(np.divmod(squares, width)) for squares in (known, square)]
    _, nearest = cKDTree(places[0]).query(places[1])
    found: np.ndarray = low[nearest][of]
    return found


def _pieces(xyz: np.ndarray, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n,) int64 piece of each point; (E, 2) int64 pieces beside each other, each pair once, and
    (E,) float64 gaps. Points of an `origin` from 2 on are one piece; others are split at gaps."""
    with loading:
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

    if not len(xyz):
        return np.zeros(0, np.int64), np.zeros((0, 2), np.int64), np.zeros(0)
    voxel, number = _voxels(xyz, origin)
    count = len(voxel)
    per = np.bincount(number, minlength=count)
    centre = np.column_stack([np.bincount(number, xyz[:, k], count) / per for k in range(3)])
    of_voxel = origin[voxel]
    away = np.hypot(centre[:, 0], centre[:, 1])
    usual = _GAP_M + _GAP_PER_M * np.minimum(away, _BANDS_M[-1])
    pairs = _near(centre * (1, 1, _FLAT), away, of_voxel)
    first, second = pairs.T
    apart = np.linalg.norm((centre[first] - centre[second]) * (1, 1, _FLAT), axis=1)
    gap = 2 * apart / (usual[first] + usual[second])
    joined = (of_voxel[first] == of_voxel[second]) & (gap <= _LOOSE)
    graph = coo_matrix(
        (np.ones(joined.sum(), np.int8), (first[joined], second[joined])), (count, count)
    )
    loose = connected_components(graph, directed=False)[1]
    key = np.where(of_voxel > 1, of_voxel, int(origin.max()) + 1 + loose)
    piece = np.unique(key, return_inverse=True)[1]
    ends = np.sort(piece[pairs], axis=1)
    other = ends[:, 0] != ends[:, 1]
    ends, gap = ends[other], gap[other]
    nearest = np.argsort(gap, kind="stable")
    ends, gap = ends[nearest], gap[nearest]
    once = np.unique(ends[:, 0] * (piece.max() + 1) + ends[:, 1], return_index=True)[1]
    return piece[number], ends[once], gap[once]


def _voxels(xyz: np.ndarray, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A point of each voxel that holds some of one origin, and the voxel of each point."""
    cell = np.floor(xyz / _VOXEL_M).astype(np.int64)
    cell -= cell.min(axis=0)
    key = origin.astype(np.int64)
    for axis in range(3):
        key = key * (cell[:, axis].max() + 1) + cell[:, axis]
    first, number = np.unique(key, return_index=True, return_inverse=True)[1:]
    return first, number


def _near(places: np.ndarray, away: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """(E, 2) int64 places (n, 3) nearer to each other than the widest gap at their distance `away`
    (n,) from the sensor, save those of one cluster."""
    with loading:
        from scipy.spatial import cKDTree

    found = [np.zeros((0, 2), np.int64)]
    for least, most in zip(_BANDS_M, (*_BANDS_M[1:-1], np.inf), strict=False):
        reach = (_GAP_M + _GAP_PER_M * min(most, _BANDS_M[-1])) * max(_MORE_GAP)
        inside = np.flatnonzero((away >= least - reach) & (away < most + reach))
        pairs = inside[cKDTree(places[inside]).query_pairs(reach, output_type="ndarray")]
        first, second = pairs.T
        own = (away[first] >= least) & (away[first] < most)
        found.append(pairs[own & ((origin[first] != origin[second]) | (origin[first] < 2))])
    return np.concatenate(found)


def _patches(points: np.ndarray) -> np.ndarray:
    """(n,) int64 patch of ground points (n, 4): squares of 0.5 m joined to squares at most two away
    of like height and brightness, where most of them are alike; kerbs are in no patch's middle."""
    with loading:
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

    if not len(points):
        return np.zeros(0, np.int64)
    at = np.floor(points[:, :2].astype(np.float64) / _PATCH_M).astype(np.int64)
    at -= at.min(axis=0)
    row = int(at[:, 1].max()) + 3  # two more: a square at the edge has none behind it
    keys, number = np.unique(at[:, 0] * row + at[:, 1], return_inverse=True)
    count, per = len(keys), np.bincount(number)
    z, light = points[:, 2].astype(np.float64), np.nan_to_num(points[:, 3]).astype(np.float64)
    height, bright = np.bincount(number, z) / per, np.bincount(number, light) / per
    rough = np.sqrt(np.maximum(np.bincount(number, z**2) / per - height**2, 0))
    smooth = rough <= _PATCH_ROUGH_M
    found = []
    for far, step in ((1, 1), (row, 1), (2, 2), (2 * row, 2)):
        other = np.minimum(np.searchsorted(keys, keys + far), count - 1)
        alike = (keys[other] == keys + far) & smooth & smooth[other]
        alike &= np.abs(height - height[other]) <= _PATCH_STEP_M * step
        alike &= np.abs(bright - bright[other]) <= _PATCH_LIGHT
        found.append(np.column_stack([np.flatnonzero(alike), other[alike]]))
    links = np.concatenate(found)
    middle = np.bincount(links.ravel(), minlength=count) >= _PATCH_LINKS
    first, second = links[middle[links].all(axis=1)].T
    graph = coo_matrix((np.ones(len(first), np.int8), (first, second)), (count, count))
    patch: np.ndarray = connected_components(graph, directed=False)[1][number]
    return patch.astype(np.int64)


def _most_seen(of_row: np.ndarray, count: int, prediction: np.ndarray) -> np.ndarray:
    """(P,) uint8 the class that most rows of each superpoint are predicted to be."""
    votes = np.bincount(of_row.astype(np.int64) * 256 + prediction, minlength=(count + 1) * 256)
    most: np.ndarray = votes.reshape(count + 1, 256)[:count].argmax(axis=1).astype(np.uint8)
    return most


def grown(
    found: Superpoints, rows: np.ndarray, step: int, *, closed: np.ndarray | None = None
) -> np.ndarray:
    """(R',) int64 ascending rows: `rows` (R,) and what belongs to them, by 1..STEPS steps.

    closed (N,) bool are rows that are taken no more; a superpoint that is mostly closed is not
    passed either. Where a network has seen the superpoints, only those of the class that it sees
    in most of `rows` are taken. No rows without coordinates are added.
    """
    if not 1 <= step <= STEPS:
        raise ValueError(f"step {step}")
    taken = np.zeros(len(found) + 1, bool)
    share = np.bincount(found.of_row[rows], minlength=len(found) + 1)[: len(found)]
    shut = np.zeros(len(found), bool)
    if closed is not None:
        shut = np.bincount(found.of_row[closed], minlength=len(found) + 1)[:-1] * 2 > found.size
    if found.seen is not None and share.any():
        votes = np.bincount(found.seen, weights=share, minlength=256)
        shut |= found.seen != votes.argmax()
    if share[found.ground].sum() * 2 > share.sum():
        taken[:-1] = found.ground & (share >= _PATCH_SHARE * len(rows)) & ~shut
        inside = _within(found, rows, step)
    else:
        taken[_taken(found, np.flatnonzero((share > 0) & ~found.ground), step, shut)] = True
        inside = np.ones(len(found.of_row), bool)
    more = taken[found.of_row] & inside
    if closed is not None:
        more &= ~closed
    more[rows] = True
    return np.flatnonzero(more)


def piece_at(
    found: Superpoints, rows: np.ndarray, row: int, *, closed: np.ndarray | None = None
) -> np.ndarray:
    """(Q,) int64 ascending rows of the superpoint that `row` is in, none where it is in none.

    closed (N,) bool are rows that are not taken. Of a patch of ground, which may be a whole street,
    only what is near the box around the selection `rows` (R,) and `row`.
    """
    if found.of_row[row] == len(found):
        return np.zeros(0, np.int64)
    taken = found.of_row == found.of_row[row]
    if found.ground[found.of_row[row]]:
        taken &= _within(found, np.append(rows, row), 1)
    if closed is not None:
        taken &= ~closed
    return np.flatnonzero(taken)


def _within(found: Superpoints, rows: np.ndarray, step: int) -> np.ndarray:
    """(N,) bool: rows no further from the box around `rows` than a ground selection grows."""
    low, high = found.places[rows].min(axis=0), found.places[rows].max(axis=0)
    reach = step * _REACH_M
    x, y = found.places.T
    near: np.ndarray = (x >= low[0] - reach) & (x <= high[0] + reach)
    near &= (y >= low[1] - reach) & (y <= high[1] + reach)
    return near


def _taken(found: Superpoints, seeds: np.ndarray, step: int, shut: np.ndarray) -> list[int]:
    """The superpoints that a selection of `seeds` takes in, itself too: the nearest first."""
    if not len(seeds):
        return []
    taken = set(seeds.tolist())
    top = found.high[seeds].max()
    least, most = found.least[seeds].min(axis=0), found.most[seeds].max(axis=0)
    longest = max(_LENGTH_M * step, _LONGER * float((most - least).max()))
    waiting: list[tuple[float, int]] = []

    def look(around: int) -> None:
        near = slice(found.starts[around], found.starts[around + 1])
        other, gap = found.beside[near], found.gap[near]
        close = (gap <= _MORE_GAP[step - 1]) & ~shut[other]
        other, gap = other[close], gap[close]
        wide, far = np.minimum(least, found.least[other]), np.maximum(most, found.most[other])
        short = (far - wide).max(axis=1, initial=0) <= longest  # what is too long stays so
        for piece in zip(gap[short].tolist(), other[short].tolist(), strict=True):
            if piece[1] not in taken:
                heappush(waiting, piece)

    for seed in sorted(taken):
        look(seed)
    while waiting:
        other = heappop(waiting)[1]
        if other in taken:
            continue
        wide, far = np.minimum(least, found.least[other]), np.maximum(most, found.most[other])
        length, high = float((far - wide).max()), float(found.high[other])
        out = max(float((least - wide).max()), float((far - most).max()))
        higher = high > top + _HIGHER_M * step and not (high < _LOW_M and length < _SHORT_M)
        floating = found.low[other] > top + _BEYOND_M
        if length > longest or higher or floating or (found.rising[other] and out > _BEYOND_M):
            continue
        taken.add(other)
        least, most = wide, far
        if found.size[other] > _FEWEST:
            top = max(top, high)
        look(other)
    return sorted(taken)
