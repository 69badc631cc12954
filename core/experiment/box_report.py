"""What a report of boxes has beside that of points: detectors, classes, calibration, the bank."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from core.base.files import write_atomic
from core.base.words import DASH
from core.boxes.evaluation.reliability import RANGES, TENTHS
from core.experiment.folder import Experiment
from core.experiment.measures import OVERLAPS, WORDS, Measure, models_of
from core.experiment.numbers import ended, mean_and_half, percent
from core.experiment.oddities import BOX_NOTES, FROM_SCRATCH, GOES_ON
from core.experiment.page import Page
from core.experiment.results import Curve, csv_of
from core.experiment.summary import Summary
from core.rounds.box_models import FINAL, NORMAL

FEW = 10  # validation objects of a class below which its AP says nothing


def notes(experiment: Experiment) -> tuple[str, ...]:
    """What is to be known of any experiment of boxes, and of one whose arms are these."""
    anew = all(experiment.settings(arm).detect.from_scratch for arm in experiment.spec.arms)
    return (FROM_SCRATCH if anew else GOES_ON, *BOX_NOTES)


def measured_by(measure: Measure, first: Curve | None) -> str:
    """What the tables' figure is, in sentences."""
    if first is None:
        return ""
    model = first.records[-1]["figures"]["models"][NORMAL]
    names = ", ".join(measure.counted(model))
    which = "the normal detector" if measure.detector == NORMAL else "the CPSP detector"
    also = "" if measure.detector == NORMAL else ", of an arm without one the normal one"
    limits = "the looser of each class's two" if measure.overlap == "loose" else "KITTI's own"
    return (
        f"{measure.name}: simple AP in space of {which}{also}, overlap limits {limits}, mean over "
        f"{names}; {model['frames']:,} validation frames that nobody learns; ± is the 95 % t "
        "interval over seeds."
    )


def pooled_d_ece(model: Mapping[str, Any], names: Sequence[str]) -> float:
    """D-ECE of the boxes of some classes together, by tenths of the score; NaN of no box."""
    boxes, off = _sums(model, names)
    return float(np.abs(off).sum() / boxes.sum()) if boxes.sum() else np.nan


def _sums(model: Mapping[str, Any], names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(10,) boxes by tenths of the score; and (10,) of them right less their scores' sum."""
    boxes, off = np.zeros(len(TENTHS) - 1), np.zeros(len(TENTHS) - 1)
    for name in names:
        bins = model["classes"][name]["reliability"]
        count = np.array(bins["boxes"], np.float64)
        right, score = (
            np.array([0.0 if v is None else v for v in bins[k]]) for k in ("right", "score")
        )
        boxes += count
        off += count * (right - score)
    return boxes, off


def _last(experiment: Experiment, mine: Sequence[Curve]) -> list[Mapping[str, Any]]:
    """Records of an arm's last rounds."""
    return [curve.records[-1] for curve in ended(experiment, mine)]


def _models(experiment: Experiment, summary: Summary) -> list[str]:
    return models_of([r for mine in summary.by_arm.values() for r in _last(experiment, mine)])


def _over_seeds(
    records: Sequence[Mapping[str, Any]], model: str, value: Callable[[Any], float]
) -> str:
    """Mean and interval of a detector's number; a dash where an arm has no such detector."""
    there = [r["figures"]["models"][model] for r in records if model in r["figures"]["models"]]
    return mean_and_half([value(one) for one in there])


def detectors(page: Page, experiment: Experiment, summary: Summary) -> None:
    """What each detector of an arm is worth after its last round."""
    measure, models = experiment.spec.measure, _models(experiment, summary)
    if not models:
        return
    page.heading("Detectors after the last round, AP in %")
    rows, stored = [], []
    for arm, mine in summary.by_arm.items():
        records, cells = _last(experiment, mine), []
        for model in models:
            for overlap in OVERLAPS:
                cells.append(_over_seeds(records, model, partial(measure.of_model, key=overlap)))
        rows.append([arm, *cells, str(len(records))])
        for curve in ended(experiment, mine):
            for model, one in curve.records[-1]["figures"]["models"].items():
                values = (measure.of_model(one, key=key) for key in OVERLAPS)
                stored.append((arm, curve.seed, model, *values))
    heading = [f"{WORDS[model]}, {overlap}" for model in models for overlap in OVERLAPS]
    page.table(["arm", *heading, "seeds"], rows)
    if FINAL in models:
        page.sentence(
            "Normal is what is trained on the labels alone: the final detector where ssal.final is "
            f"none. Final is what `lidarloop deliver` makes, {delivered(experiment)}.",
            quiet=True,
        )
    heading = ["arm", "seed", "detector", *OVERLAPS]
    write_atomic(experiment.out / "detectors.csv", csv_of(heading, stored))


def delivered(experiment: Experiment) -> str:
    """Which ssal.final the arms have, in words; by arm where they differ."""
    by_arm = {arm.name: experiment.settings(arm).ssal.final for arm in experiment.spec.arms}
    if len(set(by_arm.values())) == 1:
        return f"ssal.final {next(iter(by_arm.values()))}"
    return "ssal.final " + ", ".join(f"{how} of {arm}" for arm, how in by_arm.items())


def classes(page: Page, experiment: Experiment, summary: Summary) -> None:
    """AP of each class after the last round, mean over seeds."""
    measure = experiment.spec.measure
    page.heading("AP of each class after the last round, loose / strict, %")
    known = (c.records[-1]["truth"] for mine in summary.by_arm.values() for c in mine if c.records)
    truth: Mapping[str, int] = next(known, {})
    rows = []
    for name, objects in truth.items():
        if not objects:
            continue
        cells = []
        for mine in summary.by_arm.values():
            models = [r["figures"]["models"] for r in _last(experiment, mine)]
            some = [one.get(measure.detector, one[NORMAL]) for one in models]
            means = [_mean([measure.of_model(m, name, key) for m in some]) for key in OVERLAPS]
            cells.append(" / ".join(percent(value) for value in means) if some else DASH)
        few = objects < FEW
        rows.append([name, f"{objects:,}", *("n/a" if few else cell for cell in cells)])
    page.table(["class", "objects", *summary.by_arm], rows)
    page.sentence(f"n/a: fewer than {FEW} validation objects that hold 5 points.", quiet=True)
    heading = ("class", "objects", *summary.by_arm)
    write_atomic(experiment.out / "classes.csv", csv_of(heading, rows))


def calibration(page: Page, experiment: Experiment, summary: Summary) -> None:
    """Whether scores mean what they say: D-ECE, and how many boxes of a range are right."""
    measure, models = experiment.spec.measure, _models(experiment, summary)
    if not models:
        return
    page.heading("D-ECE after the last round, %")
    rows, ranges = [], []
    for arm, mine in summary.by_arm.items():
        records = _last(experiment, mine)
        cells = [
            _over_seeds(records, model, lambda one: pooled_d_ece(one, measure.counted(one)))
            for model in models
        ]
        rows.append([arm, *cells])
        for model in models:
            there = [r["figures"]["models"].get(model) for r in records]
            some = [one for one in there if one is not None]
            if some:
                ranges.append([arm, WORDS[model], *_by_range(some, measure)])
    page.table(["arm", *(WORDS[model] for model in models)], rows)
    page.sentence(
        "The mean of |share right - mean score| over ten ranges of scores from 0.1, by boxes of "
        f"{', '.join(measure.classes) or 'all classes that have objects'} together, right by the "
        "strict limit.",
        quiet=True,
    )
    edges = [f"{low:g}{DASH}{high:g}" for low, high in pairwise(RANGES)]
    page.table(["arm", "detector", *(f"score {one}: boxes, right %" for one in edges)], ranges)
    write_atomic(
        experiment.out / "calibration.csv",
        csv_of(("arm", *(WORDS[model] for model in models)), rows),
    )


def _by_range(models: Sequence[Mapping[str, Any]], measure: Measure) -> list[str]:
    """Boxes found and the share that is right, of all seeds, by RANGES of the score."""
    boxes, right = np.zeros(len(TENTHS) - 1), np.zeros(len(TENTHS) - 1)
    for model in models:
        for name in measure.counted(model):
            bins = model["classes"][name]["reliability"]
            count = np.array(bins["boxes"], np.float64)
            boxes += count
            right += count * [0.0 if value is None else value for value in bins["right"]]
    cells = []
    for low, high in pairwise(RANGES):
        inside = [low - 1e-9 <= tenth < high - 1e-9 for tenth in TENTHS[:-1]]
        of = boxes[inside].sum()
        cells.append(f"{of:,.0f}, {percent(right[inside].sum() / of if of else None)}")
    return cells


def asked(page: Page, experiment: Experiment, summary: Summary) -> None:
    """What was asked up to the last round: boxes of each class, and how fast they come."""
    page.heading("What was asked, mean over seeds")
    arms = {a: [r["costs"] for r in _last(experiment, m)] for a, m in summary.by_arm.items()}
    names = [
        name
        for name in next((c[0]["classes"] for c in arms.values() if c), {})
        if any(one["classes"][name] for costs in arms.values() for one in costs)
    ]
    rows = []
    for arm, costs in arms.items():
        if not costs:
            continue
        means = {k: float(np.mean([c[k] for c in costs])) for k in ("boxes", "frames", "seconds")}
        pace = 60 * means["boxes"] / means["seconds"] if means["seconds"] else np.nan
        each = [f"{np.mean([c['classes'][name] for c in costs]):,.1f}" for name in names]
        minutes = f"{means['seconds'] / 60:,.1f}"
        rows.append([arm, f"{means['boxes']:,.1f}", f"{means['frames']:,.1f}", minutes,
                     f"{pace:.2f}", *each])  # fmt: skip
    heading = ["arm", "boxes", "frames", "minutes", "boxes per minute", *names]
    page.table(heading, rows)
    page.sentence(
        "Minutes are estimated: 4 s, assumed, to open a frame, 4.1 s to finish it, 9.0 s a box "
        "from scratch, whatever a detector suggests; nobody was timed.",
        quiet=True,
    )
    write_atomic(experiment.out / "asked.csv", csv_of(heading, rows))


def bank(page: Page, experiment: Experiment, summary: Summary) -> None:
    """What the object banks held at the end, of all seeds together."""
    rows = []
    for arm, mine in summary.by_arm.items():
        kept = [one for r in _last(experiment, mine) for one in r["bank"]]
        for name in kept[0]["classes"] if kept else ():
            each = [one["classes"][name] for one in kept]
            sums = [sum(one[k] for one in each) for k in ("people", "pseudo", "false", "removed")]
            if any(sums):
                rows.append([arm, name, *(f"{value:,}" for value in sums)])
    if rows:
        page.heading("Object banks after the last refresh, all seeds together")
        page.table(["arm", "class", "by people", "pseudo", "false", "removed by it"], rows)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan
