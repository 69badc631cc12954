"""The town, written in a layout that our readers, and other people's, know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.base.jobs import Job
from core.simulate import kitti, semantickitti
from core.simulate.drives import drives
from core.simulate.nuscenes import Tables

# Layout, a format of core.data.formats -> beams of the sensor that its data have.
LAYOUTS = {"semantickitti": 64, "kitti-tracking": 64, "nuscenes": 32}


@dataclass(frozen=True)
class Written:
    """What was written: names of sequences that a project can be made from."""

    train: tuple[str, ...]
    validation: tuple[str, ...]


def write_town(
    root: Path,
    *,
    scans: int,
    validation: int,
    seed: int,
    beams: int | None = None,
    tail: float = 1.0,
    step_m: float = 1.0,
    layout: str = "semantickitti",
    job: Job,
) -> Written:
    """Write `scans` training and `validation` scans of a town below `root`, with labels, poses and
    calibration; boxes too in the layouts that have them. The same seed gives the same bytes, and
    scan k is the same however many are asked for.

    `beams` is 64 or 32, by default as the layout's data have; `tail` multiplies what is rare;
    `step_m` metres lie between two scans of a sequence; `layout` is one of LAYOUTS.
    Raises SettingsError for numbers that make no town, StorageError.
    """
    beams = LAYOUTS[layout] if beams is None else beams
    sides = drives(scans=scans, validation=validation, seed=seed, tail=tail, step_m=step_m)
    tables = Tables()
    write = {
        "semantickitti": semantickitti.write,
        "kitti-tracking": kitti.write,
        "nuscenes": tables.add,
    }[layout]
    done, total, names = 0, scans + validation, []
    for side in sides:
        written = []
        for drive in side:
            written.append(write(root, drive, beams, job, done, total))
            done += drive.scans
        names.append(tuple(written))
    if layout == "nuscenes":
        tables.write(root)
    return Written(*names)
