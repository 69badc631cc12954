"""What the newest network sees units as."""

from __future__ import annotations

from collections.abc import Sequence

from core.base.files import read_arrays
from core.project.project import Project


def predicted(project: Project, names: Sequence[str]) -> dict[str, tuple[int, float]]:
    """unit_id -> the class that the newest scored network gives most of its points, and their
    share; {} before there is one for these units."""
    scored, units = project.last_scored(), project.units
    if scored is None or units is None:
        return {}
    arrays = read_arrays(scored.scores, "predicted", "share", "fingerprint")
    if str(arrays["fingerprint"]) != units.fingerprint:
        return {}
    numbers = units.find_all(names)
    classes, shares = arrays["predicted"][numbers].tolist(), arrays["share"][numbers].tolist()
    return {
        name: (found, share)
        for name, number, found, share in zip(names, numbers, classes, shares, strict=True)
        if number >= 0
    }
