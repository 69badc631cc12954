"""Each strategy against its rule read aloud: slow, and of code of its own."""

from __future__ import annotations

import hashlib
import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from core.data.places import frames
from core.query.budget import Budget, units_budget
from core.query.pool import Draw, Pool
from core.query.seconds import expected_seconds
from core.query.selection import Group, Scores, Stop
from core.query.strategies import few_scans, strategy_named
from core.query.strategies.farthest import farthest_first
from core.query.strategies.kmeans import kmeans
from core.query.strategies.redal import decayed
from tests.core.query.pools import make_units, random_pool

SEEDS = [seed for seed in range(30) if random_pool(seed)[0].free.sum() > 2]


DRAW = Draw(3, 2)


def asked(name: str, pool: Pool, draw: Draw = DRAW) -> list[int]:
    """All free units, in the order of the strategy: a budget of all their points."""
    budget = Budget("points", int(pool.units.costs.sum()), pool.units.costs, "")
    return strategy_named(name)(pool, budget, draw).units.tolist()


def free(pool: Pool) -> list[int]:
    return np.flatnonzero(pool.free).tolist()


@pytest.mark.parametrize(
    ("name", "column", "sign"),
    [("ent", "entropy", -1), ("confidence", "confidence", 1), ("margin", "margin", 1),
     ("votes", "votes", -1), ("bald", "mutual", -1)],
)  # fmt: skip
def test_the_uncertain_are_sorted(name: str, column: str, sign: int):
    for seed in SEEDS:
        pool, _ = random_pool(seed)
        values = pool.columns[column].astype(float)
        wanted = sorted(free(pool), key=lambda unit: (sign * values[unit], unit))
        assert asked(name, pool) == wanted


@pytest.mark.parametrize(
    ("name", "column", "sign"),
    [("ent-scan", "entropy", -1), ("confidence-scan", "confidence", 1),
     ("margin-scan", "margin", 1), ("segent", "votes", -1)],
)  # fmt: skip
def test_scans_are_sorted_by_the_means_of_their_rows(name: str, column: str, sign: int):
    for seed in SEEDS:
        pool, rng = random_pool(seed)
        pool = replace(pool, columns={**pool.columns, column: rng.random(len(pool.units))})
        mean = {}
        for scan in range(len(pool.units.scans)):
            rows = [
                float(pool.columns[column][unit])
                for unit in range(len(pool.units))
                if pool.units.scan[unit] == scan
                for _ in range(int(pool.units.points[unit]))
            ]
            mean[scan] = sum(rows) / len(rows) if rows else 0
        wanted = [
            unit
            for scan in sorted(
                mean, key=lambda scan, mean=mean: (round(sign * mean[scan], 9), scan)
            )
            for unit in free(pool)
            if pool.units.scan[unit] == scan
        ]
        assert asked(name, pool) == wanted


def test_scans_are_drawn_by_their_names():
    for seed in SEEDS:
        pool, _ = random_pool(seed)
        keys = [
            hashlib.blake2b(f"3|2|{scan}".encode(), digest_size=8).digest()
            for scan in pool.units.scans
        ]
        wanted = sorted(free(pool), key=lambda unit: (keys[pool.units.scan[unit]], unit))
        assert asked("rand-scans", pool) == wanted


def slow_farthest(features: np.ndarray, candidates: list[int], known: list[int]) -> list[int]:
    picks, known, left = [], list(known), list(candidates)
    while left:

        def least(unit: int) -> float:
            away = [math.dist(features[unit], features[other]) for other in known]
            return min(away, default=math.inf)

        best = max(left, key=lambda unit: (least(unit), -unit))
        picks.append(best)
        known.append(best)
        left.remove(best)
    return picks


def test_coreset_is_farthest_first():
    for seed in SEEDS[:14]:
        pool, _ = random_pool(seed)
        features = pool.columns["feature"].astype(float)
        wanted = slow_farthest(features, free(pool), np.flatnonzero(pool.labelled).tolist())
        assert asked("coreset", pool) == wanted
        none = replace(pool, labelled=np.zeros_like(pool.labelled))
        assert asked("coreset", none) == slow_farthest(features, free(pool), [])


def test_lazy_distances_are_few_and_the_picks_those_of_all():
    rng = np.random.default_rng(4)
    middles = rng.normal(0, 4, (40, 6))
    features = (middles[rng.integers(0, 40, 4000)] + rng.normal(0, 0.5, (4000, 6))).astype("f4")
    labelled, cost = features[:30] + 0.25, np.ones(4000, np.int64)
    picks, distance, computed = farthest_first(features, labelled, cost, 300)
    square = ((features[:, None, :].astype(float) - labelled[None].astype(float)) ** 2).sum(2)
    least = square.min(axis=1)
    for pick in picks.tolist():
        assert pick == int(least.argmax())
        assert distance[pick] == pytest.approx(math.sqrt(least[pick]), rel=1e-6)
        to_pick = ((features.astype(float) - features[pick].astype(float)) ** 2).sum(axis=1)
        least = np.minimum(least, to_pick)
    assert len(picks) == 300
    assert computed <= 0.2 * 4000 * 300


def test_what_was_not_picked_follows_by_its_distance():
    pool, _ = random_pool(11)
    features = pool.columns["feature"].astype(float)
    ten = strategy_named("coreset")(pool, units_budget(pool.units, 10), Draw(3, 2)).units.tolist()
    wanted = slow_farthest(features, free(pool), np.flatnonzero(pool.labelled).tolist())
    assert ten == wanted[:10]


def test_redal_by_hand():
    """Two clusters; scores 10 9 8 1 1 …; the second of a cluster counts 0.95 of its score, the
    third 0.9025: of 10, 9.8 and 9.6 in one cluster and 9.5 in another, 9.5 is asked second."""
    scores = np.array([10, 9.8, 9.6, 9.5] + [1.0] * 36)
    features = np.array([[0.0], [0.0], [0.0], [9.0]] + [[0.0]] * 36, np.float32)
    units = make_units(np.full(40, 30), np.zeros(40, int), scans=1)
    pool = Pool(units, np.ones(40, bool), np.zeros(40, bool), {"feature": features})
    group = Group("all", np.arange(40), np.zeros(0, int))
    stop = Stop(np.full(40, 30), 1200, Draw(0, 2))
    found = decayed(pool, group, Scores(scores), stop)
    # The best tenth are four: 10, 9.8 x .95 = 9.31, 9.6 x .9025 = 8.664, 9.5.
    assert found.places.tolist() == [0, 3, 1, 2, *range(4, 40)]
    assert found.columns["decayed"][:4] == pytest.approx([10, 9.31, 8.664, 9.5])


def test_redal_is_its_rule():
    """Entropy of base 2, mean over the classes, + 0.05 K; clusters are the only shared code."""
    for seed in SEEDS:
        pool, _ = random_pool(seed)
        units, classes = free(pool), 5
        entropy = pool.columns["entropy"].astype(float) / (classes * math.log(2))
        score = {u: entropy[u] + 0.05 * float(pool.columns["curvature"][u]) for u in units}
        order = sorted(units, key=lambda u: (round(-score[u], 9), u))
        best = order[: math.ceil(len(order) / 10)]
        keys = Draw(3, 2).keys(pool.units.names(np.array(best)))
        cluster, _ = kmeans(pool.columns["feature"][best], keys, 150)
        seen: dict[int, int] = {}
        value = {}
        for unit, mine in zip(best, cluster.tolist(), strict=True):
            value[unit] = score[unit] * 0.95 ** seen.get(mine, 0)
            seen[mine] = seen.get(mine, 0) + 1
        again = sorted(best, key=lambda u: (round(-value[u], 9), u))
        assert asked("redal", pool) == again + order[len(best) :]


def test_kmeans_ends_where_no_step_changes_anything():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(m, 0.3, (50, 3)) for m in (0, 5, 9)]).astype(np.float32)
    keys = rng.permutation(150).astype(np.uint64)
    cluster, centres = kmeans(values, keys, 7)
    assert len(centres) == 7
    for row, mine in enumerate(cluster):
        away = [np.linalg.norm(values[row] - centre) for centre in centres]
        assert away[mine] == pytest.approx(min(away), rel=1e-6)
    for number, centre in enumerate(centres):
        np.testing.assert_allclose(centre, values[cluster == number].mean(axis=0), rtol=1e-5)
    alike, one = kmeans(np.ones((9, 2)), np.arange(9), 4)
    assert (len(one), set(alike.tolist())) == (1, {0})


def test_badge_is_k_means_plus_plus_on_whole_gradients():
    """Gradients are built; chance is the published hash of seed, round, step and block."""
    for seed in SEEDS:
        pool, rng = random_pool(seed)
        pool = replace(
            pool, columns={**pool.columns, "feature": rng.normal(size=(len(pool.units), 4))}
        )
        units = free(pool)
        p = pool.columns["mean_p"][units].astype(float)
        likeliest = np.eye(5)[p.argmax(axis=1)]
        gradient = np.einsum("nc,nf->ncf", p - likeliest, pool.columns["feature"][units])
        gradient = gradient.reshape(len(units), -1)
        left, picks, step = list(range(len(units))), [], 0
        least = (gradient**2).sum(axis=1)
        while left:
            if not picks:
                pick = max(left, key=lambda row: (least[row], -row))
            else:
                text = f"3|2|{step}|0".encode()
                number = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
                mark = (number >> 11) / 2**53 * least[left].sum()
                running = 0.0
                for pick in left:
                    running += least[pick]
                    if running > mark:
                        break
            away = ((gradient - gradient[pick]) ** 2).sum(axis=1)
            least = away if not picks else np.minimum(least, away)
            picks.append(pick)
            left.remove(pick)
            step += 1
            if not (least[left] > 1e-4).any():
                break  # the rest lies on what is picked: rounding decides
        assert asked("badge", pool)[: len(picks)] == [units[row] for row in picks]


def test_per_second_divides():
    for seed in SEEDS:
        pool, _ = random_pool(seed)
        value = pool.columns["entropy"].astype(float) / pool.columns["seconds"]
        assert asked("per-second", pool) == sorted(free(pool), key=lambda u: (-value[u], u))
        close = (1 - pool.columns["margin"].astype(float)) / pool.columns["seconds"]
        wanted = sorted(free(pool), key=lambda u: (-close[u], u))
        assert asked("per-second x margin", pool) == wanted


def test_expected_seconds_by_hand():
    """20 answers weigh as much as the table's 1.83 s; a minute is the most that one counts."""
    units = make_units(np.full(24, 30), np.repeat([0, 1, 2, 3], 6), scans=1)
    table = expected_seconds(units, {})
    assert [table[units.partition == p][0] for p in range(4)] == [1.83, 2.25, 2.84, 8.46]
    first = np.flatnonzero(units.partition == 0)[:2].tolist()
    found = expected_seconds(units, {first[0]: 4.0, first[1]: 900.0})
    assert found[first[0]] == pytest.approx((4 + 60 + 20 * 1.83) / 22)
    assert (found[units.partition != 0] == table[units.partition != 0]).all()


def test_each_scan_has_its_turn():
    for seed in SEEDS:
        pool, _ = random_pool(seed)
        votes, scan = pool.columns["votes"], pool.units.scan
        queues = {s: [] for s in range(3)}
        for unit in sorted(free(pool), key=lambda u: (-votes[u], u)):
            queues[int(scan[unit])].append(unit)
        wanted = []
        while any(queues.values()):
            turn = [queues[s].pop(0) for s in range(3) if queues[s]]
            wanted += sorted(turn, key=lambda u: (-votes[u], u))
        assert asked("vcd", pool) == wanted


@pytest.mark.parametrize("poses", [True, False])
def test_apart_leaves_no_two_near_each_other(poses: bool):
    """Of one size class of a sequence: 5 m by the poses, else ten frames; the others come last."""
    rng = np.random.default_rng(2)
    for seed in range(8):
        units = make_units(np.full(60, 30), rng.integers(0, 3, 60), scans=30)
        centre = rng.uniform(0, 14, (60, 3)) * (1, 1, 0.1)
        entropy = rng.random(60)
        columns = {"entropy": entropy, **({"centre": centre} if poses else {})}
        pool = Pool(units, np.ones(60, bool), np.zeros(60, bool), columns)
        taken: list[int] = []
        late: list[int] = []
        for unit in sorted(range(60), key=lambda u: (-entropy[u], u)):
            alike = [u for u in taken if units.partition[u] == units.partition[unit]]
            near = (
                any(math.dist(centre[unit], centre[u]) < 5 for u in alike)
                if poses
                else any(abs(int(units.scan[u]) - int(units.scan[unit])) < 10 for u in alike)
            )
            (late if near else taken).append(unit)
        assert asked("apart x ent", pool, Draw(seed, 2)) == taken + late
        assert late


def test_apart_without_poses_looks_once_for_each_unit(monkeypatch):
    """Not once for each unit that was taken: a sequence has millions and takes hundreds."""
    looks = []

    class Frame(int):
        def __sub__(self, other: int) -> int:
            looks.append(other)
            return int(self) - other

    found = frames

    def counted(scans, places):
        sequence, frame = found(scans, places)
        return sequence, [Frame(number) for number in frame]

    monkeypatch.setattr("core.query.strategies.apart.frames", counted)
    units = make_units(np.full(800, 30), np.zeros(800, int), scans=400)
    pool = Pool(units, np.ones(800, bool), np.zeros(800, bool), {"entropy": np.zeros(800)})
    asked("apart x ent", pool)
    assert len(looks) <= 800


def test_apart_takes_pieces_of_a_sequence_for_other_places():
    units = make_units(np.full(4, 30), np.zeros(4, int), scans=4)
    columns = {"entropy": np.arange(4, 0, -1.0), "centre": np.zeros((4, 3))}
    pool = Pool(units, np.ones(4, bool), np.zeros(4, bool), columns)
    assert asked("apart x ent", pool) == [0, 1, 2, 3]
    units_of = units_budget(units, 2)
    pieces = dict(zip(units.scans, (0, 0, 1, 1), strict=True))
    chosen = strategy_named("apart x ent")(replace(pool, pieces=pieces), units_of, DRAW)
    assert chosen.units.tolist() == [0, 2]


def test_few_scans_are_the_worthiest_that_hold_three_shares():
    """By hand: scans of 4 units of 30 points, a budget of 60 points: 180 points are two scans."""
    units = make_units(np.full(40, 30), np.zeros(40, int), scans=10)
    units = replace(units, cuts=(5,), scans=(*(f"a/{12 * n:06d}" for n in range(9)), "a/000002"))
    entropy = np.zeros(40)
    worth = {3: 0.9, 0: 0.8, 9: 0.7, 5: 0.6}  # scan 9 is two frames from scan 0
    for scan, value in worth.items():
        entropy[np.flatnonzero(units.scan == scan)] = value
    places = {scan: ("a", int(scan[-6:])) for scan in units.scans}  # those between are not asked
    pool = Pool(units, np.ones(40, bool), np.zeros(40, bool), {"entropy": entropy}, places=places)
    budget = Budget("points", 60, units.costs, "")
    chosen = strategy_named("few-scans x random")
    inside = chosen.restrict(strategy_named("ent"), pool, budget, Draw(1, 2))
    assert set(units.scan[inside].tolist()) == {3, 0}
    more = Budget("points", 110, units.costs, "")  # 330 points are three scans, 5 and not 9
    inside = chosen.restrict(strategy_named("ent"), pool, more, Draw(1, 2))
    assert set(units.scan[inside].tolist()) == {3, 0, 5}
    drawn = chosen(pool, budget, Draw(1, 2)).units
    assert len(drawn) == 2


def test_a_scan_is_worth_what_its_units_that_fit_are_worth():
    """By hand: 40 points buy the units of 5 points, of 8 and 7, behind that of 50, not nothing."""
    cost, scan = np.array([50, 5, 5, 30, 20]), np.array([0, 0, 0, 1, 1])
    scores = Scores(np.array([9.0, 8, 7, 5, 4]))
    assert few_scans._worth(scores, scan, cost, 40, 3).tolist() == [15.0, 5.0, 0.0]


def test_probcover_takes_what_covers_most():
    """A line of shapes: greedily the middle of the longest run that no ball holds yet."""
    from core.query.strategies import shapes

    for seed in SEEDS[:12]:
        pool, _ = random_pool(seed)
        units = free(pool)
        values = pool.columns["shape"].astype(float)
        mean, deviation = values[units].mean(axis=0), values[units].std(axis=0)
        deviation[deviation == 0] = 1
        values = (values - mean) / deviation
        keys = Draw(3, 2).keys(pool.units.names(np.array(units)))
        radius = shapes.pure_radius(values[units], keys)

        def near(one: int, other: int, values=values, radius=radius) -> bool:
            return math.dist(values[one], values[other]) < radius

        known = np.flatnonzero(pool.labelled).tolist()
        open_ = {u for u in units if not any(near(u, k) for k in known)}
        wanted = []
        while open_:
            best = max(units, key=lambda u: (sum(near(u, other) for other in open_), -u))
            wanted.append(best)
            open_ -= {u for u in units if near(best, u)}
        rest = [u for _, u in sorted(zip(keys.tolist(), units, strict=True)) if u not in wanted]
        assert asked("probcover", pool) == wanted + rest


def test_probcover_holds_no_table_of_all_that_is_answered():
    """Ten times the answers, hardly more memory: 40,000 of them beside 2,000 units were 80 MB."""
    peaks = []
    for answers in (4_000, 40_000):
        count = answers + 2_000
        units = make_units(np.full(count, 30), np.zeros(count, int))
        labelled = np.arange(count) < answers
        shape = np.random.default_rng(1).random((count, 3)).astype(np.float32)
        pool = Pool(units, ~labelled, labelled, {"shape": shape})
        tracemalloc.start()
        strategy_named("probcover")(pool, units_budget(units, 5), DRAW)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 20e6


def test_the_radius_keeps_balls_pure():
    from core.query.strategies import shapes

    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(m, 0.05, (30, 2)) for m in range(0, 60, 3)])
    keys = rng.permutation(len(values)).astype(np.uint64)
    radius = shapes.pure_radius(values, keys)
    cluster, _ = kmeans(values, keys, 20)

    def pure(radius: float) -> float:
        hits = [
            all(
                cluster[o] == cluster[row]
                for o in range(len(values))
                if math.dist(values[row], values[o]) < radius
            )
            for row in range(len(values))
        ]
        return sum(hits) / len(hits)

    assert pure(radius) >= 0.95 or radius == 0.25
    assert radius == 10 or pure(radius + 0.25) < 0.95


def test_typiclust_takes_the_most_typical_of_the_emptiest_clusters():
    """Three clumps of 30, 20 and 10 shapes, one of them answered, and a budget of two units."""
    rng = np.random.default_rng(5)
    shape = np.concatenate([rng.normal(m, 0.1, (n, 2)) for m, n in ((0, 30), (6, 20), (12, 11))])
    units = make_units(np.full(61, 30), np.zeros(61, int), scans=1)
    answered = np.zeros(61, bool)
    answered[3] = True
    pool = Pool(units, ~answered, answered, {"shape": shape.astype(np.float32)})
    chosen = strategy_named("typiclust")(pool, units_budget(units, 2), Draw(8, 2)).units.tolist()
    values = pool.columns["shape"].astype(float)
    values = (values - values[free(pool)].mean(axis=0)) / values[free(pool)].std(axis=0)

    def typicality(unit: int, clump: range) -> float:
        away = sorted(math.dist(values[unit], values[o]) for o in clump if o != unit)
        near = min(20, len(clump) // 2)
        return near / sum(away[:near])

    clumps = (range(30, 50), range(50, 61))  # without an answer, the larger one first
    assert chosen == [max(clump, key=lambda u: typicality(u, clump)) for clump in clumps]
