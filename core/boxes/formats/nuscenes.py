"""nuScenes-like JSON: boxes in the world, w l h and a quaternion w x y z, by sample.

Written as the devkit's results ("results" by sample token, detection_name, detection_score), which
its evaluators read; read too as a list of rows of sample_annotation with their category_name.
tracking_id is the track; a score of -1 is none, as in the devkit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import DataError
from core.base.words import counted
from core.boxes.formats.source import (
    MEND,
    Found,
    Written,
    apart,
    checked,
    json_of,
    numbers,
    short,
    word,
)
from core.boxes.formats.turns import Tilts, about_z, from_quaternion, to_quaternion, yaw_of
from core.boxes.names import Names
from core.boxes.table import UNKNOWN, Boxes

_NAMES = ("detection_name", "tracking_name", "category_name")
_SCORES = ("detection_score", "tracking_score")
_TRACKS = ("tracking_id", "instance_token")
_OWN = {"sample_token", "translation", "size", "rotation", *_NAMES, *_SCORES, *_TRACKS}
_ONLY_SENSOR = "the boxes are in the scanner's coordinates, not in the world's"
Row = tuple[str, Mapping[str, Any]]


def read(file: Path, poses: Mapping[str, np.ndarray], names: Names) -> Found:
    """The boxes of a file by sample token; `poses` are (4, 4) from a sample's scan to the world.

    Without any pose the boxes are taken as they are, and that is said. Raises DataError where some
    samples have a pose and one with boxes has none, for what is no such file, and for two boxes of
    a sample with one track.
    """
    samples: dict[str, list[Row]] = {}
    for token, where, row in _rows(json_of(file), file):
        found = samples.setdefault(token, [])
        if row is not None:
            found.append((where, row))
    lost = [token for token, rows in samples.items() if rows and token not in poses]
    if poses and lost:
        raise DataError(
            f"{counted(len(lost), 'sample')} of {file} have no pose, the first is "
            f"{short(lost[0])}.",
            "Bring the poses of all scans: boxes of the world cannot be placed without.",
        )
    tilts, others = Tilts(), set[str]()
    tables = {}
    for token, rows in samples.items():
        others |= {name for _, row in rows for name in row} - _OWN
        tables[token] = _table(rows, token, poses.get(token, np.eye(4)), names, file, tilts)
    notes = []
    if not poses and samples:
        notes.append(f"there are no poses: the boxes of {file.name} are taken for the scanner's.")
    if others:
        notes.append(f"{', '.join(sorted(others))} of {file.name} not taken.")
    return Found(tables, (*notes, *tilts.notes))


def _rows(value: Any, file: Path) -> Iterator[tuple[str, str, Mapping[str, Any] | None]]:
    """Token, place and row of every box; a sample without boxes has None."""
    if isinstance(value, dict):
        samples = value.get("results")
        if not isinstance(samples, dict) or not all(isinstance(v, list) for v in samples.values()):
            raise DataError(f"{file} is no nuScenes file: it has no results by sample.", MEND)
        for token, rows in samples.items():
            if not rows:
                yield token, "", None
            for number, row in enumerate(rows, 1):
                where = f"{file}, box {number} of {short(token)}"
                yield token, where, _as_row(row, where)
    elif isinstance(value, list):
        for number, row in enumerate(value, 1):
            where = f"{file}, box {number}"
            found = _as_row(row, where)
            if not isinstance(found.get("sample_token"), str):
                raise DataError(f"{where} has no sample_token.", MEND)
            yield found["sample_token"], where, found
    else:
        raise DataError(f"{file} is no nuScenes file: it has no results by sample.", MEND)


def _as_row(row: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise DataError(f"{where} is no JSON object.", MEND)
    return row


def _table(
    rows: Sequence[Row], token: str, pose: np.ndarray, names: Names, file: Path, tilts: Tilts
) -> Boxes:
    back = np.linalg.inv(pose)
    box, kinds, tracks, scores = [], [], [], []
    for where, row in rows:
        place = np.array(_list(row, "translation", 3, where))
        width, length, height = _list(row, "size", 3, where)
        w, x, y, z = _list(row, "rotation", 4, where)
        rotation = back[:3, :3] @ from_quaternion((x, y, z, w), where)
        tilts.add(rotation)
        place = back[:3, :3] @ place + back[:3, 3]
        box.append(checked([*place, length, width, height, yaw_of(rotation)], where))
        kinds.append(word(_first(row, _NAMES, ""), "class", where))
        tracks.append(word(_first(row, _TRACKS, ""), "track", where))
        score = numbers([_first(row, _SCORES, -1)], f"{where}, score")[0]
        scores.append(np.nan if score == -1 else score)
    apart(zip(tracks, (f"box {n + 1}" for n in range(len(rows))), strict=True), token, file)
    return Boxes.of(
        np.array(box).reshape(-1, 7), names.ids(kinds, file), track=tracks, score=scores
    )


def _first(row: Mapping[str, Any], members: Sequence[str], other: Any) -> Any:
    return next((row[name] for name in members if name in row), other)


def _list(row: Mapping[str, Any], name: str, count: int, where: str) -> list[float]:
    found = row.get(name)
    if not isinstance(found, list) or len(found) != count:
        raise DataError(f"{where}: {name} is not {count} numbers.", MEND)
    return numbers(found, f"{where}, {name}")


def written(
    frames: Mapping[str, Boxes], poses: Mapping[str, np.ndarray], names: Sequence[str]
) -> Written:
    """The text of a file with the boxes of some scans; `poses` are (4, 4) from a scan to the world.

    Without any pose the boxes are written in the scanner's coordinates, and that is said. Raises
    DataError where some of the scans have a pose and others none.
    """
    lost = [scan for scan, boxes in frames.items() if len(boxes) and scan not in poses]
    if poses and lost:
        raise DataError(
            f"{counted(len(lost), 'scan')} with boxes have no pose, the first is {short(lost[0])}.",
            "Bring the poses of all scans, or export without poses.",
        )
    results = {
        scan: list(_written(scan, boxes, poses.get(scan, np.eye(4)), names))
        for scan, boxes in frames.items()
    }
    meta = dict.fromkeys(("use_camera", "use_radar", "use_map", "use_external"), False)
    value = {"meta": {**meta, "use_lidar": True}, "results": results}
    notes = ["velocities are not known: written as 0, for the devkit asks for numbers."]
    if not poses:
        notes.append(f"there are no poses: {_ONLY_SENSOR}.")
    tables = list(frames.values())
    lost_columns = {
        "truncation": any(not np.isnan(boxes.truncated).all() for boxes in tables),
        "occlusion": any((boxes.occluded != UNKNOWN).any() for boxes in tables),
        "rectangles in the picture": any(not np.isnan(boxes.picture).all() for boxes in tables),
        "regions to ignore": any(len(boxes.regions) for boxes in tables),
    }
    missing = [name for name, there in lost_columns.items() if there]
    if missing:
        notes.append(f"nuScenes does not keep {', '.join(missing)}: not written.")
    ignored = sum(int(boxes.ignore.sum()) for boxes in tables)
    if ignored:
        notes.append(f"{counted(ignored, 'box')} to ignore: not written.")
    return Written(json.dumps(value, indent=1, ensure_ascii=False) + "\n", tuple(notes))


def _written(
    scan: str, boxes: Boxes, pose: np.ndarray, names: Sequence[str]
) -> Iterator[dict[str, Any]]:
    kept = boxes.take(~boxes.ignore)
    for row, (label, score) in enumerate(zip(kept.label, kept.score, strict=True)):
        x, y, z, w = to_quaternion(pose[:3, :3] @ about_z(kept.box[row, 6]))
        length, width, height = kept.box[row, 3:6].tolist()
        yield {
            "sample_token": scan,
            "translation": (pose[:3, :3] @ kept.box[row, :3] + pose[:3, 3]).tolist(),
            "size": [width, length, height],
            "rotation": [w, x, y, z],
            "velocity": [0.0, 0.0],
            "detection_name": names[label],
            "detection_score": -1.0 if np.isnan(score) else float(score),
            "attribute_name": "",
            **({"tracking_id": str(kept.track[row])} if kept.track[row] else {}),
        }
