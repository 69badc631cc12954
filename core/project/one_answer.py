"""One answer for both kinds: boxes give points their class, and labelled points are things to box.

What a person said once is counted once: neither takes a second of anybody's.
"""

from __future__ import annotations

import numpy as np

from core.answers.answers import Given
from core.answers.box import Box, table_of
from core.answers.effort import Effort
from core.answers.instances import Things
from core.answers.labels import BY_BOXES
from core.base.jobs import Job
from core.boxes.geometry import points_in_boxes
from core.boxes.kinds import sizes_of
from core.boxes.points import OfPoints, from_points, to_points
from core.data.classes import FIRST_CODE, UNLABELLED
from core.prepare.units import ground_rows
from core.project.project import Project

_WHOLE = 0.9  # of a unit's points in boxes of one class: it is answered
_COVERED = 0.5  # of a thing's points in boxes: it has one
_LEAST_POINTS = 5  # of a thing that is boxed


def labels_by_boxes(project: Project, scan: str) -> list[Given]:
    """What the boxes of a prepared scan say of points that have no class yet, as answers that are
    not written: one to each unit that lies in boxes of one class, one to all other points.

    Ground is of no box, and boxes that nobody confirmed give nothing. Raises ProjectError.
    """
    units = project.need_units()
    boxes = {name: box for name, box in project.boxes_of(scan).items() if box.sure}
    if not boxes or units.scan_index(scan) is None:
        return []
    unit = project.rows(scan)
    ground = ground_rows(units, scan, unit)
    found = to_points(project.dataset.scan(scan).points, table_of(list(boxes.values())), ground)
    new = (found.label < FIRST_CODE) & (project.labels(scan) == UNLABELLED)
    of = np.where(np.isin(unit, _whole_units(unit, found)), unit, -1)
    countable = project.classes.countable
    names = [_thing(name, box) if box.label in countable else "" for name, box in boxes.items()]
    ref, first = project.scan_ref(scan), units.range_of(scan).start
    given = []
    for number in np.unique(of[new]).tolist():
        rows = np.flatnonzero(new & (of == number))
        name = units.name(first + number) if number >= 0 else ""
        things = _things(found.row[rows], names)
        given.append(Given(ref, rows, found.label[rows], "", name, Effort(tool=BY_BOXES), things))
    return given


def give_labels(project: Project, scans: list[str], job: Job) -> tuple[int, int]:
    """Write what the boxes of scans say of their points, a scan's as one act; return the scans and
    the points that got a class. Raises ProjectError."""
    many = points = 0
    for done, scan in enumerate(scans):
        job.progress(done, len(scans), "label points")
        given = labels_by_boxes(project, scan)
        if given:
            project.answers.answer_together(given, at="")
            many += 1
            points += sum(len(one.rows) for one in given)
    job.progress(len(scans), len(scans), "label points", always=True)
    return many, points


def unboxed_things(project: Project, scan: str) -> list[Box]:
    """Boxes that nobody confirmed yet, around the things that labels of a prepared scan's points
    tell apart and no box covers: a thing is what somebody told apart, else a cluster.

    Which end is the front is not known. Raises ProjectError.
    """
    units, classes = project.need_units(), project.classes
    if units.scan_index(scan) is None:
        return []
    label, told = project.labels(scan), project.things(scan)
    unit, points = project.rows(scan), project.dataset.scan(scan).points
    boxed = [c for c in classes.boxed if c in classes.countable]
    is_thing = np.isin(label, boxed) & (unit >= 0)
    if not is_thing.any():
        return []
    thing = np.where(told.of_row > 0, told.of_row, len(told.names) + 1 + unit).astype(np.int64)
    # What is not told apart in a cluster of several classes is one thing of each.
    of_class = thing << 8 | label
    instance = np.zeros(len(label), np.int64)
    instance[is_thing] = np.unique(of_class[is_thing], return_inverse=True)[1] + 1
    now = project.dataset.from_files
    standing = np.array([box.box for box in project.boxes_of(scan).values()]).reshape(-1, 7)
    held = points_in_boxes(points, standing) >= 0 if len(standing) else np.zeros(len(points), bool)
    many = np.bincount(instance)
    covered = np.bincount(instance, weights=held) > _COVERED * many
    instance[covered[instance] | (many[instance] < _LEAST_POINTS)] = 0
    ground = ground_rows(units, scan, unit)
    found, _ = from_points(points, label, instance, sizes_of(classes), ground)
    return [
        Box(box=box, label=int(of), sure=False, from_files=now)
        for box, of in zip(found.box, found.label, strict=True)
    ]


def _whole_units(unit: np.ndarray, found: OfPoints) -> list[int]:
    """Those of the units (N,) of a scan's points that lie in boxes of one class."""
    inside = (found.row >= 0) & (unit >= 0)
    sizes = np.bincount(unit[unit >= 0])
    pairs, count = np.unique(
        np.column_stack([unit[inside], found.label[inside]]), axis=0, return_counts=True
    )
    whole: list[int] = pairs[count >= _WHOLE * sizes[pairs[:, 0]], 0].tolist()
    return whole


def _thing(name: str, box: Box) -> str:
    """What the thing of a box is called: by its track, the same in all scans, else by the box."""
    return f"track/{box.track}" if box.track else name


def _things(row: np.ndarray, names: list[str]) -> Things:
    """The things of points in boxes row (R,), by the boxes' things, "" for none."""
    there = list(dict.fromkeys(names[place] for place in np.unique(row).tolist()))
    there = [name for name in there if name]
    place = np.array([there.index(name) + 1 if name in there else 0 for name in names], np.int32)
    return Things(tuple(there), place[row])
