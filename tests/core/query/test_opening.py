"""What opening a scan costs, by hand and on made answers whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from core.query.opening import LEAST, opening


def test_by_hand():
    """One person: in each scan the first answer takes 6 s, the later ones 2 s. Of the ground 12 and
    8: 4 s, whatever the parts."""
    scan, seconds, part = [], [], []
    for number in range(LEAST):
        scan += [f"a/{number}"] * 3
        ground = number % 2
        seconds += [6.0 + 6 * ground, 2.0 + 6 * ground, 2.0 + 6 * ground]
        part += [ground] * 3
    found = opening(["ann"] * len(scan), scan, np.array(seconds), np.array(part))
    assert found is not None
    assert (found.seconds, found.error) == (pytest.approx(4), pytest.approx(0))
    assert (found.firsts, found.laters) == (LEAST, 2 * LEAST)


def test_two_people_open_a_scan_each():
    """Their answers stand in turns: neither opened the scan again by the other's answer."""
    who = ["ann", "bob"] * 60
    scan = [f"a/{number // 6}" for number in range(120)]
    seconds = np.ones(120)
    seconds[[n for n in range(120) if n % 6 < 2]] = 5.0
    found = opening(who, scan, seconds, np.zeros(120, int))
    assert found is not None
    assert found.seconds == pytest.approx(4)
    assert found.firsts == 40


def test_too_few_answers_say_nothing_and_none_without_time_count():
    one = (["ann"] * 60, [f"a/{n // 3}" for n in range(60)])
    assert opening(*one, np.zeros(60), np.zeros(60, int)) is None
    assert opening([], [], np.zeros(0), np.zeros(0, int)) is None
    seconds = np.ones(60)
    seconds[0] = 0
    assert opening(*one, seconds, np.zeros(60, int)) is None  # 19 first ones took time


def test_its_error_is_that_of_repeated_experiments():
    """500 journals of one truth, 3 s: the mean is right, and 95 % lie within two errors."""
    rng = np.random.default_rng(3)
    scan = [f"a/{n // 5}" for n in range(300)]
    part = rng.integers(0, 4, 300)
    first = np.arange(300) % 5 == 0
    within, means = 0, []
    for _ in range(500):
        seconds = rng.gamma(4, (1 + part) / 4) + 3 * first
        found = opening(["ann"] * 300, scan, seconds, part)
        assert found is not None
        means.append(found.seconds)
        within += abs(found.seconds - 3) < 1.96 * found.error
    assert np.mean(means) == pytest.approx(3, abs=0.05)
    assert 0.9 < within / 500 < 0.99
