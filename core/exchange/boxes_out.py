"""Boxes of a project as files of other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.answers.box import table_of
from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.boxes.formats import (
    KINDS,
    csv_file,
    kitti_object,
    kitti_tracking,
    labelcloud,
    nuscenes,
    openlabel,
)
from core.boxes.formats.source import Written, counted
from core.boxes.table import Boxes
from core.data.calibration import Calibration
from core.data.scans import flat_name
from core.exchange.outbox import Outbox
from core.project.project import Project


class _File(NamedTuple):
    name: str
    written: Written


def export_boxes(
    project: Project, out: Path, job: Job, *, kind: str = "", force: bool = False
) -> int:
    """Write the boxes of all frames that have some or are finished below `out`; return the number
    of files.

    `kind`: one of core.exchange.box_files.KINDS; "" for the dataset's own, openlabel where it has
    none. Raises ProjectError, and ExistsError where `force` would help; then nothing is written.
    """
    dataset = project.dataset
    if not kind:
        own = dataset.format.name in ("kitti", "kitti-tracking")
        kind = dataset.format.name if own else "openlabel"
    if kind not in KINDS:
        raise SettingsError(f"Nothing is called {kind}.", f"Choose one of {', '.join(KINDS)}.")
    finished = project.boxes.finished
    wanted = set(project.boxes.counts_by_scan()) | finished
    scans = [scan for scan in dataset.scans if scan in wanted]
    if not scans:
        raise ProjectError("No frame has a box yet.", "Draw some, or import them.")
    frames = {}
    for done, scan in enumerate(scans):
        job.progress(done, len(scans), "export")
        frames[scan] = _in_the_files(project, scan)
    files = _files(project, frames, kind)
    with Outbox(out, dataset, force=force) as box:
        box.check([file.name for file in files])
        box.write_all(lambda: ((f.name, f.written.text.encode()) for f in files))
    job.progress(len(scans), len(scans), "export")
    for note in dict.fromkeys(note for file in files for note in file.written.notes):
        job.say(note)
    open_frames = [scan for scan in scans if scan not in finished]
    if open_frames:
        job.say(f"{counted(len(open_frames), 'frame')} of these are not finished.")
    return len(files)


def _in_the_files(project: Project, scan: str) -> Boxes:
    """A scan's boxes in the coordinates of its file."""
    table = project.box_table(scan)
    at_home = [box.now(np.eye(4)) for box in project.boxes_of(scan).values()]
    return table_of(at_home, table.regions)


def _files(project: Project, frames: Mapping[str, Boxes], kind: str) -> list[_File]:
    dataset, names = project.dataset, project.classes.names
    made = dataset.format
    if kind == "csv":
        return [_File("boxes.csv", csv_file.written(frames, names))]
    if kind == "openlabel":
        return [_File("boxes.json", openlabel.written(frames, names))]
    if kind == "nuscenes":
        poses = {s: p for s in frames if (p := made.pose(dataset.root, s)) is not None}
        return [_File("boxes.json", nuscenes.written(frames, poses, names))]
    if kind == "labelcloud":
        return [
            _File(f"{scan}.json", labelcloud.written(boxes, names, dataset.path(scan)))
            for scan, boxes in frames.items()
        ]
    if kind == "kitti":
        return [
            _File(
                made.box_file(scan) if made.name == "kitti" else f"label_2/{flat_name(scan)}.txt",
                _kitti(project, kitti_object.written, boxes, [scan]),
            )
            for scan, boxes in frames.items()
        ]
    return _drives(project, frames)


def _drives(project: Project, frames: Mapping[str, Boxes]) -> list[_File]:
    """KITTI tracking: the frames of a sequence in one file, by their numbers."""
    of_drive: dict[str, dict[int, Boxes]] = {}
    scans: dict[str, list[str]] = {}
    made = project.dataset.format
    for scan, boxes in frames.items():
        folder, _, frame = scan.rpartition("/")
        if not frame.isdecimal():
            raise ProjectError(
                f"KITTI tracking numbers its frames, and scan {scan} has no number for a name.",
                "Export as openlabel or csv.",
            )
        own = made.name == "kitti-tracking"
        name = made.box_file(scan) if own else f"label_02/{flat_name(folder) or 'scans'}.txt"
        of_drive.setdefault(name, {})[int(frame)] = boxes
        scans.setdefault(name, []).append(scan)
    return [
        _File(
            name,
            _kitti(project, kitti_tracking.written, found, scans[name]),
        )
        for name, found in of_drive.items()
    ]


def _calibration(project: Project, scan: str) -> Calibration | None:
    found = project.dataset.format.calibration(project.dataset.root, scan)
    return None if found.tr is None else found


def _kitti(
    project: Project, write: Callable[..., Written], boxes: object, scans: Sequence[str]
) -> Written:
    """What `write` makes of boxes for the camera of scans."""
    calibration, size = _calibration(project, scans[0]), _size(project, scans)
    made = write(boxes, calibration, project.classes.names, size)
    if calibration is None or size is not None:
        return made
    return made._replace(
        notes=(*made.notes, "there is no picture: rectangles are not cut at its edges.")
    )


def _size(project: Project, scans: Sequence[str]) -> tuple[int, int] | None:
    """Width and height of the pictures of frames of one camera, None without a picture."""
    import imagesize

    dataset = project.dataset
    for camera in (dataset.format.camera(dataset.root, scan) for scan in scans):
        width, height = imagesize.get(camera.image) if camera is not None else (-1, -1)
        if width > 0 < height:
            return int(width), int(height)
    return None
