"""The sentences that the statistics allow, and no other."""

from __future__ import annotations

from core.experiment.statistics import Verdict, false_orders, level_at


def sentence(a: str, b: str, what: str, found: Verdict | None, seeds: int) -> str:
    """Of arms A and B in `what`, so many seeds asked: better or worse only where the interval
    excludes zero, and nothing of both before all is finished."""
    if found is None:
        needed = "two seeds at least, with costs in common, are needed"
        return f"{a} and {b} in {what}: {needed} to say anything."
    if found.open:
        low, high = 100 * found.low, 100 * found.high
        return (
            f"{a} minus {b} in {what}, so far {found.n} of {seeds} seeds: {found.mean * 100:.1f} "
            f"({low:.1f} to {high:.1f}); what it means is said when all its cells are finished."
        )
    pairs = f"{found.n} paired seeds"
    if not found.claimed:
        return f"{a} and {b} are level in {what} within ± {found.bound * 100:.1f} ({pairs})."
    better, worse, sign = (a, b, 1) if found.mean > 0 else (b, a, -1)
    low, high = sorted((sign * found.low, sign * found.high))
    return (
        f"{better} is better than {worse} in {what} by {sign * found.mean * 100:.1f} "
        f"({low * 100:.1f} to {high * 100:.1f}, {pairs})."
    )


def over_looks(looks: int) -> str:
    """How often an order that is none is claimed in all, after so many looks at the results."""
    return (
        f"over all {looks} looks together an order that is none is claimed in up to "
        f"{100 * false_orders(looks):.3g} of 100 experiments"
    )


def rule(looks: int) -> str:
    """When an order is claimed, after so many looks at the results."""
    if looks > 1:
        level = f"{level_at(looks):.3g} at look number {looks}; {over_looks(looks)}"
    else:
        level = f"{level_at(1):g}"
    return (
        "An order is claimed only where the interval of the paired t over seeds excludes 0 after "
        f"Holm over all comparisons, level {level}."
    )
