"""Boxes come in, stand among the answers, and go out as they came."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.answers.box import Box, boxes_in
from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.base.errors import DataError, ProjectError
from core.base.files import write_arrays
from core.base.jobs import Job
from core.boxes.formats import KINDS, kitti_object, kitti_tracking
from core.boxes.names import Names
from core.boxes.predictions import FramePrediction, Predictions, write_predictions
from core.boxes.table import Boxes
from core.cli import doctor
from core.data.calibration import calibration_in
from core.data.classes import load_classes
from core.data.opening import open_dataset
from core.exchange import box_files
from core.exchange.box_files import Truth, read_boxes
from core.exchange.boxes_found import FoundBoxes, read_found, take_found
from core.exchange.boxes_in import plan_boxes, take_over_boxes
from core.exchange.boxes_out import export_boxes
from core.exchange.predictions_out import export_predictions
from core.project.box_training import models_folder
from core.project.project import Project
from core.rounds.box_models import NORMAL, predictions_file
from tests.samples import samples
from tests.streets import small_scan, write_scan

CLASSES = "kitti"


def opened(path: Path, root: Path, format: str, train: str, **more) -> Project:
    return Project.create(
        path, format=format, root=root, train=[train], preset="laptop", classes=CLASSES, **more
    )


def bring(project: Project, path: Path, **how) -> int:
    return take_over_boxes(project, plan_boxes(project, path, Job(), **how), Job())


def drive(folder: Path) -> Path:
    """The shared drive in KITTI's layout, its points in the picture alone taken for the scans."""
    source = samples("kitti_tracking/training")
    place = folder / "training"
    place.mkdir(parents=True)
    for name in ("label_02", "calib", "oxts"):
        (place / name).symlink_to(source / name)
    (place / "velodyne").symlink_to(source / "velodyne_reduced")
    return folder


def test_kitti_frames_go_out_as_they_came_in(tmp_path: Path):
    root = samples("kitti_object")
    with opened(tmp_path / "p", root, "kitti", "training") as project:
        assert bring(project, root) == 109
        assert export_boxes(project, tmp_path / "out", Job()) == 20
        assert project.boxes.counts_by_scan().keys() <= project.boxes.finished
        assert len(project.boxes.finished) == 20
        (tmp_path / "empty").mkdir()
        with pytest.raises(DataError, match="no box files"):
            bring(project, tmp_path / "empty")
        assert plan_boxes(project, root, Job()).frames == {}  # all are here already
    for file in (root / "training/label_2").glob("*.txt"):
        assert (tmp_path / "out/training/label_2" / file.name).read_bytes() == file.read_bytes()


def test_rectangles_of_drawn_boxes_end_at_the_picture(tmp_path: Path):
    """A van beside the car reached the line 482 of a picture of 375; KITTI's own ends at it."""
    root = samples("kitti_tracking")
    said: list[str] = []
    with opened(tmp_path / "p", root, "kitti-tracking", "training_reduced/0000") as project:
        scan = next(one for one in project.dataset.train if project.dataset.camera(one))
        box = Box(np.array([4.0, 2.0, -0.8, 4.4, 1.8, 1.9, 0.0]), label=0)
        (name,) = project.boxes.new_names(scan, 1)
        project.boxes.draw([Drawn(project.scan_ref(scan), name, box)], round="")
        export_boxes(project, tmp_path / "out", Job(), kind="kitti-tracking")
        (line,) = (tmp_path / "out/training/label_02/0000.txt").read_text().splitlines()
        left, top, right, bottom = map(float, line.split()[6:10])
        assert (left, bottom) == (0.0, 374.0)
        assert 0 <= top < bottom
        assert left < right <= 1241
        without = next(one for one in project.dataset.train if not project.dataset.camera(one))
        (name,) = project.boxes.new_names(without, 1)
        project.boxes.draw([Drawn(project.scan_ref(without), name, box)], round="")
        job = Job(lambda report: said.append(report.said) if report.said else None)
        export_boxes(project, tmp_path / "objects", job, kind="kitti")
    assert any("rectangles are not cut at its edges" in sentence for sentence in said)


@pytest.mark.slow
def test_a_drive_goes_out_as_it_came_in(tmp_path: Path):
    """Every number to the hundredth, with tracks and regions."""
    root = drive(tmp_path / "drive")
    with opened(tmp_path / "p", root, "kitti-tracking", "training/0000") as project:
        assert bring(project, root) == 711
        assert export_boxes(project, tmp_path / "out", Job()) == 1
        assert len(project.boxes.finished) == 154
    name = "training/label_02/0000.txt"
    mine = (tmp_path / "out" / name).read_text().splitlines()
    its = (root / name).read_text().splitlines()
    assert len(mine) == len(its)
    for ours, theirs in zip(sorted(map(rounded, mine)), sorted(map(rounded, its)), strict=True):
        assert ours[:3] == theirs[:3]
        np.testing.assert_allclose(ours[3:], theirs[3:], atol=0.0051)


def rounded(line: str) -> tuple:
    words = line.split()
    return (int(words[0]), int(words[1]), words[2], *(float(word) for word in words[3:]))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "kitti-tracking"])
def test_every_kind_comes_back_the_same(tmp_path: Path, kind: str):
    """What one project exports, another reads."""
    root = samples("kitti_object")
    with opened(tmp_path / "p", root, "kitti", "training") as project:
        bring(project, root)
        export_boxes(project, tmp_path / "out", Job(), kind=kind)
        scans = {scan: project.box_table(scan) for scan in project.dataset.scans}
    with opened(tmp_path / "q", root, "kitti", "training") as project:
        assert bring(project, tmp_path / "out") == 109
        for scan, table in scans.items():
            again = project.box_table(scan)
            atol = 0.006 if kind == "kitti" else 1e-6
            np.testing.assert_allclose(again.box, table.box, atol=atol)
            np.testing.assert_array_equal(again.label, table.label)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two scans without a calibration."""
    for seed, name in enumerate(("000000", "000001")):
        write_scan(tmp_path / "scans", f"sequences/00/velodyne/{name}", small_scan(seed)[0], None)
    return tmp_path / "scans"


def boxes_csv(path: Path, *lines: str) -> Path:
    path.write_text("frame,class,x,y,z,l,w,h,yaw,score\n" + "\n".join(lines) + "\n")
    return path


CAR = "000001,car,5,1,-1,4,1.8,1.5,0.3,"
TILTED = "0.99862953 0 0.05233596 0 1 0 -0.05233596 0 0.99862953"  # by 3 degrees


@pytest.mark.parametrize(
    ("axes", "place", "yaw"),
    [
        ("x,y,z", (5, 1, -1), 0.3),
        ("y,-x,z", (1, -5, -1), 0.3 - math.pi / 2),
        ("x,-y,z", (5, -1, -1), -0.3),
        ("x,-y,-z", (5, -1, 1), -0.3),
    ],
)
def test_boxes_are_turned_as_the_scans_are(folder: Path, tmp_path: Path, axes, place, yaw):
    """By hand: y ahead turns all by -90 degrees; a mirrored y mirrors the heading, and so does a
    scanner that hangs upside down."""
    source = boxes_csv(tmp_path / "b.csv", CAR)
    with opened(
        tmp_path / "p", folder, "semantickitti", "00", overrides={"rig.axes": axes}
    ) as project:
        assert bring(project, source) == 1
        (box,) = project.boxes_of("sequences/00/velodyne/000001").values()
        np.testing.assert_allclose(box.box, [*place, 4, 1.8, 1.5, yaw])
        export_boxes(project, tmp_path / "out", Job(), kind="csv")
    line = (tmp_path / "out/boxes.csv").read_text().splitlines()[1].split(",")
    assert line[1] == "car"
    np.testing.assert_allclose([float(word) for word in line[2:9]], [5, 1, -1, 4, 1.8, 1.5, 0.3])


def test_boxes_of_scans_that_lie_on_their_side_are_refused(folder: Path, tmp_path: Path):
    source = boxes_csv(tmp_path / "b.csv", CAR)
    with (
        opened(
            tmp_path / "p", folder, "semantickitti", "00", overrides={"rig.axes": "z,-x,-y"}
        ) as project,
        pytest.raises(DataError, match="cannot be placed"),
    ):
        bring(project, source)


def test_what_was_found_before_its_axes_were_kept_lies_in_those_of_the_files(folder, tmp_path):
    settings = {"rig.axes": "x,-y,-z"}
    with opened(tmp_path / "p", folder, "semantickitti", "00", overrides=settings) as project:
        source, (scan, _) = boxes_csv(tmp_path / "b.csv", CAR + "0.5"), project.dataset.train[::-1]
        take_found(project, read_found(project, source), Job())
        file = project.path / "found/boxes.npz"
        with np.load(file) as kept:
            columns = {name: kept[name] for name in kept if name != "from_files"}
            assert (kept["from_files"] == np.eye(4)).all()
        for arrays in (None, columns):
            if arrays is not None:
                write_arrays(file, arrays)
            (one,) = FoundBoxes(project).of(scan)
            np.testing.assert_allclose(one.box.box, [5, -1, 1, 4, 1.8, 1.5, -0.3])
        write_arrays(file, {**columns, "from_files": np.zeros((4, 4))})
        with pytest.raises(DataError, match="its boxes lie in no coordinates"):
            FoundBoxes(project)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("label", [250], "class 251 of"),
        ("score", [7.0], "score outside of 0..1"),
        ("score", [math.nan], "score outside of 0..1"),
        ("count", [2**62], "not as many as it says"),
        ("count", [2], "not as many as it says"),
        ("box", [[5, 1, -1, 4, -1.8, 1.5, 0.3]], "of a box"),
    ],
)
def test_what_no_detector_found_is_told(folder: Path, tmp_path: Path, column, value, said: str):
    """Accepted, it would be in the journal for ever."""
    with opened(tmp_path / "p", folder, "semantickitti", "00") as project:
        found = read_found(project, boxes_csv(tmp_path / "b.csv", CAR + "0.5"))
        take_found(project, found, Job())
        file = project.path / "found/boxes.npz"
        with np.load(file) as kept:
            columns = dict(kept)
        columns[column] = np.array(value).astype(columns[column].dtype)
        write_arrays(file, columns)
        with pytest.raises(DataError, match=said):
            FoundBoxes(project)


@pytest.mark.parametrize("axes", ["z,-x,-y", TILTED])
def test_boxes_that_would_lean_in_the_files_are_said_to(folder: Path, tmp_path: Path, axes: str):
    """Such a rig can be drawn in, and its detector finds boxes; no file can hold them."""
    settings = {"rig.axes": axes}
    with opened(tmp_path / "p", folder, "semantickitti", "00", overrides=settings) as project:
        scan, now = project.dataset.train[0], project.dataset.from_files
        (name,) = project.boxes.new_names(scan, 1)
        at = np.array([5.0, 1, -1, 4, 1.8, 1.5, 0.3])
        drawn = Drawn(project.scan_ref(scan), name, Box(at, 0, from_files=now))
        project.boxes.draw([drawn], round="")
        with pytest.raises(DataError, match=f"The boxes of {scan} cannot be written") as caught:
            export_boxes(project, tmp_path / "out", Job(), kind="csv")
        assert "--by-boxes" in caught.value.do
        file = predictions_file(models_folder(project), NORMAL)
        found = FramePrediction(at[None], np.ones(1), np.zeros(1, np.uint8), np.zeros((1, 2), "f4"))
        file.parent.mkdir(parents=True)
        write_predictions(file, Predictions({scan: found}, "ab", now))
        with pytest.raises(DataError, match=f"The boxes of {scan} cannot be written") as caught:
            export_predictions(project, tmp_path / "out", Job(), kind="csv")
        assert caught.value.do.startswith("Accept them")  # nobody's yet: no point is by them
        assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([CAR + "0.9"], "detector"),
        ([CAR.replace("car", "spaceship")], "spaceship"),
        ([CAR.replace("1.8", "-1.8")], "size"),
        ([CAR.replace("1.8", "nan")], "finite|number"),
        ([CAR.replace("000001", "000777")], "no boxes for the project's scans"),
        (["000001,car,5"], "columns|values"),
    ],
)
def test_what_is_no_label_is_said_and_nothing_is_written(
    folder: Path, tmp_path: Path, lines: list[str], said: str
):
    source = boxes_csv(tmp_path / "b.csv", *lines)
    with opened(tmp_path / "p", folder, "semantickitti", "00") as project:
        with pytest.raises(DataError, match=said):
            bring(project, source)
        assert project.boxes.counts_by_scan() == {}
        assert not (tmp_path / "p/journals/imported.sqlite").exists()
        with pytest.raises(ProjectError, match="No frame has a box"):
            export_boxes(project, tmp_path / "out", Job())


def test_a_track_that_could_not_be_read_again_is_refused(folder: Path, tmp_path: Path):
    source = tmp_path / "b.csv"
    line = "frame,class,x,y,z,l,w,h,yaw,track\n" + CAR + "x" * 200
    with opened(tmp_path / "p", folder, "semantickitti", "00") as project:
        source.write_text(f"{line}x\n")
        with pytest.raises(DataError, match="no name of at most 200 letters"):
            bring(project, source)
        assert not (tmp_path / "p/journals/imported.sqlite").exists()
        source.write_text(f"{line}\n")
        assert bring(project, source) == 1
        (box,) = project.boxes_of("sequences/00/velodyne/000001").values()
        assert box.track == "x" * 200


@pytest.mark.parametrize("what", ["track", "type", "scan"])
def test_half_a_character_in_a_file_is_said(folder: Path, tmp_path: Path, what: str):
    r"""JSON may hold "\ud800" of a text that no file can hold, nor a terminal show."""
    with opened(tmp_path / "p", folder, "semantickitti", "00") as project:
        bring(project, boxes_csv(tmp_path / "b.csv", CAR))
        export_boxes(project, tmp_path / "out", Job(), kind="openlabel")
    source = tmp_path / "out/boxes.json"
    value = json.loads(source.read_text())
    (about,) = value["openlabel"]["objects"].values()
    (frame,) = value["openlabel"]["frames"].values()
    if what == "scan":
        frame["frame_properties"]["scan"] = "\ud800"
    elif what == "type":
        about["type"] = "\ud800"
    else:
        about["object_data"] = {"text": [{"name": "track", "val": "\ud800"}]}
    source.write_text(json.dumps(value))
    with opened(tmp_path / "q", folder, "semantickitti", "00") as project:
        with pytest.raises(DataError, match="stands for no character"):
            bring(project, source)
        assert not (tmp_path / "q/journals/imported.sqlite").exists()
    if what == "track":  # both halves are a car
        source.write_text(json.dumps(value).replace(r"\ud800", r"\ud83d\ude97"))
        with opened(tmp_path / "r", folder, "semantickitti", "00") as project:
            assert bring(project, source) == 1
            (box,) = project.boxes_of("sequences/00/velodyne/000001").values()
            assert box.track == "\U0001f697"


def test_a_box_that_was_edited_goes_out_as_it_is_and_open_frames_are_told(
    folder: Path, tmp_path: Path
):
    source = boxes_csv(tmp_path / "b.csv", CAR, CAR.replace("5,1,-1", "15,1,-1"))
    said: list[str] = []
    with opened(tmp_path / "p", folder, "semantickitti", "00") as project:
        bring(project, source)
        scan = "sequences/00/velodyne/000001"
        (first, second), ref = project.boxes_of(scan).items(), project.scan_ref(scan)
        moved = first[1].edited(box=first[1].box + np.eye(7)[0] / 2)
        project.boxes.draw(
            [Drawn(ref, first[0], moved, Effort(active_s=2)), Drawn(ref, second[0], None)], round=""
        )
        other = project.scan_ref("sequences/00/velodyne/000000")
        (name,) = project.boxes.new_names(other.name, 1)
        project.boxes.draw([Drawn(other, name, replace(moved, label=1))], round="")
        job = Job(lambda report: said.append(report.said) if report.said else None)
        export_boxes(project, tmp_path / "out", job, kind="csv")
        rows = (tmp_path / "out/boxes.csv").read_text().splitlines()[1:]
        assert [row.split(",")[2] for row in rows] == ["5.5", "5.5"]
        project.answers.undo()
        project.answers.undo()
        assert len(project.boxes_of(scan)) == 2
        assert all(finding.good is not False for finding in doctor.integrity(project.path, Job()))
    assert any(re.search("1 frame of these are not finished", sentence) for sentence in said)


def test_the_datasets_own_boxes_are_its_truth():
    root = samples("kitti_object")
    dataset = open_dataset("kitti", root, ["training"], [])
    names = ("car", "pedestrian", "cyclist", "van", "truck", "misc", "tram", "person sitting")
    assert all(dataset.has_boxes(scan) for scan in dataset.scans)
    every = read_boxes(dataset, root, names).frames
    for scan in dataset.scans[:3]:
        found = Truth(dataset, names).of(scan)
        assert isinstance(found, Boxes)
        assert found.equals(every[scan])


def test_a_drives_own_boxes_are_read_once_for_all_its_frames(monkeypatch):
    root, read, files = samples("kitti_tracking"), kitti_tracking.read, []
    monkeypatch.setattr(kitti_tracking, "read", lambda *of: files.append(of[0]) or read(*of))
    dataset = open_dataset("kitti-tracking", root, ["training_reduced/0000"], [])
    names = load_classes(CLASSES).names
    file = dataset.root / dataset.format.box_file(dataset.scans[0])
    drive = read_boxes(dataset, file, names).frames
    files.clear()
    own = Truth(dataset, names)
    for scan in dataset.scans:
        found = own.of(scan)
        assert isinstance(found, Boxes)
        assert found.equals(drive[scan])
    assert len(dataset.scans) > 1 == len(files)


def test_frames_find_their_scans_without_a_look_at_each_of_them(tmp_path: Path, monkeypatch):
    """A scan's name is read for its number once, not for each frame."""
    read, seen = box_files._number, []
    monkeypatch.setattr(box_files, "_number", lambda name: seen.append(name) or read(name))
    lines = [f"{number},car,5,1,-1,4,1.8,1.5,0.3," for number in range(30)]
    scans = [f"a/{number:06d}" for number in range(30)]
    dataset = open_dataset("kitti", samples("kitti_object"), ["training"], [])
    found = read_boxes(dataset, boxes_csv(tmp_path / "b.csv", *lines), ("car",), scans=scans)
    assert list(found.frames) == scans
    assert len(seen) <= 2 * len(scans)


def test_a_frame_is_of_one_scan_or_of_none(tmp_path: Path):
    """By its whole name, its file's, or the number of that."""
    scans = ["a/01", "b/01", "a/2", "b/02", "c/x3", "x3"]
    dataset = open_dataset("kitti", samples("kitti_object"), ["training"], [])
    named = {"a/01": "a/01", "01": None, "1": None, "2": "a/2", "02": "b/02", "x3": "x3", "9": None}
    for number, (frame, scan) in enumerate(named.items()):
        file = boxes_csv(tmp_path / f"{number}.csv", CAR.replace("000001", frame))
        if scan is None:
            with pytest.raises(DataError, match="1 frame of no scan of the project"):
                read_boxes(dataset, file, ("car",), scans=scans)
        else:
            assert list(read_boxes(dataset, file, ("car",), scans=scans).frames) == [scan]


def test_status_counts_boxes(folder: Path, tmp_path: Path):
    from core.project.status import status, table

    with opened(tmp_path / "p", folder, "semantickitti", "00") as project:
        bring(project, boxes_csv(tmp_path / "b.csv", CAR))
        found = status(project, backend="none")
    assert found["boxes"] == {
        "frames": 1, "finished": 1, "boxes": 1, "minutes": 0.0, "rounds": [],
        "classes": {"car": 1},
    }  # fmt: skip
    assert json.loads(json.dumps(found)) == found
    assert "boxes: 1 in 1 frames; 1 finished" in table(found)


@pytest.mark.parametrize(
    ("settings", "at"),
    [
        ({}, (0, 10, -1, 4, 1.8, 1.5, math.pi / 2)),  # nuScenes' files have y ahead
        ({"rig.axes": "y,-x,z"}, (10, 0, -1, 4, 1.8, 1.5, 0)),
        ({"rig.axes": "-y,-x,-z"}, (10, 0, -1, 4, 1.8, 1.5, 0)),
        ({"rig.axes": "y,x,z"}, (10, 0, -1, 4, 1.8, 1.5, 0)),  # mirrored
    ],
)
@pytest.mark.parametrize(("kind", "folder"), [("kitti", "label_2"), ("kitti-tracking", "label_02")])
def test_without_a_calibration_the_camera_looks_ahead_and_is_written(
    tmp_path: Path, settings, at, kind: str, folder: str
):
    scan = "town/LIDAR_TOP/7"
    file = tmp_path / f"data/{scan}.pcd.bin"
    file.parent.mkdir(parents=True)
    np.ones((9, 5), "<f4").tofile(file)
    with opened(
        tmp_path / "p", tmp_path / "data", "nuscenes", "town", overrides=settings
    ) as project:
        box = Box(np.array(at, float), 0, from_files=project.dataset.from_files)
        (name,) = project.boxes.new_names(scan, 1)
        project.boxes.draw([Drawn(project.scan_ref(scan), name, box)], round="")
        assert export_boxes(project, tmp_path / "out", Job(), kind=kind) == 2
        (label,) = (tmp_path / "out" / folder).iterdir()
        calibration = calibration_in(tmp_path / "out/calib" / label.name)
        words = label.read_text().split()[2 if kind == "kitti-tracking" else 0 :]
        np.testing.assert_allclose(
            [float(w) for w in words[11:15]], [0, 1.75, 10, -1.57], atol=0.01
        )
        left, _, right, _ = (float(w) for w in words[4:8])
        assert left < 609.56 < right
        read = {"kitti": kitti_object.read, "kitti-tracking": kitti_tracking.read}[kind]
        found = read(label, calibration, Names(project.classes.names))
        table = found if kind == "kitti" else found.frames["7"]
        (again,) = (b.now(project.dataset.from_files) for b in boxes_in(table))
        np.testing.assert_allclose(again.box, at, atol=0.01)
