"""Rounds: one query, its answers and the training on them, each a folder of the project.

A round's stage is read from the files that are there, never stored beside them. Rounds form a
tree: each names its parent; its branch is itself and its ancestors.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import ProjectError
from core.base.files import read_json
from core.base.typed import share_or_none, whole, words
from core.data.classes import ClassList
from core.query.query import Query, read_query
from core.rounds.figures import by_class, figures, folded
from core.rounds.scores import are_scored

QUERY = "query.json"
TRAINING = "training.json"
CHECKPOINT = "checkpoint.safetensors"
METRICS = "metrics.json"
GIVEN = "given"  # folder of what another network says, which is no round's; and its file
GIVE_AGAIN = "Run `lidarloop score --from` on the project again."
LOG = "log.json"  # loss and mIoU of each epoch
_EVALUATE = "Run `lidarloop evaluate` on the project."


@dataclass(frozen=True)
class Round:
    """One round's folder. `id` is the folder's name, such as "001-size"."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def number(self) -> int:
        """Position in its branch: 1 is the warm start."""
        return self.query.round

    @property
    def parent(self) -> str | None:
        return self.query.parent

    def file(self, name: str) -> Path:
        """Where the round keeps what is called so."""
        return self.folder / name

    @cached_property
    def query(self) -> Query:
        return read_query(self.file(QUERY))

    @property
    def given(self) -> bool:
        """Whether another network's probabilities were scored here, and nothing was asked."""
        return self.folder.name == GIVEN

    @property
    def checkpoint(self) -> Path:
        """What the scores come from: the network's weights, or a file that names what was given."""
        return self.file(f"{GIVEN}.json" if self.given else CHECKPOINT)

    @property
    def scored(self) -> bool:
        return are_scored(self.folder)

    @property
    def frozen(self) -> bool:
        """Whether its training set is fixed, so that unanswered items went back to the pool."""
        return self.file(TRAINING).exists()

    def stage(self, *, answered: bool) -> str:
        """Return "asked", "answered", "trained" or "scored".

        `answered`: whether every item of the query has an answer, which only the journal knows.
        """
        if self.scored:
            return "scored"
        if self.checkpoint.exists():
            return "trained"
        return "answered" if self.frozen or answered else "asked"

    @property
    def done(self) -> bool:
        """Whether nothing is left to do: trained, scored and evaluated."""
        return self.scored and self.file(METRICS).exists()

    def metrics(self, classes: ClassList | None = None) -> dict[str, Any] | None:
        """The evaluation of its checkpoint, or None before there is one.

        With the project's `classes`, mIoU, IoU and confusion are by what these count as now; else
        as they stand in the file, whose confusion has each class by itself, whatever is merged;
        `ranges` and `panoptic` are as they were measured in any case.
        Where an earlier version averaged over the classes in truth or prediction, the figures are
        those of its confusion. Raises ProjectError where the file is damaged.
        """
        path = self.file(METRICS)
        if not path.exists():
            return None
        found: dict[str, Any] = read_json(path, do=_EVALUATE, iou=dict)
        try:
            share_or_none(found.get("miou"), "miou")
            for name, value in found["iou"].items():
                share_or_none(value, f"iou of {name}")
            if "miou_classes" not in found and "confusion" in found:
                found |= figures(_confusion(found), list(found["iou"]))
            if found.get("official") is not None:
                share_or_none(found["official"]["miou"], "the official mIoU")
                words(found["official"]["benchmark"], "the benchmark")
            for name in ("miou_classes", "all_classes"):
                whole(found.get(name, 0), name)
            if classes is not None and (classes.merges or found.get("merged")):
                found |= _counted(found, classes)
        except (KeyError, TypeError, ValueError) as error:
            raise ProjectError(f"{path} is damaged: {error}.", _EVALUATE) from error
        return found


def _counted(metrics: dict[str, Any], classes: ClassList) -> dict[str, Any]:
    """The figures of a file by what its classes count as now. Raises ValueError or KeyError where
    its confusion is none of them."""
    matrix = _confusion(metrics)
    if len(matrix) > len(classes):
        raise ValueError("confusion has more classes than the project")
    names = (*metrics["iou"], *classes.names[len(matrix) :])
    matrix = folded(matrix, classes.now[: len(classes)])
    found = figures(matrix, names, merged=bool(classes.merges))
    return {**found, "iou": by_class(matrix, names), "confusion": matrix.tolist()}


def _confusion(metrics: dict[str, Any]) -> np.ndarray:
    """(C, C) int64. Raises ValueError where there is none of the classes of `iou`."""
    matrix = np.array(metrics["confusion"])
    if matrix.shape != (len(metrics["iou"]),) * 2 or matrix.dtype.kind != "i" or matrix.min() < 0:
        raise ValueError("confusion is no table of its classes")
    return matrix


def read_given(path: Path) -> dict[str, Any]:
    """Whose probabilities were given: the folder they came "from", the number of "scans". Raises
    ProjectError."""
    return dict(read_json(path, do=GIVE_AGAIN, **{"from": str, "scans": int}))


def read_rounds(folder: Path) -> list[Round]:
    """Return the rounds below `folder` in the order of their numbers and names."""
    if not folder.is_dir():
        return []
    return [Round(path.parent) for path in sorted(folder.glob(f"*-*/{QUERY}"))]


def branch(rounds: Sequence[Round], tip: Round | None) -> list[Round]:
    """Return `tip` and its ancestors, the oldest first. Raises ProjectError for a lost parent."""
    by_id = {found.id: found for found in rounds}
    line: list[Round] = []
    while tip is not None:
        line.append(tip)
        if tip.parent is None:
            break
        parent = by_id.get(tip.parent)
        if parent is None:
            raise ProjectError(
                f"Round {tip.id} was asked after round {tip.parent}, whose folder is missing.",
                f"Restore rounds/{tip.parent} from a copy of the project.",
            )
        if parent in line:
            raise ProjectError(
                f"Round {tip.id} was asked after round {parent.id}, which was asked after it.",
                f"Restore rounds/{tip.id} from a copy of the project.",
            )
        tip = parent
    return line[::-1]


def asked_by(rounds: Sequence[Round], ids: Collection[str]) -> Collection[str]:
    """Units that the rounds `ids` asked: an answer to one counts for them, whichever round it was
    given to. None where there is no other round that could have got one."""
    mine = [found for found in rounds if found.id in ids]
    return () if len(mine) == len(rounds) else {item for one in mine for item in one.query.items}
