"""What an evaluation measured, in lines below its mIoU."""

from __future__ import annotations

from typing import Any

from core.base.words import DASH


def measured(metrics: dict[str, Any]) -> list[str]:
    """IoU of each class, mIoU by range, and the panoptic quality where it was measured."""
    lines = []
    for (name, iou), truth in zip(metrics["iou"].items(), metrics["confusion"], strict=True):
        aside = "" if iou is None or any(truth) else "  predicted, not in the truth: not counted"
        lines.append(f"  {name:<20} {DASH if iou is None else f'{iou:.1%}'}{aside}")
    for band in metrics["ranges"]:
        miou = DASH if band["miou"] is None else f"{band['miou']:.1%}"
        name = f"from {band['from_m']} m"
        lines.append(f"  {name:<20} {miou} of {band['points']:,} points")
    panoptic = metrics.get("panoptic")
    if panoptic is not None:
        lines.append(f"panoptic: {_panoptic(panoptic)}")
        for name, values in panoptic["classes"].items():
            lines.append(f"  {name:<20} {_panoptic(values)}")
    return lines


def _panoptic(values: dict[str, Any]) -> str:
    parts = ((key.upper(), values[key]) for key in ("pq", "sq", "rq"))
    return "  ".join(f"{n} {DASH if v is None else f'{v:.1%}'}" for n, v in parts)
