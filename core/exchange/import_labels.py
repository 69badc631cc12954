"""Labels that exist already, as first entries of a journal of their own, to be repaired here."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.answers.effort import Effort
from core.answers.entry import new_entry
from core.answers.instances import Things, from_file, with_things
from core.answers.journal import Journal
from core.base.errors import DataError
from core.base.jobs import Job
from core.data.classes import FIRST_CODE, UNLABELLED
from core.project.project import Project

IMPORTED = "imported"  # annotator and tool of these entries


def import_labels(project: Project, root: Path, job: Job) -> int:
    """Take over the label files below `root`, laid out as the project's format lays them out, with
    the instances that they tell apart.

    One entry per training scan; rows that a person labelled already, or that have no class in the
    file, are left out. Returns the number of scans. Raises DataError for a label file of another
    point count or with ids that the class list does not know, and then nothing is taken over.
    """
    dataset = project.dataset
    found: list[tuple[str, np.ndarray, np.ndarray, Things | None]] = []
    for done, scan in enumerate(dataset.train):
        job.progress(done, len(dataset.train), "read labels")
        raw = dataset.format.labels(root, scan)
        if raw is None:
            continue
        count = project.count(scan)
        if len(raw) != count:
            raise DataError(
                f"The labels of {scan} below {root} are {len(raw):,}; the scan has {count:,} "
                "points.",
                "Bring the label file that belongs to this scan.",
            )
        classes = project.classes.encode(raw, before_merges=True)
        new = (classes < FIRST_CODE) & (project.labels(scan) == UNLABELLED)
        if new.any():
            instances = dataset.format.instances(root, scan)
            things = from_file(instances[new]) if instances is not None else None
            found.append((scan, np.flatnonzero(new), classes[new], things))
    if not found:
        raise DataError(
            f"{root} holds no labels for the project's training scans, or all are labelled "
            "already.",
            "Name the folder that a SemanticKITTI or nuScenes dataset has as its root.",
        )
    path = project.path / "journals" / f"{IMPORTED}.sqlite"
    with closing(Journal(path, IMPORTED)) as journal:
        for done, (scan, rows, classes, things) in enumerate(found):
            job.progress(done, len(found), "import")
            blank = new_entry(
                IMPORTED, "answer", project.scan_ref(scan), effort=Effort(tool=IMPORTED)
            )
            body = with_things("", things) if things is not None else ""
            journal.append(replace(blank, rows=rows, classes=classes, body=body))
    project.answers.take_in(path)
    job.progress(len(found), len(found), "import")
    return len(found)
