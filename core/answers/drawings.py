"""Drawings that are not answered yet, a file each in the project's folder: they survive a crash.

Kept by rows, as answers are: another preparation loses none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import ProjectError
from core.base.files import Column, read_arrays, write_arrays

_COLUMNS: dict[str, Column] = {
    "rows": (np.int64, "R"),
    "classes": (np.uint8, "R"),
    "selected": (bool, "R"),
    "own": (bool, "R"),
    "part": (np.int32, "P"),
    "about": (np.str_, "1"),
}
_TURN: dict[str, Column] = {"turn": (np.int32, "R")}  # where "about" says that it is there
_DO = "Delete it: only this one drawing is lost, no answer."


@dataclass(frozen=True)
class Drawing:
    """What somebody drew on rows of a scan.

    Attributes
    ----------
    scan, unit : its name; unit_id, "" for stray points
    rows : (R,) int64 ascending
    classes : (R,) uint8 given so far; selected : (R,) bool
    own : (R,) bool whose class the person gave, where `guessed`; part : (R,) int32 or None
    turn : (R,) int32 in which turn each class was given, so that two things stay two, or None
    title, tools : the last step in words, what it was made with
    time : of the last step, unix s
    """

    scan: str
    unit: str
    rows: np.ndarray
    classes: np.ndarray
    selected: np.ndarray
    own: np.ndarray
    part: np.ndarray | None
    turn: np.ndarray | None
    guessed: bool
    title: str
    tools: tuple[str, ...]
    time: float


def write_drawing(path: Path, drawing: Drawing) -> None:
    """Keep a drawing at `path`, atomically. Raises StorageError."""
    names = ("scan", "unit", "guessed", "title", "tools", "time")
    about = {name: getattr(drawing, name) for name in names}
    about["turns"] = drawing.turn is not None
    part = np.zeros(0, np.int32) if drawing.part is None else drawing.part.astype(np.int32)
    turn = {} if drawing.turn is None else {"turn": drawing.turn.astype(np.int32)}
    write_arrays(
        path,
        {
            "rows": drawing.rows.astype(np.int64),
            "classes": drawing.classes,
            "selected": drawing.selected,
            "own": drawing.own,
            "part": part,
            **turn,
            "about": np.array([json.dumps(about)]),
        },
    )


def read_drawing(path: Path) -> Drawing:
    """Read a drawing. Raises ProjectError where the file is damaged."""
    stored = read_arrays(path, _COLUMNS, do=_DO)
    part = stored["part"]
    rows = stored["rows"]
    try:
        about = json.loads(str(stored["about"][0]))
        found = Drawing(
            scan=str(about["scan"]),
            unit=str(about["unit"]),
            rows=rows,
            classes=stored["classes"],
            selected=stored["selected"],
            own=stored["own"],
            part=part if len(part) == len(rows) else None,
            turn=read_arrays(path, _TURN, do=_DO, R=len(rows))["turn"]
            if about.get("turns")
            else None,
            guessed=bool(about["guessed"]),
            title=str(about["title"]),
            tools=tuple(str(tool) for tool in about["tools"]),
            time=float(about["time"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(f"{path} is damaged: {error!r}.", _DO) from error
    return found
