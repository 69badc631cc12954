"""Annotator's VCD (NeurIPS 2023): where the votes of a place differ most, some of each scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.query.pool import Pool
from core.query.selection import Group, Order, Scores, Stop
from core.query.strategies.pieces import by_score
from core.query.strategies.uncertain import VOTES


def each_scan_in_turn(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
    """Every scan's best unit by score, then every scan's second, and so on."""
    order = by_score(pool, group, scores, stop).places
    scan = pool.units.scan[group.units[order]]
    by_scan = np.argsort(scan, kind="stable")
    sizes = np.bincount(scan)
    turn = np.empty(len(order), np.int64)
    turn[by_scan] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return Order(order[np.argsort(turn, kind="stable")])


VCD = replace(
    VOTES,
    name="vcd",
    source="Annotator, NeurIPS 2023, VCD, on our units instead of voxels of 0.25 m",
    spread=each_scan_in_turn,
)
