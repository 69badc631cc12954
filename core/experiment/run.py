"""Running an experiment: its scans, its preparations, its cells in a fixed order over workers."""

from __future__ import annotations

import contextlib
import shutil
import traceback
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from core import steps
from core.base.errors import Cancelled, LockedError, ProjectError, StorageError
from core.base.executors import WorkerDied, run_all
from core.base.files import storage_error, write_json, writer_lock
from core.base.jobs import Job
from core.experiment.box_cell import check_data
from core.experiment.cell import finished, run_cell
from core.experiment.folder import STAGES, Cell, Experiment, stage
from core.experiment.learning import Learning
from core.experiment.read_spec import check_installed
from core.experiment.towns import scans_of
from core.project.pool import ELSEWHERE, pool_of
from core.project.project import Project
from core.query.strategies import strategy_named


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """Be the one run in an experiment's folder. Raises LockedError where another one is."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(out, error) from error
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(writer_lock(out))
        except LockedError as error:
            who = error.what.removeprefix(f"{out.name} is open in ").removesuffix(".")
            raise LockedError(
                f"The experiment in {out} is being run by {who}.",
                "Wait for it or stop it there: what is finished stays, and a later run goes on.",
            ) from error
        yield


def set_up(
    experiment: Experiment, job: Job, *, workers: int | None = None, cluster: str | None = None
) -> None:
    """Write experiment.json; make scans and units, where they are missing; check each arm's needs.

    Raises ProjectError where data or units are wrong, or an arm needs what is not there.
    """
    check_installed(experiment.spec)
    experiment.write()
    for left in (experiment.out / "cells").glob(".*"):  # of a kill while one was made
        shutil.rmtree(left, ignore_errors=True)
    if experiment.spec.made is not None and experiment.root == (experiment.out / "scans").resolve():
        scans_of(experiment.spec, experiment.root, job)
    if experiment.spec.boxes:  # frames are asked as they are: nothing is prepared
        check_data(experiment)
        return
    for arm in experiment.spec.arms:
        path = experiment.prepared(arm)
        if not (path / "project.toml").exists():
            spec = experiment.spec
            Project.create(
                path,
                format=spec.format,
                root=experiment.root,
                train=spec.train,
                validation=spec.validation,
                preset=spec.preset,
                research=True,
                overrides=experiment.overrides(arm),
            ).close()
        needs = frozenset[str](getattr(strategy_named(arm.strategy), "needs", ())) if (
            arm.kind == "strategy"
        ) else frozenset[str]()  # fmt: skip
        with Project(path) as project:
            curved = "curvature" in needs
            columns = pool_of(project, None).columns.keys() if project.units else frozenset()
            if project.units is None or (curved and "curvature" not in columns):
                steps.prepare(project, job, workers=workers, cluster=cluster, curvature=curved)
                columns = pool_of(project, None).columns.keys()
            for column in sorted(needs & ELSEWHERE.keys() - columns):
                what, do = ELSEWHERE[column]
                raise ProjectError(f"The arm {arm.name} ranks by {what}.", do)


def run_cells(
    experiment: Experiment,
    cells: Sequence[Cell],
    learning: Learning,
    job: Job,
    *,
    workers: int = 1,
    cluster: str | None = None,
) -> dict[str, str]:
    """Run cells that are not finished: first rounds, then what goes on from them, in their order;
    one after the other seed by seed, so that a stop leaves whole seeds.

    Returns for each cell that failed a sentence why; the rest goes on. Raises StorageError: on a
    full disk nothing goes on.
    """
    failed: dict[str, str] = {}
    single = workers == 1 and cluster is None
    here = (job,) if single else ()
    parts = [[cell for cell in cells if cell.seed == seed] for seed in experiment.seeds]
    for part, turn in product(parts if single else [cells], STAGES):
        tasks: dict[str, tuple[object, ...]] = {}
        for cell in part:
            if stage(cell) != turn:
                continue
            if finished(experiment, cell):
                continue
            if cell.first and not finished(experiment, _named(experiment, cell.first)):
                why = failed.get(cell.first, "it is not run yet.")
                _note(experiment, failed, cell.name, f"Its first round is missing: {why}", "")
                continue
            tasks[cell.name] = (experiment, cell, learning, *here)
        _run(experiment, tasks, failed, job, workers, cluster)
    return failed


def _named(experiment: Experiment, name: str) -> Cell:
    return next(cell for cell in experiment.cells if cell.name == name)


def _run(
    experiment: Experiment,
    tasks: dict[str, tuple[object, ...]],
    failed: dict[str, str],
    job: Job,
    workers: int,
    cluster: str | None,
) -> None:
    waiting = dict(tasks)
    while waiting:
        try:
            for name, outcome in run_all(
                dict(waiting), work, workers=workers, cluster=cluster, job=job, text="cells"
            ):
                waiting.pop(name)
                if outcome is None:
                    experiment.failure(name).unlink(missing_ok=True)
                    continue
                what, do, trace, storage = outcome
                if storage:
                    raise StorageError(what, do)
                _note(experiment, failed, name, f"{what} {do}", trace)
        except WorkerDied as error:
            waiting.pop(error.name)
            _note(experiment, failed, error.name, f"{error.what} {error.do}", "")


def _note(experiment: Experiment, failed: dict[str, str], name: str, why: str, trace: str) -> None:
    failed[name] = why
    write_json(experiment.failure(name), {"why": why, "trace": trace})


def work(
    experiment: Experiment, cell: Cell, learning: Learning, job: Job | None = None
) -> tuple[str, str, str, bool] | None:
    """Run a cell, what a worker does; None, or why it failed: what, what to do, the trace of a
    fault of ours, and whether the disk refused."""
    try:
        run_cell(experiment, cell, learning, job or Job())
    except Cancelled:
        raise
    except StorageError as error:
        return error.what, error.do, "", True
    except OSError as error:
        told = storage_error(experiment.cell_folder(cell.name), error)
        return told.what, told.do, "", True
    except ProjectError as error:
        return error.what, error.do, "", False
    except Exception as error:  # a fault of ours in one cell stops no other: it is shown
        do = f"Tell us; the trace is in {experiment.failure(cell.name)}."
        return f"{type(error).__name__}: {error}.", do, traceback.format_exc(), False
    return None
