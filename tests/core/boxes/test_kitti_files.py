"""KITTI's object and tracking labels, in and out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.boxes.camera import AS_IF, as_if, from_camera, rectangles, to_camera
from core.boxes.formats import kitti_object, kitti_tracking
from core.boxes.geometry import moved, points_per_box
from core.boxes.names import Names
from core.boxes.table import Boxes
from core.data.calibration import Calibration, calibration_in
from tests.core.boxes.frames import KITTI, NAMES, drive, made_up, object_frames
from tests.samples import samples

CAR = "Car 0.00 0 -1.33 333.28 177.65 489.60 277.55 1.50 1.78 3.69 -3.29 1.46 12.65 -1.57"
REGION = "DontCare -1 -1 -10 5.00 6.00 7.00 8.00 -1 -1 -1 -1000 -1000 -1000 -10"


def read(tmp_path: Path, text: str, calibration: Calibration = AS_IF, names: Names = NAMES):
    file = tmp_path / "000007.txt"
    file.write_text(text)
    return kitti_object.read(file, calibration, names)


def read_drive(tmp_path: Path, text: str):
    file = tmp_path / "0000.txt"
    file.write_text(text)
    return kitti_tracking.read(file, AS_IF, NAMES)


def test_a_line_by_hand(tmp_path):
    boxes = read(tmp_path, f"{CAR} 0.87\n{REGION}\n\n")
    # The camera's x, y, z are -y, -z, x of a scanner in its place.
    wanted = [12.65, 3.29, -1.46 + 0.75, 3.69, 1.78, 1.50, 1.57 - np.pi / 2]
    np.testing.assert_allclose(boxes.box[0], wanted, atol=1e-12)
    assert KITTI[boxes.label[0]] == "car"
    assert (boxes.score[0], boxes.truncated[0], boxes.occluded[0]) == (0.87, 0, 0)
    assert boxes.alpha[0] == -1.33
    assert boxes.picture.tolist() == [[333.28, 177.65, 489.6, 277.55]]
    assert boxes.regions.tolist() == [[5, 6, 7, 8]]


def test_what_a_line_does_not_know_is_unknown(tmp_path):
    line = "Car -1 -1 -10 -1 -1 -1 -1 1.50 1.78 3.69 -3.29 1.46 12.65 -1.57 0.5"
    boxes = read(tmp_path, line)
    assert np.isnan([boxes.alpha[0], boxes.truncated[0], *boxes.picture[0]]).all()
    assert boxes.occluded[0] == -1
    again = kitti_object.written(boxes, AS_IF, KITTI).text.split()
    # The car is 14.6 degrees to the left of the camera's axis.
    assert float(again[3]) == pytest.approx(-1.57 + np.arctan2(3.29, 12.65), abs=0.006)


def test_real_object_labels_are_written_as_they_were():
    frames = object_frames()
    assert len(frames) == 20
    kinds: dict[str, int] = {}
    for file, calibration in frames:
        boxes = kitti_object.read(file, calibration, NAMES)
        for label in boxes.label:
            kinds[KITTI[label]] = kinds.get(KITTI[label], 0) + 1
        text, notes = kitti_object.written(boxes, calibration, KITTI)
        assert text == file.read_text()
        assert notes == ()
    assert (kinds["car"], kinds["pedestrian"], kinds["cyclist"], kinds["van"]) == (65, 23, 14, 4)


def test_a_real_drive_is_written_as_it_was():
    file, calibration = drive()
    frames, notes = kitti_tracking.read(file, calibration, NAMES)
    assert notes == ()
    assert sum(map(len, frames.values())) == 711
    again = kitti_tracking.written({int(k): v for k, v in frames.items()}, calibration, KITTI)
    assert again == (file.read_text(), ())


def test_real_boxes_hold_points():
    held = total = 0
    for file, calibration in object_frames():
        points = np.fromfile(file.parents[1] / f"velodyne/{file.stem}.bin", "<f4").reshape(-1, 4)
        boxes = kitti_object.read(file, calibration, NAMES)
        held += int((points_per_box(points, boxes.box) > 0).sum())
        total += len(boxes)
    assert (held, total) == (108, 109)
    file, calibration = drive()
    held = 0
    for frame, boxes in kitti_tracking.read(file, calibration, NAMES).frames.items():
        scan = samples("kitti_tracking/training") / f"velodyne_reduced/0000/{int(frame):06d}.bin"
        points = np.fromfile(scan, "<f4").reshape(-1, 4)
        held += int((points_per_box(points, boxes.box) > 0).sum())
    assert held == 710


def test_projected_boxes_meet_the_labelled_rectangles():
    off = []
    for file, calibration in object_frames():
        boxes = kitti_object.read(file, calibration, NAMES)
        boxes = boxes.take((boxes.truncated == 0) & ~np.isnan(boxes.picture[:, 0]))
        projection = calibration.p2 @ calibration.tr
        off.append(np.abs(rectangles(boxes.box, projection, (1242, 375)) - boxes.picture))
    off = np.concatenate(off)
    assert len(off) > 60
    assert np.median(off, axis=0).max() < 1.0


def test_what_is_unknown_is_computed():
    file, calibration = object_frames()[0]
    boxes = kitti_object.read(file, calibration, NAMES)
    bare = Boxes.of(boxes.box, boxes.label)
    again = kitti_object.written(bare, calibration, KITTI, (1242, 375)).text.split()
    said = file.read_text().split()
    assert float(again[3]) == pytest.approx(float(said[3]), abs=0.03)
    assert [float(v) for v in again[4:8]] == pytest.approx([float(v) for v in said[4:8]], abs=10)
    assert again[1:3] == ["-1.00", "-1"]


def test_a_box_beside_the_car_keeps_the_part_in_view():
    projection = AS_IF.p2 @ AS_IF.tr
    found = rectangles(
        np.array(
            [
                (0, 2.5, 0, 20, 1, 1, 0),  # beside, from behind to ahead
                (-8, 0, 0, 4, 2, 2, 0),  # behind
                (5, 40, 0, 4, 2, 2, 0),  # left of the picture
            ]
        ),
        projection,
        (1242, 375),
    )
    # Its near edge is cut at 0.5 m and lies left of the picture; the far one at x 10, y 2.
    assert found[0] == pytest.approx([0, 0, 609.5593 - 721.5377 * 2 / 10, 374])
    assert np.isnan(found[1:]).all()


def test_all_columns_come_back(tmp_path):
    boxes = made_up()
    kept = boxes.take(~boxes.ignore)
    text, notes = kitti_object.written(boxes, AS_IF, KITTI, (1242, 375))
    again = read(tmp_path, text)
    np.testing.assert_allclose(again.box, kept.box, atol=0.011)
    np.testing.assert_array_equal(again.label, kept.label)
    np.testing.assert_array_equal(again.occluded, kept.occluded)
    np.testing.assert_allclose(again.truncated, kept.truncated, atol=0.006)
    np.testing.assert_allclose(again.score, np.nan_to_num(kept.score, nan=1), atol=1e-6)
    assert len(again.regions) >= len(boxes.regions)
    assert any("to ignore" in note for note in notes)
    assert any("tracks" in note for note in notes)


@pytest.mark.parametrize("kind", [kitti_object, kitti_tracking])
def test_a_calibration_is_written_as_the_benchmark_reads_it(tmp_path, kind):
    made = as_if(about_z(30), (0.0, 1.0))
    (tmp_path / "calib.txt").write_text(kind.calib(made))
    again = calibration_in(tmp_path / "calib.txt")
    np.testing.assert_allclose(again.p2, made.p2, atol=1e-9)
    np.testing.assert_allclose(again.tr, made.tr, atol=1e-12)


def test_tracks_that_are_no_numbers_are_numbered(tmp_path):
    one = Boxes.of([(9, 0, 0, 4, 2, 1, 0)] * 4, [0] * 4, track=["7", "a", "", "b"])
    text, notes = kitti_tracking.written({3: one, 4: one.take([1])}, AS_IF, KITTI)
    assert [line.split()[:2] for line in text.splitlines()] == [
        *(["3", "7"], ["3", "8"], ["3", "-1"], ["3", "9"], ["4", "8"]),
    ]
    assert notes == ("2 tracks had names that are no numbers: numbered anew.",)
    again = read_drive(tmp_path, text).frames
    assert again["3"].track.tolist() == ["7", "8", "", "9"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Car 0 0 1\n", "line 1 has 4 columns: a label has 15, a result 16"),
        (f"\n{CAR} 0.5 9\n", "line 2 has 17 columns"),
        (CAR.replace("12.65", "nan"), "line 1: nan is no finite number"),
        (CAR.replace("12.65", "12,65"), "line 1: 12,65 is no finite number"),
        (CAR.replace("3.69", "-3.69"), "its length is -3.69, and a size is larger than 0"),
        (CAR.replace("1.50", "0"), "its height is 0"),
        (CAR.replace("Car", "Boat"), "boxes of the class Boat, which the project's class list"),
        (CAR.replace("0.00 0", "0.00 5"), "occlusion is 5, not one of -1 to 3"),
        (CAR.replace("0.00 0", "7 0"), "truncation is 7, not 0 to 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, text: str, said: str):
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert said in error.value.what
    assert "000007.txt" in error.value.what


def test_an_unknown_class_may_be_meant_as_another(tmp_path):
    names = Names(KITTI, {"Boat": "misc"})
    assert KITTI[read(tmp_path, CAR.replace("Car", "boat"), names=names).label[0]] == "misc"


def test_no_calibration_no_place(tmp_path):
    with pytest.raises(DataError, match="no way from the scanner to the camera"):
        read(tmp_path, CAR, replace(AS_IF, tr=None))


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        kitti_object.read(tmp_path / "none.txt", AS_IF, NAMES)
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8"):
        kitti_object.read(tmp_path / "binary.txt", AS_IF, NAMES)


def test_an_empty_file_has_no_boxes(tmp_path):
    assert len(read(tmp_path, "")) == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([f"0 3 {CAR}", f"1 3 {CAR}", f"0 3 {CAR}"], "frame 0 has two boxes of track 3 (line 1 an"),
        ([f"0 {CAR}"], "has 16 columns: a label has 17, a result 18"),
        ([f"0.5 3 {CAR}"], "the frame is 0.5"),
        ([f"0 3 {CAR.replace('0.00 0', '0.4 0')}"], "truncation is 0.4"),
    ],
)
def test_what_is_wrong_in_a_drive_is_said(tmp_path, lines, said: str):
    with pytest.raises(DataError) as error:
        read_drive(tmp_path, "\n".join(lines))
    assert said in error.value.what


def test_boxes_without_a_track_may_be_many(tmp_path):
    text = "\n".join([f"0 -1 {CAR}"] * 2)
    assert read_drive(tmp_path, text).frames["0"].track.tolist() == ["", ""]


def test_a_scanner_that_hangs_sees_the_same_boxes_in_the_camera():
    """Its z is down: the camera's lower side is its upper one, and headings turn the other way."""
    rng = np.random.default_rng(3)
    boxes = rng.uniform([5, -9, -2, 1, 1, 1, -3], [40, 9, 1, 9, 3, 4, 3], (20, 7))
    hangs = np.diag([1.0, -1, -1, 1])
    seen = to_camera(boxes, AS_IF.tr)
    turned = to_camera(moved(boxes, hangs), AS_IF.tr @ hangs)
    np.testing.assert_allclose(turned.place, seen.place, atol=1e-9)
    np.testing.assert_allclose(turned.turn, seen.turn, atol=1e-9)
    back = from_camera(turned, AS_IF.tr @ hangs)
    np.testing.assert_allclose(back, moved(boxes, hangs), atol=1e-9)


def about_z(degrees: float) -> np.ndarray:
    """(4, 4) from a scanner that is turned by so much to one that is not."""
    turn = np.eye(4)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn[:2, :2] = [[c, -s], [s, c]]
    return turn


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("degrees", [90, 180, -90, 45, 91.3])
def test_headings_are_the_cameras_wherever_the_scanners_x_is(degrees: float, hangs: bool):
    """nuScenes' scanners have y ahead. A slow reference: each heading is a line through space."""
    tr = AS_IF.tr @ about_z(degrees) @ np.diag([1.0, -1, -1, 1] if hangs else [1.0, 1, 1, 1])
    rng = np.random.default_rng(4)
    boxes = rng.uniform([-20, -20, -2, 1, 1, 1, -3], [20, 20, 1, 9, 3, 4, 3], (20, 7))
    found = to_camera(boxes, tr)
    for yaw, turn in zip(boxes[:, 6], found.turn, strict=True):
        along = tr[:3, :3] @ [np.cos(yaw), np.sin(yaw), 0]
        np.testing.assert_allclose([np.cos(turn), 0, -np.sin(turn)], along, atol=1e-9)
    np.testing.assert_allclose(from_camera(found, tr), boxes, atol=1e-9)


def test_a_car_ahead_of_a_scanner_with_y_ahead(tmp_path):
    y_ahead = replace(AS_IF, tr=AS_IF.tr @ about_z(-90))
    along = "Car -1 -1 -10 -1 -1 -1 -1 1.50 1.80 4.00 0.00 1.75 10.00 -1.570796"
    box = read(tmp_path, along, y_ahead).box[0]
    np.testing.assert_allclose(box, [0, 10, -1, 4, 1.8, 1.5, np.pi / 2], atol=1e-6)


def test_the_small_tilt_of_kittis_scanners_is_not_in_their_headings():
    tilted = AS_IF.tr @ about_z(0.9)
    boxes = np.array([[9.0, 1, -1, 4, 2, 1.5, 0.3]])
    assert to_camera(boxes, tilted).turn == to_camera(boxes, AS_IF.tr).turn


def test_mirrored_coordinates_have_mirrored_headings():
    """As of CARLA: y is to the right, and a heading of 90 degrees too."""
    tr = AS_IF.tr @ np.diag([1.0, -1, 1, 1])
    boxes = np.array([[9.0, 1, -1, 4, 2, 1.5, np.pi / 2]])
    found = to_camera(boxes, tr)
    np.testing.assert_allclose([*found.place[0], *found.turn], [1, 1.75, 9, 0], atol=1e-9)
    np.testing.assert_allclose(from_camera(found, tr), boxes, atol=1e-9)
