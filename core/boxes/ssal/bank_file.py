"""bank.npz: a bank at one refresh, written and read here alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import DataError
from core.base.files import Column, read_arrays, write_arrays
from core.base.paths import check_name
from core.boxes.ssal.bank import FALSE, GT, PSEUDO, Item
from core.boxes.table import problem

_AGAIN = "Delete it and train the round again."
# Of S scans, N objects, P points, K boxes that are cleared from B backgrounds.
_COLUMNS: dict[str, Column] = {
    "scans": (np.str_, "S"),
    "box": (np.float64, "N7"),
    "label": (np.uint8, "N"),
    "score": (np.float64, "N"),
    "frame": (np.int64, "N"),
    "origin": (np.int8, "N"),
    "missed": (np.int64, "N"),
    "born": (np.int64, "N"),
    "count": (np.int64, "N"),
    "points": (np.float32, "P4"),
    "cleared": (np.float64, "K7"),
    "cleared_of": (np.int64, "K"),
    "backgrounds": (np.int64, "B"),
    "step": (np.int64, "1"),
    "about": (np.str_, "2"),
}


@dataclass(frozen=True, eq=False)
class Bank:
    """What pseudo scenes are made of, as of one refresh.

    Attributes
    ----------
    items : people's objects and pseudo objects; false : objects that are set without a label
    cleared : scan -> (k, 7) float64 boxes whose points its background lacks; the scans are all
        that may be backgrounds
    step : of the training, at which it was made
    key : hash of all that it is made from, what began to look at the frames among it (Cpsp.key)
    history : a record for each refresh (core.boxes.ssal.refresh), the last one this one's
    """

    items: Sequence[Item]
    false: Sequence[Item]
    cleared: Mapping[str, np.ndarray]
    step: int
    key: str
    history: Sequence[Mapping[str, Any]]


def write_bank(path: Path, bank: Bank) -> None:
    """Write a bank atomically; equal ones give equal bytes. Raises StorageError."""
    items = [*bank.items, *bank.false]
    scans = list(dict.fromkeys([*bank.cleared, *(item.frame for item in items)]))
    place = {scan: number for number, scan in enumerate(scans)}
    none = [np.zeros((0, 7))]
    write_arrays(
        path,
        {
            "scans": np.array(scans, np.str_),
            "box": np.concatenate([*none, *(item.box[None] for item in items)]),
            "label": np.array([item.label for item in items], np.uint8),
            "score": np.array([item.score for item in items], np.float64),
            "frame": np.array([place[item.frame] for item in items], np.int64),
            "origin": np.array([item.origin for item in items], np.int8),
            "missed": np.array([item.missed for item in items], np.int64),
            "born": np.array([item.born for item in items], np.int64),
            "count": np.array([len(item.points) for item in items], np.int64),
            "points": np.concatenate([np.zeros((0, 4), np.float32), *(i.points for i in items)]),
            "cleared": np.concatenate([*none, *bank.cleared.values()]),
            "cleared_of": np.repeat(
                np.array([place[scan] for scan in bank.cleared], np.int64),
                np.array([len(boxes) for boxes in bank.cleared.values()], np.int64),
            ),
            "backgrounds": np.array([place[scan] for scan in bank.cleared], np.int64),
            "step": np.array([bank.step], np.int64),
            "about": np.array([bank.key, json.dumps(bank.history)], np.str_),
        },
        compress=False,
    )


def read_bank(path: Path) -> Bank:
    """Read what `write_bank` wrote. Raises ProjectError where it is missing, damaged, or holds what
    no bank does."""
    if not path.exists():
        raise DataError(f"The bank of objects {path} is not there.", _AGAIN)
    read = read_arrays(path, _COLUMNS, do=_AGAIN)
    scans = [str(scan) for scan in read["scans"]]
    for scan in scans:
        check_name(scan)
    try:
        said = _wrong(read, len(scans))
        history = json.loads(str(read["about"][1]))
        if said is None and not _is_history(history):
            said = "its history is none"
    except ValueError as error:
        said = str(error)
    if said is not None:
        raise DataError(f"{path} is damaged: {said}.", _AGAIN)
    ends = np.cumsum(read["count"])
    items = [
        Item(
            box=read["box"][row],
            label=int(read["label"][row]),
            score=float(read["score"][row]),
            frame=scans[read["frame"][row]],
            points=read["points"][end - read["count"][row] : end],
            origin=int(read["origin"][row]),
            missed=int(read["missed"][row]),
            born=int(read["born"][row]),
        )
        for row, end in enumerate(ends.tolist())
    ]
    return Bank(
        items=[item for item in items if item.origin != FALSE],
        false=[item for item in items if item.origin == FALSE],
        cleared=_cleared(read, scans),
        step=int(read["step"][0]),
        key=str(read["about"][0]),
        history=history,
    )


def _cleared(read: Mapping[str, np.ndarray], scans: Sequence[str]) -> dict[str, np.ndarray]:
    order = np.argsort(read["cleared_of"], kind="stable")
    ends = np.searchsorted(read["cleared_of"][order], np.arange(len(scans) + 1))
    boxes = read["cleared"][order]
    return {scans[k]: boxes[ends[k] : ends[k + 1]] for k in read["backgrounds"].tolist()}


def _is_history(history: Any) -> bool:
    return isinstance(history, list) and all(isinstance(record, dict) for record in history)


def _wrong(read: Mapping[str, np.ndarray], scans: int) -> str | None:
    """What no bank holds; None if nothing."""
    count = read["count"]
    if ((count < 0) | (count > len(read["points"]))).any() or count.sum() != len(read["points"]):
        return "its points are not as many as it says"
    for name in ("frame", "cleared_of", "backgrounds"):
        if ((read[name] < 0) | (read[name] >= scans)).any():
            return "it names a scan that it lacks"
    if len(set(read["scans"].tolist())) != scans or len(set(read["backgrounds"].tolist())) != len(
        read["backgrounds"]
    ):
        return "it names a scan twice"
    for name in ("box", "cleared"):
        good = np.isfinite(read[name]).all(axis=1) & (read[name][:, 3:6] > 0).all(axis=1)
        if not good.all():
            return f"of a box {problem(read[name][int(np.argmin(good))])}"
    if not ((read["score"] >= 0) & (read["score"] <= 1)).all():
        return "it has a score outside of 0..1"
    if not np.isin(read["origin"], (GT, PSEUDO, FALSE)).all():
        return "an object is from nowhere"
    if not np.isfinite(read["points"]).all():
        return "a point is no finite number"
    if (read["missed"] < 0).any() or (read["step"] < 0).any():
        return "it counts below 0"
    return None
