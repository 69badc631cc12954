"""Made projects of a whole dataset's size, whose scans hold one point each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.answers.answers import Answers
from core.answers.effort import Effort
from core.answers.entry import ScanRef
from core.data.items import scan_of
from core.prepare.units import Units
from core.project.project import Project
from tests.streets import write_scan


def large_project(path: Path, root: Path, *, scans: int, units_per_scan: int, answers: int) -> None:
    """A project of that many training scans and units, of which `answers` are answered."""
    points = np.zeros((1, 4), "<f4")
    for number in range(scans):
        write_scan(root, f"sequences/00/velodyne/{number:06d}", points, None)
    with Project.create(path, format="semantickitti", root=root, train=["00"]) as project:
        count = scans * units_per_scan
        rng = np.random.default_rng(0)
        scan = np.repeat(np.arange(scans, dtype=np.int32), units_per_scan)
        units = Units(
            scans=project.dataset.train,
            offsets=np.arange(scans + 1, dtype=np.int64) * units_per_scan,
            scan=scan,
            kind=np.zeros(count, np.uint8),
            key=np.tile(np.arange(units_per_scan, dtype=np.int32), scans),
            points=rng.integers(20, 2000, count).astype(np.int32),
            size=rng.integers(1, 25, count).astype(np.int16),
            partition=rng.integers(0, 3, count).astype(np.int8),
            box_min=np.zeros((count, 3), np.float32),
            box_max=np.ones((count, 3), np.float32),
            cuts=(4, 8, 25),
            scan_rows=np.full(scans, 1040 * units_per_scan, np.int64),
            scan_hashes=("0" * 32,) * scans,
            noise_points=0,
            oversize=0,
            fingerprint="0" * 16,
        )
        units.save(project.units_folder / units.fingerprint)
        project.use_units(units)
        fill(project.answers, units, rng, answers)


def fill(answers: Answers, units: Units, rng: np.random.Generator, count: int) -> None:
    """Append so many answers in one transaction."""
    journal = next(iter(answers._journals.values()))
    journal._database.execute("BEGIN")
    rows_of_scan = int(units.scan_rows[0])
    for name in units.names(rng.choice(len(units), count, replace=False)):
        rows = np.sort(rng.choice(rows_of_scan, 300, replace=False))
        answers.answer(
            ScanRef(scan_of(name), rows_of_scan, "0" * 32),
            rows,
            np.full(300, rng.integers(0, 19), np.uint8),
            round="",
            unit=name,
            effort=Effort(active_s=5.0, tool="key"),
        )
    journal._database.execute("COMMIT")
