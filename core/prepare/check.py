"""Read every scan and its labels once before the preparation: one that is broken stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import DataError
from core.base.files import read_json, write_json
from core.base.jobs import Job
from core.data.classes import ClassList
from core.data.plausible import judge, judge_stance
from core.data.scans import Dataset

_FILE = "checked.json"
_SHOWN = 5


@dataclass(frozen=True)
class Checked:
    """What the scans are, by name.

    Attributes
    ----------
    hashes, rows, returns : content hash, rows, and those that are returns, of each training scan
        that can be used
    left_out : a sentence for each scan that cannot, of training and validation
    notes : sentences on what is doubtful
    """

    hashes: dict[str, str]
    rows: dict[str, int]
    returns: dict[str, int]
    left_out: dict[str, str]
    notes: tuple[str, ...]


def check(
    dataset: Dataset, job: Job, *, classes: ClassList | None = None, research: bool = False
) -> Checked:
    """Read all scans of a dataset; with `classes` their labels too.

    A scan that cannot be read is left out, and one whose labels do not fit where they are needed:
    of validation, and in a research project. Raises SettingsError where the files cannot be what
    they are taken for, DataError where no training scan is left.
    """
    judged = judge(dataset)
    if judged.refused is not None:
        raise judged.refused
    found = Checked({}, {}, {}, {}, (*judged.notes, *judge_stance(dataset)))
    doubtful: list[str] = []
    for done, scan in enumerate(dataset.scans):
        job.progress(done, len(dataset.scans), "read scans")
        training = done < len(dataset.train)
        try:
            points = dataset.scan(scan).points
            if not np.isfinite(points[:, 0]).any():
                raise DataError(f"Scan {scan} holds no return.", "Remove the file.")
            content = _hash(dataset, scan) if training else ""
        except DataError as error:
            found.left_out[scan] = error.what
            continue
        try:
            if classes is not None:
                dataset.ground_truth(scan, classes, count=len(points))
        except DataError as error:
            if research or not training:
                found.left_out[scan] = error.what
                continue
            doubtful.append(error.what)
        if training:
            found.hashes[scan], found.rows[scan] = content, len(points)
            found.returns[scan] = int(np.isfinite(points[:, :3]).all(axis=1).sum())
    if not found.hashes:
        scan, what = next(iter(found.left_out.items()))
        raise DataError(
            f"None of {len(dataset.train):,} training scans can be used: {what}",
            "Bring whole files, and prepare again.",
        )
    return replace(found, notes=(*found.notes, *_some(doubtful)))


def _hash(dataset: Dataset, scan: str) -> str:
    try:
        return dataset.digest(scan)
    except OSError as error:
        raise DataError(
            f"Scan {scan} cannot be read: {error.strerror}.", "Bring the file back."
        ) from error


def _some(sentences: Sequence[str]) -> list[str]:
    """The first sentences, and how many more there are."""
    more = len(sentences) - _SHOWN
    return [*sentences[:_SHOWN], *([f"So it is with {more:,} scans more."] if more > 0 else [])]


def told(left_out: dict[str, str], notes: Sequence[str], total: int) -> tuple[str, ...]:
    """What a check found, in sentences."""
    if not left_out:
        return tuple(notes)
    head = f"{len(left_out):,} of {total:,} scans {'is' if len(left_out) == 1 else 'are'} left out:"
    return (*notes, head, *_some([f"  {scan}: {what}" for scan, what in left_out.items()]))


def usable(dataset: Dataset, left_out: dict[str, str]) -> Dataset:
    """The dataset without the scans that are left out."""
    if not left_out:
        return dataset
    train, validation = (
        tuple(scan for scan in side if scan not in left_out)
        for side in (dataset.train, dataset.validation)
    )
    return replace(dataset, train=train, validation=validation)


def save_doubts(folder: Path, notes: Sequence[str]) -> None:
    """Keep what was doubtful when a project was made, until it is prepared."""
    if notes:
        write_json(folder / _FILE, {"left_out": {}, "notes": list(notes), "no_returns": 0})


def save(folder: Path, checked: Checked) -> None:
    """Keep what was found below units/<fingerprint>, for the project and its status."""
    lost = sum(checked.rows.values()) - sum(checked.returns.values())
    value = {"left_out": checked.left_out, "notes": list(checked.notes), "no_returns": lost}
    write_json(folder / _FILE, value)


def read(folder: Path) -> dict[str, Any]:
    """What `save` or `save_doubts` wrote: "left_out", "notes" and "no_returns"; else nothing."""
    file = folder / _FILE
    if not file.exists():
        return {"left_out": {}, "notes": [], "no_returns": 0}
    value: dict[str, Any] = read_json(
        file, left_out=dict[str, str], notes=list[str], no_returns=int
    )
    return value
