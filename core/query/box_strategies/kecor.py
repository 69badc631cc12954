"""KECOR with a linear kernel: frames that together need the most bits to be told (Luo et al., ICCV
2023: Kernel coding rate maximization for active 3D object detection)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.boxes.ssal.confident import FLOOR
from core.query.box_strategies.simple import blind
from core.query.budget import Budget
from core.query.frame_pool import FramePool, has_room
from core.query.pool import Draw
from core.query.selection import Selection

EPSILON2 = 0.5  # squared distortion of the rate
SIGMA = 0.1  # weight of the entropy of a frame's classes, on the diagonal


def kecor(pool: FramePool, budget: Budget, draw: Draw) -> Selection:
    """The largest coding rate of the frames' mean features, with their classes' entropy."""
    normal = pool.need_normal("kecor")
    free = pool.free
    names = [pool.frames.scans[place] for place in free.tolist()]
    means, extra = [], np.zeros(len(free))
    width = max((seen.feature.shape[1] for seen in normal.values()), default=0)
    for place, scan in enumerate(names):
        seen = normal.get(scan)
        rows = np.flatnonzero(seen.score >= FLOOR) if seen is not None else np.zeros(0, int)
        if seen is None or not len(rows):
            means.append(np.zeros(width))
            continue
        means.append(seen.feature[rows].astype(np.float64).mean(axis=0))
        share = np.bincount(seen.label[rows]) / len(rows)
        extra[place] = -(share[share > 0] * np.log(share[share > 0])).sum()
    features = np.array(means).reshape(len(free), width)
    if not features.any():
        return blind(pool, budget, draw)
    norm = np.linalg.norm(features, axis=1, keepdims=True)
    features = np.divide(features, norm, out=np.zeros_like(features), where=norm > 0)
    # About as many are taken as the budget has room for: the rate of so many.
    expected = max(1, round(budget.amount / max(1.0, float(budget.cost[free].mean()))))
    order, gain = greedy(features, extra, expected, names, budget.cost[free], budget)
    reasons = tuple(f"adds {bits:.2f} to the coding rate of what is chosen" for bits in gain)
    return Selection(free[order], reasons, {"rate": gain, "class_entropy": extra[order]})


def greedy(
    features: np.ndarray,
    extra: np.ndarray,
    expected: int,
    names: Sequence[str],
    cost: np.ndarray,
    budget: Budget,
) -> tuple[np.ndarray, np.ndarray]:
    """Places (k,) int64 of frames with unit features (n, d), each the one that raises
    1/2 log det(I + d/(expected eps^2) K + sigma diag(extra)) the most, ties by name, until the
    budget is reached; and what each raised it by, nats.

    The Cholesky factor grows by a row for each (Chen, Zhang and Zhou, NeurIPS 2018): n steps each.
    """
    count, width = features.shape
    scale = width / (expected * EPSILON2)
    left = 1 + scale * (features**2).sum(axis=1) + SIGMA * extra
    by_name = np.argsort(np.array(names, np.str_), kind="stable")
    rows = np.zeros((0, count))
    open_ = np.ones(count, bool)
    taken: list[int] = []
    gains: list[float] = []
    spent = 0
    for _ in range(count):
        value = np.where(open_, left, -np.inf)[by_name]
        best = int(by_name[int(value.argmax())])
        if not has_room(spent, int(cost[best]), budget):
            break
        taken.append(best)
        spent += int(cost[best])
        gains.append(0.5 * float(np.log(left[best])))
        open_[best] = False
        row = scale * (features @ features[best]) - rows[:, best] @ rows
        row /= np.sqrt(left[best])
        rows = np.vstack([rows, row])
        left = np.maximum(left - row**2, 1.0)
    return np.array(taken, np.int64), np.array(gains)
