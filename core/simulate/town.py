"""The town: labelled scans of six districts in SemanticKITTI layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.files import write_atomic
from core.base.jobs import Job
from core.simulate import street

SEEN, UNSEEN = 5, 1  # districts of the training scans, and one more kind for validation


@dataclass(frozen=True)
class Written:
    """What was written: names of sequences a project can be made from."""

    train: tuple[str, ...]
    validation: tuple[str, ...]


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

    Training scans take five districts in turn; validation scans take two more places like those,
    and a kind of district that training never sees.
    """
    train = _shared(scans, ("00", "01", "02", "03", "04"))
    test = _shared(validation, ("05", "06", "07"))
    total, done = scans + validation, 0
    for number, (sequence, count) in enumerate((train | test).items()):
        rng = np.random.default_rng([seed, number])
        made = street.build(rng)
        folder, poses = root / "sequences" / sequence, []
        for frame in range(count):
            x = (frame * step_m) % (street.LENGTH_M - 110)
            points, raw = street.cast(made, x, rng)
            write_atomic(folder / "velodyne" / f"{frame:06d}.bin", points.tobytes())
            write_atomic(folder / "labels" / f"{frame:06d}.label", raw.tobytes())
            poses.append(f"1 0 0 {x} 0 1 0 0 0 0 1 0\n")
            done += 1
            job.progress(done, total, "simulate")
        write_atomic(folder / "poses.txt", "".join(poses).encode())
        write_atomic(folder / "calib.txt", b"Tr: 1 0 0 0 0 1 0 0 0 0 1 0\n")
    return Written(tuple(train), tuple(test))


def _shared(scans: int, names: tuple[str, ...]) -> dict[str, int]:
    """How many of the scans each sequence holds, dealt out in turn; none that would be empty."""
    counts = {name: len(range(place, scans, len(names))) for place, name in enumerate(names)}
    return {name: count for name, count in counts.items() if count}
