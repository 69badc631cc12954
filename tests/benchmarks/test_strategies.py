"""Every strategy at the size of SemanticKITTI: 3.2 million units of 24 features, 1 % asked."""

from __future__ import annotations

import pytest

from tests.benchmarks.measures import PEAK_MB, numbers

NAMES = (
    "basal", "size", "random", "rand-scans", "ent", "margin", "confidence", "ent-scan", "segent",
    "coreset", "size x coreset", "coreset-scan", "redal", "badge", "per-second", "few-scans",
    "probcover", "apart", "typiclust", "vcd", "lidal", "bald",
)  # fmt: skip
CODE = """
import sys, time
import numpy as np
from core.query.budget import Budget
from core.query.pool import Draw
from core.query.strategies import strategy_named
from tests.benchmarks.many_units import many_units
select = strategy_named(sys.argv[1])
pool = many_units(int(sys.argv[2]), int(sys.argv[3]), needs=select.needs)
cost = pool.units.costs
budget = Budget("points", int(cost.sum()) // 100, cost, "")
began = time.process_time()
chosen = select(pool, budget, Draw(0, 2))
print(time.process_time() - began)
print(len(chosen.units))
"""


@pytest.mark.parametrize("name", NAMES)
def test_asking_one_percent_of_3_2_million_units(name: str, report):
    seconds, _, megabytes = numbers(f"{CODE}{PEAK_MB}", name, 3_200_000, 2_000)
    report(f"{name}, 3.2 million units × 24, CPU seconds", seconds, "≤ 120")
    report("its peak memory, MB", megabytes, "≤ 2000")
    assert seconds <= 120
    assert megabytes <= 2000
