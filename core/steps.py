"""The steps of a round that need no network: prepare, ask, annotate. Training is models.steps.

Each step takes an open project and a job; the command line and the window call the same one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.answers.effort import Effort
from core.answers.entry import Head, ScanRef
from core.base.errors import DataError, ProjectError, SettingsError
from core.base.files import hash_file
from core.base.jobs import Job
from core.data.items import scan_of
from core.project.branches import counted, round_or_start
from core.project.mix import Mix, guessed_mix
from core.project.pool import ELSEWHERE, pool_of, seconds_of
from core.project.project import Project
from core.query.budget import Budget, fits, minutes_budget, points_budget, units_budget
from core.query.pool import MOST_SEED, Draw, Pool
from core.query.query import freeze, write_query
from core.query.selection import Select, Selection, check
from core.query.strategies import strategy_named
from core.query.why import REOPENED
from core.rounds.round import QUERY, Round
from core.rounds.scores import MORE

ORACLES = ("per-point", "majority")
BOX_ORACLE = "boxes"  # of frames; core/frame_steps.py draws by it
LEFT = "The training of {} has no result: this is chosen without it, and the next one begins anew."


def prepare(
    project: Project,
    job: Job,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    curvature: bool = False,
) -> None:
    """Split every training scan in units and cut the partitions (docs/method.md, Units).

    With `curvature`, measure that of the units too: redal ranks by it.

    Each preparation has a folder of its own, named after its settings and the scans' content, so
    that another one changes neither labels nor the units that earlier queries refer to.
    """
    from core.prepare.run import prepare as run

    units = run(
        project.source,
        project.settings.prepare,
        project.units_folder,
        workers=workers,
        cluster=cluster,
        classes=project.classes,
        research=project.research,
        job=job,
    )
    project.use_units(units)
    if curvature:
        from core.prepare.curvature import measure

        folder = project.units_folder / units.fingerprint
        measure(project.dataset, units, folder, job, workers=workers, cluster=cluster)


def ask(
    project: Project,
    job: Job,
    *,
    strategy: str | None = None,
    percent: str | None = None,
    units: int | None = None,
    minutes: float | None = None,
    seed: int | None = None,
    after: str | None = None,
) -> Round:
    """Choose and freeze the next query; return its round, which is on the table from then on.

    `strategy` defaults to the project's, and to "size" while nothing is scored. The budget is
    the project's share of points, unless `percent` of all points, `units` or `minutes` is given.
    `seed` defaults to the project's; `after` is the id of the round that it goes on from, "start"
    for none, by default the one on the table: so a branch begins.
    Raises ProjectError where that round's query is still open or nothing fits the budget.
    """
    table = project.need_units()
    job.progress(0, 2, "ask")
    chosen = _choose(project, strategy, percent, units, minutes, seed, after, job)
    job.progress(1, 2, "ask")
    query = freeze(
        chosen.selection,
        table,
        strategy=chosen.strategy,
        draw=chosen.draw,
        budget=chosen.budget,
        checkpoint=_hash_of_checkpoint(chosen.scored) if chosen.scored else None,
        parent=chosen.tip.id if chosen.tip else None,
    )
    if chosen.tip is not None and chosen.tip.frozen and not chosen.tip.checkpoint.exists():
        job.say(LEFT.format(chosen.tip.id))
    found = Round(project.new_round_folder(query))
    write_query(found.file(QUERY), query)
    project.add_round(found)
    job.progress(2, 2, "ask")
    return found


@dataclass(frozen=True)
class Estimate:
    """What a query would ask: units of `scans` scans, their points, and the seconds that it is
    expected to take, by the answers so far where some took time (`timed`); NaN where they cannot be
    estimated. `mix` of the classes that it is likely of, None where nobody knows."""

    strategy: str
    units: int
    points: int
    scans: int
    seconds: float
    timed: bool
    mix: Mix | None


def estimate(
    project: Project,
    *,
    strategy: str | None = None,
    percent: str | None = None,
    units: int | None = None,
    minutes: float | None = None,
    seed: int | None = None,
    after: str | None = None,
) -> Estimate:
    """What `ask` would ask now with these arguments: its dry run, which writes nothing.

    Raises ProjectError where `ask` would.
    """
    chosen = _choose(project, strategy, percent, units, minutes, seed, after, Job())
    found, table = chosen.selection.units, project.need_units()
    return Estimate(
        chosen.strategy,
        len(found),
        int(table.costs[found].sum()),
        len(np.unique(table.scan[found])),
        float(seconds_of(project, table)[found].sum()) if table.basal else math.nan,
        project.answers.pace(everyone=True) is not None,
        guessed_mix(project, table, chosen.pool.columns, chosen.heads, found),
    )


@dataclass(frozen=True)
class _Choice:
    """What a query is frozen from."""

    selection: Selection
    strategy: str
    draw: Draw
    budget: Budget
    scored: Round | None
    tip: Round | None
    pool: Pool
    heads: Mapping[str, Head]


def _choose(
    project: Project,
    strategy: str | None,
    percent: str | None,
    units: int | None,
    minutes: float | None,
    seed: int | None,
    after: str | None,
    job: Job,
) -> _Choice:
    """Choose the next query, as `ask` says."""
    if seed is not None and abs(seed) >= MOST_SEED:
        raise SettingsError(f"The seed is {seed}.", "Give a whole number of up to 18 digits.")
    table = project.need_units()
    tip = project.tip if after is None else round_or_start(project, after)
    if tip is not None and not tip.frozen and project.open_items(tip):
        raise ProjectError(
            f"Round {tip.id} still has {len(project.open_items(tip)):,} unanswered items.",
            "Answer them, or train on what is answered; the rest then goes back to the pool.",
        )
    scored = project.last_scored(tip) if tip is not None or project.given.scored else None
    name = strategy or (project.settings.query.strategy if scored else "size")
    counts = counted(project, tip)
    pool = pool_of(project, scored, counts.heads, job)
    select = _that_can_choose(name, pool, first=tip is None, scored=scored is not None)
    number = len(project.branch(tip)) + 1
    if units is not None:
        budget = units_budget(table, units)
    elif minutes is not None:
        if "seconds" not in pool.columns:
            what, do = ELSEWHERE["seconds"]
            raise ProjectError(f"A budget in minutes counts {what}.", do)
        budget = minutes_budget(minutes, pool.columns["seconds"])
    else:
        budget = points_budget(
            table,
            percent=percent,
            fraction=project.settings.query.fraction,
            round=number,
            spent=counts.points,
        )
    draw = Draw(seed=project.seed if seed is None else seed, round=number)
    selection = _with_reopened(project, select, pool, budget, draw)
    check(selection, pool, budget, name)
    return _Choice(selection, name, draw, budget, scored, tip, pool, counts.heads)


def _hash_of_checkpoint(scored: Round) -> str:
    try:
        return hash_file(scored.checkpoint)
    except OSError as error:
        raise ProjectError(
            f"The checkpoint of round {scored.id}, which was scored, cannot be read: "
            f"{error.strerror}.",
            f"Restore {scored.checkpoint} from a copy of the project.",
        ) from error


def _that_can_choose(name: str, pool: Pool, *, first: bool, scored: bool) -> Select:
    """The strategy of that name, or before the `first` round the one that chooses in its place.

    Raises SettingsError for an unknown name, ProjectError where the pool lacks what it needs.
    """
    select = strategy_named(name)
    lacks = sorted(frozenset[str](getattr(select, "needs", ())) - pool.columns.keys())
    if not lacks:
        return select
    before = getattr(select, "before", "")
    if first and before and not scored:
        return strategy_named(before)
    for column in lacks:
        if column in ELSEWHERE:
            what, do = ELSEWHERE[column]
            raise ProjectError(f"Strategy {name} ranks by {what}.", do)
    if scored and MORE.keys() & set(lacks):
        from core.query.strategies.names import TIMES

        raise ProjectError(
            f"Strategy {name} ranks by a second look at the scans, which costs time and is taken "
            "only where a project asks by it.",
            f"Run `lidarloop settings PROJECT --set query.strategy={name.split(TIMES)[-1]}`, then "
            "`lidarloop score`.",
        )
    if scored:
        names = " and ".join(lacks)
        raise ProjectError(
            f"Strategy {name} ranks by {names}, which the scores do not hold.",
            "Run `lidarloop score` on the project.",
        )
    raise ProjectError(
        f"Strategy {name} ranks by the scores of a trained network, and no round is scored.",
        f"Train the round first, or ask by {before or 'size'}.",
    )


def _with_reopened(
    project: Project, select: Select, pool: Pool, budget: Budget, draw: Draw
) -> Selection:
    """What was put back in the queue first, in unit order, each that fits what is left of the
    budget; a strategy spends the rest."""
    again = pool.units.find_all(sorted(project.answers.fold.reopened))
    again = np.sort(again[again >= 0])
    again = again[fits(budget.cost[again], budget.amount)]
    if not len(again):
        return select(pool, budget, draw)
    left = replace(budget, amount=budget.amount - int(budget.cost[again].sum()))
    free = pool.free.copy()
    free[again] = False
    reason = (REOPENED,) * len(again)
    if not (left.cost[free] <= left.amount).any():
        return Selection(again, reason)
    rest = select(replace(pool, free=free), left, draw)
    unknown = np.full(len(again), np.nan)
    return Selection(
        np.concatenate([again, rest.units]),
        (*reason, *rest.reason),
        {name: np.concatenate([unknown, values]) for name, values in rest.columns.items()},
    )


def annotate(project: Project, job: Job, *, oracle: str) -> int:
    """Answer the open query from ground truth; return the number of answers.

    `oracle`: "per-point" gives every point its class, "majority" the unit's most frequent one.
    Raises ProjectError outside research projects and where there is nothing to answer.
    """
    if oracle not in ORACLES:
        raise SettingsError(f"There is no oracle {oracle}.", f"Oracles: {', '.join(ORACLES)}.")
    if not project.research:
        raise ProjectError(
            "This project is for people: only research projects answer from ground truth.",
            "Make one with `lidarloop new --research`.",
        )
    table = project.need_units()
    found = project.open_round
    items = project.open_items(found) if found else []
    if found is None or not items:
        raise ProjectError("No query is open.", "Ask one with `lidarloop query`.")
    by_scan: dict[str, list[str]] = {}
    for item in items:
        by_scan.setdefault(scan_of(item), []).append(item)
    done = 0
    for scan in sorted(by_scan):
        truth = project.dataset.ground_truth(scan, project.classes)
        if truth is None:
            raise DataError(
                f"Scan {scan} has no labels to answer from.",
                "Bring its label file, or answer these items by hand.",
            )
        ref = ScanRef(scan, len(truth), project.scan_hash(scan))
        unit_of_row = project.rows(scan)
        first = table.range_of(scan).start
        for item in by_scan[scan]:
            index = table.find(item)
            if index is None:
                raise ProjectError(
                    f"Unit {item} of round {found.id} is not among the prepared units.",
                    "Prepare the project again with the settings the query was asked with.",
                )
            rows = np.flatnonzero(unit_of_row == index - first)
            classes = truth[rows]
            if oracle == "majority":
                classes = np.full(len(rows), np.bincount(classes).argmax(), np.uint8)
            effort = Effort(tool=f"oracle {oracle}")
            project.answers.answer(ref, rows, classes, round=found.id, unit=item, effort=effort)
            done += 1
            job.progress(done, len(items), "annotate")
    return done
