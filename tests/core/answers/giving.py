"""Answers to the units of a scan of 100 rows, as the tests of journals give them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from core.answers.answers import Answers
from core.answers.effort import Effort
from core.answers.entry import Head, ScanRef

S = ScanRef("s", 100, "h")


def give(answers: Answers, unit: int, label: int, words: int = 0, **more: object) -> Head:
    """Give the ten rows of a unit of S a class; `words` make the entry fill pages."""
    rows = np.arange(unit * 10, unit * 10 + 10)
    return answers.answer(
        S,
        rows,
        np.full(10, label, np.uint8),
        round="",
        unit=f"s#c{unit}",
        effort=Effort(tool="key", active_s=1.5, suggested="car " * words),
        **more,
    )


def units_of(answers: Answers) -> list[int]:
    """The class of each unit of S, as its rows have it."""
    return answers.labels(S)[::10].tolist()


def write(folder: Path, annotator: str, count: int) -> Path:
    """A journal of so many answers, unit after unit, all in one file."""
    with closing(Answers.open(folder, annotator)) as answers:
        for number in range(count):
            give(answers, number % 10, number % 7)
    return folder / f"{annotator}.sqlite"


def undoing(path: Path, targets: list[int]) -> None:
    """Append undos of those numbers, as they are."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN")
        copied = (
            "time + seq, 'undo', round, scan, unit, 0, x'', rows, classes, tool, 0.0, 0, 0, '', "
            "version, 0, '', ?, 0, kind, ''"
        )
        empty = "x'789c030000000001'"
        for target in targets:
            database.execute(
                "INSERT INTO entries SELECT (SELECT max(seq) + 1 FROM entries), "
                + copied.replace("rows, classes", f"{empty}, {empty}")
                + " FROM entries WHERE seq = 1",
                (target,),
            )
        database.execute("COMMIT")
