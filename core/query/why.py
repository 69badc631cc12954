"""Why an item is asked, in plain words: made from the query when they are shown, never stored."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core.prepare.units import Units

REOPENED = "annotators disagreed: asked again"  # the reason of what was put back in the queue
_RARE = 0.1  # share of all units below which a partition's are called rare


def why(
    strategy: str,
    reason: str,
    numbers: Mapping[str, float],
    thing: str,
    classes: Sequence[str] = (),
) -> str:
    """A sentence for the person.

    `strategy`, `reason`, `numbers`: of the query and of the item in it; `thing`: what the unit is
    (`thing_of`); `classes`: what the network hesitates between, the likeliest first, () where that
    is not known or must not be told. What another strategy says is passed on as it is.
    """
    if reason == REOPENED:
        return "People named this differently: asked again."
    if strategy == "basal" and all(math.isfinite(numbers.get(n, math.nan)) for n in ("rE", "rD")):
        if numbers["rE"] > numbers["rD"]:
            return f"{thing}, unlike what is labelled so far."
        names = " or ".join(classes[:2])
        return f"The network is unsure here: {names}?" if names else "The network is unsure here."
    if strategy == "size":
        return f"{thing}, drawn by chance."
    if strategy == "label-errors":
        return f"{thing} whose imported label may be wrong: what is it?"
    if strategy == "random":
        return "Drawn by chance among all units."
    return reason


def thing_of(units: Units, partition: int) -> str:
    """What a unit of that partition is: "A small thing", "One of the rare large things"."""
    last = len(units.cuts) - 1
    if partition > last:
        return "A piece of ground"
    size = "small" if partition == 0 else "large" if partition == last else "middle-sized"
    if last == 0:
        size = ""
    share = np.count_nonzero(units.partition == partition) / max(len(units), 1)
    kind = f"{size} thing".strip()
    return f"One of the rare {kind}s" if share < _RARE else f"A {kind}"
