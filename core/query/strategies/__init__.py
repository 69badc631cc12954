"""Strategies: one small file each, with one function `select(pool, budget, draw)`.

Others add theirs through the entry point group "lidarloop.strategies".
"""

from __future__ import annotations

from functools import cache

from core.query.selection import Strategy


@cache
def strategies() -> dict[str, Strategy]:
    """Return every known strategy by name."""
    from importlib import metadata

    from core.query.strategies import basal, random, size

    known: dict[str, Strategy] = {
        "basal": basal.select,
        "size": size.select,
        "random": random.select,
    }
    for point in metadata.entry_points(group="lidarloop.strategies"):
        known[point.name] = point.load()
    return known
