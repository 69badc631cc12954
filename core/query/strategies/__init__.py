"""Strategies: one small file each with a record of pieces.

Others add theirs through the entry point group "lidarloop.strategies": a `Strategy`, or a function
`select(pool, budget, draw)`, which may have the attributes `needs` and `before`.
"""

from __future__ import annotations

from functools import cache

from core.query.selection import Select


@cache
def strategies() -> dict[str, Select]:
    """Return every known strategy by name."""
    from importlib import metadata

    from core.query.strategies.basal import BASAL
    from core.query.strategies.random import RANDOM
    from core.query.strategies.size import SIZE

    known: dict[str, Select] = {own.name: own for own in (BASAL, SIZE, RANDOM)}
    for point in metadata.entry_points(group="lidarloop.strategies"):
        known[point.name] = point.load()
    return known
