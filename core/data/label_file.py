"""Where labels of a dataset lie, asked of a format that others may have written."""

from __future__ import annotations

import numpy as np

from core.base.errors import DataError
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
