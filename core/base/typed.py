"""Values of a JSON file, each checked for what it must be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

MOST = 1 << 53  # up to here a float of JSON is the number that was written


def words(value: Any, what: str) -> str:
    """A string that can be written anywhere. Raises ValueError."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"{what} is no text")
    return value


def words_or_none(value: Any, what: str) -> str | None:
    return None if value is None else words(value, what)


def whole(value: Any, what: str, low: int = 0, high: int = MOST) -> int:
    """A whole number within bounds. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{what} is no whole number from {low} to {high}")
    return value


def number(value: Any, what: str) -> float:
    """A number, also an infinite one or none ("NaN"). Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        if not (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"{what} is no number")
    return float(value)


def amount(value: Any, what: str) -> float:
    """A finite number that is not negative. Raises ValueError."""
    if not 0 <= number(value, what) <= MOST:
        raise ValueError(f"{what} is no number from 0 to {MOST}")
    return float(value)


def share(value: Any, what: str) -> float:
    """A share from 0 to 1. Raises ValueError."""
    if not 0 <= number(value, what) <= 1:
        raise ValueError(f"{what} is no share")
    return float(value)


def share_or_none(value: Any, what: str) -> float | None:
    return None if value is None else share(value, what)


def listed(value: Any, what: str) -> list[Any]:
    """A list. Raises ValueError."""
    if not isinstance(value, list):
        raise ValueError(f"{what} is no list")
    return value


def mapped(value: Any, what: str) -> Mapping[str, Any]:
    """An object. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no object")
    return value
