"""Labels of a scan: the fold over journal entries in time order."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.answers.entry import Entry
from core.data.classes import UNLABELLED

ALIKE = "alike"  # tool of answers that several like units got together
CARRIED = "carried over"  # tool of answers that repeat what the same thing got in another scan
BY_BOXES = "boxes"  # tool of answers that boxes gave, in time that is counted with the boxes
FREE = frozenset((CARRIED, BY_BOXES))  # what they cost is counted elsewhere, if at all


def labels_of(entries: Iterable[Entry], rows: int) -> np.ndarray:
    """(rows,) uint8: the class each row was given last, UNLABELLED where none was.

    `entries` are answers in time order; a later one replaces what an earlier one said of a row.
    """
    labels = np.full(rows, UNLABELLED, np.uint8)
    for entry in entries:
        labels[entry.rows] = entry.classes
    return labels
