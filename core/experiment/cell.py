"""One cell: an arm with a seed, from its project's making to its last round's record.

Its state is read from its files, so that it goes on after a kill at any instant.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from core import steps
from core.base.errors import DataError, ProjectError
from core.base.files import settle, storage_error
from core.base.jobs import Job
from core.exchange.import_labels import plan_import, take_over
from core.experiment import box_cell
from core.experiment.folder import Cell, Experiment
from core.experiment.learning import Learning
from core.experiment.record import RECORD, confusions_of, costs_of, full_costs, write_record
from core.experiment.spec import CONTROL, FULL, kind_of_budget, needs_of, ranks_by_network
from core.project.change_settings import use
from core.project.project import Project
from core.query.budget import Budget
from core.query.pool import Draw
from core.query.query import freeze, write_query
from core.query.selection import Selection
from core.rounds.round import METRICS, QUERY, Round
from core.rounds.scores import MORE, read_scores


def recorded(experiment: Experiment, cell: Cell) -> list[Path]:
    """Folders of a cell's recorded rounds, in their order."""
    rounds = experiment.rounds_folder(cell.name)
    found = sorted(path.parent for path in rounds.glob(f"*-*/{RECORD}"))
    return found[: experiment.rounds(cell.arm)]


def finished(experiment: Experiment, cell: Cell) -> bool:
    return len(recorded(experiment, cell)) == experiment.rounds(cell.arm)


def taken_over(experiment: Experiment, cell: Cell) -> int:
    """How many of a cell's rounds, 0 or 1, are a copy of the one that it shares with others. A
    first round itself is trained on: by CPSP."""
    return int(bool(cell.first) and cell.arm.kind != "first")


def computed(experiment: Experiment, cell: Cell) -> list[Path]:
    """Folders of the recorded rounds that a cell itself computed."""
    return recorded(experiment, cell)[taken_over(experiment, cell) :]


def run_cell(experiment: Experiment, cell: Cell, learning: Learning, job: Job) -> None:
    """Bring a cell to its end. Raises ProjectError where it cannot go on."""
    _make(experiment, cell)
    if experiment.spec.boxes:
        _run_boxes(experiment, cell, learning, job)
        return
    path = experiment.cell_folder(cell.name)
    looked_at = needs_of(cell.arm.strategy) & MORE.keys() if cell.arm.kind == "strategy" else set()
    with Project(path) as project:
        if looked_at:  # so that scoring takes the second look
            name = cell.arm.strategy
            use(project, project.settings.override("query.strategy", name, source="experiment"))
        for number in range(experiment.rounds(cell.arm)):
            if number == len(project.rounds):
                tip = project.tip
                if tip and _ranks_next(experiment, cell, number):
                    scores = read_scores(tip.folder, project.need_units()) if tip.scored else None
                    if scores is None or not looked_at <= set(scores):
                        learning.train(project, job, scored=True)  # more rounds, or a second look
                _ask(experiment, cell, project, job)
            found = project.rounds[number]
            if not found.file(RECORD).exists():
                _round(experiment, cell, project, found, learning, job)
            shutil.rmtree(project.predictions(found), ignore_errors=True)  # large; made again


def _run_boxes(experiment: Experiment, cell: Cell, learning: Learning, job: Job) -> None:
    with Project(experiment.cell_folder(cell.name)) as project:
        for number in range(experiment.rounds(cell.arm)):
            if number == len(project.frame_rounds):
                if not box_cell.ready_to_rank(experiment, cell, project, number):
                    learning.train(project, job, scored=True)  # what was the last round is not now
                box_cell.ask(experiment, cell, project, job)
            found = project.frame_rounds[number]
            if not found.file(RECORD).exists():
                about = _about(experiment, cell)
                box_cell.finish(experiment, cell, project, found, learning, job, about)


def _about(experiment: Experiment, cell: Cell) -> dict[str, Any]:
    """What a record begins with."""
    return {
        "experiment": experiment.spec.name,
        "protocol": experiment.protocol,
        "cell": cell.name,
        "arm": cell.arm.name,
        "seed": cell.seed,
    }


def _round(
    experiment: Experiment, cell: Cell, project: Project, found: Round, learning: Learning, job: Job
) -> None:
    began = time.monotonic()
    if not found.frozen and project.open_items(found):
        steps.annotate(project, job, oracle="per-point")
    scored = _ranks_next(experiment, cell, found.number)
    if not (found.done if scored else found.file(METRICS).exists()):
        learning.train(project, job, scored=scored)
    try:
        confusions = confusions_of(project, found)
    except ProjectError:  # killed after they were cleared away
        learning.evaluate(project, job)
        confusions = confusions_of(project, found)
    line = project.branch(found)
    full = cell.arm.kind == FULL
    write_record(
        project,
        found,
        _about(experiment, cell),
        costs=full_costs(project, project.answers.fold) if full else costs_of(project, line),
        confusions=confusions,
        wall_s=time.monotonic() - began,
        backend=learning.backend(),
    )


def _ranks_next(experiment: Experiment, cell: Cell, number: int) -> bool:
    """Whether a query ranks by the network of a cell's round `number`: else its pool is not scored,
    which would take as long as many steps of training."""
    if cell.arm.kind == "first":  # which any arm may go on from
        return True
    last = number == experiment.rounds(cell.arm)
    return cell.arm.kind == "strategy" and not last and ranks_by_network(cell.arm.strategy)


def _ask(experiment: Experiment, cell: Cell, project: Project, job: Job) -> None:
    """Ask the next query: by the arm's strategy, at first by its start; nothing of a control."""
    arm = cell.arm
    if arm.kind == FULL:
        _label_all(project, job)
    if arm.kind in (CONTROL, FULL):
        _ask_nothing(project, arm.kind)
        return
    kind, amount = kind_of_budget(experiment.spec.budget)
    steps.ask(
        project,
        job,
        strategy=arm.strategy if project.rounds else arm.start,
        units=int(amount) if kind == "units" else None,
        minutes=float(amount) if kind == "minutes" else None,
    )


def _ask_nothing(project: Project, strategy: str) -> None:
    """A round without a question: what it learns is training alone."""
    table = project.need_units()
    query = freeze(
        Selection(np.zeros(0, np.int64), ()),
        table,
        strategy=strategy,
        draw=Draw(seed=project.seed, round=len(project.branch(project.tip)) + 1),
        budget=Budget("units", 0, np.ones(len(table), np.int64), "nothing"),
        checkpoint=None,
        parent=project.tip.id if project.tip else None,
    )
    found = Round(project.new_round_folder(query))
    write_query(found.file(QUERY), query)
    project.add_round(found)


def _label_all(project: Project, job: Job) -> None:
    """Take over the labels of all training scans, as far as they are not."""
    there = project.answers.fold.labelled_scans(rounds={""})
    if set(project.dataset.train) <= there:
        return
    with suppress(DataError):  # of nothing to take over: all is, and some scan has no class
        take_over(project, plan_import(project, project.root, job), job)


def _make(experiment: Experiment, cell: Cell) -> None:
    """Make the cell's project, whole or not at all: new, or a copy of the first round it shares."""
    path = experiment.cell_folder(cell.name)
    if path.exists():
        return
    building = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    if cell.first:
        source = experiment.cell_folder(cell.first)
        _linked(source, building, leave=("cache", ".lock", ".lock.holder"), copy=("journals",))
        if experiment.spec.boxes:
            box_cell.go_on_from(experiment, cell, building)
    else:
        spec = experiment.spec
        Project.create(
            building,
            format=spec.format,
            root=experiment.root,
            train=spec.train,
            validation=spec.validation,
            preset=spec.preset,
            seed=cell.seed,
            research=True,
            overrides=cell.overrides,
            source=f"experiment {spec.name}",
        ).close()
        if spec.boxes:
            settle(building, path)
            return
        shutil.rmtree(building / "units", ignore_errors=True)
        _linked(experiment.prepared(cell.arm) / "units", building / "units")
    settle(building, path)


def _linked(
    source: Path, target: Path, *, leave: tuple[str, ...] = (), copy: tuple[str, ...] = ()
) -> None:
    """Copy a folder, its files as links to the same content where the disk can: none is ever
    changed in its place, except those in the folders `copy`."""
    skip = shutil.ignore_patterns(*leave, *copy, ".*.tmp")
    shutil.copytree(source, target, copy_function=_link, ignore=skip)
    for name in copy:
        shutil.copytree(source / name, target / name, copy_function=_copy)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        _copy(source, target)


def _copy(source: str, target: str) -> None:
    try:
        shutil.copy2(source, target)
    except OSError as error:  # which copytree would put in a list of its own
        raise storage_error(Path(target), error) from error
