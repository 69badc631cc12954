"""A scan's labels as numbers of its dataset: what was answered, and all else as it was imported."""

from __future__ import annotations

import numpy as np

from core.answers.brought import Brought
from core.base.errors import DataError, ProjectError
from core.data.classes import IGNORED, UNLABELLED, ClassList
from core.project.project import Project

MOST_CLASS = 0xFFFF  # the lower half of a label; above it is the instance


def told(project: Project, scan: str) -> np.ndarray | None:
    """(N,) uint32: the raw class of what people answered, in the high 16 bits the instance of what
    was imported; None where nothing is known of the scan.

    Rows that nobody answered are as they were imported, bit for bit, else of no class. So are rows
    that were answered with the class they had: that says nothing against a finer id or an instance.
    """
    labels, brought = project.labels(scan), project.brought(scan)
    if brought is None and np.all(labels == UNLABELLED):
        return None
    return as_raw(labels, brought, project.classes)


def as_raw(labels: np.ndarray, brought: Brought | None, classes: ClassList) -> np.ndarray:
    """(N,) uint32 raw labels of classes (N,) uint8, imported ones where they still hold. What was
    imported of a class that is merged has the id of the class it counts as, and its instance."""
    if brought is None:
        return classes.decode(labels)
    said = classes_of(brought.raw, classes)
    counts = classes.now[said]
    answered = ~brought.kept & (labels != counts)
    merged = ~answered & (said != counts)
    raw = brought.raw.copy()
    raw[answered] = classes.decode(labels[answered])
    raw[merged] = classes.decode(counts[merged]) | brought.raw[merged] & ~np.uint32(MOST_CLASS)
    return raw


def classes_of(raw: np.ndarray, classes: ClassList) -> np.ndarray:
    """(N,) uint8 classes or IGNORED, before merges, of raw labels (N,) uint32 that may have
    instances; UNLABELLED for an id that the list has no more."""
    meant = {classes.none: IGNORED} if classes.has_none else {}
    meant |= classes.raw_to_class
    ids, place = np.unique(raw & MOST_CLASS, return_inverse=True)
    known = [meant.get(one, UNLABELLED) for one in ids.tolist()]
    return np.array(known, np.uint8)[place] if len(ids) else np.zeros(0, np.uint8)


def packed(raw: np.ndarray, dtype: np.dtype, scan: str) -> bytes:
    """Labels (N,) uint32 as a file holds them. Raises ProjectError for an id that does not fit."""
    most = int(np.iinfo(dtype).max)
    highest = int(raw.max(initial=0))
    if highest > most:
        raise ProjectError(
            f"The labels of {scan} have the id {highest:,}; a label file of {dtype.itemsize} "
            f"byte{'s' * (dtype.itemsize > 1)} for each point ends at {most:,}.",
            "Give the class a smaller raw id in classes.toml.",
        )
    return raw.astype(dtype).tobytes()


def check_ids(classes: ClassList) -> None:
    """Raise ProjectError where a class, or none, has a raw id that would run into the instance's
    bits: a list that an older version let pass."""
    ids = [
        (f"The class {n}", raw) for n, raw in zip(classes.names, classes.class_to_raw, strict=True)
    ]
    if classes.has_none:
        ids.append(("What has no class", classes.none))
    for name, raw in ids:
        if not 0 <= raw <= MOST_CLASS:
            raise ProjectError(
                f"{name} has the raw id {raw:,}; labels hold 0 to {MOST_CLASS:,}.",
                "Give it a smaller raw id in classes.toml.",
            )


def known_as(raw: np.ndarray, classes: ClassList, scan: str) -> np.ndarray:
    """(N,) uint8 classes or IGNORED, before merges as a journal keeps them, of raw labels (N,)
    uint32. Raises DataError naming scan and ids that the list does not know."""
    found = classes_of(raw, classes)
    strange = found == UNLABELLED
    if strange.any():
        ids = ", ".join(map(str, np.unique(raw[strange] & MOST_CLASS)[:8].tolist()))
        raise DataError(
            f"The labels of {scan} use ids the class list {classes.name} does not know: {ids}.",
            "Add them to the list's raw_ids (or to its ignored ids) in classes.toml.",
        )
    return found
