"""Strategies of frames beside CAL: each against its rule, budgets, and what others may add."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata

import numpy as np
import pytest

from core.base.errors import ProjectError, SettingsError
from core.query import box_strategies as room
from core.query.box_strategies import box_strategies, box_strategy_named
from core.query.box_strategies.kecor import EPSILON2, SIGMA
from core.query.budget import Budget
from core.query.frame_pool import check_frames, has_room, reached
from core.query.pool import Draw
from core.query.selection import Selection
from tests.core.query.frame_pools import frame_pool

BUDGETS = ("boxes", "frames", "centiseconds")


def budget_of(pool, measure: str, amount: int) -> Budget:
    cost = {
        "boxes": pool.frames.costs,
        "frames": np.ones(len(pool.frames.scans), int),
        "centiseconds": np.full(len(pool.frames.scans), 800),
    }[measure]
    return Budget(measure, amount, cost, f"{amount} {measure}")


@pytest.mark.parametrize("name", sorted(box_strategies()))
@pytest.mark.parametrize(
    ("measure", "amount"), [("boxes", 5), ("frames", 5), ("centiseconds", 4500)]
)
def test_no_budget_is_exceeded_and_no_frame_asked_twice(name: str, measure: str, amount: int):
    for seed in range(3):
        pool = frame_pool(seed, 30)
        budget = budget_of(pool, measure, amount)
        found = box_strategy_named(name)(pool, budget, Draw(seed, 1))
        check_frames(found, pool, budget, name)
        spent = budget.cost[found.units].cumsum()
        if measure == "boxes":  # a queue of six times as many, with one frame over at most
            assert spent[-1] >= 6 * amount > (spent[-2] if len(spent) > 1 else 0)
        else:
            assert len(spent) == 5
            assert spent[-1] <= amount
        again = box_strategy_named(name)(pool, budget, Draw(seed, 1))
        assert found.units.tolist() == again.units.tolist()
        assert found.reason == again.reason


def test_a_queue_step_by_step_is_the_queue_at_once():
    rng = np.random.default_rng(0)
    for measure in BUDGETS:
        for _ in range(50):
            cost = rng.integers(1, 9, 20)
            budget = Budget(measure, int(rng.integers(1, 40)), cost, "")
            spent = taken = 0
            while taken < 20 and has_room(spent, int(cost[taken]), budget):
                spent, taken = spent + int(cost[taken]), taken + 1
            assert reached(cost, budget) == taken


def test_entropy_is_the_mean_over_boxes():
    pool = frame_pool(1, 25)

    def h(place: int) -> float:
        score = [s for s in pool.normal[pool.frames.scans[place]].score if s >= 0.1]
        return np.mean([-s * np.log2(s) - (1 - s) * np.log2(1 - s) for s in score] or [0])

    budget = budget_of(pool, "frames", 25)
    found = box_strategy_named("entropy")(pool, budget, Draw(0, 1))
    expected = sorted(pool.free.tolist(), key=lambda k: (-h(k), pool.frames.scans[k]))
    assert found.units.tolist() == expected


@pytest.mark.parametrize("seed", range(3))
def test_kecor_is_the_brute_force_log_det(seed: int):
    """At each step the frame that makes 1/2 log det(I + d/(n eps^2) K + sigma diag(H)) largest, of
    whole matrices; and its gains sum to the whole."""
    pool = frame_pool(seed, 20)
    budget = budget_of(pool, "frames", 8)
    found = box_strategy_named("kecor")(pool, budget, Draw(0, 1))
    names = [pool.frames.scans[k] for k in pool.free]
    rows, extra = [], []
    for name in names:
        seen = pool.normal[name]
        some = seen.score >= 0.1
        mean = seen.feature[some].astype(float).mean(axis=0) if some.any() else np.zeros(4)
        rows.append(mean / (np.linalg.norm(mean) or 1))
        share = np.unique(seen.label[some], return_counts=True)[1] / max(1, some.sum())
        extra.append(-(share * np.log(share)).sum())

    def rate(places: list[int]) -> float:
        z = np.array([rows[k] for k in places])
        matrix = np.eye(len(places)) + 4 / (8 * EPSILON2) * z @ z.T
        matrix += SIGMA * np.diag([extra[k] for k in places])
        return 0.5 * np.linalg.slogdet(matrix)[1]

    chosen: list[int] = []
    for _ in range(8):
        left = [k for k in range(len(names)) if k not in chosen]
        chosen.append(max(left, key=lambda k: (round(rate([*chosen, k]), 10), -k)))
    assert found.units.tolist() == [int(pool.free[k]) for k in chosen]
    assert found.columns["rate"].sum() == pytest.approx(rate(chosen), abs=1e-9)


def test_labels_of_the_pool_are_nowhere_in_it():
    pool = frame_pool(0)
    held = {name for name in vars(pool)}
    assert held == {
        "frames", "classes", "labelled", "normal", "cpsp", "settings", "regions", "source",
        "unscored",
    }  # fmt: skip
    assert set(vars(pool.frames)) == {"scans", "free", "drawn", "costs", "seconds"}


def test_what_another_strategy_may_not_choose_is_said():
    pool = frame_pool(0, 20)
    budget = budget_of(pool, "frames", 3)
    free = pool.free

    def chosen(units, **more) -> Selection:
        units = np.array(units)
        return replace(Selection(units, ("why",) * len(units), {}), **more)

    good = chosen(free[:3])
    check_frames(good, pool, budget, "x")
    wrong = {
        "no frame": chosen(free[:0]),
        "no list": chosen([99]),
        "a frame twice": chosen([free[0], free[0]]),
        "may not be asked": chosen(np.flatnonzero(~pool.frames.free)[:1]),
        "more than the budget": chosen(free[:4]),
        "another length": chosen(free[:3], reason=()),
        "a column reason": chosen(free[:3], columns={"reason": np.zeros(3)}),
    }
    for said, one in wrong.items():
        with pytest.raises(ProjectError, match=said):
            check_frames(one, pool, budget, "x")
    with pytest.raises(SettingsError, match="no strategy coreset"):
        box_strategy_named("coreset")


def test_strategies_of_others_are_taken_or_named(tmp_path, monkeypatch):
    module = "def last(pool, budget, draw):\n    return pool\n\nNUMBER = 3\n"
    (tmp_path / "frames_of_others.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    values = {"last": "last", "number": "NUMBER", "cal": "last"}

    def points(group: str) -> list[metadata.EntryPoint]:
        assert group == "lidarloop.box_strategies"
        return [metadata.EntryPoint(n, f"frames_of_others:{v}", group) for n, v in values.items()]

    monkeypatch.setattr(metadata, "entry_points", points)
    room._known.cache_clear()
    try:
        assert box_strategy_named("last")("pool", None, None) == "pool"
        with pytest.raises(SettingsError, match=r"number .* cannot be used: it is no function"):
            box_strategy_named("number")
        assert "has one of that name" in room.broken_box_strategies()["cal"]
    finally:
        room._known.cache_clear()
