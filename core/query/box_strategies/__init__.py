"""Strategies of frames: a small file each with `select(pool, budget, draw) -> Selection`.

Others add theirs through the entry point group "lidarloop.box_strategies" (the name there is what
is typed): such a function, which may have a docstring whose first line is shown. They get a
FramePool, which holds no label of a frame that may be asked.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from core.base.plugins import Installed, installed
from core.query.budget import Budget
from core.query.frame_pool import FramePool, unknown
from core.query.pool import Draw
from core.query.selection import Selection


class SelectFrames(Protocol):
    """Chooses free frames within a budget, in the order in which they are asked. Same input, same
    output, byte for byte."""

    def __call__(self, pool: FramePool, budget: Budget, draw: Draw) -> Selection: ...


def box_strategies() -> dict[str, SelectFrames]:
    """Every usable strategy by name: the built-in ones and those installed beside them."""
    return _known().usable


def broken_box_strategies() -> dict[str, str]:
    """For each installed strategy that cannot be used, by name, a sentence why."""
    return _known().broken


def box_strategy_named(name: str) -> SelectFrames:
    """A strategy. Raises SettingsError naming those there are, or why it cannot be used."""
    if name in box_strategies():
        return box_strategies()[name]
    found = unknown(name, sorted(box_strategies()))
    if name in broken_box_strategies():
        found = type(found)(broken_box_strategies()[name], "Update the package that brings it.")
    raise found


@cache
def _known() -> Installed[SelectFrames]:
    from core.query.box_strategies.cal import cal, cal_normal
    from core.query.box_strategies.entropy import entropy
    from core.query.box_strategies.kecor import kecor
    from core.query.box_strategies.simple import every, random, unlabelled

    own: dict[str, SelectFrames] = {
        "random": random,
        "every": every,
        "unlabelled": unlabelled,
        "entropy": entropy,
        "kecor": kecor,
        "cal": cal,
        "cal-normal": cal_normal,
    }
    return installed("strategy", "lidarloop.box_strategies", own, _as_strategy)


def _as_strategy(made: Any) -> SelectFrames:
    if not callable(made):
        raise TypeError(f"it is no function, but {type(made).__name__}")
    select: SelectFrames = made
    return select
