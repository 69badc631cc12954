"""Export of classes and instances in one label: the class below, the instance in the upper 16 bits.

As semantic-kitti.org has them. An instance keeps its number in all scans of its sequence.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np

from core.answers.instances import numbered
from core.base.errors import ProjectError
from core.base.files import write_atomic
from core.base.jobs import Job
from core.data.classes import FIRST_CODE, UNLABELLED
from core.project.project import Project

_BITS = 16


def export_panoptic(project: Project, out: Path, job: Job) -> int:
    """Write what people answered below `out`, a file for each scan with answers; return how many.

    Raises ProjectError for a format whose labels have no room for instances.
    """
    dataset = project.dataset
    scans = dataset.train
    if dataset.format.label_file(dataset.root, scans[0])[1].itemsize < 4:
        raise ProjectError(
            f"The labels of {dataset.format.name} have one byte for each point: instances do not "
            "fit in.",
            "Export labels, which are the classes alone.",
        )
    rounds = {*(one.id for one in project.rounds), ""}
    answered = project.answers.fold.labelled_scans(rounds=rounds)
    written = done = 0
    for _, sequence in groupby(scans, key=lambda scan: scan.rpartition("/")[0]):
        mine = list(sequence)
        told = (name for scan in mine if scan in answered for name in project.things(scan).names)
        number = numbered(list(dict.fromkeys(told)))
        for scan in mine:
            done += 1
            job.progress(done, len(scans), "export")
            labels = project.labels(scan)
            if np.any(labels != UNLABELLED):
                _write(project, out, scan, labels, number)
                written += 1
    return written


def _write(
    project: Project, out: Path, scan: str, labels: np.ndarray, number: dict[str, int]
) -> None:
    things = project.things(scan)
    # A scan without a class was not looked at for things: what it names has none to number.
    table = np.array([0, *(number.get(name, 0) for name in things.names)], np.uint32)
    instance = np.where(labels < FIRST_CODE, table[things.of_row], 0).astype(np.uint32)
    raw = project.classes.decode(labels) | instance << _BITS
    dataset = project.dataset
    file, dtype = dataset.format.label_file(dataset.root, scan)
    write_atomic(out / file, raw.astype(dtype).tobytes())
