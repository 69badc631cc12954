"""How well blind answers agree with the first ones, in lines."""

from __future__ import annotations

from core.base.words import DASH
from core.project.project import Project


def of_points(project: Project) -> list[str]:
    """Units that were answered twice, pair by pair of annotators and class by class."""
    from core.quality.agreement import agreements

    lines = []
    for (second, first), one in sorted(agreements(project).items()):
        who = f"{second} again" if first == second else f"{second} on {first}"
        parts = (("same points", one.same), ("kappa", one.kappa), ("mIoU", one.miou))
        values = ", ".join(f"{n} {DASH if v is None else f'{v:.3f}'}" for n, v in parts)
        lines.append(f"{who}: {one.units:,} units, {values}")
        for name, value in zip(project.classes.names, one.iou, strict=True):
            if value == value:  # a class that occurs
                lines.append(f"  {name:<20} {value:.1%}")
    return lines or ["Nothing was answered twice yet."]
