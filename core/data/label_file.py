"""Where labels of a dataset lie, asked of a format that others may have written."""

from __future__ import annotations

import numpy as np

from core.base.errors import DataError, SettingsError
from core.data.classes import MOST_RAW, ClassList
from core.data.scans import Dataset


def label_file(dataset: Dataset, scan: str) -> tuple[str, np.dtype]:
    """Where the dataset's format keeps a scan's labels below a root, and their dtype.

    Raises DataError where an installed format says something else.
    """
    said = dataset.format.label_file(dataset.root, scan)
    try:
        name, dtype = said
        dtype = np.dtype(dtype)
    except (TypeError, ValueError) as error:
        raise _no_label_file(dataset, scan, said) from error
    if not isinstance(name, str) or dtype.kind not in "ui":
        raise _no_label_file(dataset, scan, said)
    return name, dtype


def _no_label_file(dataset: Dataset, scan: str, said: object) -> DataError:
    return DataError(
        f"The format {dataset.format.name} names no label file for {scan}: {said!r:.80}.",
        "Its label_file is to return a name and a dtype of integers; tell whoever wrote it.",
    )


def check_raw(dataset: Dataset, classes: ClassList) -> None:
    """Raise SettingsError where a raw id does not fit what the dataset keeps of a label."""
    _, dtype = label_file(dataset, dataset.train[0])
    most = min(MOST_RAW, int(np.iinfo(dtype).max))
    for name, raw in zip(classes.names, classes.class_to_raw, strict=True):
        if raw > most:
            raise SettingsError(
                f"{name} has the raw id {raw:,}, and a label of {dataset.format.name} holds "
                f"{most:,} at most.",
                "Give it a smaller one.",
            )
