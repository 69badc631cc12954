"""Export of classes and instances in one label: the class below, the instance in the upper 16 bits.

As semantic-kitti.org has them. An instance keeps its number in all scans of its sequence.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from core.answers.brought import Brought
from core.answers.instances import numbered
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.classes import FIRST_CODE, UNLABELLED
from core.data.label_file import label_file
from core.exchange.outbox import Outbox
from core.exchange.raw_labels import MOST_CLASS, as_raw, packed
from core.project.project import Project

_BITS = 16


def export_panoptic(project: Project, box: Outbox, job: Job) -> int:
    """Write what people answered, a file for each scan with answers; return how many.

    Rows of imported labels that nobody answered otherwise are as they came in. Raises ProjectError
    for a format whose labels have no room for instances.
    """
    dataset = project.dataset
    scans = dataset.train
    if label_file(dataset, scans[0])[1].itemsize < 4:
        raise ProjectError(
            f"The labels of {dataset.format.name} have one byte for each point: instances do not "
            "fit in.",
            "Export labels, which are the classes alone.",
        )
    box.check(label_file(dataset, scan)[0] for scan in scans)
    return len(box.write_all(lambda: _made(project, job)))


def _made(project: Project, job: Job) -> Iterator[tuple[str, bytes | None]]:
    """The files of all training scans, None where nothing is known of one."""
    dataset, scans = project.dataset, project.dataset.train
    rounds = {*(one.id for one in project.rounds), ""}
    answered = project.answers.fold.labelled_scans(rounds=rounds)
    done = 0
    for _, sequence in groupby(scans, key=lambda scan: scan.rpartition("/")[0]):
        mine = list(sequence)
        names: dict[str, None] = {}
        taken: set[int] = set()
        for scan in mine:
            if scan in answered:
                names |= dict.fromkeys(project.things(scan).names)
            brought = project.brought(scan)
            if brought is not None:
                taken.update(np.unique(brought.raw >> _BITS).tolist())
        number = numbered(list(names), taken)
        for scan in mine:
            labels, brought = project.labels(scan), project.brought(scan)
            name, dtype = label_file(dataset, scan)
            if brought is None and np.all(labels == UNLABELLED):
                yield name, None
            else:
                raw = _numbered(project, scan, labels, brought, number)
                yield name, packed(raw, dtype, scan)
            done += 1
            job.progress(done, len(scans), "export")


def _numbered(
    project: Project,
    scan: str,
    labels: np.ndarray,
    brought: Brought | None,
    number: dict[str, int],
) -> np.ndarray:
    """(N,) uint32 raw labels with their instances."""
    things = project.things(scan)
    # A scan without a class was not looked at for things: what it names has none to number.
    table = np.array([0, *(number.get(name, 0) for name in things.names)], np.uint32)
    instance = np.where(labels < FIRST_CODE, table[things.of_row], 0).astype(np.uint32)
    raw = as_raw(labels, brought, project.classes)
    numbers = raw & MOST_CLASS | instance << _BITS
    return numbers if brought is None else np.where(brought.kept, brought.raw, numbers)
