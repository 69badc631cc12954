"""A stratified sample: how many of each stratum, and which, by chance that has no state.

A larger sample of the same seed holds the smaller one, so one can always go on.
"""

from __future__ import annotations

import hashlib

import numpy as np

LEAST = 2  # of each stratum: fewer tell no spread
_SHUFFLED = 4096


def allocate(sizes: np.ndarray, count: int) -> np.ndarray:
    """(H,) int64 how many to draw of strata of `sizes` (H,): two of each, or all there is, and the
    rest as the roots of their sizes, which serves rare classes and the whole (Bankier 1988).

    `count` in all, or as few as two of each come to; never fewer of any stratum for a larger count.
    """
    sizes = np.asarray(sizes, np.int64)
    floor = np.minimum(sizes, LEAST)
    root = np.sqrt(sizes.astype(np.float64))

    def at(scale: float) -> np.ndarray:
        wanted: np.ndarray = np.floor(root * scale).astype(np.int64)
        found: np.ndarray = np.maximum(floor, np.minimum(sizes, wanted))
        return found

    low, high = 0.0, float(max(root.max(initial=1.0), 1.0))  # at which everything is drawn
    if at(high).sum() <= count:
        return at(high)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle).sum() <= count else (low, middle)
    return at(low)


def draws(seed: int, stratum: str, size: int, count: int) -> np.ndarray:
    """(count,) int64 distinct places below `size`, each as likely as any: the first of a row that
    depends on seed and stratum alone, BLAKE2b of "<seed>|<stratum>|<n>", repeats left out."""
    if count > size:
        raise ValueError(f"{count} of {size}")
    if size <= _SHUFFLED:  # each place by its own key: there is no end of repeats in a small one
        keys = [_key(f"{seed}|{stratum}|place|{place}") for place in range(size)]
        return np.argsort(np.array(keys, np.uint64), kind="stable")[:count]
    found: dict[int, None] = {}
    n = 0
    while len(found) < count:
        found[_key(f"{seed}|{stratum}|{n}") % size] = None
        n += 1
    return np.array(list(found), np.int64)


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def order(seed: int, names: list[str], first: np.ndarray, batch: int) -> list[np.ndarray]:
    """The order of asking, in batches of places: those of `first` (n,) bool in the first, the rest
    by chance in batches of `batch`. Whatever batches are answered, each stratum's answers are
    chosen by chance."""
    keys = np.array([_key(f"{seed}|order|{name}") for name in names], np.uint64)
    by_chance = np.argsort(keys, kind="stable")
    head, rest = by_chance[first[by_chance]], by_chance[~first[by_chance]]
    parts = [rest[start : start + batch] for start in range(0, len(rest), batch)]
    return [part for part in (head, *parts) if len(part)]
