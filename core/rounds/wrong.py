"""How many points of each class a round's network gets wrong in each validation scan: kept when it
is measured, since its predictions are deleted once a later round is scored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.base.files import Column, read_arrays, write_arrays
from core.rounds.round import Round

WRONG = "wrong.npz"
_COLUMNS: dict[str, Column] = {"scans": (str, "S"), "wrong": (np.int64, "SC")}
_MORE: dict[str, Column] = {"now": (np.uint8, "C")}  # what each class counted as
_EVALUATE = "Delete it and run `lidarloop evaluate` on the project."


def wrong_of(matrix: np.ndarray) -> np.ndarray:
    """(C,) int64 of a confusion (C, C): points of each class that are missed or wrongly called
    it, what its union holds beside its intersection."""
    missed_or_called: np.ndarray = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * np.diag(matrix)
    return missed_or_called


def write_wrong(found: Round, wrong: Mapping[str, np.ndarray], now: np.ndarray) -> None:
    """Keep (C,) int64 by scan; `now` (C,) uint8: what each class counted as (ClassList.now)."""
    table = np.array(list(wrong.values()), np.int64).reshape(len(wrong), len(now))
    arrays = {"scans": np.array(list(wrong), str), "wrong": table, "now": now}
    write_arrays(found.file(WRONG), arrays)


def read_wrong(found: Round, now: np.ndarray) -> dict[str, np.ndarray] | None:
    """(C,) int64 by scan; None where an earlier version measured the round, or it was measured by
    another number of classes or other merges than `now` (C,) uint8. Raises ProjectError where the
    file is damaged."""
    if not found.file(WRONG).exists():
        return None
    stored = _stored(found.file(WRONG))
    # Earlier versions kept no merges: of these files only those without count.
    then = stored.get("now", np.arange(stored["wrong"].shape[1]))
    if not np.array_equal(then, now):
        return None
    return dict(zip(stored["scans"].tolist(), stored["wrong"], strict=True))


def check_wrong(path: Path) -> None:
    """Raise ProjectError where a file of `write_wrong` is damaged."""
    _stored(path)


def _stored(path: Path) -> dict[str, np.ndarray]:
    return read_arrays(path, _COLUMNS, optional=_MORE, do=_EVALUATE)
