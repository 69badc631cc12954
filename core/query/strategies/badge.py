"""BADGE (Ash et al., ICLR 2020): k-means++ on the gradients of the likeliest labels."""

from __future__ import annotations

import hashlib

import numpy as np

from core.query.pool import Draw, Pool
from core.query.selection import Group, Order, Scores, Stop, Strategy
from core.query.strategies.pieces import ended, none, whole

BLOCKS, LEAST = 64, 1000  # a block has at least so many units, or it is the only one


def kmeanspp(pool: Pool, group: Group, scores: Scores, stop: Stop) -> Order:
    """k-means++ in blocks of units by their keys, a pick from each in turn.

    A unit's gradient is (p - onehot) x feature, never built: products of two are products of
    their factors'. In a block the largest norm is first, then by chance in proportion to the
    squared distance to the block's picks.
    """
    count = len(group.units)
    p = pool.columns["mean_p"][group.units].astype(np.float32)
    if count:
        p[np.arange(count), p.argmax(axis=1)] -= 1
    feature = pool.columns["feature"][group.units].astype(np.float32)
    blocks = min(BLOCKS, max(1, count // LEAST))
    by_key = np.argsort(stop.draw.keys(pool.units.names(group.units)), kind="stable")
    mine = [np.sort(part) for part in np.array_split(by_key, blocks)]
    walks = [_Block(p[part], feature[part]) for part in mine]
    picks: list[int] = []
    spent, step = 0, 0
    while len(picks) < count and spent < stop.reach:
        for number, (part, walk) in enumerate(zip(mine, walks, strict=True)):
            at = walk.pick(_uniform(stop.draw, step, number)) if spent < stop.reach else None
            if at is not None:
                picks.append(int(part[at]))
                spent += int(stop.cost[picks[-1]])
        step += 1
    distance = np.empty(count)
    for part, walk in zip(mine, walks, strict=True):
        distance[part] = np.sqrt(walk.said())
    return Order(ended(np.array(picks, np.int64), distance), {"distance": distance})


class _Block:
    """k-means++ among b units, a (b, C) and feature (b, F) the factors of their gradients.

    square (b,): squared distance to the nearest pick, to the origin before one.
    """

    def __init__(self, a: np.ndarray, feature: np.ndarray) -> None:
        self._a, self._feature = a, feature
        self._norm = _squares(a) * _squares(feature)
        self.square = self._norm.copy()
        self._at_pick = self._norm.copy()
        self._open = np.ones(len(a), bool)
        self._first = True

    def pick(self, chance: float) -> int | None:
        """The next one, by a number in [0, 1); None where all are picked."""
        if not self._open.any():
            return None
        if self._first:
            at = int(self.square.argmax())
        else:
            running = np.cumsum(np.where(self._open, self.square, 0))
            if running[-1] > 0:
                at = int(np.searchsorted(running, chance * running[-1], side="right"))
                at = min(at, int(np.flatnonzero(self.square * self._open)[-1]))
            else:
                at = int(self._open.argmax())
        self._at_pick[at] = self.square[at]
        # All is finite, yet products of few float32 rows may raise the flag of an invalid value.
        with np.errstate(invalid="ignore"):
            product = (self._a @ self._a[at]).astype(np.float64) * (
                self._feature @ self._feature[at]
            )
        away = np.maximum(self._norm + self._norm[at] - 2 * product, 0)
        away[at] = 0
        self.square = away if self._first else np.minimum(self.square, away)
        self._first = False
        self._open[at] = False
        return at

    def said(self) -> np.ndarray:
        """(b,) squared distance of each unit when it was picked, of the others now."""
        said: np.ndarray = np.where(self._open, self.square, self._at_pick)
        return said


def _squares(values: np.ndarray) -> np.ndarray:
    """(n,) float64 squared norms of values (n, F)."""
    squares: np.ndarray = np.einsum("ij,ij->i", values, values, dtype=np.float64)
    return squares


def _uniform(draw: Draw, step: int, block: int) -> float:
    """A number in [0, 1) of seed, round, step and block."""
    text = f"{draw.seed}|{draw.round}|{step}|{block}".encode()
    digest = hashlib.blake2b(text, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


BADGE = Strategy(
    name="badge",
    source="BADGE, Ash et al., ICLR 2020, on our units",
    groups=whole,
    score=none,
    spread=kmeanspp,
    reason="gradient {distance:.3g} from all chosen before, of {count:,} in {group}",
    needs=frozenset({"mean_p", "feature"}),
    before="size",
    work="n k / 64",
)
