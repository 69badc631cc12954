"""What CAL weighed of the frames that a round asks, kept with the query: so that the frames still
open are ranked anew as others are finished (`live`), whatever becomes of the predictions."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import DataError
from core.base.files import Column, read_arrays, write_arrays
from core.base.paths import check_name
from core.base.ssal_settings import SsalSettings
from core.query.box_strategies.ensemble import Candidates

CANDIDATES = "candidates.npz"
_DO = "Restore it from a copy of the project; without it frames are asked in the query's order."
# Of Q frames, K boxes, M features of D numbers, C classes.
_COLUMNS: dict[str, Column] = {
    "scans": (np.str_, "Q"),
    "count": (np.int64, "Q"),
    "score": (np.float64, "K"),
    "label": (np.int64, "K"),
    "reliable": (np.bool_, "K"),
    "features": (np.int64, "Q"),
    "feature": (np.float64, "MD"),
    "barred": (np.bool_, "Q"),
    "limits": (np.float64, "C"),
    "settings": (np.str_, "1"),
}


@dataclass(frozen=True, eq=False)
class FrameQueue:
    """The frames of a query as CAL weighed them, in its order; `limits` (C,) float64 U_c, NaN of a
    class without a share; the settings as they were."""

    frames: Candidates
    limits: np.ndarray
    settings: SsalSettings

    def merged(self, now: np.ndarray, classes: int) -> FrameQueue:
        """The same, merged classes as those that they count as, (256,) uint8 `now`, to which their
        shares go; of the `classes` that the list has by now, which may have grown."""
        limits = np.full(max(classes, len(self.limits)), np.nan)
        for label in np.flatnonzero(~np.isnan(self.limits)).tolist():
            into = int(now[label])
            known = 0.0 if np.isnan(limits[into]) else limits[into]
            limits[into] = known + self.limits[label]
        frames = replace(self.frames, label=now[self.frames.label].astype(np.int64))
        return replace(self, frames=frames, limits=limits)


def write_queue(path: Path, queue: FrameQueue) -> None:
    """Keep a queue at `path`, atomically; equal ones give equal bytes. Merged classes are what they
    counted as when it was asked, as its order and budget are; an undo does not part them."""
    frames = queue.frames
    write_arrays(
        path,
        {
            "scans": np.array(frames.names, np.str_),
            "count": np.diff(frames.first),
            "score": frames.score,
            "label": frames.label,
            "reliable": frames.reliable,
            "features": np.diff(frames.first_feature),
            "feature": frames.feature,
            "barred": frames.barred,
            "limits": queue.limits,
            "settings": np.array([json.dumps(vars(queue.settings))], np.str_),
        },
    )


def read_queue(path: Path) -> FrameQueue:
    """Read what `write_queue` wrote. Raises ProjectError where it is damaged."""
    read = read_arrays(path, _COLUMNS, do=_DO)
    scans = tuple(str(scan) for scan in read["scans"])
    for scan in scans:
        check_name(scan)
    said = _wrong(read)
    settings = None if said else _settings(str(read["settings"][0]))
    if said is None and settings is None:
        said = "its settings are none"
    if said is not None or settings is None:
        raise DataError(f"{path} is damaged: {said}.", _DO)
    frames = Candidates(
        scans,
        np.cumsum([0, *read["count"].tolist()]),
        read["score"],
        read["label"],
        read["reliable"],
        np.cumsum([0, *read["features"].tolist()]),
        read["feature"],
        read["barred"],
    )
    return FrameQueue(frames, read["limits"], settings)


def _settings(text: str) -> SsalSettings | None:
    try:
        stored: Any = json.loads(text)
        kinds = {field.name: field.type for field in fields(SsalSettings)}
        if {name: type(value).__name__ for name, value in stored.items()} != kinds:
            return None
        return SsalSettings(**stored)
    except (ValueError, AttributeError, TypeError):
        return None


def _wrong(read: dict[str, np.ndarray]) -> str | None:
    """What no queue holds; None if nothing."""
    for count, rows in (("count", "score"), ("features", "feature")):
        if (read[count] < 0).any() or read[count].sum() != len(read[rows]):
            return f"its {rows} are not as many as it says"
    if len(set(read["scans"].tolist())) != len(read["scans"]):
        return "it names a scan twice"
    if not ((read["score"] >= 0) & (read["score"] <= 1)).all():
        return "it has a score outside of 0..1"
    if ((read["label"] < 0) | (read["label"] >= len(read["limits"]))).any():
        return "it has a class that is none"
    if not np.isfinite(read["feature"]).all() or np.isinf(read["limits"]).any():
        return "a number is none"
    return None
