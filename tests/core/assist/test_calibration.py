"""What a suggestion says of itself is as often right: learnt from answers held back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.assist.by_shape import guess_held_back
from core.assist.calibration import (
    ENOUGH,
    NOTHING_KNOWN,
    Calibration,
    Calibrations,
    calibrate,
    calibrate_rate,
    error,
)
from core.assist.measured import calibrations
from core.assist.suggestion import SURE, Suggestion, suggested
from core.base.jobs import Job
from core.data.classes import MIXED
from tests.streets import give, scored, small_project


def test_a_curve_by_hand():
    """Odds of 9 : 1 times 1/9 are even; the rest of 0.1 becomes the rest of 0.5, five times as
    much."""
    halved = Calibration(1.0, -np.log(9), 99)
    assert halved.chance(0.9) == pytest.approx(0.5)
    assert halved.shares((0.9, 0.08, 0.02)) == pytest.approx((0.5, 0.4, 0.1))
    assert Calibration(1.0, 0.0, 99).shares((0.6, 0.3)) == pytest.approx((0.6, 0.3))
    assert halved.shares(()) == ()


def test_the_order_stays_whatever_the_curve():
    rng = np.random.default_rng(0)
    for _ in range(200):
        shares = np.sort(rng.dirichlet(np.ones(5)))[::-1][:3]
        told = Calibration(rng.uniform(0, 2), rng.normal(0, 2), 99).shares(shares.tolist())
        assert list(told) == sorted(told, reverse=True)
        assert 0 < told[-1]
        assert sum(told) <= 1 + 1e-9


def test_who_says_nine_of_ten_and_is_right_in_half():
    found = calibrate(np.full(1000, 0.9), np.arange(1000) % 2 == 0)
    assert found.chance(0.9) == pytest.approx(0.5, abs=0.02)
    assert calibrate(np.zeros(0), np.zeros(0, bool)) == Calibration(1.0, 0.0, 0)


def test_an_overconfident_suggester_is_brought_down():
    """It says 0.5 to 1 and is right as often as that less a quarter: 100 answers mend it."""

    def asked(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        said = rng.uniform(0.5, 1.0, count)
        return said, rng.random(count) < said - 0.25

    before, now = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        found = calibrate(*asked(100, rng))
        said, right = asked(4000, rng)
        before.append(error(said, right))
        now.append(error(np.array([found.chance(share) for share in said]), right))
    assert min(before) > 0.22
    assert np.mean(now) < 0.08


def test_surer_guesses_are_never_said_to_be_worse():
    said = np.tile([0.3, 0.9], 100)
    found = calibrate(said, said < 0.5)
    assert found.slope == 0


def test_a_hit_rate_by_hand():
    """Laplace: one of three is (1 + 1) / (3 + 2)."""
    assert calibrate_rate([True, False, False]).chance(0.97) == pytest.approx(0.4)
    assert not calibrate_rate([True] * (ENOUGH - 1)).enough
    assert calibrate_rate([True] * ENOUGH).enough


def test_the_error_by_hand():
    """Two of four say 0.95 and one is right, two say 0.25 and none is: (0.45 + 0.25) / 2."""
    said = np.array([0.95, 0.95, 0.25, 0.25])
    assert error(said, np.array([True, False, False, False])) == pytest.approx(0.35)


def test_too_early_nothing_is_measured_and_nothing_is_sure():
    known = Calibrations(Calibration(1.0, 0.0, ENOUGH - 1), *[Calibration(1.0, 0.0, ENOUGH)] * 2)
    early = suggested({3: 0.99, 1: 0.01}, None, None, shown=True, known=known)
    assert (early.measured, early.sure) == (False, False)
    late = suggested({3: 0.99, 1: 0.01}, (3, 1.0), None, shown=True, known=known)
    assert (late.measured, late.sure) == (True, True)
    below = suggested({3: SURE - 0.01, 1: 0.01}, (3, SURE - 0.01), None, shown=True, known=known)
    assert (below.measured, below.sure) == (True, False)
    carried = suggested({}, None, (7, 1.0), shown=True, known=NOTHING_KNOWN)
    assert not carried.measured
    assert Suggestion.from_text(late.to_text()).measured


def test_an_answer_is_never_guessed_by_its_own_scan():
    """Whatever the answers of a scan say, they are guessed the same: by those of other scans."""
    rng = np.random.default_rng(0)
    shapes = rng.normal(size=(120, 34)).astype(np.float32)
    shapes[:, 0] = 0
    classes, scans = rng.integers(0, 3, 120), np.repeat(np.arange(12), 10)
    guesses = guess_held_back(shapes, classes, scans, 0)
    assert all(guess.classes for guess in guesses)
    for scan in (0, 5, 11):
        mine = scans == scan
        other = guess_held_back(shapes, np.where(mine, 7, classes), scans, 0)
        assert [g for g, m in zip(other, mine, strict=True) if m] == [
            g for g, m in zip(guesses, mine, strict=True) if m
        ]
        assert other != guesses
    assert not any(g.classes for g in guess_held_back(shapes, classes, scans * 0, 0))


@pytest.fixture
def project(tmp_path: Path, small_street: Path):
    with small_project(tmp_path / "p", small_street) as made:
        steps.prepare(made, Job(), workers=1)
        yield made


def rows_of(project, unit: int) -> tuple[str, np.ndarray]:
    units = project.need_units()
    scan = units.scans[units.scan[unit]]
    return scan, project.rows(scan) == unit - units.range_of(scan).start


def test_a_network_is_measured_on_what_it_was_not_trained_on(project):
    """The made-up network calls everything class 0: only answers after its training count."""
    steps.ask(project, Job(), units=20)
    steps.annotate(project, Job(), oracle="per-point")
    scored(project)
    before = calibrations(project)
    assert before.shape.answers > 0
    assert before.network.answers == 0
    steps.ask(project, Job(), units=12)
    steps.annotate(project, Job(), oracle="majority")
    found = calibrations(project)
    assert found.shape.answers > before.shape.answers
    assert found.network.answers == 12


def test_what_is_carried_over_is_measured_by_the_journal(project):
    text = Suggestion((3,), (0.9,), (), None, True, carried=3).to_text()
    for unit, answer in enumerate((3, 3, 5, MIXED)):
        size = int(rows_of(project, unit)[1].sum())
        give(project, unit, np.full(size, answer, np.uint8), suggested=text)
    assert calibrations(project).carried == calibrate_rate([True, True, False])
