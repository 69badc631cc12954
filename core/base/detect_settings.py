"""The settings of the detector of boxes (docs/boxes.md, A detector)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class DetectSettings:
    """The detector and its training; threads and half precision are those of `train`.
    `from_scratch`: no round's normal detector goes on from another's weights."""

    network: str
    range: str
    steps: int
    batch: int
    learning_rate: float
    from_scratch: bool
    score: str


RANGES: Mapping[str, tuple[float, float]] = {
    "detect.steps": (1, 10**8),
    "detect.batch": (1, 1000),
    "detect.learning_rate": (1e-8, 10),
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "detect.network": ("pillar-s", "pillar-m"),
    "detect.range": ("auto", "camera", "ring"),
    "detect.score": ("heat_iou", "heat"),
}
MEANINGS: Mapping[str, str] = {
    "detect.network": "Which detector learns boxes: PillarCenter, small or medium.",
    "detect.range": "What it sees: what the picture shows, or all around; auto: as the data's own "
    "boxes are.",
    "detect.steps": "Steps of a training of boxes, whatever is labelled.",
    "detect.batch": "Scenes in a step of it.",
    "detect.learning_rate": "How far a step of it goes at most.",
    "detect.from_scratch": "Each round's normal detector begins anew, and not from the last one's.",
    "detect.score": "A box's score: heat and how well the box fits (heat_iou), or heat alone.",
}
