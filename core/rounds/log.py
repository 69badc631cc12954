"""The log of a round's training: loss and mIoU of each epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.base.errors import ProjectError
from core.base.files import read_json
from core.base.typed import number, share_or_none, whole

_DO = "Delete it: only the curve of the training is lost."


def read_log(path: Path) -> list[dict[str, Any]]:
    """A row for each epoch: `epoch` from 1 on, `loss` and `labelled_miou` or None. Raises
    ProjectError where it is missing or damaged."""
    rows: list[dict[str, Any]] = read_json(path, do=_DO, epochs=list[dict[str, Any]])["epochs"]
    try:
        for row in rows:
            whole(row.get("epoch"), "epoch")
            if row.get("loss") is not None:
                number(row["loss"], "loss")
            share_or_none(row.get("labelled_miou"), "labelled_miou")
    except ValueError as error:
        raise ProjectError(f"{path} is damaged: {error}.", _DO) from error
    return rows
