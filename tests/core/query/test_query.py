"""Choosing: draws, shares, ranks, and the contract that every strategy keeps."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from core.base.errors import Cancelled, ProjectError, SettingsError
from core.base.jobs import Job, Progress
from core.query.budget import Budget, fill, minutes_budget, points_budget, units_budget
from core.query.pool import Draw, Pool
from core.query.query import freeze, read_query, write_query
from core.query.strategies import distances, strategies
from core.query.strategies.basal import competition_ranks
from core.query.strategies.distances import sum_of_distances
from tests.core.query.pools import make_units, random_pool

# -- drawing ---------------------------------------------------------------------------------------


def test_keys_are_the_published_check_values():
    keys = Draw(0, 1).keys(
        ["sequences/00/velodyne/000000#c0", "sequences/00/velodyne/000000#g-1,0"]
    )
    assert [f"{int(key):016x}" for key in keys] == ["5987033d83fbaace", "d70135d1ce65d6c2"]


def test_keys_are_blake2b_of_seed_round_and_id():
    names = [f"a#c{n}" for n in range(50)]
    for seed, number in ((0, 1), (7, 3)):
        expected = [
            int.from_bytes(
                hashlib.blake2b(f"{seed}|{number}|{name}".encode(), digest_size=8).digest(), "big"
            )
            for name in names
        ]
        assert Draw(seed, number).keys(names).tolist() == expected


def test_more_scans_do_not_reshuffle_the_others():
    units = make_units(np.full(60, 30), np.zeros(60, int))

    def drawn(count: int) -> list[int]:
        free = np.arange(60) < count
        pool = Pool(units, free, np.zeros(60, bool))
        return strategies()["random"](pool, units_budget(units, count), Draw(0, 1)).units.tolist()

    assert [unit for unit in drawn(60) if unit < 40] == drawn(40)


def test_chance_follows_all_64_bits_of_the_keys(monkeypatch):
    """Keys that agree in 53 bits, as many as a float holds, are still told apart."""
    units = make_units(np.full(300, 30), np.zeros(300, int), scans=1)
    rng = np.random.default_rng(2)
    keys = (np.uint64(2**63) + rng.integers(0, 4000, 300).astype(np.uint64)).astype(np.uint64)
    monkeypatch.setattr(Draw, "keys", lambda self, names: keys)
    pool = Pool(units, np.ones(300, bool), np.zeros(300, bool))
    chosen = strategies()["random"](pool, units_budget(units, 300), Draw(0, 1))
    numbers = keys.tolist()
    assert chosen.units.tolist() == sorted(range(300), key=lambda unit: (numbers[unit], unit))


# -- shares ----------------------------------------------------------------------------------------


def slow_fill(orders, cost, amount):
    """docs/method.md, Budgets, step 3, read aloud."""
    taken = [[] for _ in orders]
    left = amount

    def fitting(p, limit):
        return [u for u in orders[p] if u not in taken[p] and cost[u] <= limit]

    def walk(p, share):
        spent = 0
        for unit in orders[p]:
            if unit not in taken[p] and cost[unit] <= share - spent:
                taken[p].append(unit)
                spent += cost[unit]
        return spent

    while True:
        live = [p for p in range(len(orders)) if fitting(p, left)]
        if not live:
            break
        shares = [left // len(live) + (n < left % len(live)) for n in range(len(live))]
        spent = sum(walk(p, share) for p, share in zip(live, shares, strict=True))
        left -= spent
        if not spent:
            break
    for p in sorted(range(len(orders)), key=lambda p: sum(cost[u] for u in taken[p])):
        left -= walk(p, left)
    return [[u for u in orders[p] if u in taken[p]] for p in range(len(orders))]


@pytest.mark.parametrize("block", range(10))
def test_a_thousand_random_pools_are_filled_as_specified(block: int):
    for seed in range(block * 100, block * 100 + 100):
        pool, rng = random_pool(seed)
        cost = pool.units.points.astype(np.int64)
        amount = int(rng.integers(1, int(cost.sum()) + 100))
        orders = [
            rng.permutation(np.flatnonzero(pool.free & (pool.units.partition == p)))
            for p in range(4)
        ]
        budget = Budget("points", amount, cost, "")
        expected = slow_fill([o.tolist() for o in orders], cost.tolist(), amount)
        if not any(expected):
            with pytest.raises(ProjectError):
                fill(orders, budget)
            continue
        taken = fill(orders, budget)
        assert [part.tolist() for part in taken] == expected
        spent = int(cost[np.concatenate(taken)].sum())
        rest = np.setdiff1d(np.flatnonzero(pool.free), np.concatenate(taken))
        assert spent <= amount
        assert not (cost[rest] <= amount - spent).any()


def test_an_exhausted_partition_passes_its_share_on():
    units = make_units(np.full(40, 100), np.array([0] * 2 + [1] * 38))
    orders = [np.flatnonzero(units.partition == p) for p in (0, 1)]
    taken = fill(
        orders, points_budget(units, percent="16.6666667", fraction="0.01", round=1, spent=0)
    )
    assert [len(part) for part in taken] == [2, 18]


def test_nothing_that_fits_is_one_sentence():
    units = make_units(np.array([500, 700]), np.array([0, 1]))
    with pytest.raises(ProjectError, match=r"budget is 10 points.*smallest unit has 500 points"):
        fill([np.array([0]), np.array([1])], Budget("points", 10, units.points, ""))
    with pytest.raises(ProjectError, match=r"budget is 1\.20 seconds.*smallest unit takes 1\.83 s"):
        fill([np.array([0])], minutes_budget(0.02, np.array([1.83])))


def test_points_of_a_round_are_exact_and_carry_over():
    units = make_units(np.full(10, 10), np.zeros(10, int), scans=1)  # 100 points in all
    assert points_budget(units, percent=None, fraction="0.29", round=1, spent=0).amount == 29
    assert points_budget(units, percent=None, fraction="0.29", round=2, spent=20).amount == 38
    assert points_budget(units, percent="7%", fraction="0.29", round=1, spent=0).amount == 7
    with pytest.raises(ProjectError, match="spent"):
        points_budget(units, percent=None, fraction="0.1", round=1, spent=10)


def test_units_and_minutes():
    units = make_units(np.full(10, 10), np.zeros(10, int))
    assert units_budget(units, 3).amount == 3
    budget = minutes_budget(2, np.array([1.83, 8.4649]))
    assert (budget.kind, budget.amount, budget.cost.tolist()) == ("minutes", 12_000, [183, 846])
    for count in (0, -1, 10**30):
        with pytest.raises(SettingsError, match=f"--units is {count}."):
            units_budget(units, count)
    for minutes in (-1, 0, np.nan, np.inf, 1e308):
        with pytest.raises(SettingsError, match="--minutes is"):
            minutes_budget(minutes, np.ones(3))


@pytest.mark.parametrize("text", ["nan", "-nan%", "snan", "inf", "-inf%", "1e999", "0", "x"])
def test_shares_of_the_points_that_are_none(text: str):
    units = make_units(np.full(10, 10), np.zeros(10, int))
    with pytest.raises(SettingsError, match=text.removesuffix("%")):
        points_budget(units, percent=text, fraction="0.1", round=1, spent=0)


# -- ranks -----------------------------------------------------------------------------------------


def test_the_worked_example_of_the_specification():
    entropy = np.array([0.5, 0.9, 0.1, 0.9])
    distance = np.array([3.0, 1.0, 9.0, 1.0])
    assert competition_ranks(entropy).tolist() == [3, 1, 4, 1]
    assert competition_ranks(distance).tolist() == [2, 3, 1, 3]
    # One labelled unit at 0, features at the distances: D is exactly that.
    units = make_units(np.full(5, 30), np.array([0, 0, 0, 0, 0]), scans=1)
    units = replace(units, cuts=(5,))
    pool = Pool(
        units,
        free=np.array([1, 1, 1, 1, 0], bool),
        labelled=np.array([0, 0, 0, 0, 1], bool),
        columns={
            "entropy": np.append(entropy, 0).astype(np.float32),
            "feature": np.append(distance, 0).astype(np.float32)[:, None],
        },
    )
    chosen = strategies()["basal"](pool, units_budget(units, 4), Draw(0, 2))
    assert chosen.units.tolist() == [1, 3, 2, 0]


def test_all_equal_scores_give_unit_order():
    units = make_units(np.full(6, 30), np.zeros(6, int), scans=1)
    units = replace(units, cuts=(5,))
    same = np.ones(6, np.float32)
    columns = {"entropy": same, "feature": same[:, None]}
    pool = Pool(units, np.ones(6, bool), np.zeros(6, bool), columns)
    chosen = strategies()["basal"](pool, units_budget(units, 6), Draw(0, 2))
    assert chosen.units.tolist() == list(range(6))


def test_without_labelled_units_entropy_alone_ranks():
    units = make_units(np.full(6, 30), np.zeros(6, int), scans=1)
    units = replace(units, cuts=(5,))
    entropy = np.array([0.1, 0.6, 0.3, 0.5, 0.2, 0.4], np.float32)
    columns = {"entropy": entropy, "feature": np.eye(6, dtype=np.float32)}
    pool = Pool(units, np.ones(6, bool), np.zeros(6, bool), columns)
    chosen = strategies()["basal"](pool, units_budget(units, 6), Draw(0, 2))
    assert chosen.units.tolist() == np.argsort(-entropy).tolist()


def test_scores_that_are_no_numbers_name_the_scan():
    pool, _ = random_pool(3)
    broken = pool.columns["entropy"].copy()
    broken[np.flatnonzero(pool.free)[0]] = np.nan
    with pytest.raises(ProjectError, match="sequences/00/velodyne"):
        strategies()["basal"](
            replace(pool, columns={**pool.columns, "entropy": broken}),
            units_budget(pool.units, 5),
            Draw(0, 2),
        )


@pytest.mark.parametrize(("n", "m", "f"), [(1, 1, 1), (37, 11, 5), (1500, 40, 24), (3, 0, 4)])
def test_eq_3_is_the_sum_of_all_distances(n: int, m: int, f: int):
    rng = np.random.default_rng(n)
    features, labelled = rng.normal(5, 1, (n, f)), rng.normal(5, 1, (m, f))
    slow = [sum(np.sqrt(((a - b) ** 2).sum()) for b in labelled) for a in features]
    both = np.concatenate([features, labelled])
    rows, others = np.arange(n), np.arange(n, n + m)
    assert sum_of_distances(both, rows, others) == pytest.approx(slow, rel=1e-9, abs=1e-9)


def test_eq_3_is_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(2)
    features = rng.normal(1, 1, (700, 7)).astype(np.float32)
    rows, labelled = np.split(rng.permutation(700), [410])
    whole = sum_of_distances(features, rows, labelled)
    monkeypatch.setattr(distances, "_ROWS", 64)
    monkeypatch.setattr(distances, "_COLUMNS", 50)
    monkeypatch.setattr(distances, "_HELD", 128)
    assert sum_of_distances(features, rows, labelled) == pytest.approx(whole, rel=1e-13)


def test_asking_is_told_of_and_stopped_within_a_block():
    pool, _ = random_pool(3)
    told: list[Progress] = []

    def listen(report: Progress) -> None:
        told.append(report)
        if report.text.startswith("novelty"):
            job.cancel()

    job = Job(listen, interval_s=0.0)
    with pytest.raises(Cancelled):
        strategies()["basal"](replace(pool, job=job), units_budget(pool.units, 5), Draw(0, 2))
    assert told[-1].text == "novelty, partition 1"
    assert told[-1].done < told[-1].total
    told.clear()
    job = Job(told.append, interval_s=0.0)
    strategies()["random"](replace(pool, job=job), units_budget(pool.units, 5), Draw(0, 2))
    assert {report.text for report in told} == {"chance, the whole pool"}


# -- a whole choice -------------------------------------------------------------------------------


def test_two_hundred_seeds_share_the_budget_evenly():
    rng = np.random.default_rng(1)
    units = make_units(rng.integers(20, 60, 2000), rng.integers(0, 4, 2000))
    pool = Pool(units, np.ones(2000, bool), np.zeros(2000, bool))
    budget = Budget("points", 16_000, units.points.astype(np.int64), "")
    seen = set()
    for seed in range(200):
        chosen = strategies()["size"](pool, budget, Draw(seed, 1)).units
        shares = np.bincount(units.partition[chosen], weights=units.points[chosen], minlength=4)
        assert shares.sum() >= 0.997 * 16_000
        assert (np.abs(shares / 4000 - 1) <= 0.02).all()
        seen.add(tuple(chosen.tolist()))
    assert len(seen) == 200


def test_a_query_is_read_as_it_was_written(tmp_path):
    pool, _ = random_pool(5)
    budget = units_budget(pool.units, 9)
    chosen = strategies()["basal"](pool, budget, Draw(4, 2))
    query = freeze(
        chosen, pool.units, strategy="basal", draw=Draw(4, 2), budget=budget,
        checkpoint="abc", parent="001-size",
    )  # fmt: skip
    write_query(tmp_path / "query.json", query)
    first = (tmp_path / "query.json").read_bytes()
    again = read_query(tmp_path / "query.json")
    write_query(tmp_path / "query.json", again)
    assert (tmp_path / "query.json").read_bytes() == first
    assert again.items == query.items
    assert again.columns["score"].tolist() == query.columns["score"].tolist()
    assert pool.units.find_all(again.items).tolist() == chosen.units.tolist()
