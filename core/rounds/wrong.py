"""How many points of each class a round's network gets wrong in each validation scan: kept when it
is measured, since its predictions are deleted once a later round is scored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.base.files import Column, read_arrays, write_arrays
from core.rounds.round import Round

WRONG = "wrong.npz"
_COLUMNS: dict[str, Column] = {"scans": (str, "S"), "wrong": (np.int64, "SC")}
_EVALUATE = "Delete it and run `lidarloop evaluate` on the project."


def wrong_of(matrix: np.ndarray) -> np.ndarray:
    """(C,) int64 of a confusion (C, C): points of each class that are missed or wrongly called
    it, what its union holds beside its intersection."""
    missed_or_called: np.ndarray = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * np.diag(matrix)
    return missed_or_called


def write_wrong(found: Round, wrong: Mapping[str, np.ndarray], classes: int) -> None:
    """Keep (C,) int64 by scan."""
    table = np.array(list(wrong.values()), np.int64).reshape(len(wrong), classes)
    write_arrays(found.file(WRONG), {"scans": np.array(list(wrong), str), "wrong": table})


def read_wrong(found: Round, classes: int) -> dict[str, np.ndarray] | None:
    """(C,) int64 by scan; None where an earlier version measured the round, or it was measured by
    another number of classes. Raises ProjectError where the file is damaged."""
    if not found.file(WRONG).exists():
        return None
    stored = read_arrays(found.file(WRONG), _COLUMNS, do=_EVALUATE)
    if stored["wrong"].shape[1] != classes:
        return None
    return dict(zip(stored["scans"].tolist(), stored["wrong"], strict=True))
