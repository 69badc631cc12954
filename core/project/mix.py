"""The classes that units are likely to be of, before anybody answers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.answers.entry import Head
from core.data.classes import FIRST_CODE, ClassList
from core.prepare.units import Units
from core.project.project import Project

NETWORK, ANSWERS = "as the network sees them", "as answers to these partitions were"
LEAST = 20  # answers with a class, below which nothing is guessed from them
_CHUNK = 65_536


@dataclass(frozen=True)
class Mix:
    """`shares` (C,) float64 of the points that are likely of each class, which sum to 1, and the
    `source` of the guess, NETWORK or ANSWERS."""

    shares: np.ndarray
    source: str

    def largest(self, classes: ClassList, most: int) -> list[tuple[str, float]]:
        """The `most` largest shares of half a percent or more, by the classes' names, and what is
        left as "others"."""
        order = sorted(enumerate(self.shares.tolist()), key=lambda pair: (-pair[1], pair[0]))
        kept = [(classes.title(c), share) for c, share in order[:most] if share >= 0.005]
        rest = 1 - sum(share for _, share in kept)
        return [*kept, ("others", rest)] if rest >= 0.005 else kept


def guessed_mix(
    project: Project,
    units: Units,
    columns: Mapping[str, np.ndarray],
    heads: Mapping[str, Head],
    chosen: np.ndarray,
) -> Mix | None:
    """Of `chosen` units (n,): by the network's mean probabilities where `columns` has them, else by
    the classes that answers `heads` gave in each partition; None where nothing is known."""
    count = len(project.classes)
    weight = units.points.astype(np.float64)
    total = np.zeros(count)
    if "mean_p" in columns:
        p = columns["mean_p"]
        into = project.classes.now[: p.shape[1]]
        for start in range(0, len(chosen), _CHUNK):
            some = chosen[start : start + _CHUNK]
            sums = weight[some] @ p[some].astype(np.float64)
            np.add.at(total, into[into < count], sums[into < count])
        return _mix(total, NETWORK)
    if "predicted" in columns:  # of version 0.1.0
        classes = project.classes.now[columns["predicted"][chosen]]
        good = classes < count
        return _mix(np.bincount(classes[good], weight[chosen[good]], count), NETWORK)
    return _by_answers(units, heads, chosen, count)


def _by_answers(
    units: Units, heads: Mapping[str, Head], chosen: np.ndarray, count: int
) -> Mix | None:
    table = np.zeros((len(units.partition_names), count))
    known = 0
    for number, head in zip(units.find_all(heads).tolist(), heads.values(), strict=True):
        if number < 0 or head.verb != "answer":
            continue
        classes = {c: n for c, n in head.class_counts().items() if c < min(count, FIRST_CODE)}
        known += bool(classes)
        for label, given in classes.items():
            table[units.partition[number], label] += given
    if known < LEAST:
        return None
    points = np.bincount(units.partition[chosen], units.points[chosen], len(table))
    of_part = table.sum(axis=1)
    shares = np.where(of_part[:, None] > 0, table / np.maximum(of_part, 1)[:, None], 0)
    if (points[of_part == 0] > 0).any():  # nothing is known of some of what is asked
        shares[of_part == 0] = table.sum(axis=0) / table.sum()
    return _mix(points @ shares, ANSWERS)


def _mix(total: np.ndarray, source: str) -> Mix | None:
    return Mix(total / total.sum(), source) if total.sum() > 0 else None
