"""Tables that need units and truth alone: nothing is trained (docs/experiments.md).

table1     how each class is shared among the partitions, beside what the paper prints
fig2       the units' sizes by Eq. 1, and the cuts
cost       what a second of a person's work gets: by partition, and by strategies without a network
partitions other numbers of size classes: their cuts, and what a size-balanced query gets
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from core.base.files import write_atomic
from core.base.jobs import Job
from core.base.words import DASH, size_range
from core.experiment.costs import OPEN_S, effective_classes, seconds_of_units
from core.experiment.folder import Experiment
from core.experiment.oddities import ODDITIES
from core.experiment.page import Page
from core.experiment.plots import MISSING, bars_svg, drawable
from core.experiment.record import unit_classes
from core.experiment.report import REPORT
from core.experiment.results import csv_of
from core.experiment.spec import Arm, Spec, kind_of_budget
from core.prepare.partitions import api_by_size, cuts, partition_of
from core.prepare.units import Units, is_cell
from core.project.pool import pool_of
from core.project.project import Project
from core.query.budget import Budget, minutes_budget, points_budget, units_budget
from core.query.pool import Draw, Pool
from core.query.seconds import expected_seconds
from core.query.strategies import strategy_named

RARE = 0.01  # share of the points with a class below which a class counts as rare


@dataclass(frozen=True)
class Truth:
    """Units and what they really hold.

    Attributes
    ----------
    names : the classes
    units, pool : the table, and what a strategy sees of it
    counts : (U, C) int64 points of each class in each unit
    whole : (C,) int64 points of each class in all training scans, with and without unit
    """

    names: tuple[str, ...]
    units: Units
    pool: Pool
    counts: np.ndarray
    whole: np.ndarray

    @property
    def rare(self) -> np.ndarray:
        """(C,) bool: the classes that occur, in less than 1 % of the points with a class."""
        found: np.ndarray = (self.whole > 0) & (self.whole < RARE * self.whole.sum())
        return found

    @property
    def seconds(self) -> np.ndarray:
        """(U,) float64 estimated for an answer to each unit."""
        return seconds_of_units(self.counts, is_cell(self.units.kind))


def truth_of(project: Project, job: Job) -> Truth:
    """Read every training scan's truth once."""
    units, classes = project.need_units(), len(project.classes)
    counts = np.zeros((len(units), classes), np.int64)
    whole = np.zeros(classes, np.int64)
    for done, scan in enumerate(units.scans):
        job.progress(done, len(units.scans), "truth")
        truth = project.dataset.ground_truth(scan, project.classes)
        if truth is None:
            continue
        mine = units.range_of(scan)
        counts[mine.start : mine.stop] = unit_classes(project.rows(scan), truth, len(mine), classes)
        whole += np.bincount(truth, minlength=256)[:classes]
    return Truth(project.classes.names, units, pool_of(project, None), counts, whole)


def write_table(experiment: Experiment, job: Job) -> Path:
    """Write the table as HTML, CSV and, where there is a figure, SVG; return the page's path."""
    spec = experiment.spec
    with Project(experiment.prepared(spec.arms[0]), read_only=True) as project:
        found = truth_of(project, job)
    page = Page(spec.title)
    page.sentence(spec.about)
    scans = len(found.units.scans)
    page.sentence(f"{scans:,} training scans of {experiment.root}; nothing is trained.", quiet=True)
    makers = {"table1": _table1, "fig2": _fig2, "cost": _cost, "partitions": _partitions}
    makers[spec.table](page, experiment, found)
    page.heading("Oddities of published tables")
    page.items((*spec.notes, *ODDITIES), quiet=True)
    path = experiment.out / REPORT
    write_atomic(path, page.text)
    write_atomic(path.with_suffix(".md"), page.markdown)
    return path


def _keep(
    page: Page, experiment: Experiment, heading: Sequence[str], rows: Sequence[Sequence[str]],
    name: str,
) -> None:  # fmt: skip
    page.table(heading, rows)
    write_atomic(experiment.out / f"{name}.csv", csv_of(heading, rows))


def class_shares(found: Truth) -> np.ndarray:
    """(C, B + 1) share of each class's points with a unit that lie in each partition, NaN for a
    class in none."""
    parts = len(found.units.partition_names)
    sums = np.stack([found.counts[found.units.partition == p].sum(axis=0) for p in range(parts)])
    total = sums.sum(axis=0)
    shares = np.full((len(found.names), parts), np.nan)
    known = total > 0
    shares[known] = (sums[:, known] / total[known]).T
    return shares


def _table1(page: Page, experiment: Experiment, found: Truth) -> None:
    page.heading("Share of each class in the partitions, %")
    shares, units = class_shares(found), found.units
    rows = []
    for c, name in enumerate(found.names):
        printed = experiment.spec.printed.get(name, ())
        cells = []
        for p in range(shares.shape[1]):
            mine = DASH if np.isnan(shares[c, p]) else f"{100 * shares[c, p]:.0f}"
            cells.append(f"{mine} ({printed[p]:g})" if p < len(printed) else mine)
        of_all = 100 * found.whole[c] / max(1, found.whole.sum())
        inside = found.counts[:, c].sum() / found.whole[c] if found.whole[c] else np.nan
        pool = DASH if np.isnan(inside) else f"{100 * inside:.0f}"
        rows.append([name, f"{of_all:.3f}", pool, *cells])
    last = len(units.cuts)
    names = [f"{n + 1} ({size_range(units.cuts, n)})" for n in range(last)] + ["ground"]
    _keep(page, experiment, ["class", "of all points", "in a unit", *names], rows, "table1")
    if experiment.spec.printed:
        page.sentence(
            "In brackets what BaSAL's Table I prints, where we have it. It normalises each class "
            "over the four partitions, as here.",
            quiet=True,
        )


def _fig2(page: Page, experiment: Experiment, found: Truth) -> None:
    page.heading("API of each size (Eq. 1) and the cuts")
    units = found.units
    clusters = ~is_cell(units.kind)
    sizes, api = api_by_size(units.size[clusters], units.points[clusters])
    words = ", ".join(str(cut) for cut in units.cuts)
    page.sentence(f"{len(units.cuts)} size classes end at {words} m.")
    if drawable():
        bars = {str(size): float(value) for size, value in zip(sizes, api, strict=True)}
        write_atomic(experiment.out / "fig2.svg", bars_svg(bars, "API"))
        page.figure("fig2.svg", "API by size in metres.")
    else:
        page.sentence(MISSING)
    part = partition_of(sizes, units.cuts)
    count = np.bincount(units.size[clusters], minlength=int(sizes.max(initial=0)) + 1)
    rows = [
        [str(size), str(count[size]), f"{value:.4f}", units.partition_names[p]]
        for size, value, p in zip(sizes.tolist(), api.tolist(), part.tolist(), strict=True)
    ]
    _keep(page, experiment, ["size, m", "clusters", "API", "partition"], rows, "fig2")


def _cost(page: Page, experiment: Experiment, found: Truth) -> None:
    page.heading("What an answer takes, by partition")
    units, seconds = found.units, found.seconds
    rows = []
    for p, name in enumerate(units.partition_names):
        mine = units.partition == p
        if not mine.any():
            continue
        took, points = seconds[mine], units.points[mine]
        rows.append(
            [name, f"{mine.sum():,}", f"{points.mean():.0f}", f"{took.mean():.2f}",
             f"{points.sum() / took.sum():.0f}"]
        )  # fmt: skip
    _keep(page, experiment, ["partition", "units", "points a unit", "seconds a unit",
                             "points a second"], rows, "pace")  # fmt: skip
    page.heading(f"A first round of {experiment.spec.budget}")
    rows = [[arm.name, *_gets(experiment, found, found.pool, arm)] for arm in experiment.spec.arms]
    _keep(page, experiment, ["strategy", *_GETS], rows, "cost")
    _explain(page, experiment, found)


_GETS = (
    "units", "scans", "minutes", "points", "effective classes", "rare points a minute",
    "rare points found, %", "classes",
)  # fmt: skip


def gets(found: Truth, units: np.ndarray) -> dict[str, float]:
    """What a query of units (Q,) gets, under the names of the table's columns."""
    counts = found.counts[units]
    classes = counts.sum(axis=0)
    scans = len(np.unique(found.units.scan[units]))
    minutes = (float(found.seconds[units].sum()) + OPEN_S * scans) / 60
    rare = int(classes[found.rare].sum())
    there = int(found.whole[found.rare].sum())
    values = (
        len(units), scans, minutes, int(found.units.points[units].sum()),
        effective_classes(classes), rare / minutes if minutes else 0.0,
        100 * rare / there if there else 0.0, int(np.count_nonzero(classes)),
    )  # fmt: skip
    return dict(zip(_GETS, values, strict=True))


def _gets(experiment: Experiment, found: Truth, pool: Pool, arm: Arm) -> list[str]:
    """Means over the seeds, as cells."""
    each = [
        gets(found, strategy_named(arm.strategy)(pool, budget, Draw(seed, 1)).units)
        for budget in [budget_of(experiment.spec, pool)]
        for seed in experiment.seeds
    ]
    digits = (0, 0, 1, 0, 2, 1, 1, 1)
    return [
        f"{fmean(one[name] for one in each):,.{places}f}"
        for name, places in zip(_GETS, digits, strict=True)
    ]


def budget_of(spec: Spec, pool: Pool) -> Budget:
    """What a first round may ask."""
    kind, amount = kind_of_budget(spec.budget)
    if kind == "units":
        return units_budget(pool.units, int(amount))
    if kind == "minutes":
        return minutes_budget(float(amount), pool.columns["seconds"])
    return points_budget(pool.units, percent=None, fraction=amount, round=1, spent=0)


def _partitions(page: Page, experiment: Experiment, found: Truth) -> None:
    page.heading(f"Size classes, and a first size-balanced round of {experiment.spec.budget}")
    rows = []
    for count in experiment.spec.partitions:
        units = in_partitions(found.units, count)
        columns = {**found.pool.columns, "seconds": expected_seconds(units, {})}
        pool = replace(found.pool, units=units, columns=columns)
        words = ", ".join(str(cut) for cut in units.cuts)
        rows.append([str(count), words, *_gets(experiment, found, pool, Arm("", "size", "size"))])
    _keep(page, experiment, ["B", "cuts, m", *_GETS], rows, "partitions")
    _explain(page, experiment, found)


def in_partitions(units: Units, count: int) -> Units:
    """The same units in `count` size classes and the ground."""
    clusters = ~is_cell(units.kind)
    cut = cuts(*api_by_size(units.size[clusters], units.points[clusters]), count)
    partition = np.full(len(units), len(cut), np.int8)
    partition[clusters] = partition_of(units.size[clusters], cut)
    return replace(units, cuts=cut, partition=partition)


def _explain(page: Page, experiment: Experiment, found: Truth) -> None:
    rare = ", ".join(name for name, one in zip(found.names, found.rare, strict=True) if one)
    page.sentence(
        f"Means over {len(experiment.seeds)} seeds. Minutes are estimated by the keystroke-level "
        f"model, with {OPEN_S:g} s, assumed, to open a scan. Rare: classes under {RARE:.0%} of the "
        f"points, here {rare or 'none'}. These are proxies: whether they follow mIoU is open.",
        quiet=True,
    )
