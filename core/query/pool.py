"""The pool: what a strategy may see. Never ground truth (docs/architecture.md, decision 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.base.jobs import Job
from core.data.own_poses import THE_DATA, Piece
from core.data.places import Places, frames
from core.prepare.units import Units

MOST_SEED = 1 << 63  # as query.json is read


@dataclass(frozen=True)
class Pool:
    """Units and what is known of them.

    Attributes
    ----------
    units : the table of U units
    free : (U,) bool, may be asked: neither answered, open nor declined
    labelled : (U,) bool, answered
    places : where scans lie in their sequences (core.data.places), as the dataset has them; what is
        missing is told by the scans' names
    pieces : scan -> the piece of its sequence whose coordinates its units' "centre" is in
        (core.data.own_poses); a sequence is of one piece where nothing is said
    columns : name -> what the newest network says of each unit, memory-mapped; empty before one.
        "entropy" (U,) float32: mean softmax entropy (Eq. 2), natural logarithm; "feature" (U, F)
        float32: mean feature before the classifier
    job : told of what takes long, and how a person stops it
    """

    units: Units
    free: np.ndarray
    labelled: np.ndarray
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    job: Job = field(default_factory=Job, compare=False, repr=False)
    places: Places = field(default_factory=dict, compare=False, repr=False)
    pieces: Mapping[str, Piece] = field(default_factory=dict, compare=False, repr=False)

    @property
    def coordinates(self) -> list[int]:
        """The number, for each scan, of the coordinates that its units' centres are in, of its
        sequence or a piece of it: centres of two of them say nothing of each other."""
        scans, numbers = self.units.scans, dict[tuple[int, Piece], int]()
        sequence, _ = frames(scans, self.places)
        mine = zip(sequence, (self.pieces.get(scan, THE_DATA) for scan in scans), strict=True)
        return [numbers.setdefault(one, len(numbers)) for one in mine]


@dataclass(frozen=True)
class Draw:
    """Chance without a generator's state: a unit's key depends on seed, round and its id only.

    So adding scans does not reshuffle the others (docs/method.md, Draws).
    """

    seed: int
    round: int

    def keys(self, unit_ids: Sequence[str]) -> np.ndarray:
        """(n,) uint64: BLAKE2b of "<seed>|<round>|<unit_id>", 8 bytes, big-endian."""
        start = hashlib.blake2b(f"{self.seed}|{self.round}|".encode(), digest_size=8)
        digests = []
        for unit_id in unit_ids:
            digest = start.copy()
            digest.update(unit_id.encode())
            digests.append(digest.digest())
        return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)
