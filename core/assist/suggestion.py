"""A suggestion beside an answer: what was guessed, whether it was shown, and how often it is right.

It is kept in the journal as JSON, in the entry of the answer that it was shown with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from core.answers.entry import Head
from core.assist.calibration import NOTHING_KNOWN, Calibrations
from core.data.classes import EACH_ITSELF, FIRST_CODE

FIRST = 3  # how many are shown
SURE = 0.8  # four of five right: below that a person would correct too many to trust it at a glance


@dataclass(frozen=True)
class Suggestion:
    """What is suggested for a unit.

    Attributes
    ----------
    classes, shares : the first three by falling probability, of both sources together
    measured : whether the shares are as large as earlier ones turned out to be right; else they
        are what the sources say of themselves, and are not shown
    shape : the first three by its shape alone, () where there is no guess
    network : the class most of its points were predicted to be, None without a network
    carried : the class that the same place has in a neighbouring scan, None without one
    shown : whether the person saw it
    """

    classes: tuple[int, ...]
    shares: tuple[float, ...]
    shape: tuple[int, ...]
    network: int | None
    shown: bool
    carried: int | None = None
    measured: bool = False

    @property
    def sure(self) -> bool:
        """Whether the first one may stand out from the others."""
        return self.measured and self.shares[0] >= SURE

    @property
    def acceptable(self) -> bool:
        """Whether one key may confirm it unnamed: how often such suggestions are right is known, or
        a person's own answer stands behind it."""
        return self.shown and (self.measured or self.carried is not None)

    def to_text(self) -> str:
        """JSON for the journal."""
        kept = asdict(self)
        kept["shares"] = [round(share, 3) for share in self.shares]
        return json.dumps(kept)

    def counting(self, now: np.ndarray) -> Suggestion:
        """The same, of the classes that count now (ClassList.now)."""

        def one(found: int | None) -> int | None:
            return int(now[found]) if found is not None and 0 <= found < len(now) else found

        def each(found: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(c for c in map(one, found) if c is not None)

        return replace(
            self,
            classes=each(self.classes),
            shape=each(self.shape),
            network=one(self.network),
            carried=one(self.carried),
        )

    @classmethod
    def from_text(cls, text: str) -> Suggestion | None:
        """What `to_text` wrote, None for any other text: a script may write what it likes."""
        try:
            kept = json.loads(text)
            found = cls(
                tuple(kept["classes"]),
                tuple(kept["shares"]),
                tuple(kept["shape"]),
                kept["network"],
                kept["shown"],
                kept.get("carried"),
                kept.get("measured", False),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return found if found._is_one() else None

    def _is_one(self) -> bool:
        """Whether every field is of its type, and something is suggested."""
        one = [c for c in (self.network, self.carried) if c is not None]
        classes = all(type(c) is int for c in (*self.classes, *self.shape, *one))
        shares = all(type(s) in (int, float) and 0 <= s <= 1 for s in self.shares)
        flags = type(self.shown) is bool and type(self.measured) is bool
        there = 0 < len(self.classes) == len(self.shares)
        return classes and shares and flags and there


def mixed(shape: Mapping[int, float], network: tuple[int, float] | None) -> dict[int, float]:
    """class -> what shape and network say together: the mean where both speak, {} where none."""
    sources = [source for source in (shape, dict([network]) if network else {}) if source]
    classes = {c for source in sources for c in source}
    return {c: sum(source.get(c, 0.0) for source in sources) / len(sources) for c in classes}


def ranked(shares: Mapping[int, float]) -> list[int]:
    """Classes by falling share, ties to the lowest class."""
    return sorted(shares, key=lambda c: (-shares[c], c))


def suggested(
    shape: Mapping[int, float],
    network: tuple[int, float] | None,
    carried: tuple[int, float] | None,
    *,
    shown: bool,
    known: Calibrations = NOTHING_KNOWN,
) -> Suggestion | None:
    """The suggestion of all sources, None where none speaks.

    `shape`: class -> probability; `network`: its class of most points and their share; `carried`: a
    class and the share of points that met it; `known`: how often such suggestions were right. What
    is carried over stands alone and first.
    """
    three = tuple(ranked(shape)[:FIRST])
    best = network[0] if network is not None else None
    if carried is not None:
        said, kind = dict([carried]), known.carried
    else:
        said, kind = mixed(shape, network), known.shape if network is None else known.network
    first = ranked(said)[:FIRST]
    if not first:
        return None
    shares = [said[c] for c in first]
    return Suggestion(
        tuple(first),
        tuple(kind.shares(shares) if kind.enough else shares),
        three,
        best,
        shown,
        carried[0] if carried is not None else None,
        kind.enough,
    )


@dataclass(frozen=True)
class HitRates:
    """How often suggestions named the class most points were then answered with.

    Each is (right, of how many): the shape's first and first three, the network's; and of the
    combined first one, where it was shown and where it was not.
    """

    shape_first: tuple[int, int]
    shape_three: tuple[int, int]
    network: tuple[int, int]
    shown: tuple[int, int]
    bare: tuple[int, int]


def hit_rates(heads: Iterable[Head], now: np.ndarray = EACH_ITSELF) -> HitRates:
    """Measured on the answers that count and that a suggestion was made for. `now`: the class that
    each class counts as (ClassList.now), as the heads have it."""
    shape_first: list[bool] = []
    shape_three: list[bool] = []
    network: list[bool] = []
    shown: list[bool] = []
    bare: list[bool] = []
    for head in heads:
        found = Suggestion.from_text(head.suggested)
        answer = head.main_class()
        if head.verb != "answer" or found is None or answer >= FIRST_CODE:
            continue
        found = found.counting(now)
        if found.shape:
            shape_first.append(found.shape[0] == answer)
            shape_three.append(answer in found.shape)
        if found.network is not None:
            network.append(found.network == answer)
        (shown if found.shown else bare).append(found.classes[0] == answer)
    return HitRates(
        *((sum(some), len(some)) for some in (shape_first, shape_three, network, shown, bare))
    )
