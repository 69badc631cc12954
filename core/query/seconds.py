"""Seconds that an answer is expected to take, before it is given (docs/method.md, Budgets)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.prepare.units import Units

# Of the keystroke-level model t = 1.61 + m k s, k further classes of at least 13 points, m = 4.39
# for a cluster and 6.15 for a cell: means of SemanticKITTI's three size classes and the ground.
SIZES, GROUND = (1.83, 2.25, 2.84), 8.46
MOST_S, KNOWN = 60.0, 20  # one answer counts for a minute at most; answers that the table is worth


def expected_seconds(units: Units, answered: Mapping[int, float]) -> np.ndarray:
    """(U,) float64 seconds of each unit, by its partition: (n x own mean + 20 x table) / (n + 20).

    `answered`: unit -> active seconds of the project's n answers, each cut at 60 s.
    """
    classes = len(units.cuts)
    places = np.linspace(0, len(SIZES) - 1, classes) if classes > 1 else np.array([1.0])
    table = np.append(np.interp(places[:classes], range(len(SIZES)), SIZES), GROUND)
    known = np.array(list(answered), np.int64)
    seconds = np.minimum(np.array(list(answered.values()), np.float64), MOST_S)
    count = np.bincount(units.partition[known], minlength=len(table))
    total = np.bincount(units.partition[known], seconds, len(table))
    means = (total + KNOWN * table) / (count + KNOWN)
    found: np.ndarray = means[units.partition]
    return found
