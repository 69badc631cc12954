"""What opening a scan costs a person, measured from answers (docs/method.md, Budgets)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 20  # first answers in a scan, and later ones, below which nothing is said
MOST_S = 60.0  # one answer counts for a minute at most, as in core.query.seconds


@dataclass(frozen=True)
class Opening:
    """Seconds that the first answer in a scan takes beyond later ones of its partition, the
    standard error, and how many first and later answers they come from."""

    seconds: float
    error: float
    firsts: int
    laters: int


def opening(
    who: Sequence[str], scan: Sequence[str], seconds: np.ndarray, partition: np.ndarray
) -> Opening | None:
    """From n answers in the order in which each person gave them: `who` answered, in which `scan`,
    active seconds (n,), 0 where no time was taken, and partition (n,). A person's answer is a first
    one where their last was in another scan.

    In each partition the mean of first less the mean of later ones; partitions weigh by the
    precision that their numbers give, n1 n2 / (n1 + n2). None for too few answers.
    """
    last: dict[str, str] = {}
    first = np.zeros(len(who), bool)
    for place, (person, here) in enumerate(zip(who, scan, strict=True)):
        first[place] = last.get(person) != here
        last[person] = here
    timed = seconds > 0
    cut = np.minimum(seconds, MOST_S)
    if min(np.count_nonzero(timed & first), np.count_nonzero(timed & ~first)) < LEAST:
        return None
    total = weights = spread = 0.0
    for part in np.unique(partition[timed]):
        mine = timed & (partition == part)
        a, b = cut[mine & first], cut[mine & ~first]
        if len(a) < 2 or len(b) < 2:
            continue
        weight = len(a) * len(b) / (len(a) + len(b))
        total += weight * float(a.mean() - b.mean())
        spread += weight**2 * float(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        weights += weight
    if not weights:
        return None
    counts = (int(np.count_nonzero(timed & one)) for one in (first, ~first))
    return Opening(total / weights, float(np.sqrt(spread)) / weights, *counts)
