"""What is compared with what, and what may be said of it: from curves to verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.experiment.folder import Experiment, control_of
from core.experiment.record import read_confusions
from core.experiment.results import Curve
from core.experiment.sentences import sentence
from core.experiment.spec import FULL
from core.experiment.statistics import (
    REACHED,
    Paired,
    Verdict,
    area,
    block_bootstrap,
    cost_to_reach,
    level_at,
    paired,
    verdicts,
)
from core.rounds.box_models import FINAL


@dataclass(frozen=True)
class Comparison:
    """Arm `a` with arm `b` in `what`; `other_streets`: the bootstrap over validation blocks;
    `seeds`: how many were asked for."""

    a: str
    b: str
    what: str
    found: Verdict | None
    other_streets: tuple[float, float] | None
    seeds: int

    @property
    def sentence(self) -> str:
        return sentence(self.a, self.b, self.what, self.found, self.seeds)


@dataclass(frozen=True)
class Summary:
    """Attributes
    ----------
    by_arm : arm -> its curves, seed by seed
    comparisons : all that are shown, after Holm together
    alpha : of all of them together, at this look
    areas : arm -> mean figure over the cost that all arms spent, seed by seed
    goal : 95 % of the full labels' mean figure, None without them
    reached : by cost, arm that asks -> what the mean curve spent until it reaches it, None where it
        does not, NaN where nobody knows, as before an arm is finished
    unsettled : arms whose figure still moved in the second half of the last training
    """

    by_arm: dict[str, list[Curve]]
    comparisons: list[Comparison]
    alpha: float
    areas: dict[str, list[float]]
    goal: float | None
    reached: dict[str, dict[str, float | None]]
    unsettled: list[str]

    @property
    def said(self) -> list[str]:
        """The sentences of all comparisons; those of which nothing can be said are put together."""
        silent: dict[tuple[str, str, int], list[str]] = {}
        for one in self.comparisons:
            if one.found is None:
                silent.setdefault((one.b, one.what, one.seeds), []).append(one.a)
        known = [one.sentence for one in self.comparisons if one.found is not None]
        return known + [
            sentence(", ".join(arms), b, what, None, seeds)
            for (b, what, seeds), arms in silent.items()
        ]


def summarise(experiment: Experiment, found: Sequence[Curve]) -> Summary:
    """Compare the arms by what is recorded so far."""
    spec = experiment.spec
    by_arm: dict[str, list[Curve]] = {arm.name: [] for arm in spec.arms}
    for curve in found:
        by_arm[curve.arm].append(curve)
    alpha = level_at(len(experiment.looks))
    whole = {
        arm.name: {c.seed: c for c in by_arm[arm.name] if len(c.records) == experiment.rounds(arm)}
        for arm in spec.arms
        if arm.kind != FULL
    }
    full = {
        arm.name: {c.seed: c for c in by_arm[arm.name] if c.records}
        for arm in spec.arms
        if arm.kind == FULL
    }
    shared = _shared(whole, spec.over)
    areas = _areas(whole, spec.over, shared)
    wanted: list[tuple[str, str, str, Paired | None]] = []
    measure = spec.measure
    last = f"{measure.name} after round {spec.rounds}"
    final = f"{measure.name} of the final detector"
    asking = [arm.name for arm in spec.arms if arm.kind == "strategy"]
    at_the_end, end = last, None
    if spec.over == "seconds":
        end = None if shared is None else (shared[1], shared[1])
        minutes = "equal" if end is None else f"{end[1] / 60:,.0f}"
        at_the_end = f"{measure.name} at {minutes} estimated minutes"
    for arm in spec.arms:
        if arm.kind != "strategy":
            continue
        control = control_of(spec, arm)
        if arm.name != spec.compare:
            by_seed = (
                _last(whole, arm.name, spec.compare)
                if at_the_end == last
                else _paired_areas(_areas(whole, spec.over, end), whole, arm.name, spec.compare)
            )
            wanted.append((arm.name, spec.compare, at_the_end, by_seed))
        if control is not None:
            wanted.append((arm.name, control.name, last, _last(whole, arm.name, control.name)))
        if arm.name != spec.compare:
            by_seed = _paired_areas(areas, whole, arm.name, spec.compare)
            what = f"the area under {measure.name} over {spec.over}"
            if spec.rounds > 1 or not spec.boxes:
                wanted.append((arm.name, spec.compare, what, by_seed))
            if spec.deliver:
                wanted.append(
                    (arm.name, spec.compare, final, _final(whole, arm.name, spec.compare))
                )
    unfinished = {name for name, mine in whole.items() if set(mine) != set(experiment.seeds)}
    # What all arms spent is known when all have: until then a comparison at it may still move.
    at_end = (last, final)
    waits = [
        bool(unfinished & ({a, b} if what in at_end else set(asking))) for a, b, what, _ in wanted
    ]
    told = verdicts([one for *_, one in wanted], alpha, waits)
    comparisons = [
        Comparison(a, b, what, verdict,
                   _streets(whole, a, b, spec.block) if what == last and not spec.boxes else None,
                   len(experiment.seeds))
        for (a, b, what, _), verdict in zip(wanted, told, strict=True)
    ]  # fmt: skip
    goal = _goal([curve for mine in full.values() for curve in mine.values()])
    reached = {
        axis: {name: _reached(list(whole[name].values()), axis, goal) for name in asking}
        for axis in (measure.first_axis, "seconds")
    }
    return Summary(
        by_arm, comparisons, alpha, {n: list(v.values()) for n, v in areas.items()}, goal,
        reached, _unsettled(whole, full, spec.compare, alpha),
    )  # fmt: skip


def _seeds(whole: dict[str, dict[int, Curve]], a: str, b: str) -> list[int]:
    """Seeds that both arms finished with a known mIoU."""
    return [
        seed
        for seed in whole[a]
        if seed in whole[b]
        and np.isfinite(whole[a][seed].figure).all()
        and np.isfinite(whole[b][seed].figure).all()
    ]


def _last(whole: dict[str, dict[int, Curve]], a: str, b: str) -> Paired | None:
    seeds = _seeds(whole, a, b)
    return paired([whole[a][seed].figure[-1] - whole[b][seed].figure[-1] for seed in seeds])


def _final(whole: dict[str, dict[int, Curve]], a: str, b: str) -> Paired | None:
    """Of the detectors that are delivered at the end."""
    values: dict[str, dict[int, float]] = {}
    for name in (a, b):
        for seed, curve in whole[name].items():
            model = curve.records[-1]["figures"]["models"].get(FINAL)
            value = np.nan if model is None else curve.measure.of_model(model)
            if np.isfinite(value):
                values.setdefault(name, {})[seed] = value
    one, other = values.get(a, {}), values.get(b, {})
    return paired([one[seed] - other[seed] for seed in one if seed in other])


def _asking(whole: dict[str, dict[int, Curve]]) -> dict[str, dict[int, Curve]]:
    """Curves of the arms that ask more than their first round."""
    return {
        name: {
            seed: curve
            for seed, curve in mine.items()
            if len(curve.records) > 1 and _spent(curve)[-1] > _spent(curve)[0]
        }
        for name, mine in whole.items()
    }


def _spent(curve: Curve) -> np.ndarray:
    return curve.cost(curve.measure.first_axis)


def _shared(whole: dict[str, dict[int, Curve]], axis: str) -> tuple[float, float] | None:
    """What all arms that ask spent: from the first round's most to the last round's least; None
    where one had spent more in its first round than another in all."""
    costs = [curve.cost(axis) for mine in _asking(whole).values() for curve in mine.values()]
    if not costs:
        return None
    low = max(float(cost[0]) for cost in costs)
    high = min(float(cost[-1]) for cost in costs)
    return None if high < low else (low, high)


def _areas(
    whole: dict[str, dict[int, Curve]], axis: str, shared: tuple[float, float] | None
) -> dict[str, dict[int, float]]:
    """Mean mIoU over a cost from low to high that all spent, at it where they are one; arms that
    ask nothing further have none."""
    return {
        name: {
            seed: area(curve.cost(axis), curve.figure, *shared)
            for seed, curve in mine.items()
            if shared is not None and np.isfinite(curve.figure).all()
        }
        for name, mine in _asking(whole).items()
    }


def _paired_areas(
    areas: dict[str, dict[int, float]], whole: dict[str, dict[int, Curve]], a: str, b: str
) -> Paired | None:
    both = [seed for seed in _seeds(whole, a, b) if seed in areas[a] and seed in areas[b]]
    return paired([areas[a][seed] - areas[b][seed] for seed in both])


def _streets(
    whole: dict[str, dict[int, Curve]], a: str, b: str, block: int
) -> tuple[float, float] | None:
    seeds = _seeds(whole, a, b)
    if not seeds:
        return None
    folders = [[whole[name][seed].folders[-1] for seed in seeds] for name in (a, b)]
    scans, classes, _ = read_confusions(folders[0][0]).shape
    one, other = (
        np.stack([read_confusions(folder, S=scans, C=classes) for folder in mine])
        for mine in folders
    )
    return block_bootstrap(one, other, block)


def _goal(full: Sequence[Curve]) -> float | None:
    values = [float(curve.figure[-1]) for curve in full if len(curve.records)]
    known = [value for value in values if np.isfinite(value)]
    return REACHED * float(np.mean(known)) if known else None


def _reached(mine: Sequence[Curve], axis: str, goal: float | None) -> float | None:
    """Where the seeds' mean curve reaches the goal, None where it does not; NaN where nobody can
    know: nothing is finished, or a cost or figure is not known."""
    if goal is None or not mine:
        return float("nan")
    cost = np.mean([curve.cost(axis) for curve in mine], axis=0)
    value = np.mean([curve.figure for curve in mine], axis=0)
    if not (np.isfinite(cost).all() and np.isfinite(value).all()):
        return float("nan")
    return cost_to_reach(cost, value, goal)


def _unsettled(
    whole: dict[str, dict[int, Curve]],
    full: dict[str, dict[int, Curve]],
    compare: str,
    alpha: float,
) -> list[str]:
    """Arms whose mIoU at half the last round's steps differs from that at its end by more than
    half the half-width of their difference to the arm they are compared with; that arm by the
    smallest of these half-widths, full labels by that of their mean over seeds."""
    pairs = {name: _last(whole, name, compare) for name in whole if name != compare}
    halves = {name: pair.half(alpha) for name, pair in pairs.items() if pair is not None}
    if halves:
        halves[compare] = min(halves.values())
    for name, mine in full.items():
        ends = [float(curve.figure[-1]) for curve in mine.values()]
        pair = paired([value for value in ends if np.isfinite(value)])
        if pair is not None:
            halves[name] = pair.half(alpha)
    found = []
    for name, mine in {**whole, **full}.items():
        moved = []
        for curve in mine.values():
            training = curve.records[-1]["training"]
            half = [r["miou"] for r in training["looks"] if r["step"] * 2 <= training["steps"] + 1]
            if half and half[-1] is not None:
                moved.append(abs(float(curve.figure[-1]) - half[-1]))
        if name in halves and moved and np.mean(moved) > halves[name] / 2:
            found.append(name)
    return found
