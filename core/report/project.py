"""A project's report: the desk's charts and numbers as one HTML file, without a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.base.errors import ProjectError, SettingsError
from core.base.files import write_atomic
from core.base.jobs import Job
from core.base.version import program_version
from core.base.words import DASH, round_name
from core.desk import explained
from core.desk.asked import asked
from core.desk.certainty import Certainty, certainty_of
from core.desk.class_parts import ANSWERS, TRUTH, ClassParts, class_parts
from core.desk.effort import GROUPS, effort_of
from core.desk.explained import Explained
from core.desk.features import plane_of, states_of
from core.desk.matrix import matrix_of
from core.desk.scans import MEASURES, scans_of
from core.desk.sizes import sizes_of
from core.desk.steps import COSTS, Step, steps_of
from core.experiment.folder import experiment_above, read_experiment
from core.experiment.page import Page
from core.experiment.plots import AXIS_WORDS, MISSING, curves_svg, drawable, forest_svg
from core.experiment.results import curves
from core.experiment.summary import summarise
from core.project.project import Project
from core.project.status import round_status
from core.report import figures
from core.rounds.round import Round

_FEW = 12  # scans of a list


@dataclass(frozen=True)
class _Report:
    """What every part of the report works with."""

    project: Project
    page: Page
    job: Job
    draws: bool

    def part(self, what: Explained, *, title: str = "") -> None:
        self.page.heading(title or what.title)
        self.page.sentence(what.words, quiet=True)

    def picture(self, draw: Callable[[], bytes], words: str) -> None:
        if self.draws:
            self.page.picture(draw(), words)


def write_report(project: Project, out: Path, job: Job) -> Path:
    """Write `out`, an .html file, or report.html in a folder of that name; return the page's path.

    Each part says what it waits for where there is nothing to show; a part whose files are damaged
    says so, and the others are there. Raises SettingsError for a name of another kind,
    StorageError.
    """
    path = out if out.suffix.lower() == ".html" else out / "report.html"
    if out.suffix and out.suffix.lower() != ".html" and not out.is_dir():
        raise SettingsError(
            f"{out.name} is no name of a page.", "Let it end in .html, or name a folder."
        )
    page = Page(f"Report on {project.path.name}")
    report = _Report(project, page, job, drawable())
    _state(report)
    if not report.draws:
        page.sentence(MISSING)
    parts: Sequence[tuple[Explained, Callable[[_Report], None]]] = (
        (explained.LEARNING, _learning),
        (explained.IOU, _iou),
        (explained.CLASSES, _classes),
        (explained.SIZES, _sizes),
        (explained.ASKED, _asked),
        (explained.CONFUSION, _confusion),
        (explained.CERTAINTY, _certainty),
        (explained.EFFORT, _effort),
        (explained.SCANS, _scans),
        (explained.FEATURES, _features),
    )
    for number, (what, write) in enumerate(parts):
        job.progress(number, len(parts), "report")
        report.part(what)
        try:
            write(report)
        except ProjectError as error:
            page.sentence(f"{error.what} {error.do}")
    _experiment(report)
    job.progress(len(parts), len(parts), "report")
    page.sentence(f"Made by LidarLoop {program_version()}.", quiet=True)
    write_atomic(path, page.text)
    return path


def _state(report: _Report) -> None:
    project = report.project
    train, validation = len(project.dataset.train), len(project.dataset.validation)
    spent = project.answers.spent()
    page = report.page
    page.sentence(
        f"{train:,} training and {validation:,} validation scans; {len(project.rounds):,} rounds; "
        f"{spent.units:,} units with {spent.points:,} points answered in {spent.minutes:.1f} "
        "active minutes."
    )
    for note in (*project.notes, *project.told):
        page.sentence(note, quiet=True)
    if project.rounds:
        rows = [round_status(project, found) for found in project.rounds]
        page.table(
            ["round", "strategy", "stage", "asked", "answered", "points", "mIoU, %"],
            [
                [
                    row["id"], row["strategy"], row["stage"], f"{row['asked']['items']:,}",
                    f"{row['answered']['items']:,}", f"{row['answered']['points']:,}",
                    percent(row["miou"]),
                ]
                for row in rows
            ],
        )  # fmt: skip


def percent(value: float | None, digits: int = 1) -> str:
    """A share as percent; a dash where it is not known."""
    return DASH if value is None or not np.isfinite(value) else f"{100 * value:.{digits}f}"


def _measured(project: Project) -> Round | None:
    """The newest round that is measured, of those that still have their predictions first."""
    known = [
        found for found in reversed(project.rounds) if found.metrics(project.classes) is not None
    ]
    there = (found for found in known if project.predictions(found).is_dir())
    return next(there, known[0] if known else None)


def _learning(report: _Report) -> None:
    steps = [step for step in steps_of(report.project) if step.miou is not None]
    if not steps:
        report.page.sentence(explained.LEARNING.waits)
        return
    for axis in ("points", "expected"):
        report.picture(partial(figures.learning, steps, axis), f"mIoU over {COSTS[axis][0]}.")
    report.page.table(
        ["round", "after", "strategy", *(words for words, _ in COSTS.values()), "mIoU, %"],
        [
            [
                step.id, step.parent or DASH, step.strategy,
                *(f"{step.costs[name] / over:,.{0 if over == 1 else 2}f}"
                  for name, (_, over) in COSTS.items()),
                percent(step.miou),
            ]
            for step in steps
        ],
    )  # fmt: skip


def _iou(report: _Report) -> None:
    steps: list[Step] = [step for step in steps_of(report.project) if step.miou is not None]
    if not steps:
        report.page.sentence(explained.IOU.waits)
        return
    names = [n for n in steps[-1].iou if any(step.iou.get(n) is not None for step in steps)]
    table = [[step.iou.get(name) for step in steps] for name in names]
    values = np.array([[np.nan if v is None else v for v in row] for row in table], np.float64)
    columns = [round_name(step.id) for step in steps]
    report.picture(lambda: figures.heat(names, columns, values, 1.0), explained.IOU.title + ", %.")
    report.page.table(
        ["class", *columns],
        [[n, *(percent(v) for v in row)] for n, row in zip(names, table, strict=True)],
    )


def _classes(report: _Report) -> None:
    project = report.project
    if project.units is None:
        report.page.sentence(explained.NOT_PREPARED)
        return
    found = _counted(report)
    shown = np.flatnonzero(found.counts.sum(axis=1) > 0).tolist()
    if not shown:
        report.page.sentence(explained.CLASSES.waits)
        return
    names = [found.names[c] for c in shown]
    parts = [part if part == "ground" else f"size {part}" for part in found.parts]
    shares, times = found.shares()[shown], found.enrichment()[shown]
    report.picture(lambda: figures.heat(names, parts, shares, 1.0),
                   f"Share of each class in the partitions, %, by {found.source}.")  # fmt: skip
    total = max(int(found.counts.sum() + found.outside.sum()), 1)
    rows = [
        [
            name,
            percent(float(found.counts[c].sum() + found.outside[c]) / total, 3),
            *(f"{percent(shares[place, p], 0)} ({times[place, p]:.1f})" for p in range(len(parts))),
        ]
        for place, (c, name) in enumerate(zip(shown, names, strict=True))
    ]
    report.page.table(["class", "of all points, %", *parts], rows)
    report.page.sentence(
        f"By {found.source}, {found.scans:,} of {found.of:,} scans; in brackets how many times as "
        "often as in all units.",
        quiet=True,
    )


def _counted(report: _Report) -> ClassParts:
    """By ground truth where the project may see any, else by answers."""
    project = report.project
    if project.research:
        found = class_parts(project, TRUTH, report.job)
        if found.counts.any():
            return found
    return class_parts(project, ANSWERS, report.job)


def _sizes(report: _Report) -> None:
    units = report.project.units
    if units is None:
        report.page.sentence(explained.NOT_PREPARED)
        return
    found = sizes_of(units)
    if not len(found.sizes):
        report.page.sentence(explained.SIZES.waits)
        return
    report.picture(lambda: figures.sizes(found, units.cuts),
                   "Information by size, and the cuts as prepared.")  # fmt: skip
    rows, low = [], 0
    for cut, share in zip(units.cuts, found.shares(units.cuts), strict=True):
        rows.append([f"{low + 1} to {cut} m", *(percent(share[n]) for n in share)])
        low = cut
    report.page.table(["size class", "information, %", "clusters, %", "points, %"], rows)


def _asked(report: _Report) -> None:
    project = report.project
    if project.units is None or not project.rounds:
        waits = explained.ASKED.waits if project.units is not None else explained.NOT_PREPARED
        report.page.sentence(waits)
        return
    found, parts = asked(project, project.rounds), project.units.partition_names
    names = [part if part == "ground" else f"size {part}" for part in parts]
    rows = list(zip(names, _shares(found.parts), _shares(found.pool), strict=True))
    counted = _counted(report)
    pool = None
    if counted.source == TRUTH:
        pool = _shares(counted.counts.sum(axis=1) + counted.outside)
    for c, share in enumerate(_shares(found.classes)):
        whole = float("nan") if pool is None else pool[c]
        if share or whole > 0:
            rows.append((project.classes.names[c], share, whole))
    report.picture(lambda: figures.asked(rows), "Points asked and points of the pool, %.")
    report.page.table(
        ["row", "asked, %", "pool, %"], [[n, percent(a, 3), percent(b, 3)] for n, a, b in rows]
    )
    report.page.sentence(
        f"{found.units:,} units of {found.scans:,} scans asked, {found.answered:,} answered, "
        f"{found.declined:,} declined, {found.waiting:,} open; "
        f"{found.seconds / 60:.1f} minutes measured.",
        quiet=True,
    )


def _shares(points: np.ndarray) -> list[float]:
    total = max(int(points.sum()), 1)
    return [float(value) / total for value in points]


def _confusion(report: _Report) -> None:
    found = _measured(report.project)
    matrix = None if found is None else matrix_of(report.project, found)
    if found is None or matrix is None or not matrix.any():
        report.page.sentence(explained.CONFUSION.waits)
        return
    truth = np.flatnonzero(matrix.sum(axis=1) > 0)
    said = np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1) > 0)
    names = report.project.classes.names
    part = matrix[np.ix_(truth, said)].astype(np.float64)
    part /= matrix[truth].sum(axis=1, keepdims=True)
    part[part == 0] = np.nan
    report.picture(
        lambda: figures.heat([names[c] for c in truth], [names[c] for c in said], part, 1.0),
        f"Confusion of {round_name(found.id)}, % of the true class.",
    )
    right = int(np.trace(matrix))
    report.page.sentence(f"{right:,} of {int(matrix.sum()):,} points are right.", quiet=True)


def _certainty(report: _Report) -> None:
    found = _measured(report.project)
    counted = None if found is None else certainty_of(report.project, found, report.job)
    if counted is None or not counted.points.any():
        report.page.sentence(explained.CERTAINTY.waits)
        return
    name = round_name(counted.round)
    report.picture(lambda: figures.entropy(counted), f"Entropy of right and wrong points, {name}.")
    report.picture(lambda: figures.distance(counted), f"Wrong points by distance, {name}, %.")
    if not counted.said.any():
        report.page.sentence(explained.NO_CONFIDENCE)
        return
    report.picture(lambda: figures.reliability(counted), f"Reliability, {name}.")
    _ece(report, counted)


def _ece(report: _Report, counted: Certainty) -> None:
    rows = [["all", f"{int(counted.said.sum()):,}", percent(counted.ece())]]
    for c in np.flatnonzero(counted.said.sum(axis=1) > 0).tolist():
        rows.append(
            [counted.names[c], f"{int(counted.said[c].sum()):,}", percent(counted.ece([c]))]
        )
    report.page.table(["called", "points", "ECE, %"], rows)


def _effort(report: _Report) -> None:
    found = effort_of(report.project)
    page = report.page
    if not found.answers:
        page.sentence(explained.EFFORT.waits)
        return
    if not found.timed:
        page.sentence(explained.NO_SECONDS)
    for group in GROUPS if found.timed else ():
        rows = found.took[group]
        if group == "hour":
            rows = sorted(rows, key=lambda row: row.name)
        words = f"Active seconds by {group}"
        if len(rows) > figures.MOST_ROWS:
            words += f", the first {figures.MOST_ROWS} of the {len(rows):,} below"
        report.picture(partial(figures.effort, rows), f"{words}.")
        page.table(
            [group, "answers", "median, s", "90th percentile, s", "minutes"],
            [
                [r.name, f"{r.answers:,}", f"{r.median:.1f}", f"{r.p90:.1f}", f"{r.total / 60:.1f}"]
                for r in rows
            ],
        )
    if found.agreed:
        page.table(
            ["answered twice", "units", "same class, %", "kappa", "mIoU, %"],
            [
                [a.name, f"{a.units:,}", percent(a.same),
                 DASH if a.kappa is None else f"{a.kappa:.2f}", percent(a.miou)]
                for a in found.agreed
            ],
        )  # fmt: skip
    else:
        page.sentence(explained.NOTHING_TWICE)
    if found.suggestions:
        page.table(
            ["suggestion", "of", "right, %", "95 % interval, %"],
            [
                [r.name, f"{r.of:,}", percent(r.share),
                 f"{percent(r.interval[0])} to {percent(r.interval[1])}"]
                for r in found.suggestions
            ],
        )  # fmt: skip
    else:
        page.sentence(explained.NO_SUGGESTION)


def _scans(report: _Report) -> None:
    found = scans_of(report.project, report.job)
    for name, one in MEASURES.items():
        values = found.values[name]
        known = np.isfinite(values)
        if not known.any():
            continue
        if name in ("entropy", "novelty", "errors"):
            place = figures.busiest(found, name)
            if place is not None:
                words = f"{one.words[0].upper()}{one.words[1:]}, {one.unit}: {place}."
                report.picture(partial(figures.scan_map, found, name, place), words)
            order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")[:_FEW]
            rows = [[found.names[p], f"{values[p]:.3g}"] for p in order.tolist() if known[p]]
            report.page.table(["scan", f"{one.words}, {one.unit}"], rows)
    for name in MEASURES:
        if not np.isfinite(found.values[name]).any():
            report.page.sentence(f"{MEASURES[name].name}: {found.why[name]}", quiet=True)


def _features(report: _Report) -> None:
    project = report.project
    if project.units is None:
        report.page.sentence(explained.NOT_PREPARED)
        return
    if not len(project.units):
        report.page.sentence(explained.FEATURES.waits)
        return
    found, states = plane_of(project, report.job), states_of(project)
    report.picture(lambda: figures.plane(found, states),
                   f"{len(found.units):,} units by {found.what}.")  # fmt: skip


def _experiment(report: _Report) -> None:
    """Of a project that is a cell of an experiment: its curves and differences."""
    out = experiment_above(report.project.path)
    if out is None:
        return
    report.part(explained.EXPERIMENT)
    try:
        experiment = read_experiment(out)
        if experiment.spec.table:
            return
        found = summarise(experiment, curves(experiment))
    except ProjectError as error:
        report.page.sentence(f"{error.what} {error.do}")
        return
    measure = experiment.spec.measure
    for axis in (measure.first_axis, "seconds"):
        words = f"{measure.name} over {AXIS_WORDS[axis][0]}"
        draw = partial(curves_svg, found.by_arm, axis, found.goal)
        report.picture(draw, f"{experiment.spec.title}: {words}.")
    if any(one.found for one in found.comparisons):
        report.picture(partial(forest_svg, found.comparisons, measure.name), "Paired differences.")
    report.page.items(one.sentence for one in found.comparisons)
