"""A box as an answer tells it: its state, and how the body of an entry holds it.

The body is {"box": {"at": [x, y, z], "size": [l, w, h], "yaw": yaw, "class": 3, ...}}, or
{"box": null} for a box that was taken away. What a box does not say of itself is left out.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.answers.body import told
from core.base.words import is_text
from core.boxes.geometry import is_way, wrapped
from core.boxes.table import UNKNOWN, Boxes, problem
from core.data.classes import IGNORED

BOXES = "boxes"  # the kind of entries that draw a box, move it or take it away
FRAMES = "frames"  # the kind of entries that say of a frame that its boxes are all there
COPY, INTERPOLATE = "copy", "interpolate"  # tools of boxes that nobody looked at yet
UNCONFIRMED = frozenset((COPY, INTERPOLATE))
_KEY, _REGIONS = "box", "regions"
_UPRIGHT = 1e-6  # how far z may lean where a box is carried to other axes
_LONGEST = 200  # letters of a track


@dataclass(frozen=True, eq=False)
class Box:
    """One box of a frame.

    Attributes
    ----------
    box : (7,) float64 x, y, z, l, w, h, yaw (core.boxes.table)
    label : class id of the project's list
    track : the thing that it is of, "" for none
    sure : whether a person looked at it; False of one that was copied or interpolated
    ignore, truncated, occluded, alpha, picture : as in core.boxes.table
    from_files : (4, 4) float64 from the scan file's coordinates to those of `box` when it was drawn
    """

    box: np.ndarray
    label: int
    track: str = ""
    sure: bool = True
    ignore: bool = False
    truncated: float = math.nan
    occluded: int = UNKNOWN
    alpha: float = math.nan
    picture: tuple[float, ...] = ()
    from_files: np.ndarray = field(default_factory=lambda: np.eye(4))

    def equals(self, other: Box) -> bool:
        """Whether all is the same, to the bit."""
        return _stored(self) == _stored(other)

    def edited(self, **columns: Any) -> Box:
        """The box with other columns. What a picture's labeller said of the old place or size no
        longer holds where `box` is among them."""
        if "box" in columns:
            columns = {"alpha": math.nan, "picture": (), "truncated": math.nan} | columns
        return replace(self, **{"sure": True, **columns})

    def now(self, from_files: np.ndarray) -> Box:
        """The box in the coordinates that scans have now. Raises ValueError where those lean
        against the ones it was drawn in (`stays_upright`), so that no upright box is the same."""
        if np.array_equal(from_files, self.from_files):
            return self
        moved = from_files @ np.linalg.inv(self.from_files)
        if not stays_upright(moved):
            raise ValueError("it was drawn with axes that lean against those of [rig]")
        at = moved[:3, :3] @ self.box[:3] + moved[:3, 3]
        # Axes that are mirrored turn the other way.
        ahead = moved[:2, :2] @ (math.cos(self.box[6]), math.sin(self.box[6]))
        yaw = wrapped(np.array([math.atan2(ahead[1], ahead[0])]))
        return replace(self, box=np.concatenate([at, self.box[3:6], yaw]), from_files=from_files)


def stays_upright(moved: np.ndarray) -> bool:
    """Whether an upright box is one too where (4, 4) `moved` leads: it may be turned over, but not
    lean."""
    return abs(abs(float(moved[2, 2])) - 1) <= _UPRIGHT


def with_box(body: str, box: Box | None) -> str:
    """The body of an entry that gives a box its state, None to take it away."""
    stored = None if box is None else _stored(box)
    return json.dumps({**told(body), _KEY: stored}, ensure_ascii=False)


def box_of(body: str) -> Box | None:
    """The box that a body tells, None where it takes one away. Raises ValueError where it tells
    neither."""
    found = told(body)
    if _KEY not in found:
        raise ValueError("it tells of no box")
    if found[_KEY] is None:
        return None
    try:
        return _box(found[_KEY])
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"its box is damaged: {error!r}") from error


def classes_told(body: str) -> dict[int, int]:
    """The class of the box that a body tells, once, IGNORED of a region to ignore; none where there
    is no box."""
    try:
        found = box_of(body)
    except ValueError:
        return {}
    return {} if found is None else {IGNORED if found.ignore else found.label: 1}


def with_classes(body: str, now: np.ndarray) -> str:
    """The body with the class that counts now, (256,) uint8, in place of its box's."""
    try:
        box = box_of(body)
    except ValueError:
        return body
    return body if box is None else with_box(body, replace(box, label=int(now[box.label])))


def with_regions(body: str, regions: np.ndarray) -> str:
    """The body of an entry that finishes a frame, with regions (m, 4) of its picture."""
    return json.dumps({**told(body), _REGIONS: regions.tolist()}, ensure_ascii=False)


def regions_of(body: str) -> np.ndarray:
    """(m, 4) float64 regions that a frame's body tells; none where it tells of none."""
    try:
        found = np.array(told(body).get(_REGIONS, []), np.float64).reshape(-1, 4)
    except (ValueError, TypeError):
        return np.zeros((0, 4))
    return found if np.isfinite(found).all() else np.zeros((0, 4))


def table_of(boxes: list[Box], regions: np.ndarray | None = None) -> Boxes:
    """Boxes of one frame as a table, in their order, and the regions (m, 4) of its picture."""
    return Boxes.of(
        np.array([found.box for found in boxes]).reshape(-1, 7),
        [found.label for found in boxes],
        track=[found.track for found in boxes],
        truncated=[found.truncated for found in boxes],
        occluded=[found.occluded for found in boxes],
        ignore=[found.ignore for found in boxes],
        alpha=[found.alpha for found in boxes],
        picture=[found.picture or (math.nan,) * 4 for found in boxes],
        regions=np.zeros((0, 4)) if regions is None else regions,
    )


def boxes_in(table: Boxes) -> list[Box]:
    """The boxes of a table as answers tell them: a person vouches for them, they have no score."""
    return [
        Box(
            box=table.box[row],
            label=int(table.label[row]),
            track=str(table.track[row]),
            ignore=bool(table.ignore[row]),
            truncated=float(table.truncated[row]),
            occluded=int(table.occluded[row]),
            alpha=float(table.alpha[row]),
            picture=()
            if np.isnan(table.picture[row]).any()
            else tuple(table.picture[row].tolist()),
        )
        for row in range(len(table))
    ]


def _stored(box: Box) -> dict[str, Any]:
    x, y, z, length, width, height, yaw = box.box.tolist()
    stored: dict[str, Any] = {
        "at": [x, y, z],
        "size": [length, width, height],
        "yaw": yaw,
        "class": box.label,
    }
    if box.track:
        stored["track"] = box.track
    if not box.sure:
        stored["sure"] = False
    if box.ignore:
        stored["ignore"] = True
    stored |= {
        name: value
        for name, value in (("truncated", box.truncated), ("alpha", box.alpha))
        if not math.isnan(value)
    }
    if box.picture:
        stored["picture"] = list(box.picture)
    if box.occluded != UNKNOWN:
        stored["occluded"] = box.occluded
    if not np.array_equal(box.from_files, np.eye(4)):
        stored["from_files"] = box.from_files.tolist()
    return stored


def _box(stored: dict[str, Any]) -> Box:
    values = np.array([*stored["at"], *stored["size"], stored["yaw"]], np.float64)
    if values.shape != (7,):
        raise ValueError("its box has not seven numbers")
    if (said := problem(values)) is not None:
        raise ValueError(said)
    label, track = stored["class"], stored.get("track", "")
    truncated, occluded = stored.get("truncated", math.nan), stored.get("occluded", UNKNOWN)
    alpha, picture = stored.get("alpha", math.nan), stored.get("picture", [])
    moved = np.array(stored.get("from_files", np.eye(4)), np.float64)
    if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < 256:
        raise ValueError("its class is none")
    if not isinstance(track, str) or len(track) > _LONGEST or not is_text(track):
        raise ValueError(f"its track is no name of at most {_LONGEST} letters")
    if not isinstance(occluded, int) or not UNKNOWN <= occluded <= 3:
        raise ValueError(f"it is occluded by {occluded!r}")
    if not (isinstance(truncated, float | int) and (truncated != truncated or 0 <= truncated <= 1)):
        raise ValueError(f"it is truncated by {truncated!r}")
    if not isinstance(alpha, float | int) or isinstance(alpha, bool) or math.isinf(alpha):
        raise ValueError(f"its alpha is {alpha!r}")
    if len(picture) not in (0, 4) or not np.isfinite(np.array(picture, np.float64)).all():
        raise ValueError("its rectangle is none")
    if moved.shape != (4, 4) or not is_way(moved):
        raise ValueError("it lies in no coordinates")
    return Box(
        box=values,
        label=label,
        track=track,
        sure=stored.get("sure", True) is not False,
        ignore=stored.get("ignore", False) is True,
        truncated=float(truncated),
        occluded=occluded,
        alpha=float(alpha),
        picture=tuple(map(float, picture)),
        from_files=moved,
    )
