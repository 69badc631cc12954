"""Strategies: one small file each with a record of pieces. `size x coreset` is coreset in each size
class: names of modifiers (names.py) stand before one.

Others add theirs through the entry point group "lidarloop.strategies" (the name there is what is
typed): a `Strategy`, or a function `select(pool, budget, draw)`, which may have the attributes
`needs` and `before`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from core.base.errors import SettingsError
from core.base.plugins import Installed, installed
from core.query.selection import UNIT_TABLES, Select, Strategy


def strategies() -> dict[str, Select]:
    """Return every usable strategy by name: the built-in ones and those installed beside them."""
    return _known().usable


def broken_strategies() -> dict[str, str]:
    """Return for each installed strategy that cannot be used, by name, a sentence why."""
    return _known().broken


def strategy_named(name: str) -> Select:
    """Return a strategy. Raises SettingsError naming those there are, or why it cannot be used."""
    from core.query.strategies.names import MODIFIERS, TIMES, combined

    found = strategies().get(name)
    if found is not None:
        return found
    if name in broken_strategies():
        raise SettingsError(broken_strategies()[name], "Update the package that brings it.")
    if TIMES in name:
        *modifiers, last = name.split(TIMES)
        inner = strategy_named(last)
        wrong = [one for one in modifiers if one not in MODIFIERS]
        if wrong or not isinstance(inner, Strategy):
            what = f"{wrong[0]} in {name}" if wrong else f"{last} is a function, so {name}"
            raise SettingsError(
                f"There is no strategy {name}: {what} cannot stand there.",
                f"Before a strategy may stand: {', '.join(sorted(MODIFIERS))}.",
            )
        return combined(modifiers, inner)
    raise SettingsError(
        f"There is no strategy {name}.",
        f"Strategies: {', '.join(sorted(strategies()))}; `lidarloop strategies` says more.",
    )


@cache
def _known() -> Installed[Select]:
    from core.query.strategies.apart import APART_SIZE
    from core.query.strategies.badge import BADGE
    from core.query.strategies.bald import BALD
    from core.query.strategies.basal import BASAL
    from core.query.strategies.coreset import CORESET
    from core.query.strategies.few_scans import FEW_SCANS
    from core.query.strategies.label_errors import LABEL_ERRORS
    from core.query.strategies.lidal import LIDAL
    from core.query.strategies.per_second import PER_SECOND
    from core.query.strategies.random import RANDOM
    from core.query.strategies.redal import REDAL
    from core.query.strategies.scans import whole_scans
    from core.query.strategies.shapes import PROBCOVER, TYPICLUST
    from core.query.strategies.size import SIZE
    from core.query.strategies.uncertain import CONFIDENCE, ENT, MARGIN, VOTES
    from core.query.strategies.vcd import VCD

    of_scans = {
        "rand-scans": (RANDOM, "RAND of LiDAL, ECCV 2022: whole scans by chance"),
        "ent-scan": (ENT, "ENT as published: LiDAL, ECCV 2022, by whole scans"),
        "margin-scan": (MARGIN, "MAR as published: LiDAL, ECCV 2022, by whole scans"),
        "confidence-scan": (CONFIDENCE, "CONF as published: LiDAL, ECCV 2022, by whole scans"),
        "coreset-scan": (CORESET, "CSET as published: LiDAL, ECCV 2022, by whole scans"),
        "segent": (VOTES, "SEGENT, Lin et al. 2020, by whole scans, our units as segments"),
    }
    records = [BASAL, SIZE, RANDOM, ENT, MARGIN, CONFIDENCE, VOTES, CORESET]
    records += [
        whole_scans(inner, name=name, source=source) for name, (inner, source) in of_scans.items()
    ]
    records += [
        REDAL,
        LIDAL,
        BADGE,
        BALD,
        PER_SECOND,
        FEW_SCANS,
        PROBCOVER,
        APART_SIZE,
        TYPICLUST,
        VCD,
        LABEL_ERRORS,
    ]
    own: dict[str, Select] = {one.name: one for one in records}
    return installed("strategy", "lidarloop.strategies", own, _as_strategy)


def _as_strategy(made: Any) -> Select:
    if not callable(made):
        raise TypeError(f"it is no Strategy and no function, but {type(made).__name__}")
    if isinstance(made, Strategy) and made.units not in UNIT_TABLES:
        raise ValueError(f"it chooses from {made.units} units; there are {', '.join(UNIT_TABLES)}")
    select: Select = made
    return select
