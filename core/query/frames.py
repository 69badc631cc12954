"""Frames, and what each is expected to cost: it is asked as a whole, for boxes or for seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.base.errors import SettingsError
from core.query.budget import MOST, Budget, centiseconds

GROUP = "frame"
SECONDS_A_BOX = 10.0  # before anybody has drawn one: what a box from scratch is to take
_BOXES = 10.0  # a frame is expected to have, before one is finished
_KNOWN = 5  # finished frames that this guess is worth


@dataclass(frozen=True)
class Frames:
    """The table of F frames that a query is chosen from (core.query.query.Table).

    Attributes
    ----------
    scans : (F,) their names, in the order in which people count
    free : (F,) bool, may be asked
    drawn : (F,) int64, the boxes that stand in each
    costs : (F,) int64, the boxes that each is expected to have in the end, at least 1
    seconds : of one frame, by the answers so far
    """

    scans: tuple[str, ...]
    free: np.ndarray
    drawn: np.ndarray
    costs: np.ndarray
    seconds: float

    @property
    def fingerprint(self) -> str:
        """Of the names: a query is of these frames."""
        return hashlib.blake2b("\n".join(self.scans).encode(), digest_size=8).hexdigest()

    def names(self, units: np.ndarray) -> list[str]:
        return [self.scans[place] for place in units.tolist()]

    def groups(self, units: np.ndarray) -> list[str]:
        return [GROUP] * len(units)


def frames_of(
    scans: Sequence[str],
    *,
    settled: frozenset[str],
    finished: Sequence[int],
    drawn: Mapping[str, int],
    minutes: float,
    predicted: Mapping[str, int] | None = None,
) -> Frames:
    """The table of a project's frames: `finished` holds the boxes of each finished frame, `drawn`
    those that stand by scan, and all of them took `minutes`; `predicted`: those that a detector
    found by scan: so many are expected where it looked, but not more a frame than people drew, on
    average."""
    expected = (sum(finished) + _KNOWN * _BOXES) / (len(finished) + _KNOWN)
    there = np.array([drawn.get(scan, 0) for scan in scans], np.int64)
    table = SECONDS_A_BOX * expected
    costs = np.full(len(scans), max(1, round(expected)), np.int64)
    if predicted:
        # A detector at its beginning finds far too much: no more a frame than people drew.
        found = np.array([predicted.get(scan, -1) for scan in scans])
        mean = float(found[found >= 0].mean()) if (found >= 0).any() else 0.0
        scaled = np.rint(found * min(1.0, expected / mean)) if mean > 0 else found
        costs = np.where(found >= 0, np.maximum(1, scaled), costs).astype(np.int64)
    seconds = (minutes * 60 + _KNOWN * table) / (len(finished) + _KNOWN) if minutes else table
    return Frames(
        tuple(scans),
        np.array([scan not in settled for scan in scans], bool),
        there,
        np.maximum(there, costs),
        seconds,
    )


def frames_budget(
    frames: Frames, *, count: int | None, boxes: int | None, minutes: float | None
) -> Budget:
    """A number of frames, of expected boxes, or minutes; 20 frames where nothing is said."""
    if minutes is not None:
        amount = centiseconds(minutes)
        each = np.full(len(frames.scans), max(1, round(frames.seconds * 100)), np.int64)
        return Budget("centiseconds", amount, each, f"{minutes:g} minutes")
    for name, asked in (("frames", count), ("boxes", boxes)):
        if asked is not None and not 1 <= asked <= MOST:
            raise SettingsError(f"--{name} is {asked}.", f"Ask for 1 to {MOST:,} {name}.")
    if boxes is not None:
        return Budget("boxes", boxes, frames.costs, f"{boxes} boxes")
    count = 20 if count is None else count
    return Budget("frames", count, np.ones(len(frames.scans), np.int64), f"{count} frames")
