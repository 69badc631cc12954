"""The pool of frames: what a strategy of boxes may see. Never a label of a frame that is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.base.errors import ProjectError, SettingsError
from core.base.ssal_settings import SsalSettings
from core.boxes.predictions import FramePrediction
from core.query.budget import Budget
from core.query.frames import Frames
from core.query.selection import RESERVED, Selection

# Expected boxes of a queue, as a share of the budget in true ones: a strategy may like frames with
# few things in them (an entropy that asked for empty roads found a sixth of what it expected).
SLACK = 6.0
OPENED_AGAIN = "opened again after it was done: asked first"  # a reason, whatever the strategy
STOOD = "stood"  # a column: boxes in a frame that was opened again, when it was asked


@dataclass(frozen=True)
class FramePool:
    """Frames and what is known of them.

    Attributes
    ----------
    frames : the table of F frames: names, which are free, what each is expected to cost
    classes : names by class id
    labelled : (C,) int64 boxes of each class in the frames that people finished
    normal : scan -> what the normal model says of it; None before one has looked
    cpsp : likewise of the model that learnt from pseudo scenes; None without one
    settings : how S-SSAL chooses
    regions : scan -> (k, 7) float64 boxes that people drew in which nothing counts
    source : of which checkpoint the normal model's words are; None before one has looked
    unscored : the newest round with a detector that has not looked yet, "" for none
    """

    frames: Frames
    classes: tuple[str, ...]
    labelled: np.ndarray
    normal: Mapping[str, FramePrediction] | None
    cpsp: Mapping[str, FramePrediction] | None
    settings: SsalSettings
    regions: Mapping[str, np.ndarray] = field(default_factory=dict)
    source: str | None = None
    unscored: str = ""

    @property
    def free(self) -> np.ndarray:
        """(n,) int64 places of the frames that may be asked."""
        return np.flatnonzero(self.frames.free)

    def need_normal(self, name: str) -> Mapping[str, FramePrediction]:
        """What the normal model says. Raises ProjectError before it has said anything, or where
        that would be an older one's."""
        if self.unscored:
            raise ProjectError(
                f"{name} ranks by what a detector finds, and that of {self.unscored} has not "
                "looked at the frames yet.",
                "Train again, which goes on with that, or run `lidarloop score --task boxes`.",
            )
        if self.normal is None:
            raise ProjectError(
                f"{name} ranks by what a detector finds, and none has looked at the frames yet.",
                "Run `lidarloop train` and `lidarloop score`, both with --task boxes, or ask by "
                "--strategy random.",
            )
        return self.normal


def boxes_wanted(pool: FramePool, budget: Budget) -> float:
    """The true boxes that a budget asks for; of one in frames or minutes those to be expected."""
    if budget.measure == "boxes":
        return float(budget.amount)
    free = pool.free
    frames = budget.amount / max(1.0, float(budget.cost[free].mean()))
    return max(1.0, min(frames, len(free)) * float(pool.frames.costs[free].mean()))


def reached(cost: np.ndarray, budget: Budget) -> int:
    """How many of frames in an order, of costs (n,), make a queue: those that fit a budget of
    frames or minutes; of true boxes, which are not known before a person draws them, enough for
    SLACK times as many as are wanted."""
    running = np.cumsum(cost)
    if budget.measure == "boxes":
        return min(len(cost), int(np.searchsorted(running, SLACK * budget.amount)) + 1)
    return int(np.searchsorted(running, budget.amount, side="right"))


def has_room(spent: int, cost: int, budget: Budget) -> bool:
    """Whether a queue that holds frames for `spent` takes one more: `reached`, step by step."""
    if budget.measure == "boxes":
        return spent < SLACK * budget.amount
    return spent + cost <= budget.amount


def check_frames(selection: Selection, pool: FramePool, budget: Budget, name: str) -> None:
    """Raise ProjectError where what strategy `name` chose may not be asked: others write some."""
    units = np.asarray(selection.units)
    count = len(units) if units.ndim == 1 else -1
    if count > 0 and np.issubdtype(units.dtype, np.integer):
        within = units.min() >= 0 and units.max() < len(pool.frames.scans)
        if not within:
            wrong = "no list of frames"
        elif len(np.unique(units)) < count:
            wrong = "a frame twice"
        elif not pool.frames.free[units].all():
            wrong = "frames that may not be asked"
        elif reached(budget.cost[units], budget) < count:
            wrong = f"more than the budget of {budget.asked}"
        elif any(len(part) != count for part in (selection.reason, *selection.columns.values())):
            wrong = "reasons or columns of another length"
        elif taken := selection.columns.keys() & (RESERVED | {STOOD}):
            wrong = f"a column {min(taken)}, which is the query's own"
        else:
            return
    else:
        wrong = "no frame"
    raise ProjectError(
        f"Strategy {name} chose {wrong}.", "Tell whoever wrote it, or ask by another strategy."
    )


def unknown(name: str, known: list[str]) -> SettingsError:
    """That there is no such strategy."""
    return SettingsError(
        f"There is no strategy {name} for frames.", f"There are {', '.join(known)}."
    )
