"""How good found boxes are, against frames whose boxes are all known: one object of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from core.base.words import DASH
from core.boxes.evaluation.kitti_ap import DIFFICULTIES, ENOUGH, Frame, kitti_ap
from core.boxes.evaluation.outcomes import LEAST_POINTS, Outcomes, Rules, outcomes
from core.boxes.evaluation.reliability import d_ece, half_right_from, reliability
from core.boxes.evaluation.simple_ap import simple_ap
from core.boxes.kinds import Kind
from core.boxes.table import Boxes

# Overlaps by which a found box is right: of the class's two limits, in space or from above.
OVERLAPS = {"strict": (True, True), "loose": (False, True), "bev_strict": (True, False)}


class Judged(NamedTuple):
    """One frame: its `labels`, what was `found`, the points (N, >= 3), of which those in `labels`
    are enough; `picture`: labels and what was found completed for the camera
    (core.boxes.camera.completed), None where the camera is not known."""

    labels: Boxes
    found: Boxes
    points: np.ndarray
    picture: Frame | None = None


def box_metrics(
    frames: Sequence[Judged], names: Sequence[str], kinds: Sequence[Kind]
) -> dict[str, Any]:
    """AP of each class that has objects, or of which something was found.

    {"frames", "classes": {name: {"objects" that hold 5 points, "found" from a score of .1, simple
    AP "strict", "loose", "bev_strict" (core.boxes.evaluation.simple_ap), "levels": strict AP of
    objects of so many points, "d_ece" of strict, "reliability" of strict by tenths of the score:
    {"boxes", "score", "right"} (core.boxes.evaluation.reliability.Bins), "kitti": {"counted",
    "r40", "r11": {metric: (3,) percent}} where the camera is known}}, "mean": the same three over
    classes with objects, "half_right_from": the score from which on half of the found boxes are
    right, loosely}; 0..1, None where no object counts.
    """
    classes, loose = {}, []
    for label, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        one, found = _of_class(frames, label, kind)
        loose.append(found)
        if one["objects"] or one["found"]:
            classes[name] = one
    some = [one for one in classes.values() if one["objects"]]
    mean = {
        overlap: float(np.mean([one[overlap] for one in some])) if some else None
        for overlap in OVERLAPS
    }
    return {
        "version": 1,
        "frames": len(frames),
        "classes": classes,
        "mean": mean,
        "half_right_from": _known(half_right_from(loose)),
    }


def _of_class(frames: Sequence[Judged], label: int, kind: Kind) -> tuple[dict[str, Any], Outcomes]:
    """The numbers of a class, and which of its boxes are right loosely."""
    near = () if kind.neighbour is None else (kind.neighbour,)
    three = [(frame.labels, frame.found, frame.points) for frame in frames]

    def seen(strict: bool, space: bool, points: int = LEAST_POINTS["hard"]) -> Outcomes:
        least = kind.strict if strict else kind.loose
        return outcomes(three, Rules(label, least, space, points, neighbours=near))

    by_overlap = {name: seen(*how) for name, how in OVERLAPS.items()}
    strict = by_overlap["strict"]
    made: dict[str, Any] = {
        "objects": strict.objects,
        "found": len(strict.score),
        **{name: _known(simple_ap(found)) for name, found in by_overlap.items()},
        "levels": {
            level: _known(simple_ap(seen(True, True, LEAST_POINTS[level])))
            for level in ("easy", "moderate", "hard")
        },
        "d_ece": _known(d_ece(strict)),
        "reliability": _bins(strict),
    }
    pictures = [frame.picture for frame in frames if frame.picture is not None]
    if pictures and len(pictures) == len(frames) and strict.objects:
        of = kitti_ap(pictures, label, (kind.strict,) * 3, near)
        made["kitti"] = {
            "counted": of["3d"].counted.tolist(),
            "r40": {metric: result.r40.tolist() for metric, result in of.items()},
            "r11": {metric: result.r11.tolist() for metric, result in of.items()},
        }
    return made, by_overlap["loose"]


def _bins(found: Outcomes) -> dict[str, list[Any]]:
    bins = reliability(found)
    return {
        "boxes": bins.boxes.tolist(),
        "score": [_known(value) for value in bins.score],
        "right": [_known(value) for value in bins.right],
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def told(metrics: dict[str, Any]) -> list[str]:
    """The numbers in lines, a class each; KITTI's beside them with what they are capped by."""
    lines = [f"{'':<20} {'objects':>7} {'strict':>7} {'loose':>7} {'BEV':>7} {'D-ECE':>7}"]
    for name, one in metrics["classes"].items():
        values = (one[key] for key in (*OVERLAPS, "d_ece"))
        words = " ".join(f"{DASH if v is None else f'{v:.1%}':>7}" for v in values)
        lines.append(f"{name:<20} {one['objects']:>7,} {words}")
        if "kitti" not in one:
            continue
        parts = []
        for place, difficulty in enumerate(DIFFICULTIES):
            counted = one["kitti"]["counted"][place]
            value = f"{one['kitti']['r40']['3d'][place]:.1f}%"
            cap = "" if counted >= ENOUGH else f" of {max(0, counted - 1) / ENOUGH:.1%} at most"
            parts.append(f"{difficulty} {value}{cap} ({counted:,})")
        lines.append(f"  KITTI 3D R40: {', '.join(parts)}")
    return lines
