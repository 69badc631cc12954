"""KITTI tracking's box files: each is of one drive, though drives share numbers or folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.answers.box import Box
from core.answers.boxes import Drawn
from core.base.errors import DataError
from core.base.jobs import Job
from core.boxes.formats import KINDS
from core.boxes.formats.source import Found
from core.boxes.table import Boxes
from core.data.opening import open_dataset
from core.data.scans import Dataset
from core.exchange.box_drives import drive_file
from core.exchange.box_files import kind_of, read_boxes
from core.exchange.boxes_in import plan_boxes, take_over_boxes
from core.exchange.boxes_out import export_boxes
from core.project.project import Project
from tests.core.project.frame_world import FRAMES, draw, opened
from tests.streets import write_scan

NAMES = ("Car", "Van")
LINE = "{} 1 Car 0 0 -1 0 0 9 9 1.5 1.8 {} 1 1.5 10 0\n"  # frame and length
TR = "Tr_velo_cam: 0 -1 0 0 0 0 -1 0 1 0 0 0\n"
CALIB = f"P2: 7 0 6 0 0 7 2 0 0 0 1 0\nR_rect: 1 0 0 0 1 0 0 0 1\n{TR}"
OF_TRACKING = ("training/velodyne/0000", "testing/velodyne/0000", "training/velodyne/0001")


def tracking(root: Path) -> Dataset:
    for folder in OF_TRACKING:
        part, _, drive = folder.split("/")
        for frame in range(2):
            write_scan(root, f"{folder}/{frame:06d}", np.zeros((9, 4)), None)
        (root / part / "calib").mkdir(parents=True, exist_ok=True)
        (root / part / "calib" / f"{drive}.txt").write_text(CALIB)
    return open_dataset("kitti-tracking", root, ["training/0000", "training/0001"],
                        ["testing/0000"])  # fmt: skip


def put(root: Path, **lengths: float) -> Path:
    """Files with a box in frame 1, its length; "__" in a name parts folders."""
    for name, length in lengths.items():
        file = root / f"{name.replace('__', '/')}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(LINE.format(1, length))
    return root


def lengths(found: Found) -> dict[str, float]:
    return {scan: float(boxes.box[0, 3]) for scan, boxes in found.frames.items() if len(boxes)}


def bring(dataset: Dataset, path: Path) -> Found:
    return read_boxes(dataset, path, NAMES, kind="kitti-tracking")


def test_a_file_is_of_the_drive_of_its_part(tmp_path: Path):
    dataset = tracking(tmp_path / "data")
    boxes = put(tmp_path / "in", training__label_02__0000=3)
    assert lengths(bring(dataset, boxes)) == {"training/velodyne/0000/000001": 3}
    file = boxes / "training/label_02/0000.txt"
    assert lengths(bring(dataset, file)) == {"training/velodyne/0000/000001": 3}
    put(boxes, testing__label_02__0000=4, training__label_02__0001=5)
    assert lengths(bring(dataset, boxes)) == {
        "training/velodyne/0000/000001": 3,
        "testing/velodyne/0000/000001": 4,
        "training/velodyne/0001/000001": 5,
    }


def test_a_file_that_may_be_of_two_drives_is_of_none(tmp_path: Path):
    dataset = tracking(tmp_path / "data")
    boxes = put(tmp_path / "in", label_02__0000=3, label_02__0001=4)
    found = bring(dataset, boxes)
    assert lengths(found) == {"training/velodyne/0001/000001": 4}
    assert "0000.txt is of no drive of the project, or of several." in found.notes
    with pytest.raises(DataError, match=r"no boxes .* 0000.txt is of no drive"):
        bring(dataset, boxes / "label_02/0000.txt")


def test_two_files_of_one_drive_are_refused(tmp_path: Path):
    dataset = tracking(tmp_path / "data")
    boxes = put(tmp_path / "in", label_02__0001=3, old__label_02__0001=4)
    found = bring(dataset, boxes)
    assert lengths(found) == {"training/velodyne/0001/000001": 3}
    boxes = put(tmp_path / "both", training__label_02__0001=3, new__training__label_02__0001=4)
    with pytest.raises(DataError, match=r"training/label_02/0001.txt could be .* or "):
        bring(dataset, boxes)


def test_sequences_of_other_formats_are_not_mixed(tmp_path: Path):
    """Their folders are all called velodyne."""
    for sequence in ("00", "01"):
        for frame in range(2):
            name = f"sequences/{sequence}/velodyne/{frame:06d}"
            write_scan(tmp_path, name, np.zeros((9, 4)), None)
        (tmp_path / f"sequences/{sequence}/calib.txt").write_text(CALIB)
    dataset = open_dataset("semantickitti", tmp_path, ["00", "01"], [])
    scan = "sequences/01/velodyne/000001"
    name = drive_file(dataset, scan)
    file = tmp_path / "in" / name
    file.parent.mkdir(parents=True)
    file.write_text(LINE.format(1, 3))
    assert lengths(bring(dataset, tmp_path / "in")) == {scan: 3}
    assert lengths(bring(dataset, file)) == {scan: 3}
    other = file.rename(file.with_name("0000.txt"))
    with pytest.raises(DataError, match=r"0000.txt is of no drive of the project, or of several"):
        bring(dataset, other)
    dataset = open_dataset("semantickitti", tmp_path, ["01"], [])
    assert lengths(bring(dataset, other)) == {scan: 3}
    assert bring(dataset, other).notes == (
        f"0000.txt is taken for {drive_file(dataset, scan)}: there is no other drive.",
        "1 frame of 0000.txt without a line: without a box.",
    )
    assert isinstance(bring(dataset, other).frames[scan], Boxes)


@pytest.mark.parametrize(
    ("scans", "sequences"),
    [
        (("000000", "scans/000000"), [".", "scans"]),
        (("a/01", "a/1"), ["a"]),
    ],
)
def test_two_scans_that_are_one_frame_of_a_file_are_named(tmp_path: Path, scans, sequences):
    for scan in (*scans, "b/7"):
        write_scan(tmp_path / "data", scan, np.ones((9, 4)), None)
    with Project.create(
        tmp_path / "p", format="folder", root=tmp_path / "data", train=[*sequences, "b"],
        classes="kitti", preset="laptop",
    ) as project:  # fmt: skip
        dataset, box = project.dataset, Box(np.array([5.0, 1, -1, 4, 1.8, 1.5, 0.3]), 0)
        said = f"Scans {scans[0]} and {scans[1]} are both frame"
        for scan in scans:
            (name,) = project.boxes.new_names(scan, 1)
            project.boxes.draw([Drawn(project.scan_ref(scan), name, box)], round="")
        with pytest.raises(DataError, match=said):
            export_boxes(project, tmp_path / "out", Job(), kind="kitti-tracking")
        assert not list(tmp_path.glob("out/label_02/*"))
        assert export_boxes(project, tmp_path / "out", Job(), kind="csv") == 1
        name = drive_file(dataset, scans[0])
        with pytest.raises(DataError, match=said):
            bring(
                dataset, put(tmp_path / "in", **{name.removesuffix(".txt").replace("/", "__"): 3})
            )


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_project_of_drives_exports_comes_back(tmp_path: Path, kind: str):
    """Scans of many folders, of which three are finished, one of them without a box."""
    said: list[str] = []
    job = Job(lambda report: said.append(report.said) if report.said else None)
    with opened(tmp_path / "a") as project:
        first, second, third = done = project.dataset.train[:3]
        draw(project, first, [0, 1], "")
        draw(project, second, [1], "")
        draw(project, third, [], "")
        export_boxes(project, tmp_path / "out", job, kind=kind)
        tables = {scan: project.box_table(scan) for scan in done}
    with opened(tmp_path / "b") as project:
        plan = plan_boxes(project, tmp_path / "out", Job())
        assert take_over_boxes(project, plan, Job()) == 3
        for scan, table in tables.items():
            again = project.box_table(scan)
            np.testing.assert_allclose(again.box, table.box, atol=0.006)
            np.testing.assert_array_equal(again.label, table.label)
        finished = project.boxes.finished
    if kind == "kitti-tracking":  # a line is a box: it is said, at both ends
        assert len(finished) == FRAMES
        name = "training/label_02/0000.txt"
        assert any(f"{FRAMES - 3} frames of {name} not written" in one for one in said)
        assert f"{FRAMES - 2} frames of 0000.txt without a line: without a box." in plan.notes
    else:
        assert finished == ({first, second} if kind == "csv" else set(done))
    assert any("1 frame without a box is not in it" in one for one in said) == (kind == "csv")


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (["a/1.json", "a/2.json", "times.csv"], "labelcloud"),
        (["a/1.json", "_classes.json", ".own.json"], "labelcloud"),
        (["boxes.json", ".lidarloop-export.json"], "openlabel"),
        (["boxes.json", "boxes.csv"], "openlabel"),
        (["boxes.csv", "calib/1.TXT.bak"], "csv"),
        (["label_2/1.txt", "boxes.csv"], "kitti"),
    ],
)
def test_the_kind_of_a_folder(tmp_path: Path, files: list[str], kind: str):
    for name in files:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text('{"openlabel": {}}' if name == "boxes.json" else '{"objects": []}')
    assert kind_of(tmp_path) == kind


def test_a_folder_of_several_tables_is_not_guessed(tmp_path: Path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("")
    with pytest.raises(DataError, match="holds no box files"):
        kind_of(tmp_path)
