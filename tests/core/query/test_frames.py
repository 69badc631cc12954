"""Frames are asked within a budget, in an order that can be told beforehand."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from core.base.errors import ProjectError, SettingsError
from core.query.frames import FRAME_STRATEGIES, choose, frames_budget, frames_of
from core.query.pool import Draw

SCANS = tuple(f"a/{place:03d}" for place in range(40))


def table(*, settled=frozenset(), finished=(), drawn=None, minutes=0.0):
    return frames_of(
        SCANS, settled=frozenset(settled), finished=finished, drawn=drawn or {}, minutes=minutes
    )


def asked(frames, name: str, *, seed: int = 1, **budget) -> list[str]:
    how = {"count": None, "boxes": None, "minutes": None, **budget}
    found = choose(frames, name, frames_budget(frames, **how), Draw(seed, 1))
    return frames.names(found.units)


def test_by_chance_is_by_the_hash_of_each_name():
    free = [scan for scan in SCANS if scan not in SCANS[:5]]
    keys = {s: hashlib.blake2b(f"1|1|{s}".encode(), digest_size=8).digest() for s in free}
    expected = sorted(free, key=keys.__getitem__)[:7]
    assert asked(table(settled=SCANS[:5]), "random", count=7) == expected
    assert asked(table(settled=SCANS[:5]), "random", count=7, seed=2) != expected


def test_every_nth_is_at_equal_distances():
    assert asked(table(), "every", count=4) == [SCANS[place] for place in (0, 10, 20, 30)]
    rest = [scan for place, scan in enumerate(SCANS) if place % 2]
    assert asked(table(settled=SCANS[::2]), "every", count=4) == rest[::5]


def test_empty_frames_come_first_then_those_with_fewest_boxes():
    drawn = {scan: 39 - place for place, scan in enumerate(SCANS[:38])}
    expected = [*SCANS[38:], *reversed(SCANS[:38])]
    assert asked(table(drawn=drawn), "unlabelled", count=40) == expected


@pytest.mark.parametrize("name", FRAME_STRATEGIES)
@pytest.mark.parametrize("budget", [{"count": 9}, {"boxes": 57}, {"minutes": 12.5}])
def test_no_budget_is_exceeded_and_no_frame_asked_twice(name: str, budget: dict):
    rng = np.random.default_rng(3)
    drawn = {scan: int(rng.integers(0, 30)) for scan in SCANS}
    frames = table(settled=SCANS[3:9], finished=[8, 12], drawn=drawn, minutes=7)
    how = {"count": None, "boxes": None, "minutes": None, **budget}
    limit = frames_budget(frames, **how)
    found = choose(frames, name, limit, Draw(0, 1))
    assert len(set(found.units.tolist())) == len(found.units) > 0
    assert frames.free[found.units].all()
    spent = int(limit.cost[found.units].sum())
    assert spent <= limit.amount
    left = np.setdiff1d(np.flatnonzero(frames.free), found.units)
    assert not (limit.cost[left] <= limit.amount - spent).any()


def test_expectations_come_from_what_was_drawn():
    """By hand: 5 guesses of 10 boxes and 5 finished frames of 20 make 15; of 100 s, with 5 frames
    that took 10 minutes, (600 + 5 x 150) / 10 s."""
    fresh = table()
    assert (fresh.costs == 10).all()
    assert fresh.seconds == 100
    known = table(finished=[20] * 5, drawn={SCANS[0]: 33}, minutes=10)
    assert known.costs[0] == 33
    assert (known.costs[1:] == 15).all()
    assert known.seconds == pytest.approx(135)


def test_what_cannot_be_asked_is_said():
    with pytest.raises(ProjectError, match="Every frame is finished"):
        asked(table(settled=SCANS), "random", count=3)
    with pytest.raises(SettingsError, match="no strategy entropy"):
        asked(table(), "entropy", count=3)
    for budget in ({"count": 0}, {"boxes": -1}, {"minutes": 0}, {"minutes": float("nan")}):
        with pytest.raises(SettingsError, match=next(iter(budget)).replace("count", "frames")):
            asked(table(), "random", **budget)
