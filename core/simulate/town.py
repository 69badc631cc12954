"""The town: labelled scans of six kinds of district, in SemanticKITTI's layout.

Training drives through five districts. Validation drives through two other places of kinds that
training has seen, and through one kind that it never sees. Every scan follows from the seed and
its own number: the same bytes, however many are asked for and in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import SettingsError
from core.base.files import write_atomic
from core.base.jobs import Job
from core.simulate.circuit import LAP_M
from core.simulate.districts import SEEN, UNSEEN, District
from core.simulate.movers import OWN_SPEED
from core.simulate.place import Place
from core.simulate.scanning import Simulated, scan
from core.simulate.sensor import sensor

MOST_SEQUENCES = 100  # two digits name a sequence
# From the sensor's axes (x ahead, y left, z up) to a camera's (x right, y down, z ahead).
TR = np.array([[0, -1, 0, 0.0], [0, 0, -1, -0.08], [1, 0, 0, -0.27], [0, 0, 0, 1]])


@dataclass(frozen=True)
class Written:
    """What was written: names of sequences a project can be made from."""

    train: tuple[str, ...]
    validation: tuple[str, ...]


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

    Scan k of either side is scan k // n of the n sequences that take turns; after a lap of
    circuit.LAP_M metres a sequence ends and one through a new place begins.
    Raises SettingsError for numbers that make no town.
    """
    for name, value in (("scans", scans), ("validation scans", validation)):
        if value < 0:
            raise SettingsError(f"{value} {name} cannot be made.", "Ask for none or more.")
    if not 0.1 <= step_m <= 100:
        raise SettingsError(f"A step of {step_m:g} m is none.", "Take 0.1 to 100 m.")
    if not 0 <= tail <= 100:
        raise SettingsError(f"A tail of {tail:g} is none.", "Take 0 to 100; 1 is as in reality.")
    mixed = [SEEN[seed % len(SEEN)], SEEN[(seed + 2) % len(SEEN)]]
    sides = ((scans, SEEN, 0), (validation, (*mixed, UNSEEN), len(SEEN)))
    lap = int(LAP_M / step_m)
    found: tuple[list[Drive], list[Drive]] = ([], [])
    for side, (count, districts, first) in zip(found, sides, strict=True):
        for turn in range(-(-count // (lap * len(districts)))):
            for k, district in enumerate(districts):
                mine = len(range(k, count, len(districts))) - turn * lap
                number = 10 * turn + first + k
                if number >= MOST_SEQUENCES:
                    raise SettingsError(
                        f"{count:,} scans are more than a town has room for.",
                        "Ask for fewer, or for a smaller step.",
                    )
                if mine > 0:
                    side.append(Drive(number, district, min(mine, lap), step_m, seed, tail))
    return found


def write_town(
    root: Path,
    *,
    scans: int,
    validation: int,
    seed: int,
    beams: int = 64,
    tail: float = 1.0,
    step_m: float = 1.0,
    job: Job,
) -> Written:
    """Write `scans` training and `validation` scans below `root`/sequences, with labels, poses,
    calibration and times. The same seed gives the same bytes, and scan k is the same however many
    are asked for.

    `beams` is 64 or 32; `tail` multiplies what is rare; `step_m` metres lie between two scans of a
    sequence. Raises SettingsError for numbers that make no town, StorageError.
    """
    train, test = drives(scans=scans, validation=validation, seed=seed, tail=tail, step_m=step_m)
    total, done = scans + validation, 0
    for drive in (*train, *test):
        folder, poses, times = root / "sequences" / drive.name, [], []
        for frame, seen in enumerate(drive.seen(beams)):
            write_atomic(folder / "velodyne" / f"{frame:06d}.bin", seen.points.tobytes())
            write_atomic(folder / "labels" / f"{frame:06d}.label", seen.labels.tobytes())
            poses.append(seen.pose)
            times.append(f"{frame * drive.step_m / OWN_SPEED:.6e}\n")
            done += 1
            job.progress(done, total, "simulate")
        write_atomic(folder / "poses.txt", camera_poses(poses).encode())
        write_atomic(folder / "times.txt", "".join(times).encode())
        write_atomic(folder / "calib.txt", f"Tr: {_numbers(TR)}\n".encode())
    return Written(tuple(each.name for each in train), tuple(each.name for each in test))


def camera_poses(poses: list[np.ndarray]) -> str:
    """KITTI's poses.txt: of the camera, from where it was first; poses (4, 4) of the sensor."""
    first, back = np.linalg.inv(poses[0]), np.linalg.inv(TR)
    return "".join(f"{_numbers(TR @ first @ pose @ back)}\n" for pose in poses)


def _numbers(matrix: np.ndarray) -> str:
    return " ".join(f"{value:.9e}" for value in matrix[:3].reshape(-1))
