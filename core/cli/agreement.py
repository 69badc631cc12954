"""The verb `agreement`: blind answers beside the first ones."""

from __future__ import annotations

from core.base.words import DASH
from core.project.project import Project
from core.quality.agreement import agreements


def lines(project: Project) -> list[str]:
    """Of each pair of annotators the agreement, and below it that of each class."""
    told = []
    for (second, first), one in sorted(agreements(project).items()):
        who = f"{second} again" if first == second else f"{second} on {first}"
        parts = (("same points", one.same), ("kappa", one.kappa), ("mIoU", one.miou))
        values = ", ".join(f"{n} {DASH if v is None else f'{v:.3f}'}" for n, v in parts)
        told.append(f"{who}: {one.units:,} units, {values}")
        for name, value in zip(project.classes.names, one.iou, strict=True):
            if value == value:  # a class that occurs
                told.append(f"  {name:<20} {value:.1%}")
    return told or ["Nothing was answered twice yet."]
