"""What is compared at equal seconds, by hand on made curves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.experiment import summary
from core.experiment.folder import Experiment
from core.experiment.read_spec import read_spec
from core.experiment.results import Curve
from core.experiment.statistics import Verdict
from tests.experiments import TINY, tiny_spec


def curve(
    arm: str, seed: int, seconds: list[float], miou: list[float], half: float | None = None
) -> Curve:
    """`half`: the mIoU after two of the last round's four steps."""
    looks = [] if half is None else [{"step": 2, "miou": half}, {"step": 4, "miou": miou[-1]}]
    records = tuple(
        {
            "figures": {"miou": m, "iou": {}},
            "costs": {"points": 10 * s, "units": 1, "scans": 1, "seconds": s},
            "training": {"looks": looks, "steps": 4},
            "truth": {},
        }
        for s, m in zip(seconds, miou, strict=True)
    )
    return Curve(arm, seed, (Path(),) * len(records), records)


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    spec = replace(read_spec(str(tiny_spec(tmp_path, TINY))), over="seconds")
    return Experiment(tmp_path, spec, "equal", tmp_path, ((0, 1),))


def test_arms_are_compared_at_what_all_of_them_spent(experiment: Experiment, monkeypatch):
    """random spends 600 s, ent 1,100 s: at 600 s ent lies half way between its rounds, at 0.2 +
    0.1; over 100 to 600 s its mean is the trapezoid's."""
    monkeypatch.setattr(summary, "read_confusions", lambda *_, **__: np.zeros((1, 2, 2), np.int64))
    found = []
    for seed, more in ((0, 0.0), (1, 0.01)):
        found += [
            curve("random", seed, [100, 600], [0.2, 0.24]),
            curve("ent", seed, [100, 1100], [0.2, 0.4 + 2 * more]),
            curve("control", seed, [100, 100], [0.2, 0.21]),
        ]
    said = summary.summarise(experiment, found)
    told = {(one.a, one.b, one.what): one.found for one in said.comparisons}
    at = told["ent", "random", "mIoU at 10 estimated minutes"]
    assert at is not None
    assert at.mean == pytest.approx((0.06 + 0.07) / 2)
    area = told["ent", "random", "the area under mIoU over seconds"]
    assert area is not None
    assert area.mean == pytest.approx(((0.25 - 0.22) + (0.255 - 0.22)) / 2)
    last = told["ent", "control", "mIoU after round 2"]
    assert last is not None
    assert last.mean == pytest.approx((0.19 + 0.21) / 2)
    assert said.areas["control"] == []


def test_a_cost_that_is_not_known_is_never_reached_in_silence(experiment: Experiment):
    one = curve("ent", 0, [100, 600], [0.2, 0.5])
    for record in one.records:
        record["costs"]["seconds"] = None
    found = summary._reached([one], "seconds", 0.3)
    assert found is not None
    assert np.isnan(found)
    assert summary._reached([one], "points", 0.3) is not None


def test_what_nobody_finished_is_not_said_to_be_never_reached():
    """No seed of the arm is finished, full labels are not, or a figure is not known."""
    one = curve("ent", 0, [100, 600], [0.2, 0.5])
    unknown = curve("ent", 0, [100, 600], [0.2, np.nan])
    for mine, goal in (([], 0.3), ([one], None), ([unknown], 0.3)):
        found = summary._reached(mine, "points", goal)
        assert found is not None
        assert np.isnan(found)
    assert summary._reached([one], "points", 0.6) is None


def test_nothing_is_compared_at_a_cost_that_an_arm_never_spent(experiment: Experiment, monkeypatch):
    """The first round of ent, 700 s, is more than random spent in all."""
    monkeypatch.setattr(
        summary, "read_confusions", lambda _, **lengths: np.zeros((1, 2, 2), np.int64)
    )
    found = []
    for seed in (0, 1):
        found += [
            curve("random", seed, [100, 600], [0.2, 0.3 + 0.01 * seed]),
            curve("ent", seed, [700, 1100], [0.4, 0.5]),
        ]
    said = summary.summarise(experiment, found)
    told = {one.what: one for one in said.comparisons if one.b == "random"}
    at = told["mIoU at equal estimated minutes"]
    assert at.found is None
    assert "costs in common" in at.sentence
    assert told["the area under mIoU over seconds"].found is None
    assert said.areas == {"random": [], "ent": [], "control": []}


def test_what_cannot_be_said_of_many_arms_is_one_sentence():
    level = Verdict(0.01, -0.02, 0.04, 3, 0.4, False)
    made = [
        summary.Comparison(a, b, "mIoU", found, None, 3)
        for a, b, found in (
            ("margin", "random", None),
            ("ent", "random", level),
            ("badge", "random", None),
            ("margin", "control", None),
        )
    ]
    assert summary.Summary({}, made, 0.05, {}, None, {}, []).said == [
        "ent and random are level in mIoU within ± 4.0 (3 paired seeds).",
        "margin, badge and random in mIoU: two seeds at least, with costs in common, are needed "
        "to say anything.",
        "margin and control in mIoU: two seeds at least, with costs in common, are needed "
        "to say anything.",
    ]


def curves_that_move(moves: dict[str, float]) -> list[Curve]:
    """Two rounds of three seeds; in the last one half the steps gave another mIoU by `moves`. The
    half-width of ent's difference, or of full labels' mean, is 4.303 x 0.01 / sqrt(3) = 2.5 %."""
    found = []
    for seed, more in ((0, -0.01), (1, 0.0), (2, 0.01)):
        ends = {"random": 0.3, "ent": 0.4 + more, "control": 0.2 + 3 * more}
        for arm, end in ends.items():
            last = 100 if arm == "control" else 600
            half = end - moves.get(arm, 0.0)
            found.append(curve(arm, seed, [100, last], [0.2, end], half))
        half = 0.6 + more - moves.get("full", 0.0)
        found.append(curve("full", seed, [0], [0.6 + more], half))
    return found


@pytest.mark.parametrize(
    ("moves", "unsettled"),
    [
        ({"random": 0.012, "ent": 0.012, "control": 0.036, "full": 0.012}, []),
        ({"ent": 0.013}, ["ent"]),
        ({"control": 0.038}, ["control"]),
        ({"random": 0.013}, ["random"]),
        ({"full": 0.013}, ["full"]),
    ],
)
def test_every_arm_may_not_be_converged(
    tmp_path: Path, moves: dict[str, float], unsettled: list[str], monkeypatch
):
    """Also the one that the others are compared with, and full labels."""
    monkeypatch.setattr(
        summary, "read_confusions", lambda _, **lengths: np.zeros((1, 2, 2), np.int64)
    )
    text = TINY.replace("full = false", "full = true")
    spec = read_spec(str(tiny_spec(tmp_path, text)))
    experiment = Experiment(tmp_path, spec, "equal", tmp_path, ((0, 1, 2),))
    assert summary.summarise(experiment, curves_that_move(moves)).unsettled == unsettled


def test_nothing_is_claimed_before_all_seeds_asked_are_finished(
    experiment: Experiment, monkeypatch
):
    """Three of four seeds, ent far ahead of random; the control is finished. After the fourth seed
    the same data are an order."""
    monkeypatch.setattr(
        summary, "read_confusions", lambda _, **lengths: np.zeros((1, 2, 2), np.int64)
    )
    experiment = replace(experiment, looks=((0, 1, 2, 3),))
    found = []
    for seed in range(4):
        found += [
            curve("random", seed, [100, 600], [0.2, 0.24 + 0.001 * seed]),
            curve("control", seed, [100, 100], [0.2, 0.21 + 0.002 * (seed % 2)]),
        ]
    ent = [curve("ent", seed, [100, 600], [0.2, 0.40 + 0.002 * seed]) for seed in range(4)]
    begun = replace(ent[3], folders=ent[3].folders[:1], records=ent[3].records[:1])
    told = {(one.a, one.b, one.what): one for one in
            summary.summarise(experiment, [*found, *ent[:3], begun]).comparisons}  # fmt: skip
    last = told["ent", "control", "mIoU after round 2"]
    assert last.found is not None
    assert last.found.low > 0.1, "it would be an order"
    assert (last.found.open, last.found.claimed, last.found.n) == (True, False, 3)
    assert last.sentence.startswith(
        "ent minus control in mIoU after round 2, so far 3 of 4 seeds: "
    )
    assert last.sentence.endswith("; what it means is said when all its cells are finished.")
    other = told["random", "control", "mIoU after round 2"].found
    assert other is not None
    assert (other.open, other.claimed, other.n) == (False, True, 4)
    assert other.numbers[-1] == 1
    assert last.found.numbers[3:] == (None, 3, None)
    said = summary.summarise(experiment, [*found, *ent]).said
    assert sum("ent is better than" in one for one in said) == 3
    assert not any("so far" in one for one in said)


def test_a_comparison_at_what_all_arms_spent_waits_for_all_of_them(tmp_path: Path, monkeypatch):
    """ent and random are finished; margin, of which a seed is open, may spend less than both."""
    monkeypatch.setattr(
        summary, "read_confusions", lambda _, **lengths: np.zeros((1, 2, 2), np.int64)
    )
    spec = replace(
        read_spec(str(tiny_spec(tmp_path, f'{TINY}\nmargin = "margin"\n'))), over="seconds"
    )
    experiment = Experiment(tmp_path, spec, "equal", tmp_path, ((0, 1),))
    found = [
        curve(arm, seed, [100, 600], [0.2, value + 0.001 * seed * place])
        for place, (arm, value) in enumerate((("random", 0.24), ("ent", 0.4)))
        for seed in (0, 1)
    ]
    found.append(curve("margin", 0, [100, 400], [0.2, 0.3]))
    told = [one for one in summary.summarise(experiment, found).comparisons
            if (one.a, one.b) == ("ent", "random")]  # fmt: skip
    assert len(told) == 2
    assert all(one.found is not None and one.found.open for one in told)
