"""Names of strategies: `size x coreset` is coreset in each size class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce

from core.query.selection import Strategy
from core.query.strategies.apart import apart
from core.query.strategies.few_scans import few_scans
from core.query.strategies.per_second import per_second
from core.query.strategies.pieces import partitions, predicted_classes
from core.query.strategies.scans import whole_scans

TIMES = " x "


def in_partitions(inner: Strategy) -> Strategy:
    """`inner` in each size class, each with an equal share of the budget."""
    return replace(inner, name=f"size x {inner.name}", groups=partitions)


def in_classes(inner: Strategy) -> Strategy:
    """`inner` in each predicted class, each with an equal share of the budget."""
    return replace(
        inner,
        name=f"class x {inner.name}",
        groups=predicted_classes,
        needs=inner.needs | {"predicted"},
        before=inner.before or "size",
    )


# What may stand before a strategy, and what it does to it, in words.
MODIFIERS: Mapping[str, tuple[Callable[[Strategy], Strategy], str]] = {
    "size": (in_partitions, "an equal share of the budget for each size class and the ground"),
    "class": (in_classes, "an equal share for each predicted class"),
    "scans": (whole_scans, "whole scans: all units of a scan, by the means of its rows"),
    "few-scans": (few_scans, "only as many scans are opened as hold three times the budget"),
    "per-second": (per_second, "its score for each second that an answer is expected to take"),
    "apart": (apart, "no two units of a size class within 5 m, or 10 frames without poses"),
}


def combined(modifiers: list[str], inner: Strategy) -> Strategy:
    """A strategy with modifiers before it, the last one applied first. Raises SettingsError where
    they do not fit each other."""
    return reduce(lambda made, name: MODIFIERS[name][0](made), reversed(modifiers), inner)
