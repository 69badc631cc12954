"""ASAM OpenLABEL 1.0: one JSON file of objects and, by frame, their cuboids (asam.net).

A cuboid is x y z, a quaternion qx qy qz qw or three angles, and sizes along its own x, y, z. What
OpenLABEL has no field for stands in a cuboid's attributes: score, truncated, occluded, ignore,
alpha, picture (left, top, right, bottom); regions of DontCare are objects of that type with a bbox.
A track is the object's key where that may be one (a number or a UUID), else its text "track". The
scan of a frame is "scan" in its properties.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from core.boxes.formats.openlabel_in import REGION, VERSION, read
from core.boxes.formats.source import Written
from core.boxes.formats.turns import about_z, to_quaternion
from core.boxes.table import UNKNOWN, Boxes

__all__ = ["read", "written"]

_KEY = re.compile(r"-?[0-9]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SCANNER, _PICTURE = "lidar", "camera"


def written(frames: Mapping[str, Boxes], names: Sequence[str], annotator: str = "") -> Written:
    """The text of a file with the boxes of some scans; a scan whose name is a number is that frame,
    other scans are numbered in their order."""
    objects = _Objects(frames, names)
    made = {
        str(number): {
            "frame_properties": {"scan": scan},
            "objects": dict(objects.of(number, boxes)),
        }
        for number, (scan, boxes) in zip(_numbers(list(frames)), frames.items(), strict=True)
    }
    metadata = {"schema_version": VERSION, **({"annotator": annotator} if annotator else {})}
    root = {
        "metadata": metadata,
        "coordinate_systems": {
            name: {"type": "sensor", "parent": "", "children": []} for name in (_SCANNER, _PICTURE)
        },
        "objects": objects.described(),
        "frames": made,
        "frame_intervals": _spans([int(number) for number in made]),
    }
    return Written(json.dumps({"openlabel": root}, indent=1, ensure_ascii=False) + "\n", ())


def _numbers(scans: Sequence[str]) -> list[int]:
    numbers = [int(scan) for scan in scans if scan.isascii() and scan.isdecimal()]
    own = len(numbers) == len(scans) and len(set(numbers)) == len(scans)
    return numbers if own else list(range(len(scans)))


class _Objects:
    """The objects of a file: one for each thing of a class, and one for each box of no track."""

    def __init__(self, frames: Mapping[str, Boxes], names: Sequence[str]) -> None:
        self._names = names
        things = {
            (track, int(label)): None
            for boxes in frames.values()
            for track, label in zip(boxes.track.tolist(), boxes.label, strict=True)
            if track
        }
        self._keys: dict[tuple[str, int], str] = {}
        used: set[str] = set()
        for track, label in things:
            if _KEY.fullmatch(track) and track not in used:
                self._keys[track, label] = track
                used.add(track)
        self._free = max((int(k) for k in used if re.fullmatch("[0-9]+", k)), default=-1) + 1
        for thing in things:
            if thing not in self._keys:
                self._keys[thing] = self._new()
        self._seen: dict[str, list[int]] = {}
        self._about: dict[str, tuple[str, str | None]] = {}  # its type, and its track if told

    def _new(self) -> str:
        self._free += 1
        return str(self._free - 1)

    def of(self, frame: int, boxes: Boxes) -> Iterator[tuple[str, Any]]:
        """The objects of a frame, by their keys."""
        for row, (track, label) in enumerate(zip(boxes.track.tolist(), boxes.label, strict=True)):
            key = self._keys[track, int(label)] if track else self._new()
            self._note(key, self._names[label], None if key == track else track, frame)
            yield key, {"object_data": {"cuboid": [_cuboid(boxes, row)]}}
        for left, top, right, bottom in boxes.regions.tolist():
            key = self._new()
            self._note(key, REGION, "", frame)
            val = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
            bbox = {"name": "region", "val": val, "coordinate_system": _PICTURE}
            yield key, {"object_data": {"bbox": [bbox]}}

    def _note(self, key: str, type: str, track: str | None, frame: int) -> None:
        self._about[key] = (type, track)
        self._seen.setdefault(key, []).append(frame)

    def described(self) -> dict[str, Any]:
        """What `objects` says of each."""
        made = {}
        for key, (type, track) in self._about.items():
            about: dict[str, Any] = {"name": f"{type}-{key}", "type": type}
            about["frame_intervals"] = _spans(self._seen[key])
            if track is not None:
                about["object_data"] = {"text": [{"name": "track", "val": track}]}
            made[key] = about
        return made


def _cuboid(boxes: Boxes, row: int) -> dict[str, Any]:
    x, y, z, length, width, height, yaw = boxes.box[row].tolist()
    values = [x, y, z, *to_quaternion(about_z(yaw)), length, width, height]
    made = {"name": "box", "val": values, "coordinate_system": _SCANNER}
    known = {
        name: float(getattr(boxes, name)[row])
        for name in ("score", "truncated", "alpha")
        if not np.isnan(getattr(boxes, name)[row])
    }
    if boxes.occluded[row] != UNKNOWN:
        known["occluded"] = int(boxes.occluded[row])
    attributes: dict[str, Any] = {}
    if known:
        attributes["num"] = [{"name": name, "val": value} for name, value in known.items()]
    if boxes.ignore[row]:
        attributes["boolean"] = [{"name": "ignore", "val": True}]
    if not np.isnan(boxes.picture[row]).any():
        attributes["vec"] = [{"name": "picture", "val": boxes.picture[row].tolist()}]
    return {**made, "attributes": attributes} if attributes else made


def _spans(frames: Sequence[int]) -> list[dict[str, int]]:
    """Closed intervals of frames that follow each other."""
    made: list[dict[str, int]] = []
    for frame in sorted(frames):
        if made and frame == made[-1]["frame_end"] + 1:
            made[-1]["frame_end"] = frame
        else:
            made.append({"frame_start": frame, "frame_end": frame})
    return made
