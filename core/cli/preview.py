"""What a query would ask, in words: `lidarloop query --dry-run`."""

from __future__ import annotations

import math
from typing import Any

from core import steps
from core.base.words import duration
from core.project.project import Project

_MOST = 8  # classes that are named; the rest is summed


def preview(project: Project, options: dict[str, Any]) -> str:
    """Lines on what `steps.ask` would ask with `options`; nothing is written. Raises ProjectError
    where it would."""
    found = steps.estimate(project, **options)
    lines = [f"{found.strategy} would ask {size(found)}", time(found), mix(project, found)]
    return "\n".join([*lines, "Nothing was written."])


def size(found: steps.Estimate) -> str:
    """Units, points and scans of an estimate."""
    return (
        f"{found.units:,} {'unit' if found.units == 1 else 'units'}, {found.points:,} points, in "
        f"{found.scans:,} {'scan' if found.scans == 1 else 'scans'}"
    )


def time(found: steps.Estimate) -> str:
    """What it is expected to take."""
    if math.isnan(found.seconds):
        return "time: estimated for clusters and ground cells alone"
    source = "as measured so far" if found.timed else "a guess until a pace is measured"
    pace = found.seconds / found.units
    return f"time: about {duration(found.seconds)}, {pace:.1f} s each, {source}"


def mix(project: Project, found: steps.Estimate) -> str:
    """Likely shares of the points, the largest classes first."""
    if found.mix is None:
        return "classes: nobody knows yet; a scored network, or 20 answers, would tell"
    parts = [f"{name} {share:.0%}" for name, share in found.mix.largest(project.classes, _MOST)]
    return f"classes, {found.mix.source}: {', '.join(parts)}"
