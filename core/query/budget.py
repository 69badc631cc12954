"""Budgets in points, units or minutes, and how partitions share them (docs/method.md, Budgets)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

from core.base.errors import ProjectError, SettingsError
from core.prepare.units import Units

MOST = 10**9  # units, frames, boxes or minutes; more is a slip of the pen


@dataclass(frozen=True)
class Budget:
    """What a query may cost, before it is answered.

    Attributes
    ----------
    measure : what is counted: "points", "units" or "centiseconds"
    amount : how much of it may be spent
    cost : (U,) int64, what each entry of the table is expected to cost
    asked : the budget in the person's words
    """

    measure: str
    amount: int
    cost: np.ndarray
    asked: str

    @property
    def kind(self) -> str:
        """What it was asked in: "points", "units" or "minutes"."""
        return "minutes" if self.measure == "centiseconds" else self.measure

    def words(self, amount: int) -> str:
        """An amount of what is counted."""
        if self.measure == "centiseconds":
            return f"{amount / 100:,.2f} seconds"
        return f"{amount:,} {self.measure}"


def points_budget(
    units: Units, *, percent: str | None, fraction: str, round: int, spent: int
) -> Budget:
    """Points of all training scans: `percent` of them if given, else what the rounds leave.

    Up to round r the share is r x `fraction`, exactly, less the points `spent`: what one round
    did not use, the next may.
    """
    total = int(units.scan_returns.sum())
    cost = units.costs
    if percent is not None:
        share = decimal(percent.removesuffix("%"))
        if not 0 < share <= 100:
            raise SettingsError(f"--points is {percent}.", "Give a percentage such as 1%.")
        return Budget("points", math.floor(share * total / 100), cost, f"{share} % of the points")
    amount = math.floor(Decimal(fraction) * round * total) - spent
    if amount <= 0:
        raise ProjectError(
            f"The budget up to round {round} is spent: {spent:,} of {total:,} points are answered.",
            "Give this round its own budget, such as --points 1%.",
        )
    return Budget("points", amount, cost, f"{fraction} of the points a round")


def units_budget(units: Units, amount: int) -> Budget:
    """A number of units."""
    if not 1 <= amount <= MOST:
        raise SettingsError(f"--units is {amount}.", f"Ask for 1 to {MOST:,} units.")
    return Budget("units", amount, np.ones(len(units), np.int64), f"{amount} units")


def minutes_budget(minutes: float, seconds: np.ndarray) -> Budget:
    """What a person answers in `minutes`, each unit in its `seconds` (U,), in whole 1/100 s."""
    amount = centiseconds(minutes)
    cost = np.maximum(1, np.rint(seconds * 100)).astype(np.int64)
    return Budget("centiseconds", amount, cost, f"{minutes:g} minutes")


def centiseconds(minutes: float) -> int:
    """Whole 1/100 s in `minutes`. Raises SettingsError."""
    if not 0 < minutes <= MOST:
        raise SettingsError(
            f"--minutes is {minutes}.", f"Give a positive number of minutes, {MOST:,} at most."
        )
    return math.floor(minutes * 6000)


def decimal(text: str) -> Decimal:
    """The finite number that `text` says. Raises SettingsError."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():  # NaN cannot even be compared
        raise SettingsError(f"{text!r} is no number.", "Write a number such as 1 or 0.5.")
    return found


def fill(orders: Sequence[np.ndarray], budget: Budget) -> list[np.ndarray]:
    """Share a budget among partitions; return what each takes, in its own order.

    `orders` holds per partition (1..B, then ground) its candidates' unit numbers, best first.
    Each pass gives every partition that still has a fitting unit an equal share; it takes, from
    the top, each unit that fits what is left of its share. When a pass takes nothing, one last
    walk lets the partitions, poorest first, use all that is left. The amount is never exceeded
    and no unit that fits is left over. Raises ProjectError where nothing fits at all.
    """
    costs = [budget.cost[order] for order in orders]
    taken = [np.zeros(len(order), bool) for order in orders]
    left = budget.amount
    while True:
        live = [p for p in range(len(orders)) if np.any(~taken[p] & (costs[p] <= left))]
        if not live:
            break
        quotient, extra = divmod(left, len(live))
        spent = 0
        for place, p in enumerate(live):
            spent += _walk(costs[p], taken[p], quotient + (place < extra))
        left -= spent
        if not spent:
            poorest = sorted(range(len(orders)), key=lambda p: int(costs[p][taken[p]].sum()))
            for p in poorest:
                left -= _walk(costs[p], taken[p], left)
            break
    if not any(mask.any() for mask in taken):
        smallest = min((int(cost.min()) for cost in costs if len(cost)), default=None)
        if smallest is None:
            raise ProjectError("Every unit is answered; there is nothing left to ask.", "Export.")
        raise ProjectError(
            f"Nothing fits: the budget is {budget.words(budget.amount)} and the smallest unit "
            f"{'takes' if budget.kind == 'minutes' else 'has'} {budget.words(smallest)}.",
            "Raise the budget, such as --points 5%; small projects need a larger share.",
        )
    return [order[mask] for order, mask in zip(orders, taken, strict=True)]


def fits(cost: np.ndarray, amount: int) -> np.ndarray:
    """(n,) bool: what is taken of costs (n,) in their order for no more than `amount`; what does
    not fit what is left is passed over."""
    taken = np.zeros(len(cost), bool)
    _walk(cost, taken, amount)
    return taken


def _walk(cost: np.ndarray, taken: np.ndarray, share: int) -> int:
    """Take from the top every untaken unit that fits what is left of `share`; return the sum."""
    left = share
    place = 0
    while place < len(cost):
        # The next stretch that fits as a whole, then the first unit that does not.
        rest = np.flatnonzero(~taken[place:] & (cost[place:] <= left)) + place
        if not len(rest):
            break
        running = np.cumsum(cost[rest])
        fits = int(np.searchsorted(running, left, side="right"))
        taken[rest[:fits]] = True
        left -= int(running[fits - 1]) if fits else 0
        if fits == len(rest):
            break
        place = int(rest[fits])
    return share - left
