"""The frames of whose boxes the normal model is least sure: the mean entropy of their scores."""

from __future__ import annotations

import numpy as np

from core.boxes.ssal.confident import FLOOR, uncertainty
from core.query.box_strategies.simple import blind
from core.query.budget import Budget
from core.query.frame_pool import FramePool, reached
from core.query.pool import Draw
from core.query.selection import Selection


def entropy(pool: FramePool, budget: Budget, draw: Draw) -> Selection:
    """The largest mean entropy of right or wrong over the boxes of one model."""
    normal = pool.need_normal("entropy")
    free = pool.free
    names = [pool.frames.scans[place] for place in free.tolist()]
    count, mean = np.zeros(len(free)), np.zeros(len(free))
    for place, scan in enumerate(names):
        score = normal[scan].score if scan in normal else np.zeros(0)
        score = score[score >= FLOOR]
        count[place] = len(score)
        mean[place] = uncertainty(score).mean() if len(score) else 0.0
    if not count.any():
        return blind(pool, budget, draw)
    order = np.lexsort((np.array(names, np.str_), -mean))
    order = order[: reached(budget.cost[free[order]], budget)]
    reasons = tuple(
        f"the detector is unsure: H {h:.2f} over {int(n)} boxes" if n else "no box was found"
        for h, n in zip(mean[order], count[order], strict=True)
    )
    return Selection(free[order], reasons, {"H": mean[order], "boxes": count[order]})
