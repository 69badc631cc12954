"""Frames are asked within a budget, in an order that can be told beforehand."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from core.base.errors import ProjectError, SettingsError
from core.query.box_strategies import box_strategy_named
from core.query.frame_pool import FramePool
from core.query.frames import frames_budget, frames_of
from core.query.pool import Draw
from tests.core.query.frame_pools import HOW

SCANS = tuple(f"a/{place:03d}" for place in range(40))


def table(*, settled=frozenset(), finished=(), drawn=None, minutes=0.0):
    return frames_of(
        SCANS, settled=frozenset(settled), finished=finished, drawn=drawn or {}, minutes=minutes
    )


def asked(frames, name: str, *, seed: int = 1, **budget) -> list[str]:
    how = {"count": None, "boxes": None, "minutes": None, **budget}
    pool = FramePool(frames, ("car",), np.zeros(1, int), None, None, HOW)
    found = box_strategy_named(name)(pool, frames_budget(frames, **how), Draw(seed, 1))
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


def test_a_budget_in_boxes_is_of_true_ones_and_its_queue_holds_six_times_as_many():
    """Frames are expected to have 10 boxes each: 40 true ones take a queue of 240."""
    for name in ("random", "every", "unlabelled"):
        assert len(asked(table(), name, boxes=40)) == 24
    # Four are expected to be drawn: these are far apart, those that may follow lie between.
    places = [0, 10, 20, 30, 5, 15, 25, 35, 2, 7, 12, 17, 22, 27, 32, 37]
    assert asked(table(), "every", boxes=40)[:16] == [SCANS[place] for place in places]


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
    seen = frames_of(
        SCANS,
        settled=frozenset(),
        finished=[],
        drawn={SCANS[1]: 7},
        minutes=0,
        predicted={SCANS[0]: 0, SCANS[1]: 4, SCANS[2]: 20},
    )
    assert seen.costs[:4].tolist() == [1, 7, 20, 10]  # a mean of 8, below the 10 of people
    much = frames_of(
        SCANS,
        settled=frozenset(),
        finished=[],
        drawn={},
        minutes=0,
        predicted={SCANS[0]: 0, SCANS[1]: 30, SCANS[2]: 90},
    )
    assert much.costs[:4].tolist() == [1, 8, 22, 10]  # a mean of 40 is a quarter of it


def test_what_cannot_be_asked_is_said():
    with pytest.raises(SettingsError, match="no strategy size"):
        asked(table(), "size", count=3)
    with pytest.raises(ProjectError, match="none has looked"):
        asked(table(), "entropy", count=3)
    none = {"count": (0, 10**30), "boxes": (-1, 10**30), "minutes": (0, float("nan"), 1e308)}
    for budget in ({name: value} for name, values in none.items() for value in values):
        with pytest.raises(SettingsError, match=next(iter(budget)).replace("count", "frames")):
            asked(table(), "random", **budget)
