"""What answers took: divided, summed, and the pace that it makes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.answers.answers import Answers
from core.answers.effort import Effort
from core.answers.entry import Head, ScanRef, pack_counts
from core.answers.fold import Fold
from core.answers.labels import ALIKE

SCAN = ScanRef("s", 100, "h")


def head(seq: int, *, c: int | tuple[int, ...] = 0, **fields: object) -> Head:
    """An answer to a unit of its own."""
    counts = pack_counts(np.atleast_1d(np.array(c, np.uint8)))
    made = Head("ann", seq, float(seq), "answer", "", "s", f"s#c{seq}", 1, counts, 0.0, "key", "",
                None, False)  # fmt: skip
    return made._replace(**fields)


def test_seven_hundredths_clicks_and_keys_over_three_by_hand():
    shares = Effort(0.07, 4, 2, "car", "alike").shares(3)
    assert shares == [
        Effort(0.03, 2, 1, "car", "alike"),
        Effort(0.02, 1, 1, "car", "alike"),
        Effort(0.02, 1, 0, "car", "alike"),
    ]


@pytest.mark.parametrize("seed", range(20))
def test_shares_are_fair_and_sum_to_the_whole(seed: int):
    rng = np.random.default_rng(seed)
    whole = Effort(float(rng.exponential(20)), int(rng.integers(0, 60)), int(rng.integers(0, 9)))
    count = int(rng.integers(1, 25))
    shares = whole.shares(count)
    assert len(shares) == count
    for name in ("clicks", "keys"):
        parts = [getattr(share, name) for share in shares]
        assert sum(parts) == getattr(whole, name)
        assert max(parts) - min(parts) <= 1
    hundredths = [round(share.active_s * 100) for share in shares]
    assert sum(hundredths) == round(whole.active_s * 100)
    assert max(hundredths) - min(hundredths) <= 1
    fold = Fold()
    for seq, share in enumerate(shares, start=1):
        fold.add(head(seq, active_s=share.active_s))
    assert fold.spent().minutes == pytest.approx(round(whole.active_s, 2) / 60, abs=1e-12)


def test_the_main_class_is_that_of_most_points_and_the_lowest_of_equals():
    assert head(1, c=(5, 5, 2, 9)).main_class() == 5
    assert head(1, c=(9, 2, 9, 2, 4)).main_class() == 2
    assert head(1, c=(250, 250, 3)).main_class() == 250
    assert head(1, counts=b"").main_class() == 200


def give(answers: Answers, unit: str, active_s: float, tool: str = "key") -> None:
    effort = Effort(active_s=active_s, tool=tool)
    answers.answer(SCAN, np.arange(3), np.zeros(3, np.uint8), round="", unit=unit, effort=effort)


def test_the_pace_is_ones_own_now_and_everyones_of_what_counts(tmp_path: Path):
    with closing(Answers.open(tmp_path, "bob")) as answers:
        assert answers.pace() is None
        assert answers.pace(everyone=True) is None
        for unit, seconds in (("a", 100.0), ("b", 90.0), ("c", 80.0)):
            give(answers, unit, seconds)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        assert answers.pace() is None
        assert answers.pace(everyone=True) == 90
        give(answers, "a", 4.0)  # bob's counts no more
        give(answers, "d", 6.0)
        give(answers, "e", 0.0)  # nobody worked on it
        for unit in "fghijklm":
            give(answers, unit, 0.1, ALIKE)
        answers.decline(SCAN, round="", unit="n", effort=Effort(active_s=8.0))
        assert answers.pace() == 5  # 4 and 6
        assert answers.pace(everyone=True) == 8  # 90 and 80 of bob, 4, 6 and 8
        give(answers, "o", 50.0)
        answers.undo()
        assert answers.pace() == 5
        for number in range(200):
            give(answers, f"p{number}", 1.0)
        assert answers.pace() == 1
