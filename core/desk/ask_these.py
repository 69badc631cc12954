"""A query of units that a person chose, as far as a round's budget goes."""

from __future__ import annotations

import numpy as np

from core.base.errors import ProjectError
from core.base.files import hash_file
from core.base.jobs import Job
from core.project.branches import counted
from core.project.pool import pool_of
from core.project.project import Project
from core.query.budget import fits, points_budget
from core.query.pool import Draw
from core.query.query import freeze, write_query
from core.query.selection import Selection
from core.rounds.round import QUERY, Round

STRATEGY = "chosen"
REASON = "chosen by hand on the Desk"


def ask_these(project: Project, job: Job, units: np.ndarray) -> Round:
    """Freeze a query of those of units (n,), by their numbers, that are free, in an order by
    chance; return its round. Raises ProjectError where a query is still open or none is free."""
    table, tip = project.need_units(), project.tip
    if tip is not None and not tip.frozen and project.open_items(tip):
        raise ProjectError(
            f"Round {tip.id} still has {len(project.open_items(tip)):,} unanswered items.",
            "Answer them, or train on what is answered; the rest then goes back to the pool.",
        )
    job.progress(0, 2, "ask")
    free = np.asarray(units, np.int64)
    free = np.unique(free[pool_of(project, None).free[free]])
    if not len(free):
        raise ProjectError("None of the chosen units is free: all are answered.", "Choose others.")
    number = len(project.branch(tip)) + 1
    budget = points_budget(
        table,
        percent=None,
        fraction=project.settings.query.fraction,
        round=number,
        spent=counted(project, tip).points,
    )
    draw = Draw(seed=project.seed, round=number)
    order = free[np.argsort(draw.keys(table.names(free)), kind="stable")]
    taken = order[fits(budget.cost[order], budget.amount)]
    if not len(taken):
        raise ProjectError(
            f"None of the chosen units fits the round's {budget.words(budget.amount)}.",
            "Raise query.fraction in the settings, or choose smaller units.",
        )
    job.progress(1, 2, "ask")
    scored = project.last_scored()
    query = freeze(
        Selection(taken, (REASON,) * len(taken)),
        table,
        strategy=STRATEGY,
        draw=draw,
        budget=budget,
        checkpoint=_hash(scored) if scored is not None else None,
        parent=tip.id if tip is not None else None,
    )
    found = Round(project.new_round_folder(query))
    write_query(found.file(QUERY), query)
    project.add_round(found)
    job.progress(2, 2, "ask")
    return found


def _hash(scored: Round) -> str:
    try:
        return hash_file(scored.checkpoint)
    except OSError as error:
        raise ProjectError(
            f"The checkpoint of round {scored.id} cannot be read: {error.strerror}.",
            f"Restore {scored.checkpoint} from a copy of the project.",
        ) from error
