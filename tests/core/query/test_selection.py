"""What a strategy chose is checked before it is frozen: others write some."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.query.budget import Budget, units_budget
from core.query.pool import Draw, Pool
from core.query.selection import Selection, check
from core.query.strategies import strategies
from tests.core.query.pools import make_units, random_pool

UNITS = make_units(np.full(6, 30), np.zeros(6, int), scans=1)
FREE = np.array([1, 1, 1, 1, 0, 0], bool)
POOL = Pool(UNITS, FREE, ~FREE)


def selection(units: object, reason: tuple[str, ...] | None = None, **columns: np.ndarray):
    chosen = np.asarray(units)
    count = chosen.size if reason is None else 0
    return Selection(chosen, reason or ("why",) * count, columns)


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (selection([]), "no list of units"),
        (selection([0.5, 1.0]), "no list of units"),
        (selection([[0, 1]]), "no list of units"),
        (selection([0, -1]), "no list of units"),
        (selection([0, 6]), "no list of units"),
        (selection([0, 1, 0]), "a unit twice"),
        (selection([0, 4]), "units that may not be asked"),
        (selection([0, 1, 2, 3]), "more than the budget of 3 units"),
        (selection([0, 1], ("one",)), "of another length"),
        (selection([0, 1], margin=np.zeros(3)), "of another length"),
        (selection([0, 1], unit_id=np.zeros(2)), "a column unit_id"),
    ],
)
def test_a_selection_that_may_not_be_asked_is_one_sentence(chosen: Selection, says: str):
    with pytest.raises(ProjectError, match=f"^Strategy odd chose .*{says}"):
        check(chosen, POOL, units_budget(UNITS, 3), "odd")


def test_what_our_strategies_choose_may_be_asked():
    for seed in range(20):
        pool, _ = random_pool(seed)
        if pool.free.any():
            budget = Budget("points", int(pool.units.costs.sum()), pool.units.costs, "")
            for name in ("basal", "size", "random"):
                check(strategies()[name](pool, budget, Draw(seed, 2)), pool, budget, name)
