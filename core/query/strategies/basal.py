"""BaSAL (arXiv 2310.08035, III-D): entropy and diversity ranked inside each size partition."""

from __future__ import annotations

import numpy as np

from core.base.errors import ProjectError
from core.query.budget import Budget, fill
from core.query.pool import Draw, Pool
from core.query.selection import Selection
from core.query.strategies import size
from core.query.strategies.distances import sum_of_distances


def select(pool: Pool, budget: Budget, draw: Draw) -> Selection:
    """Rank each partition's free units by Eq. 4, the largest first; before a network, by size.

    Eq. 2: E, mean entropy over the unit's points. Eq. 3: D, sum of feature distances to the
    answered units of the same partition. Eq. 4: 1/rE + 1/rD with competition ranks, 1 = largest.
    Ties: larger E, then larger D, then unit order.
    """
    if pool.entropy is None or pool.feature is None:
        return size.select(pool, budget, draw)
    units = pool.units
    orders, tables = [], []
    for index in range(len(units.partition_names)):
        mine = units.partition == index
        candidates = np.flatnonzero(pool.free & mine)
        entropy = pool.entropy[candidates].astype(np.float64)
        distance = sum_of_distances(
            pool.feature[candidates], pool.feature[np.flatnonzero(pool.labelled & mine)]
        )
        _check(pool, candidates, entropy, distance)
        rank_e, rank_d = competition_ranks(entropy), competition_ranks(distance)
        score = 1 / rank_e + 1 / rank_d
        best = np.lexsort((candidates, -distance, -entropy, -score))
        orders.append(candidates[best])
        table = {"E": entropy, "D": distance, "rE": rank_e, "rD": rank_d, "score": score}
        tables.append({name: values[best] for name, values in table.items()})
    taken = fill(orders, budget)
    reasons: list[str] = []
    parts: dict[str, list[np.ndarray]] = {name: [] for name in tables[0]}
    for index, name in enumerate(units.partition_names):
        mask = np.isin(orders[index], taken[index])
        for column, values in tables[index].items():
            parts[column].append(values[mask].astype(np.float64))
        count = len(orders[index])
        reasons += [
            f"entropy rank {int(e)}, novelty rank {int(d)} of {count:,} in partition {name}"
            for e, d in zip(parts["rE"][-1], parts["rD"][-1], strict=True)
        ]
    columns = {name: np.concatenate(values) for name, values in parts.items()}
    return Selection(np.concatenate(taken), tuple(reasons), columns)


def competition_ranks(values: np.ndarray) -> np.ndarray:
    """(n,) int64: 1 + the number of strictly larger values."""
    ascending = np.sort(values)
    return 1 + len(values) - np.searchsorted(ascending, values, side="right")


def _check(pool: Pool, candidates: np.ndarray, entropy: np.ndarray, distance: np.ndarray) -> None:
    bad = candidates[~(np.isfinite(entropy) & np.isfinite(distance))]
    if len(bad):
        scan = pool.units.scans[pool.units.scan[bad[0]]]
        raise ProjectError(
            f"The scores of scan {scan} hold values that are no numbers.",
            "Run `lidarloop score` again; if it stays, train the round again.",
        )
