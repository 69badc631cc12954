"""CAL over 4,000 frames of 30 boxes, against the bare arithmetic that it cannot do without."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from core.boxes.geometry import rotated_iou
from core.boxes.ssal.confident import uncertainty
from core.query.box_strategies import box_strategy_named
from core.query.budget import Budget
from core.query.pool import Draw
from tests.core.query.frame_pools import frame_pool

pytestmark = pytest.mark.benchmark
DRAW = Draw(0, 1)


def test_cal_takes_little_more_than_overlaps_and_one_pass_over_the_scores():
    """Measured: 1.0 s of CPU, overlaps and uncertainties alone 0.5 s."""
    pool = frame_pool(0, 4000, most=60, width=64)
    pool = replace(pool, frames=replace(pool.frames, free=np.ones(4000, bool)))
    budget = Budget("boxes", 150, pool.frames.costs, "")
    cal = box_strategy_named("cal")
    cal(pool, budget, DRAW)  # what is compiled is compiled

    def bare() -> None:
        for scan, normal in pool.normal.items():
            rotated_iou(normal.box, pool.cpsp[scan].box)
            rotated_iou(pool.cpsp[scan].box, normal.box)
            uncertainty(pool.cpsp[scan].score)

    bare()
    times = []
    for work in (lambda: cal(pool, budget, DRAW), bare):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    print(f"CAL {times[0]:.2f} s, bare {times[1]:.2f} s of CPU")
    assert times[0] < 4 * times[1]
