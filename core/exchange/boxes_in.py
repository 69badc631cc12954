"""Boxes that exist already, as entries of the journal of what was imported, to be repaired here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.answers.box import BOXES, FRAMES, box_of, boxes_in, with_box, with_regions
from core.answers.effort import Effort
from core.answers.entry import Entry, new_entry
from core.answers.journal import Journal, built_aside
from core.base.errors import DataError
from core.base.jobs import Job
from core.base.words import counted
from core.boxes.checks import oddities
from core.boxes.formats.source import MEND
from core.boxes.names import names_of
from core.boxes.table import Boxes
from core.exchange.box_files import boxes_here, read_boxes
from core.exchange.import_labels import IMPORTED
from core.exchange.match import some
from core.project.project import Project


@dataclass(frozen=True)
class BoxPlan:
    """What an import of boxes would take over, nothing written yet: `frames` by scan, `known` the
    scans that have boxes here already, and `notes`."""

    frames: Mapping[str, Boxes]
    known: tuple[str, ...]
    by_class: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """What would be imported, in words."""
        boxes = sum(map(len, self.frames.values()))
        most = sorted(self.by_class.items(), key=lambda pair: -pair[1])
        classes = some([f"{name} {count:,}" for name, count in most], 8)
        said = [f"{counted(boxes, 'box')} of {len(self.frames):,} frames: {classes or 'none'}."]
        if self.known:
            said.append(f"Have boxes already, and are left as they are: {some(self.known)}.")
        return [*said, *self.notes]


def plan_boxes(project: Project, path: Path, job: Job, *, kind: str = "") -> BoxPlan:
    """Read the box files at `path` and say what of them would be taken over.

    They are of training or validation scans, a file each or one of all; `kind` says which of
    core.exchange.box_files.KINDS, "" to recognise it. Raises DataError for what cannot be read, for
    boxes with scores, which a detector found, and where no scan has any.
    """
    dataset, names = project.dataset, project.classes.names
    found = read_boxes(dataset, path, names_of(project.classes), kind=kind)
    have = set(project.boxes.counts_by_scan()) | project.boxes.settled
    frames = {scan: boxes for scan, boxes in found.frames.items() if scan not in have}
    scored = [scan for scan, boxes in frames.items() if not np.isnan(boxes.score).all()]
    if scored:
        raise DataError(
            f"{path} holds what a detector found: boxes of {some(scored)} have scores.",
            "Import what people drew; remove the scores where somebody vouches for the boxes.",
        )
    notes, counts = list(found.notes), np.zeros(len(names), np.int64)
    for done, (scan, boxes) in enumerate(frames.items()):
        job.progress(done, len(frames), "read boxes")
        _check_kept(scan, boxes)
        counts += np.bincount(boxes.label, minlength=len(names))
        at = np.array([box.box for box in boxes_here(dataset, scan, boxes)]).reshape(-1, 7)
        moved = replace(boxes, box=at)
        said = oddities(moved, dataset.scan(scan).points, names)
        notes += [f"{scan}: {sentence}" for sentence in said]
    job.progress(len(frames), len(frames), "read boxes")
    by_class = {name: int(n) for name, n in zip(names, counts, strict=True) if n}
    known = tuple(scan for scan in found.frames if scan in have)
    return BoxPlan(frames, known, by_class, tuple(dict.fromkeys(notes)))


def _check_kept(scan: str, boxes: Boxes) -> None:
    """Raise DataError where a box could not be read again as it would be kept."""
    for box in boxes_in(boxes):
        try:
            box_of(with_box("", box))
        except ValueError as error:
            raise DataError(f"A box of {scan} cannot be taken over: {error}.", MEND) from error


def take_over_boxes(project: Project, plan: BoxPlan, job: Job) -> int:
    """Write what was planned: an entry for each box, and one for each frame, which is finished.
    Return the number of boxes."""
    path = project.path / "journals" / f"{IMPORTED}.sqlite"
    opened = closing(Journal(path, IMPORTED)) if path.exists() else built_aside(path, IMPORTED)
    with opened as journal:
        taken = journal.append_each(_entries(project, plan, job), after=project.answers.latest)
    project.answers.take_in(path)
    job.progress(len(plan.frames), len(plan.frames), "import")
    return taken - len(plan.frames)


def _entries(project: Project, plan: BoxPlan, job: Job) -> Iterator[Entry]:
    for done, (scan, boxes) in enumerate(plan.frames.items()):
        job.progress(done, len(plan.frames), "import")
        ref = project.scan_ref(scan)
        blank = new_entry(IMPORTED, "answer", ref, effort=Effort(tool=IMPORTED))
        for number, box in enumerate(boxes_in(boxes), 1):
            # Of a scan that had no box before: its name and a number are enough to tell it.
            name = f"{scan}@{IMPORTED}-{number}"
            yield replace(blank, unit=name, kind=BOXES, body=with_box("", box))
        body = with_regions("", boxes.regions) if len(boxes.regions) else ""
        yield replace(blank, unit=scan, kind=FRAMES, body=body)
