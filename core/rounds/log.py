"""The log of a round's training: loss and mIoU of each epoch, and looks at the validation scans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.base.errors import ProjectError
from core.base.files import read_json
from core.base.typed import listed, mapped, number, share_or_none, whole

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


def read_looks(path: Path) -> list[dict[str, Any]]:
    """A row for each look at the validation scans on the way: `step` and `miou`, a share or None;
    none of a log that an earlier version wrote. Raises ProjectError where they are damaged."""
    found = read_json(path, do=_DO)
    rows = found.get("looks", [])
    try:
        for row in listed(rows, "looks"):
            whole(mapped(row, "a look").get("step"), "step")
            share_or_none(row.get("miou"), "miou")
    except ValueError as error:
        raise ProjectError(f"{path} is damaged: {error}.", _DO) from error
    looks: list[dict[str, Any]] = rows
    return looks
