"""What every strategy keeps, our own, combined ones and those that others install."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from core.base.errors import ProjectError, SettingsError
from core.query.budget import Budget, minutes_budget, units_budget
from core.query.pool import Draw, Pool
from core.query.selection import Selection, Strategy, check
from core.query.strategies import strategies, strategy_named
from core.query.strategies.names import MODIFIERS
from tests.core.query.pools import pool_for
from tests.places import ROOT

COMBINED = (
    "size x coreset", "size x ent", "size x badge", "size x redal", "size x probcover",
    "class x margin", "scans x basal", "scans x redal", "few-scans x basal", "few-scans x coreset",
    "per-second x basal", "size x per-second x margin", "apart x coreset", "apart x size x ent",
    "few-scans x apart x size x typiclust", "size x lidal", "few-scans x lidal", "class x bald",
)  # fmt: skip
OWN = (
    *COMBINED, "basal", "redal", "badge", "segent", "few-scans", "probcover", "vcd", "typiclust"
)  # fmt: skip
NAMES = sorted({*strategies(), *COMBINED})
# Equal scores are asked in unit order by these; the others draw.
SCORED = (
    "basal", "ent", "margin", "confidence", "votes", "coreset", "redal", "size x coreset",
    "size x ent", "ent-scan", "segent", "coreset-scan", "per-second x size x ent", "bald",
)  # fmt: skip


def budgets(pool: Pool, rng: np.random.Generator) -> list[Budget]:
    """In points, units and minutes, each enough for one unit at least."""
    cost = pool.units.costs
    amount = int(rng.integers(int(cost[pool.free].min()), int(cost.sum()) + 1))
    return [
        Budget("points", amount, cost, ""),
        units_budget(pool.units, int(rng.integers(1, 40))),
        minutes_budget(float(rng.uniform(0.2, 4)), pool.columns["seconds"]),
    ]


def same(one: Selection, other: Selection) -> bool:
    return (
        one.units.tobytes() == other.units.tobytes()
        and one.reason == other.reason
        and {name: values.tobytes() for name, values in one.columns.items()}
        == {name: values.tobytes() for name, values in other.columns.items()}
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_may_be_asked_and_fills_the_budget(name: str):
    select = strategy_named(name)
    for seed in range(25):
        pool, rng = pool_for(name, seed)
        if not pool.free.any():
            continue
        for budget in budgets(pool, rng):
            chosen = select(pool, budget, Draw(seed, 2))
            check(chosen, pool, budget, name)
            assert len(chosen.reason) == len(chosen.units)
            assert all(reason.strip() for reason in chosen.reason)
            for values in chosen.columns.values():
                assert values.dtype == np.float64
                assert np.isfinite(values).all()
            left = budget.amount - budget.cost[chosen.units].sum()
            rest = np.setdiff1d(np.flatnonzero(pool.free), chosen.units)
            assert not (budget.cost[rest] <= left).any()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_is_chosen_twice_and_nothing_is_changed(name: str):
    """Also where arrays may not be written, as those that are mapped."""
    select = strategy_named(name)
    for seed in range(6):
        pool, rng = pool_for(name, seed)
        for values in (pool.free, pool.labelled, *pool.columns.values()):
            values.setflags(write=False)
        for budget in budgets(pool, rng):
            first, second = (select(pool, budget, Draw(seed, 2)) for _ in range(2))
            assert same(first, second)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_declared_is_enough(name: str):
    """Other columns may be missing or hold anything: nothing else is looked at."""
    select = strategy_named(name)
    needs = getattr(select, "needs", frozenset())
    for seed in range(6):
        pool, rng = pool_for(name, seed)
        budget = budgets(pool, rng)[0]
        less = replace(pool, columns={c: v for c, v in pool.columns.items() if c in needs})
        assert same(select(pool, budget, Draw(1, 2)), select(less, budget, Draw(1, 2)))


@pytest.mark.parametrize("name", NAMES)
def test_a_value_that_is_no_number_names_its_scan(name: str):
    select = strategy_named(name)
    numbers = {
        "entropy",
        "confidence",
        "margin",
        "votes",
        "feature",
        "mean_p",
        "curvature",
        "shape",
        "divergence",
        "joint",
        "mutual",
        "centre",
    }
    pool, _ = pool_for(name, 3)
    for column in sorted(getattr(select, "needs", frozenset()) & numbers):
        broken = pool.columns[column].copy()
        unit = np.flatnonzero(pool.free)[2]
        broken[unit] = np.nan
        scan = pool.units.scans[pool.units.scan[unit]]
        odd = replace(pool, columns={**pool.columns, column: broken})
        with pytest.raises(ProjectError, match=f"scan {scan} hold values that are no numbers"):
            select(odd, units_budget(pool.units, 5), Draw(0, 2))


@pytest.mark.parametrize("name", SCORED)
def test_what_is_alike_is_asked_in_unit_order(name: str):
    pool, _ = pool_for(name, 3)
    count = len(pool.units)
    alike = {c: np.ones_like(v) for c, v in pool.columns.items() if c != "seconds"}
    alike["mean_p"] = np.full((count, 5), 0.2, np.float16)
    seconds = np.full(count, 2.0)
    pool = replace(pool, columns={**alike, "seconds": seconds})
    budget = units_budget(pool.units, count)
    chosen = strategy_named(name)(pool, budget, Draw(0, 2)).units
    parts = pool.units.partition[chosen] if "size" in name or name == "basal" else 0 * chosen
    assert chosen.tolist() == np.lexsort((chosen, parts)).tolist() or (
        [int(unit) for unit in chosen]
        == sorted(chosen.tolist(), key=lambda unit: (parts[chosen.tolist().index(unit)], unit))
    )


@pytest.mark.parametrize("name", NAMES)
def test_few_candidates_and_empty_groups(name: str):
    """One, all answered but one partition, none: an error in one sentence."""
    select = strategy_named(name)
    pool, _ = pool_for(name, 3)
    budget = Budget("points", int(pool.units.costs.sum()), pool.units.costs, "")
    for free in (
        np.arange(len(pool.units)) == 5,
        pool.units.partition == 2,
        pool.units.scan == 1,
        np.arange(len(pool.units)) < 2,
    ):
        some = replace(pool, free=free, labelled=~free)
        assert sorted(select(some, budget, Draw(0, 2)).units) == np.flatnonzero(free).tolist()
        nothing = replace(some, labelled=np.zeros_like(free))
        assert sorted(select(nothing, budget, Draw(0, 2)).units) == np.flatnonzero(free).tolist()
    none = replace(pool, free=np.zeros_like(pool.free), labelled=np.ones_like(pool.free))
    with pytest.raises(ProjectError, match="Every unit is answered"):
        select(none, budget, Draw(0, 2))
    with pytest.raises(ProjectError, match="Nothing fits"):
        select(pool, Budget("points", 1, pool.units.costs, ""), Draw(0, 2))


CODE = """
import hashlib, sys
import numpy as np
from core.query.budget import Budget
from core.query.pool import Draw
from core.query.strategies import strategy_named
from tests.core.query.pools import pool_for
for name in sys.argv[1:]:
    digest = hashlib.blake2b()
    for seed in range(4):
        pool, _ = pool_for(name, seed)
        budget = Budget("points", int(pool.units.costs.sum()) // 3, pool.units.costs, "")
        chosen = strategy_named(name)(pool, budget, Draw(seed, 2))
        digest.update(chosen.units.tobytes() + repr(chosen.reason).encode())
        for values in chosen.columns.values():
            digest.update(values.tobytes())
    print(name, digest.hexdigest())
"""


def test_other_processes_and_other_numbers_of_threads_choose_the_same():
    found = []
    for threads in ("1", "2"):
        environment = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", CODE, *NAMES], cwd=ROOT, capture_output=True, text=True,
            check=True, env={"PATH": "", "HOME": "/tmp", **environment},
        )  # fmt: skip
        found.append(done.stdout)
    assert found[0] == found[1]
    assert found[0].count("\n") == len(NAMES)


def test_a_record_says_what_it_is():
    for name in OWN:
        made = strategy_named(name)
        assert isinstance(made, Strategy)
        assert made.name == name
        assert made.source
        assert made.work
        assert not made.before or not getattr(strategy_named(made.before), "needs", None)


@pytest.mark.parametrize("modifier", sorted(MODIFIERS))
@pytest.mark.parametrize("name", sorted(strategies()))
def test_any_modifier_before_any_strategy_asks_or_says_why_not(modifier: str, name: str):
    words = f"{modifier} x {name}"
    try:
        select = strategy_named(words)
    except SettingsError:
        with pytest.raises(SettingsError, match=name):
            strategy_named(words)
        return
    pool, _ = pool_for(words, 3)
    budget = units_budget(pool.units, 5)
    check(select(pool, budget, Draw(0, 2)), pool, budget, words)
