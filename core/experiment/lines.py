"""An arm's line over a cost: the mean of its seeds with the 95 % t interval. Figures and the window
draw the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.base.words import DASH
from core.experiment.measures import MIOU
from core.experiment.numbers import mean_and_half
from core.experiment.results import Curve
from core.experiment.spec import CONTROL, FULL
from core.experiment.statistics import paired


@dataclass(frozen=True)
class Line:
    """Attributes
    ----------
    arm, kind : whose it is (core.experiment.spec.Arm)
    seeds : (s,) that it is the mean of: those that came furthest
    place : of the arm among all of the experiment, which gives its colour
    costs : (s, r) float64 cost up to each round, seed by seed; NaN where an arm has none, as full
        labels
    each : (s, r) float64 shares, seed by seed
    half : (r,) float64 half-width of the 95 % t interval, NaN of one seed
    folders : a tuple of r round folders for each seed
    behind : (cost, shares) (q,) each of seeds that have come less far, q below r
    """

    arm: str
    kind: str
    seeds: tuple[int, ...]
    place: int
    costs: np.ndarray
    each: np.ndarray
    half: np.ndarray
    folders: tuple[tuple[Any, ...], ...]
    behind: tuple[tuple[np.ndarray, np.ndarray], ...] = ()

    @property
    def cost(self) -> np.ndarray:
        """(r,) float64 mean cost over the seeds."""
        found: np.ndarray = self.costs.mean(axis=0)
        return found

    @property
    def mean(self) -> np.ndarray:
        """(r,) float64 mean over the seeds."""
        found: np.ndarray = self.each.mean(axis=0)
        return found

    @property
    def banded(self) -> bool:
        """Whether its interval is drawn: that of two seeds is wider than any figure."""
        return self.each.shape[1] > 1 and len(self.seeds) > 2 and bool(self.half.any())

    @property
    def level(self) -> bool:
        """Whether it is one figure that nobody's answers cost, a line across."""
        return not bool(np.isfinite(self.cost).all())


def values_of(curve: Curve, what: str = "") -> np.ndarray:
    """(r,) float64 shares of a curve's rounds: what arms are compared by, or that of the class
    `what`; NaN where it is not known."""
    return curve.of_class(what)


def _line_of(
    arm: str, place: int, curves: Sequence[Curve], axis: str, what: str = ""
) -> Line | None:
    """The line of an arm's curves over the rounds that its furthest seeds have come to, None before
    the first one; `place` of the arm among all. A control asks nothing: its rounds stand at the
    first one's cost. Full labels are nobody's answers: they have none."""
    known = [c for c in curves if len(c.records) and np.isfinite(values_of(c, what)).all()]
    if not known:
        return None
    rounds = max(len(curve.records) for curve in known)
    whole = [curve for curve in known if len(curve.records) == rounds]
    costs = {curve.seed: _cost(curve, axis) for curve in known}
    each = np.array([values_of(curve, what) for curve in whole])
    found = [paired(column) for column in each.T]
    half = np.array([np.nan if one is None else one.half() for one in found])
    return Line(
        arm,
        known[0].kind,
        tuple(curve.seed for curve in whole),
        place,
        np.array([costs[curve.seed] for curve in whole]),
        each,
        half,
        tuple(curve.folders for curve in whole),
        tuple((costs[c.seed], values_of(c, what)) for c in known if len(c.records) < rounds),
    )


def _cost(curve: Curve, axis: str) -> np.ndarray:
    """(r,) float64 of a curve as it is drawn."""
    if curve.kind == FULL:
        return np.full(len(curve.records), np.nan)
    cost = curve.cost(axis)
    return np.full(len(cost), cost[0]) if curve.kind == CONTROL else cost


def lines_of(by_arm: Mapping[str, Sequence[Curve]], axis: str, what: str = "") -> list[Line]:
    """The lines of all arms that have one, in their order. `by_arm` has all arms."""
    found = (
        _line_of(arm, place, curves, axis, what)
        for place, (arm, curves) in enumerate(by_arm.items())
    )
    return [line for line in found if line is not None]


def by_round(by_arm: Mapping[str, Sequence[Curve]], rounds: int) -> list[list[str]]:
    """Rows of a table: arm, mean and half-width after each round in percent, seeds. As a curve, a
    row is of the seeds that came furthest, all its cells of the same ones; others are behind."""
    measured = next((c.measure for mine in by_arm.values() for c in mine), MIOU)
    lines = {line.arm: line for line in lines_of(by_arm, measured.first_axis)}
    rows = []
    for arm in by_arm:
        line = lines.get(arm)
        if line is None:
            rows.append([arm, *[DASH] * rounds, "0"])
            continue
        cells = [mean_and_half(values.tolist()) for values in line.each.T]
        behind = f" ({len(line.behind)} behind)" if line.behind else ""
        rows.append(
            [arm, *cells[:rounds], *[DASH] * (rounds - len(cells)), f"{len(line.seeds)}{behind}"]
        )
    return rows
