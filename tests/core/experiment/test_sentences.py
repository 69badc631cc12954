"""What may be said of made data where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from core.experiment.sentences import rule, sentence
from core.experiment.statistics import Verdict, paired, verdicts


def told(differences: list[float], alpha: float = 0.05) -> str:
    (found,) = verdicts([paired(differences)], alpha)
    return sentence("A", "B", "mIoU", found, len(differences))


def test_a_clear_difference_is_told_with_its_interval():
    assert (
        told([0.03, 0.031, 0.029])
        == "A is better than B in mIoU by 3.0 (2.8 to 3.2, 3 paired seeds)."
    )
    assert (
        told([-0.03, -0.031, -0.029])
        == "B is better than A in mIoU by 3.0 (2.8 to 3.2, 3 paired seeds)."
    )


def test_what_the_interval_does_not_part_is_level():
    assert told([0.03, -0.02, 0.01]) == "A and B are level in mIoU within ± 6.9 (3 paired seeds)."
    assert "two seeds at least" in told([0.5])


def test_nothing_is_level_within_more_than_all():
    assert "± 100.0" in told([0.9, -0.9])


def test_added_seeds_ask_for_more():
    """Four looks: the same data that one look would call an order are level."""
    differences = [0.030, 0.014, 0.022]
    assert "better" in told(differences)
    assert "level" in told(differences, 0.05 / 4)


@pytest.mark.parametrize("gain", [0.0, 0.05])
def test_on_data_whose_truth_is_known(gain: float):
    """No true difference: an order in about 5 of 100; one of 5 sd: nearly always the right one."""
    rng = np.random.default_rng(11)
    said = [told((gain + rng.normal(0, 0.01, 5)).tolist()) for _ in range(400)]
    better, worse = (sum(text.startswith(f"{arm} is better") for text in said) for arm in "AB")
    if gain:
        assert better > 395
        assert worse == 0
    else:
        assert better + worse <= 20 + 3 * np.sqrt(400 * 0.05 * 0.95)


def test_claims_come_from_the_verdict_alone():
    found = Verdict(0.02, -0.001, 0.041, 5, 0.06, False)
    assert (
        sentence("A", "B", "mIoU", found, 5)
        == "A and B are level in mIoU within ± 4.1 (5 paired seeds)."
    )


def test_what_all_looks_together_may_claim_is_told():
    """By hand: 0.05 + 0.025, and 0.05 / 3 more."""
    assert rule(1).endswith("over all comparisons, level 0.05.")
    assert rule(2).endswith(
        "level 0.025 at look number 2; over all 2 looks together an order that is none is claimed "
        "in up to 7.5 of 100 experiments."
    )
    assert "level 0.0167 at look number 3;" in rule(3)
    assert "up to 9.17 of 100" in rule(3)
