"""An arm's line and its row in the table of means: of the same seeds, each at its own cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.experiment import plots
from core.experiment.lines import by_round, lines_of
from core.experiment.plots import COLOURS, curves_svg
from core.experiment.results import Curve


def curve(arm: str, seed: int, points: Sequence[float], miou: Sequence[float]) -> Curve:
    records = tuple(
        {"figures": {"miou": value}, "costs": {"points": cost}}
        for cost, value in zip(points, miou, strict=True)
    )
    return Curve(arm, seed, (Path(),) * len(records), records)


def test_the_table_and_the_curve_are_of_the_same_seeds():
    """Seed 2 has come to round 1 alone: its 70 % is in no mean. margin has nothing yet."""
    found = {
        "ent": [
            curve("ent", 0, [10, 20], [0.1, 0.3]),
            curve("ent", 1, [10, 20], [0.3, 0.5]),
            curve("ent", 2, [10], [0.7]),
        ],
        "margin": [curve("margin", 0, [], [])],
    }
    (line,) = lines_of(found, "points")
    assert line.seeds == (0, 1)
    half = 12.7062 * 0.1
    cells = [f"{100 * mean:.1f} ± {100 * half:.1f}" for mean in line.mean]
    assert by_round(found, 3) == [
        ["ent", *cells, "–", "2 (1 behind)"],
        ["margin", "–", "–", "–", "0"],
    ]
    assert cells[0].startswith("20.0")


def test_an_arm_keeps_its_place_whatever_others_have():
    found = {name: [] for name in ("random", "ent")} | {"basal": [curve("basal", 0, [1], [0.1])]}
    assert [line.place for line in lines_of(found, "points")] == [2]
    assert COLOURS[2] in curves_svg(found, "points", None).decode()


def test_each_seed_is_drawn_at_its_own_cost(monkeypatch):
    found = {"ent": [curve("ent", 0, [10, 20], [0.1, 0.3]), curve("ent", 1, [30, 60], [0.3, 0.5])]}
    (line,) = lines_of(found, "points")
    assert line.costs.tolist() == [[10, 20], [30, 60]]
    assert line.cost.tolist() == [20, 40]
    drawn = []

    class Axes:
        def plot(self, x, y, **look):
            drawn.append((np.asarray(x).tolist(), look["linewidth"]))

        def __getattr__(self, name):
            return lambda *_, **__: None

    monkeypatch.setattr(plots, "svg", lambda draw, *_: draw(Axes()) or b"")
    curves_svg(found, "points", None)
    assert drawn == [([10, 20], 0.5), ([30, 60], 0.5), ([20, 40], 1.8)]


@pytest.mark.parametrize(("seeds", "banded"), [(1, False), (2, False), (3, True)])
def test_an_interval_of_two_seeds_is_not_drawn(seeds: int, banded: bool):
    found = {"ent": [curve("ent", n, [10, 20], [0.1, 0.3 + 0.01 * n]) for n in range(seeds)]}
    (line,) = lines_of(found, "points")
    assert line.banded == banded
