"""Strategies: one small file each with a record of pieces.

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
    found = strategies().get(name)
    if found is not None:
        return found
    if name in broken_strategies():
        raise SettingsError(broken_strategies()[name], "Update the package that brings it.")
    raise SettingsError(
        f"There is no strategy {name}.", f"Strategies: {', '.join(sorted(strategies()))}."
    )


@cache
def _known() -> Installed[Select]:
    from core.query.strategies.basal import BASAL
    from core.query.strategies.random import RANDOM
    from core.query.strategies.size import SIZE

    own: dict[str, Select] = {one.name: one for one in (BASAL, SIZE, RANDOM)}
    return installed("strategy", "lidarloop.strategies", own, _as_strategy)


def _as_strategy(made: Any) -> Select:
    if not callable(made):
        raise TypeError(f"it is no Strategy and no function, but {type(made).__name__}")
    if isinstance(made, Strategy) and made.units not in UNIT_TABLES:
        raise ValueError(f"it chooses from {made.units} units; there are {', '.join(UNIT_TABLES)}")
    select: Select = made
    return select
