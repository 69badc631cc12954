"""labelCloud's centroid JSON: a file a scan; angles in degrees, or in radians (centroid_rel)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import DataError
from core.base.words import counted
from core.boxes.formats.source import MEND, Written, checked, json_of, numbers, word
from core.boxes.formats.turns import Tilts, from_angles, yaw_of
from core.boxes.names import Names
from core.boxes.table import UNKNOWN, Boxes

_AXES = ("x", "y", "z")
_SIZES = ("length", "width", "height")
_KNOWN = {"name", "centroid", "dimensions", "rotations"}


def read(file: Path, names: Names, *, degrees: bool = True) -> tuple[Boxes, tuple[str, ...]]:
    """The boxes of a scan's file, and sentences on what of it was not taken. Raises DataError for
    what is no such file."""
    value = json_of(file)
    things = value.get("objects") if isinstance(value, dict) else None
    if not isinstance(things, list):
        raise DataError(f"{file} is no labelCloud file: it has no list of objects.", MEND)
    box, kinds, others, angles = [], [], set(), []
    tilts = Tilts()
    for number, thing in enumerate(things, 1):
        where = f"{file}, object {number}"
        if not isinstance(thing, dict):
            raise DataError(f"{where} is no JSON object.", MEND)
        place = _three(thing, "centroid", _AXES, where)
        size = _three(thing, "dimensions", _SIZES, where)
        turn = _three(thing, "rotations", _AXES, where)
        angles += turn
        rotation = from_angles([np.radians(a) if degrees else a for a in turn])
        tilts.add(rotation)
        upright = turn[0] == turn[1] == 0
        yaw = (np.radians(turn[2]) if degrees else turn[2]) if upright else yaw_of(rotation)
        box.append(checked([*place, *size, yaw], where))
        kinds.append(word(thing.get("name", ""), "name", where))
        others |= set(thing) - _KNOWN
    notes = []
    if others:
        notes.append(f"{', '.join(sorted(others))} of {file.name} not taken.")
    if degrees and any(angles) and max(map(abs, angles)) < 2 * np.pi and len(set(angles)) > 2:
        notes.append(
            f"all angles of {file.name} are below 6.3: taken for degrees; if they are radians "
            "(centroid_rel), say so."
        )
    table = Boxes.of(np.array(box).reshape(-1, 7), names.ids(kinds, file))
    return table, (*notes, *tilts.notes)


def _three(thing: Mapping[str, Any], name: str, members: Sequence[str], where: str) -> list[float]:
    found = thing.get(name)
    if not isinstance(found, dict):
        raise DataError(f"{where} has no {name}.", MEND)
    return numbers([found.get(member) for member in members], f"{where}, {name}")


def written(boxes: Boxes, names: Sequence[str], scan: Path) -> Written:
    """The text of a scan's file, angles in degrees; `scan` is its file of points."""
    things = []
    for label, row in zip(boxes.label, boxes.box.tolist(), strict=True):
        things.append(
            {
                "name": names[label],
                "centroid": dict(zip(_AXES, row[:3], strict=True)),
                "dimensions": dict(zip(_SIZES, row[3:6], strict=True)),
                "rotations": {"x": 0, "y": 0, "z": float(np.degrees(row[6]))},
            }
        )
    value = {
        "folder": scan.parent.name,
        "filename": scan.name,
        "path": scan.as_posix(),
        "objects": things,
    }
    lost = {
        "tracks": (boxes.track != "").any(),
        "scores": not np.isnan(boxes.score).all(),
        "truncation": not np.isnan(boxes.truncated).all(),
        "occlusion": (boxes.occluded != UNKNOWN).any(),
        "what to ignore": boxes.ignore.any() or len(boxes.regions),
        "rectangles in the picture": not np.isnan(boxes.picture).all(),
    }
    missing = [name for name, there in lost.items() if there]
    notes = (f"labelCloud does not keep {', '.join(missing)}: not written.",) if missing else ()
    if boxes.ignore.any():
        many = counted(int(boxes.ignore.sum()), "box")
        notes = (*notes, f"{many} to ignore will be read as boxes like others.")
    return Written(json.dumps(value, indent=4, ensure_ascii=False) + "\n", notes)
