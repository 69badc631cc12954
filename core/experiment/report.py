"""The report: tables, figures and the sentences that the statistics allow, from the records alone.

report.html, and beside it the same in Markdown, each figure as SVG, each table as CSV. Nothing is
trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import ProjectError
from core.base.files import read_json, write_atomic
from core.base.words import DASH
from core.experiment import box_report
from core.experiment.cell import computed, finished, taken_over
from core.experiment.folder import Experiment
from core.experiment.lines import by_round
from core.experiment.measures import BOXES, Measure
from core.experiment.numbers import ended, mean_and_half, percent
from core.experiment.oddities import ODDITIES
from core.experiment.page import Page
from core.experiment.plots import AXIS_WORDS, MISSING, curves_svg, drawable, forest_svg
from core.experiment.record import read_record
from core.experiment.results import Curve, csv_of, curves, write_results
from core.experiment.sentences import rule
from core.experiment.spec import FULL
from core.experiment.summary import Summary, summarise

REPORT = "report.html"
FEW = 2000  # validation points of a class below which its IoU says nothing


def write_report(experiment: Experiment) -> Path:
    """Write results.csv and the report of what is recorded so far; return the page's path."""
    found = curves(experiment)
    write_results(experiment, found)
    summary = summarise(experiment, found)
    spec = experiment.spec
    page = Page(spec.title)
    page.sentence(spec.about)
    _state(page, experiment)
    page.heading("What may be said")
    page.items(summary.said)
    page.sentence(rule(len(experiment.looks)), quiet=True)
    if summary.unsettled:
        names = ", ".join(summary.unsettled)
        page.sentence(f"Not converged, their mIoU still moved in the second half: {names}.")
    _figures(page, experiment, summary)
    if spec.boxes:
        box_report.detectors(page, experiment, summary)
    _means(page, experiment, summary)
    _seeds(page, experiment, summary)
    _comparisons(page, experiment, summary)
    if any(arm.kind == FULL for arm in spec.arms) or not spec.boxes:
        _costs(page, experiment, summary)
    if spec.boxes:
        box_report.classes(page, experiment, summary)
        box_report.calibration(page, experiment, summary)
        box_report.asked(page, experiment, summary)
        box_report.bank(page, experiment, summary)
    else:
        _classes(page, experiment, summary)
        _asked(page, experiment, summary)
    _made_with(page, experiment)
    page.heading("What this is not" if spec.boxes else "Oddities of published tables")
    more = box_report.notes(experiment) if spec.boxes else ODDITIES
    page.items((*spec.notes, *more), quiet=True)
    path = experiment.out / REPORT
    write_atomic(path, page.text)
    write_atomic(path.with_suffix(".md"), page.markdown)
    return path


def _state(page: Page, experiment: Experiment) -> None:
    """How many cells are finished; those that failed, with the reason."""
    cells = experiment.arms
    done = [cell for cell in cells if finished(experiment, cell)]
    seeds = ", ".join(str(seed) for seed in experiment.seeds)
    page.sentence(
        f"{len(done)} of {len(cells)} cells are finished: {len(experiment.spec.arms)} arms, seeds "
        f"{seeds}, {experiment.spec.rounds} rounds of {_budget(experiment)}, protocol "
        f"{experiment.protocol}"
        + (f", {experiment.spec.steps:,} steps a round" * (experiment.protocol == "equal"))
        + ".",
        quiet=True,
    )
    failed = failures(experiment)
    if failed:
        page.heading("Failed cells")
        page.items(f"{name}: {why}" for name, why in failed.items())


def _budget(experiment: Experiment) -> str:
    spec = experiment.spec
    first = f" (the first {spec.first})" * (spec.boxes and spec.first != spec.budget)
    return f"{spec.budget}{first}"


def failures(experiment: Experiment) -> dict[str, str]:
    """Cells that failed and are not finished since, each with a sentence why."""
    found = {}
    for cell in experiment.cells:
        path = experiment.failure(cell.name)
        if path.exists() and not finished(experiment, cell):
            try:
                found[cell.name] = str(read_json(path, why=str)["why"])
            except ProjectError as error:
                found[cell.name] = error.what
    return found


def _figures(page: Page, experiment: Experiment, summary: Summary) -> None:
    page.heading("Curves")
    if not drawable():
        page.sentence(MISSING)
        return
    measure = experiment.spec.measure
    for axis in (measure.axes[-1], *measure.axes[:-1]):
        name = f"curves-{axis}.svg"
        svg = curves_svg(summary.by_arm, axis, summary.goal)
        write_atomic(experiment.out / name, svg)
        page.figure(
            name,
            f"{measure.name} over {AXIS_WORDS[axis][0]}: each seed thin, the mean bold, its 95 % t "
            "interval shaded."
            + " The control gets no new label but the same steps."
            * (not experiment.spec.boxes),
        )
    if any(one.found for one in summary.comparisons):
        write_atomic(
            experiment.out / "differences.svg", forest_svg(summary.comparisons, measure.name)
        )
        page.figure(
            "differences.svg",
            "Paired differences; filled where an order may be claimed, dotted where cells wait.",
        )


def _means(page: Page, experiment: Experiment, summary: Summary) -> None:
    """What is measured of each arm and round; of points the benchmark's own figure at the end."""
    rounds, measure = experiment.spec.rounds, experiment.spec.measure
    page.heading(f"{measure.name} by round, %")
    first = next((c for mine in summary.by_arm.values() for c in mine if c.records), None)
    figures = first.records[-1]["figures"] if first is not None else {}
    official = figures.get("official")
    name = f"{official['benchmark']}'s own figure" if official else "official figure"
    rows, stored = by_round(summary.by_arm, rounds), []
    for row, (arm, mine) in zip(rows, summary.by_arm.items(), strict=True):
        for curve in mine:
            for number, value in enumerate(curve.figure[:rounds]):
                spent = (curve.cost(axis)[number] for axis in measure.axes)
                stored.append((arm, curve.seed, number + 1, *spent, value))
        if not experiment.spec.boxes:
            own = [_official(c) for c in ended(experiment, mine)]
            row.insert(-1, mean_and_half([value for value in own if value is not None]))
    more = [] if experiment.spec.boxes else [name]
    page.table(["arm", *(f"round {n + 1}" for n in range(rounds)), *more, "seeds"], rows)
    page.sentence(
        "As in the curves, a row is of the arm's seeds that came furthest. Full labels, of five "
        "times the steps where these are equal, are trained once: they stand in round 1.",
        quiet=True,
    )
    if experiment.spec.boxes:
        page.sentence(box_report.measured_by(measure, first), quiet=True)
    elif figures:
        page.sentence(
            f"mIoU is over the {figures['miou_classes']} of {figures['all_classes']} classes that "
            "occur in the validation truth, the same for all arms; ± is the 95 % t interval over "
            f"seeds. {name[0].upper()}{name[1:]} is of the last round.",
            quiet=True,
        )
    column = measure.name.lower().replace(" ", "_")
    heading = ("arm", "seed", "round", *measure.axes, column)
    write_atomic(experiment.out / "curves.csv", csv_of(heading, stored))


def _seeds(page: Page, experiment: Experiment, summary: Summary) -> None:
    """Every seed by itself: what was asked in all, and what is measured by round."""
    rounds, measure = experiment.spec.rounds, experiment.spec.measure
    page.heading(f"Each seed, {measure.name} by round, %")
    rows = [
        [
            arm,
            str(curve.seed),
            *(f"{value:,.0f}" if np.isfinite(value) else DASH for value in _asked_by(curve)),
            *(
                percent(float(curve.figure[number])) if number < len(curve.records) else DASH
                for number in range(rounds)
            ),
        ]
        for arm, mine in summary.by_arm.items()
        for curve in mine
        if curve.records
    ]
    axes = _asked_axes(measure)
    heading = ["arm", "seed", *axes, "minutes"]
    page.table([*heading, *(f"round {number + 1}" for number in range(rounds))], rows)
    words = f"{', '.join(axes).capitalize()} and estimated minutes up to its last round."
    page.sentence(words, quiet=True)


def _asked_axes(measure: Measure) -> tuple[str, ...]:
    """Costs of a line of the seeds' table, the estimated minutes beside them."""
    return ("boxes", "frames") if measure.task == BOXES else ("units", "points")


def _asked_by(curve: Curve) -> list[float]:
    asked = [float(curve.cost(axis)[-1]) for axis in _asked_axes(curve.measure)]
    return [*asked, float(curve.cost("seconds")[-1]) / 60]


def _official(curve: Curve) -> float | None:
    official = curve.records[-1]["figures"]["official"]
    return None if official is None else float(official["miou"])


def _comparisons(page: Page, experiment: Experiment, summary: Summary) -> None:
    page.heading("Paired differences, percentage points")
    rows, stored = [], []
    for one in summary.comparisons:
        found, streets = one.found, one.other_streets
        rows.append(
            [
                f"{one.a} – {one.b}",
                one.what,
                DASH if found is None else percent(found.mean, 2),
                DASH if found is None else f"{percent(found.low)} to {percent(found.high)}",
                DASH if found is None or found.open else f"{found.p:.3g}",
                DASH if found is None else f"{found.n} of {one.seeds}",
                DASH if streets is None else f"{percent(streets[0])} to {percent(streets[1])}",
            ]
        )
        numbers = (None,) * 6 if found is None else found.numbers
        stored.append((one.a, one.b, one.what, *numbers, *(streets or (None, None))))
    heading = ["arms", "in", "mean", "interval", "p", "seeds", "other streets"]
    page.table(heading, rows)
    said = (
        "Intervals: paired t over seeds, at each comparison's level after Holm; where cells are "
        "not finished at the level over all comparisons, without p, and nothing is claimed yet."
    )
    elsewhere = (
        f" Other streets: bootstrap over blocks of {experiment.spec.block} validation scans, 95 %, "
        "not corrected; it says how the difference varies with the place, not with the seed."
    )
    page.sentence(said + elsewhere * (not experiment.spec.boxes), quiet=True)
    columns = ("a", "b", "what", "mean", "low", "high", "p", "pairs", "claimed")
    write_atomic(
        experiment.out / "differences.csv",
        csv_of((*columns, "streets_low", "streets_high"), stored),
    )


def _spent(value: float | None, words: str) -> str:
    """A cost until a goal is reached, in a format; a dash where nobody knows."""
    if value is None:
        return "not reached"
    return DASH if np.isnan(value) else format(value, words)


def _costs(page: Page, experiment: Experiment, summary: Summary) -> None:
    measure, over = experiment.spec.measure, experiment.spec.over
    axis = measure.first_axis
    page.heading("What it costs to reach 95 % of full labels")
    if summary.goal is None:
        page.sentence("The reference on full labels is not there.")
        return
    rows = []
    for arm in (one.name for one in experiment.spec.arms if one.kind != FULL):
        # A control asks nothing, and so reaches nothing.
        points, seconds = (summary.reached[cost].get(arm) for cost in (axis, "seconds"))
        rows.append(
            [
                arm,
                _spent(points, ",.0f"),
                _spent(None if seconds is None else seconds / 3600, ".2f"),
                mean_and_half(summary.areas.get(arm, [])),
            ]
        )
    area = f"mean {measure.name} over the {over}, %"
    page.table(["arm", axis, "hours, estimated", area], rows)
    page.sentence(f"95 % of full labels is {percent(summary.goal)} % {measure.name}.", quiet=True)


def _classes(page: Page, experiment: Experiment, summary: Summary) -> None:
    """IoU of each class after the last round, mean over seeds."""
    page.heading("IoU of each class after the last round, %")
    rows, names = [], _class_names(summary)
    known = (c.records[-1]["truth"] for mine in summary.by_arm.values() for c in mine if c.records)
    truth: Mapping[str, int] = next(known, {})
    for name in names:
        cells = []
        for mine in summary.by_arm.values():
            last = ended(experiment, mine)
            values = [c.records[-1]["figures"]["iou"].get(name) for c in last]
            means = [value for value in values if value is not None]
            cells.append(percent(float(np.mean(means))) if means else DASH)
        few = truth.get(name, 0) < FEW
        rows.append([name, *("n/a" if few else cell for cell in cells)])
    page.table(["class", *summary.by_arm], rows)
    page.sentence(f"n/a: fewer than {FEW:,} validation points.", quiet=True)
    write_atomic(experiment.out / "classes.csv", csv_of(("class", *summary.by_arm), rows))


def _asked(page: Page, experiment: Experiment, summary: Summary) -> None:
    """Shares of the classes in what was asked, beside those of all points."""
    page.heading("Classes of the points asked, %")
    spec = experiment.spec
    whole = [c for arm in spec.arms if arm.kind == FULL for c in summary.by_arm[arm.name]]
    arms = [arm.name for arm in spec.arms if arm.kind == "strategy"]
    rows = []
    for name in _class_names(summary):
        cells = [_share(mine, name) for mine in (whole, *(summary.by_arm[arm] for arm in arms))]
        rows.append([name, *cells])
    page.table(["class", "all points", *arms], rows)
    write_atomic(experiment.out / "asked.csv", csv_of(("class", "all points", *arms), rows))


def _share(mine: Sequence[Curve], name: str) -> str:
    """Of a class in all that the arm's seeds asked."""
    counts = [c.records[-1]["costs"]["classes"] for c in mine if c.records]
    total = sum(sum(one.values()) for one in counts)
    return DASH if not total else f"{100 * sum(one[name] for one in counts) / total:.3f}"


def _class_names(summary: Summary) -> list[str]:
    for mine in summary.by_arm.values():
        for curve in mine:
            if curve.records:
                return list(curve.records[-1]["figures"]["iou"])
    return []


def _made_with(page: Page, experiment: Experiment) -> None:
    """Programs, machines and time of the records, a first round that arms share once: more than one
    of a kind is worth knowing."""
    page.heading("Made with")
    folders = (folder for cell in experiment.cells for folder in computed(experiment, cell))
    read = (read_record(folder, experiment.spec.task) for folder in folders)
    records = [record for record in read if record is not None]
    made: list[Mapping[str, Any]] = [record["made_with"] for record in records]
    hours = sum(record["wall_s"] for record in records) / 3600
    for name in ("version", "commit", "changed", "backend", "python", "numpy", "torch"):
        values = sorted({str(one.get(name)) for one in made})
        if values:
            page.sentence(f"{name}: {', '.join(values)}", quiet=True)
    page.sentence(f"{len(records)} rounds in {hours:.2f} hours of computing.", quiet=True)
    page.sentence(f"Data: {experiment.spec.format} at {experiment.root}.", quiet=True)


def line_of(experiment: Experiment) -> str:
    """How far the experiment is, in a sentence; a first round that arms share counts once."""
    cells = experiment.cells
    rounds = sum(len(computed(experiment, cell)) for cell in cells)
    whole = sum(experiment.rounds(cell.arm) - taken_over(experiment, cell) for cell in cells)
    failed = len(failures(experiment))
    told = f", {failed} cell{'s' * (failed > 1)} failed" if failed else ""
    return f"{rounds} of {whole} rounds are finished{told}"
