"""LiDAL (ECCV 2022): where scans of a sequence see one place and the network contradicts itself."""

from __future__ import annotations

import math

import numpy as np

from core.query.pool import Draw, Pool
from core.query.selection import Group, Order, Scores, Stop, Strategy
from core.query.strategies.pieces import by_score, column, whole

METRES = 5.0  # of its code: units this near are one place


def contradiction(pool: Pool, group: Group, draw: Draw) -> Scores:
    """KL: the mean divergence of a unit's points from what neighbouring scans say of their place.
    IE, the entropy of all that is said there, decides between units of one place."""
    kl, joint = (column(pool, name, group.units) for name in ("divergence", "joint"))
    return Scores(kl, columns={"KL": kl, "IE": joint})


def one_a_place(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
    """By divergence; of units within 5 m of each other the one of larger IE takes the place of the
    nearest that is taken. It ends where a unit of a place of its own no longer fits; what was
    passed over follows."""
    order = by_score(pool, group, scores, stop).places
    taken = _walk(pool, group.units, order, scores.columns["IE"], stop.cost, stop.reach)
    late = np.ones(len(order), bool)
    late[taken] = False
    return Order(np.concatenate([np.array(taken, np.int64), order[late[order]]]))


def sure(pool: Pool, units: np.ndarray, most: int) -> np.ndarray:
    """Units to learn as they are predicted, of units (n,) int64: the walk upwards over KL > 0, of
    one place the unit of smaller IE, as long as `most` points hold them. Nobody answered them."""
    kl, joint = (column(pool, name, units) for name in ("divergence", "joint"))
    upwards = np.lexsort((units, kl))
    upwards = upwards[kl[upwards] > 0]
    taken = _walk(pool, units, upwards, -joint, pool.units.costs[units], most)
    return units[np.array(sorted(taken), np.int64)]


def _walk(
    pool: Pool, units: np.ndarray, order: np.ndarray, wins: np.ndarray, cost: np.ndarray, most: int
) -> list[int]:
    """Places in units (n,) that are taken, walking `order`, for no more than `most`; between units
    of one place the larger of wins (n,) decides."""
    of_scan = np.array(pool.coordinates, np.int64)[pool.units.scan[units]].tolist()
    at = [tuple(row) for row in pool.columns["centre"][units].tolist()]
    value, price = wins.tolist(), cost.tolist()
    taken: list[int] = []
    rank: dict[int, int] = {}  # of what is taken, its place there
    cells: dict[tuple[int, int, int], list[int]] = {}
    left = most

    def cell(place: int) -> tuple[int, int, int]:
        x, y, _ = at[place]
        return of_scan[place], math.floor(x / METRES), math.floor(y / METRES)

    for place in order.tolist():
        here, i, j = cell(place)
        nearest, least = -1, METRES
        for a in (i - 1, i, i + 1):
            for b in (j - 1, j, j + 1):
                for other in cells.get((here, a, b), ()):
                    away = math.dist(at[place], at[other])
                    if away < least or (away == least < METRES and other < nearest):
                        nearest, least = other, away
        if nearest < 0:
            if price[place] > left:
                break
            rank[place] = len(taken)
            taken.append(place)
        elif value[place] > value[nearest] and price[place] - price[nearest] <= left:
            cells[cell(nearest)].remove(nearest)
            rank[place] = rank.pop(nearest)
            taken[rank[place]] = place
            left += price[nearest]
        else:
            continue
        left -= price[place]
        cells.setdefault((here, i, j), []).append(place)
    return taken


LIDAL = Strategy(
    name="lidal",
    source="LiDAL, ECCV 2022, and its code, on our units, one clean view",
    groups=whole,
    score=contradiction,
    spread=one_a_place,
    reason="divergence {KL:.3f}, entropy of all views {IE:.2f}, of {count:,} in {group}",
    needs=frozenset({"divergence", "joint", "centre"}),
    before="size",
    sure=sure,
)
