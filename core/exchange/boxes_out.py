"""Boxes of a project as files of other programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import NamedTuple

import numpy as np

from core.answers.box import Box, table_of
from core.base.errors import DataError, ProjectError, SettingsError
from core.base.jobs import Job
from core.base.words import counted
from core.boxes.camera import KITTI_SIZE, as_if
from core.boxes.formats import (
    KINDS,
    csv_file,
    kitti_object,
    kitti_tracking,
    labelcloud,
    nuscenes,
    openlabel,
)
from core.boxes.formats.kitti_lines import TYPES
from core.boxes.formats.source import Written
from core.boxes.names import names_known_as
from core.boxes.table import Boxes
from core.data.scans import flat_name
from core.exchange.box_drives import drive_file, in_drives
from core.exchange.outbox import Outbox
from core.project.project import Project

_BY_BOXES = "Give points the class of their box (`annotate --by-boxes`), and export those labels."


class File(NamedTuple):
    """A file of boxes: its name below the folder, what it holds, what it cannot."""

    name: str
    written: Written


def export_boxes(
    project: Project,
    out: Path,
    job: Job,
    *,
    kind: str = "",
    force: bool = False,
    unconfirmed: bool = False,
) -> int:
    """Write the boxes of all frames that have some or are finished below `out`; return the number
    of files.

    `unconfirmed`: those too that were copied or interpolated and that nobody vouched for; else
    they are left out. `kind`: one of core.exchange.box_files.KINDS; "" for the dataset's own,
    openlabel where it has none. Raises ProjectError, and ExistsError where `force` would help;
    then nothing is written.
    """
    dataset, kind = project.dataset, kind_of_export(project, kind)
    finished = project.boxes.finished
    wanted = set(project.boxes.counts_by_scan()) | finished
    drawn = [scan for scan in dataset.scans if scan in wanted]
    if not drawn:
        raise ProjectError("No frame has a box yet.", "Draw some, or import them.")
    frames, left = {}, dict[str, int]()
    for done, scan in enumerate(drawn):
        job.progress(done, len(drawn), "export")
        boxes = project.boxes_of(scan).values()
        sure = [box for box in boxes if box.sure]
        left[scan] = len(boxes) - len(sure)
        if unconfirmed or sure or scan in finished:
            at_home = boxes_in_files(scan, boxes if unconfirmed else sure)
            frames[scan] = table_of(at_home, project.box_table(scan).regions)
    scans, open_boxes = list(frames), sum(left.values())
    if not scans:
        raise ProjectError(
            f"Nobody confirmed any box yet; {counted(open_boxes, 'box')} would be left out.",
            "Accept some in the window, or ask for the unconfirmed ones too.",
        )
    files = files_of(project, frames, kind)
    with Outbox(out, project, force=force, boxes="people drew", kind=kind) as box:
        box.check([file.name for file in files])
        box.write_all(lambda: ((f.name, f.written.text.encode()) for f in files))
    job.progress(len(scans), len(scans), "export")
    for note in notes_of(files):
        job.say(note)
    many = counted(sum(int((~table.ignore).sum()) for table in frames.values()), "box")
    job.say(f"{many} of {counted(len(scans), 'frame')} written.")
    if open_boxes:
        job.say(_of_unconfirmed(open_boxes, sum(map(bool, left.values())), taken=unconfirmed))
    open_frames = [scan for scan in scans if scan not in finished]
    if open_frames:
        job.say(f"{counted(len(open_frames), 'frame')} of these are not finished.")
    return len(files)


def notes_of(files: Sequence[File]) -> list[str]:
    """What files do not hold, each sentence once, with the number of files that it is said of."""
    said = Counter(note for file in files for note in file.written.notes)
    return [note if many == 1 else f"{note} So in {many:,} files." for note, many in said.items()]


def kind_of_export(project: Project, kind: str) -> str:
    """A kind of box files: the dataset's own for "", openlabel where it has none. Raises
    SettingsError where it is none of KINDS."""
    name = project.dataset.format.name
    kind = kind or (name if name in ("kitti", "kitti-tracking") else "openlabel")
    if kind not in KINDS:
        raise SettingsError(f"Nothing is called {kind}.", f"Choose one of {', '.join(KINDS)}.")
    return kind


def unconfirmed_boxes(project: Project) -> int:
    """How many boxes that stand were only copied or interpolated: nobody vouched for them. Reads
    the boxes of every frame that has some."""
    drawn = project.boxes.counts_by_scan()
    return sum(
        not box.sure
        for scan in project.dataset.scans
        if scan in drawn
        for box in project.boxes_of(scan).values()
    )


def _of_unconfirmed(boxes: int, frames: int, *, taken: bool) -> str:
    said = f"{counted(boxes, 'box')} of {counted(frames, 'frame')}: confirmed by nobody"
    return f"{said}, written like the others." if taken else f"{said}, and left out."


def boxes_in_files(scan: str, boxes: Iterable[Box], do: str = _BY_BOXES) -> list[Box]:
    """A scan's boxes in the coordinates of its file. Raises DataError, with `do`, where they would
    lean there, as no kind of file has them."""
    try:
        return [box.now(np.eye(4)) for box in boxes]
    except ValueError as error:
        raise DataError(
            f"The boxes of {scan} cannot be written: [rig] tilts its file, so in that they would "
            "lean.",
            do,
        ) from error


def files_of(project: Project, frames: Mapping[str, Boxes], kind: str) -> list[File]:
    """The files of a kind that hold the boxes of frames, in the coordinates of the scans' files."""
    dataset, names = project.dataset, project.classes.names
    made = dataset.format
    if kind == "csv":
        return [File("boxes.csv", csv_file.written(frames, names))]
    if kind == "openlabel":
        return [File("boxes.json", openlabel.written(frames, names))]
    if kind == "nuscenes":
        poses = {s: p for s in frames if (p := made.pose(dataset.root, s)) is not None}
        return [File("boxes.json", nuscenes.written(frames, poses, names))]
    if kind == "labelcloud":
        return [
            File(f"{scan}.json", labelcloud.written(boxes, names, dataset.path(scan)))
            for scan, boxes in frames.items()
        ]
    if kind == "kitti":
        files = []
        for scan, boxes in frames.items():
            name = made.box_file(scan) if made.name == "kitti" else f"label_2/{flat_name(scan)}.txt"
            files += _kitti(project, kitti_object, name, boxes, [scan])
        return files
    return _drives(project, frames)


def _drives(project: Project, frames: Mapping[str, Boxes]) -> list[File]:
    """KITTI tracking: the frames of a sequence in one file, by their numbers."""
    strange = next((s for s in frames if not s.rpartition("/")[2].isdecimal()), None)
    if strange is not None:
        raise ProjectError(
            f"KITTI tracking numbers its frames, and scan {strange} has no number for a name.",
            "Export as openlabel or csv.",
        )
    files: list[File] = []
    numbered = [s for s in project.dataset.scans if s.rpartition("/")[2].isdecimal()]
    whole = Counter(drive_file(project.dataset, scan) for scan in numbered)
    for name, scans in in_drives(project.dataset, frames).items():
        boxes = {frame: frames[scan] for frame, scan in scans.items()}
        made = _kitti(project, kitti_tracking, name, boxes, list(scans.values()))
        missing = whole[name] - len(scans)
        if missing:
            said = (
                f"{counted(missing, 'frame')} of {name} not written: KITTI tracking has no other "
                "word for that than for a frame without a box; openlabel has."
            )
            made[0] = _with_note(made[0], said)
        files += made
    return files


def _with_note(file: File, said: str) -> File:
    return file._replace(written=file.written._replace(notes=(*file.written.notes, said)))


def _kitti(
    project: Project, kind: ModuleType, name: str, boxes: object, scans: Sequence[str]
) -> list[File]:
    """The file called `name` of a kind of KITTI's, for the camera of scans; where that is not
    known, for one that is made up, and its file of calib."""
    dataset, names = project.dataset, names_known_as(project.classes, TYPES)
    calibration = dataset.format.calibration(dataset.root, scans[0])
    if calibration.tr is None:
        calibration = as_if(dataset.from_files, dataset.ahead)
        made = kind.written(boxes, calibration, names, KITTI_SIZE)
        said = (
            "there is no calibration: the boxes are written for a camera in the scanner that looks "
            "ahead, with KITTI's picture; its files lie in calib."
        )
        label = PurePosixPath(name)
        calib = Written(kind.calib(calibration), ())
        return [
            File(name, made._replace(notes=(said, *made.notes))),
            File(f"{label.parent.with_name('calib') / label.name}", calib),
        ]
    size = _size(project, scans)
    made = kind.written(boxes, calibration, names, size)
    if size is None:
        said = "there is no picture: rectangles are not cut at its edges."
        made = made._replace(notes=(*made.notes, said))
    return [File(name, made)]


def _size(project: Project, scans: Sequence[str]) -> tuple[int, int] | None:
    """Width and height of the pictures of frames of one camera, None without a picture."""
    import imagesize

    dataset = project.dataset
    for camera in (dataset.format.camera(dataset.root, scan) for scan in scans):
        width, height = imagesize.get(camera.image) if camera is not None else (-1, -1)
        if width > 0 < height:
            return int(width), int(height)
    return None
