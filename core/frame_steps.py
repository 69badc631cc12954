"""The steps of a round of boxes that need no network: ask for frames, answer from ground truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.answers.entry import ScanRef
from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.boxes.geometry import points_per_box
from core.boxes.names import names_of
from core.boxes.ssal.cpsp import BANK
from core.exchange.box_files import Truth, boxes_here
from core.exchange.match import some
from core.project.box_training import models_folder
from core.project.frame_pool import frame_pool
from core.project.project import Project
from core.query.box_strategies import box_strategy_named
from core.query.box_strategies.cal import LEVEL, LIFTED, weighed
from core.query.budget import Budget
from core.query.frame_pool import OPENED_AGAIN, STOOD, FramePool, check_frames, has_room, reached
from core.query.frames import frames_budget
from core.query.pool import Draw
from core.query.query import freeze, write_query
from core.query.selection import Selection
from core.rounds.box_models import CPSP, NORMAL, weights_file
from core.rounds.frame_order import CLOSES
from core.rounds.frame_queue import CANDIDATES, FrameQueue, write_queue
from core.rounds.round import QUERY, TRAINING, Round
from core.steps import BOX_ORACLE, LEFT

LEAST_POINTS = 5  # of a box that the oracle draws (S-SSAL's own rule)


def ask_frames(
    project: Project,
    job: Job,
    *,
    strategy: str | None = None,
    frames: int | None = None,
    boxes: int | None = None,
    minutes: float | None = None,
) -> Round:
    """Choose and freeze the next frames to draw boxes in; return the round.

    `strategy` defaults to "cal" once a detector has looked at the frames, to "random" before. A
    budget in boxes is of true ones: the queue holds more, and the round asks no more when so many
    are drawn. Raises ProjectError where frames of the last query are still open, or nothing fits.
    """
    tip = project.frame_rounds[-1] if project.frame_rounds else None
    waiting = project.open_frames(tip) if tip is not None else []
    if tip is not None and waiting:
        raise ProjectError(
            f"Round {tip.id} still has {len(waiting):,} frames that are not finished.",
            "Finish them, or decline what cannot be labelled: `lidarloop annotate --task boxes "
            "--decline FRAME`.",
        )
    pool = frame_pool(project)
    budget = frames_budget(pool.frames, count=frames, boxes=boxes, minutes=minutes)
    draw = Draw(project.seed, len(project.frame_rounds) + 1)
    name = strategy or ("cal" if pool.normal is not None or pool.unscored else "random")
    select = box_strategy_named(name)
    if not pool.frames.free.any():
        raise ProjectError("Every frame is finished; there is nothing left to ask.", "Export.")
    if not has_room(0, int(budget.cost[pool.frames.free].min()), budget):
        raise ProjectError(
            f"{budget.asked.capitalize()} are too few: a frame is expected to take "
            f"{pool.frames.seconds:.0f} s.",
            "Give more minutes, or ask for a number of frames.",
        )
    job.progress(0, 1, "ask")
    again = _opened_again(project, pool, budget)
    rest, left = _without(again, pool, budget) if len(again) else (pool, budget)
    if rest.frames.free.any() and has_room(0, int(left.cost[rest.free].min()), left):
        selection = select(rest, left, draw)
        check_frames(selection, rest, left, name)
    else:
        selection = Selection(again[:0], ())
    if len(again):
        counts = project.boxes.counts_of([pool.frames.scans[k] for k in again.tolist()])
        stood = np.array([sum(of.values()) for of in counts.values()])
        selection = _behind(again, stood, selection)
    query = freeze(
        selection,
        pool.frames,
        strategy=name,
        draw=draw,
        budget=budget,
        checkpoint=pool.source,
        parent=tip.id if tip is not None else None,
    )
    if budget.measure == "boxes":
        query = replace(query, budget={**query.budget, CLOSES: budget.amount})
    last = models_folder(project)
    trained = {model: weights_file(last, model).exists() for model in (NORMAL, CPSP)}
    if (last / TRAINING).exists() and not trained[NORMAL]:
        job.say(LEFT.format(last.name))
    elif pool.settings.cpsp and (last / BANK).exists() and not trained[CPSP]:
        job.say(f"The second detector of {last.name} has no result: this is chosen without it.")
    found = Round(project.new_frames_folder(query))
    if {LEVEL, LIFTED} <= selection.columns.keys():
        weighed_now, limits = weighed(rest, left, name, query.items[len(again) :])
        queue = FrameQueue(weighed_now, limits, pool.settings)
        write_queue(found.file(CANDIDATES), queue)
    write_query(found.file(QUERY), query)
    project.add_frame_round(found)
    job.progress(1, 1, "ask", always=True)
    return found


def _opened_again(project: Project, pool: FramePool, budget: Budget) -> np.ndarray:
    """The places of frames that were opened again, in the order in which people count, as many as
    the budget has room for: what detectors said of them, if they did, is of before."""
    reopened, scans = project.boxes.reopened, pool.frames.scans
    again = np.array([k for k in pool.free.tolist() if scans[k] in reopened], np.int64)
    return again[: reached(budget.cost[again], budget)]


def _without(again: np.ndarray, pool: FramePool, budget: Budget) -> tuple[FramePool, Budget]:
    """The pool and the budget behind frames that are asked first; a budget in boxes is of new ones,
    of which no more are expected in these."""
    free = pool.frames.free.copy()
    free[again] = False
    spent = 0 if budget.measure == "boxes" else int(budget.cost[again].sum())
    frames = replace(pool.frames, free=free)
    return replace(pool, frames=frames), replace(budget, amount=max(0, budget.amount - spent))


def _behind(again: np.ndarray, stood: np.ndarray, rest: Selection) -> Selection:
    """Frames that are asked first, with how many boxes stand in each, and behind them those that a
    strategy chose."""
    unknown = np.full(len(again), np.nan)
    return Selection(
        np.concatenate([again, rest.units]),
        (*(OPENED_AGAIN,) * len(again), *rest.reason),
        {name: np.concatenate([unknown, values]) for name, values in rest.columns.items()}
        | {STOOD: np.concatenate([stood, np.full(len(rest.units), np.nan)])},
    )


def annotate_frames(project: Project, job: Job, *, oracle: str) -> int:
    """Draw the dataset's own boxes in the open frames, those that hold 5 points or more, and finish
    them; return the number of boxes.

    Raises ProjectError outside research projects and where nothing is open.
    """
    if oracle != BOX_ORACLE:
        raise SettingsError(f"There is no oracle {oracle} for boxes.", f"There is {BOX_ORACLE}.")
    if not project.research:
        raise ProjectError(
            "This project is for people: only research projects answer from ground truth.",
            "Make one with `lidarloop new --research`.",
        )
    tip = project.frame_rounds[-1] if project.frame_rounds else None
    if tip is None or not project.open_frames(tip):
        raise ProjectError("No frame is asked for.", "Ask with `lidarloop query --task boxes`.")
    count, effort, asked = 0, Effort(tool=f"oracle {oracle}"), len(tip.query.items)
    truth = Truth(project.dataset, names_of(project.classes))
    # As a person goes: the next frame is known when the one before it is finished.
    while waiting := project.open_frames(tip):
        count += _annotated(project, tip, waiting[0], truth, effort)
        left = len(project.open_frames(tip))
        job.progress(asked - left, asked, "annotate")
    return count


def decline_frame(project: Project, scan: str) -> None:
    """Say that an open frame cannot be labelled, be it that it cannot be read: it is asked no more
    until it is opened again. Raises ProjectError where it is not open."""
    tip = project.frame_rounds[-1] if project.frame_rounds else None
    waiting = project.open_frames(tip) if tip is not None else []
    if tip is None or scan not in waiting:
        shown = f"Open are {some(waiting)}." if waiting else "Ask for frames first."
        raise ProjectError(f"{scan} is no frame that is asked and open.", shown)
    try:
        ref = project.scan_ref(scan)
    except ProjectError:
        ref = ScanRef(scan, 0, "")
    project.boxes.decline(ref, round=tip.id)


def _annotated(project: Project, tip: Round, scan: str, truth: Truth, effort: Effort) -> int:
    """Draw a frame's own boxes and finish it; their number. Raises DataError."""
    found = truth.of(scan)
    if found is None:
        raise ProjectError(
            f"Frame {scan} has no boxes to answer from.",
            "Bring the dataset's label files, or draw these frames by hand.",
        )
    ref, own = project.scan_ref(scan), boxes_here(project.dataset, scan, found)
    xyz = project.dataset.scan(scan).points[:, :3]
    inside = points_per_box(xyz, np.array([box.box for box in own]).reshape(-1, 7))
    kept = [box for box, points in zip(own, inside, strict=True) if points >= LEAST_POINTS]
    # What a call that was killed before it finished the frame has drawn is not drawn twice.
    there, now = project.boxes_of(scan).values(), project.classes.now
    counted = [replace(box, label=int(now[box.label])) for box in kept]  # as those come back
    missing = [
        box
        for box, mine in zip(kept, counted, strict=True)
        if not any(mine.equals(other) for other in there)
    ]
    names = project.boxes.new_names(scan, len(missing))
    drawn = [Drawn(ref, name, box, effort) for name, box in zip(names, missing, strict=True)]
    project.boxes.draw(drawn, round=tip.id)
    project.boxes.finish(ref, round=tip.id, effort=effort, regions=found.regions)
    return len(kept)
