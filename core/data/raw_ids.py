"""Whether the raw ids of a class list fit the labels of a dataset."""

from __future__ import annotations

import numpy as np

from core.base.errors import SettingsError
from core.data.classes import MOST_RAW, ClassList
from core.data.label_file import label_file
from core.data.scans import Dataset


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
