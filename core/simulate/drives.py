"""Drives: which places of a town its sequences go through, and how far.

Training drives through five districts. Validation drives through two other places of kinds that
training has seen, and through one kind that it never sees. Every scan follows from the seed and
its own number: the same bytes, however many are asked for and in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.base.errors import SettingsError
from core.simulate.circuit import LAP_M
from core.simulate.districts import SEEN, UNSEEN, District
from core.simulate.place import Place
from core.simulate.scanning import Simulated, scan
from core.simulate.sensor import sensor

MOST_SEQUENCES = 100  # two digits name a sequence


@dataclass(frozen=True)
class Drive:
    """One sequence: so many scans along a place's circuit, `step_m` apart.

    `number` names the place: its tens count laps, each through a new town.
    """

    number: int
    district: District
    scans: int
    step_m: float
    seed: int
    tail: float

    @property
    def name(self) -> str:
        return f"{self.number:02d}"

    def place(self) -> Place:
        """What the sequence drives through."""
        return Place(self.district, (self.seed, self.number), self.tail)

    def seen(self, beams: int, *, boxes: bool = False) -> Iterator[Simulated]:
        """Its scans in order."""
        place, eyes = self.place(), sensor(beams)
        for frame in range(self.scans):
            yield scan(place, frame * self.step_m, eyes, boxes=boxes)


def drives(
    *, scans: int, validation: int, seed: int, tail: float = 1.0, step_m: float = 1.0
) -> tuple[list[Drive], list[Drive]]:
    """The sequences of a town, for training and for validation; none is empty.

    Of n sequences that take turns, scan k of a side is the (k // n)th of the (k % n)th; after a lap
    of circuit.LAP_M metres a sequence ends, and one through a new place of the kind begins.
    Raises SettingsError for numbers that make no town.
    """
    if scans == validation == 0:
        raise SettingsError("0 scans make no town.", "Ask for one or more.")
    for name, value in (("scans", scans), ("validation scans", validation), ("as seed", seed)):
        if value < 0:
            raise SettingsError(f"{value} {name} makes no town.", "Give 0 or more.")
    if not 0.1 <= step_m <= 100:
        raise SettingsError(f"A step of {step_m:g} m makes no town.", "Take 0.1 to 100 m.")
    if not 0 <= tail <= 100:
        raise SettingsError(
            f"A tail of {tail:g} makes no town.", "Take 0 to 100; 1 is as in reality."
        )
    mixed = (SEEN[seed % len(SEEN)], SEEN[(seed + 2) % len(SEEN)])
    sides = ((scans, SEEN, 0), (validation, (*mixed, UNSEEN), len(SEEN)))
    lap = int(LAP_M / step_m)
    found: tuple[list[Drive], list[Drive]] = ([], [])
    for side, (count, districts, first) in zip(found, sides, strict=True):
        for turn in range(-(-count // (lap * len(districts)))):
            for k, district in enumerate(districts):
                number = 10 * turn + first + k
                left = len(range(k, count, len(districts))) - turn * lap
                if left > 0 and number >= MOST_SEQUENCES:
                    raise SettingsError(
                        f"A town has no room for {count:,} scans {step_m:g} m apart.",
                        "Ask for fewer, or for a smaller step.",
                    )
                if left > 0:
                    side.append(Drive(number, district, min(left, lap), step_m, seed, tail))
    return found
