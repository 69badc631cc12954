"""The table of gauges: how near simulated scans come to real ones."""

from __future__ import annotations

import tempfile
from pathlib import Path

from core.base.jobs import Job
from core.simulate.gauges import YIELD, Row, table
from core.simulate.tally import labelled, measure


def run(town: Path, real: Path, job: Job) -> str:
    """The table of two roots in SemanticKITTI's layout; both are prepared in a folder that goes.

    Raises DataError where scans or labels are missing, or `real` is one sequence.
    """
    scans = labelled(real, least=2), labelled(town)
    with tempfile.TemporaryDirectory(prefix="lidarloop-gauge-") as folder:
        truth, made = (measure(each, Path(folder) / str(k), job) for k, each in enumerate(scans))
    rows = table(made.tallies, truth.tallies, truth.cuts)
    lines = [f"{'':<20} {'real: median':>12} {'most':>7} {'town':>7}", *map(_line, rows)]
    low, high = YIELD
    within = "" if low <= made.gain <= high else f"  outside {low} to {high}"
    lines.append(f"{'rare points a minute,':<20}")
    lines.append(f"{'size over random':<20} {truth.gain:>12.2f} {'':>7} {made.gain:>7.2f}{within}")
    good = sum(row.within for row in rows) + (not within)
    lines.append(f"{good} of {len(rows) + 1} within")
    return "\n".join(lines)


def _line(row: Row) -> str:
    mark = "" if row.within else "  outside"
    digits = 1 if row.name == "units a scan" else 3
    median, most, town = (f"{v:.{digits}f}" for v in (row.median, row.most, row.town))
    return f"{row.name:<20} {median:>12} {most:>7} {town:>7}{mark}"
