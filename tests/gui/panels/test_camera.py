"""The camera beside the scanner: points where the picture has them, and bad files said."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from core.base.errors import DataError
from core.data.camera import Camera
from core.data.opening import open_dataset
from core.project.project import Project
from gui.desk.pictures import read_picture
from gui.look.theme import DARK
from gui.panels.picture import PicturePart
from tests.samples import samples


@pytest.fixture(params=["simulated", "real"])
def kitti(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """One frame as a sequence with a picture, and below label_2 the boxes of its cars as KITTI's
    object benchmark has them."""
    folder = tmp_path / "sequences/00"
    for part in ("velodyne", "image_2"):
        (folder / part).mkdir(parents=True)
    (tmp_path / "label_2").mkdir()
    if request.param == "real":
        real_frame(samples("kitti_object") / "training", folder, tmp_path)
    else:
        simulated_frame(folder, tmp_path)
    return tmp_path


def real_frame(source: Path, folder: Path, root: Path) -> None:
    """The sequence's Tr is the benchmark's R0_rect · Tr_velo_to_cam."""
    for part, name in (("velodyne", "000008.bin"), ("image_2", "000008.jpg")):
        shutil.copy(source / part / name, folder / part / name)
    shutil.copy(source / "label_2/000008.txt", root / "label_2/000008.txt")
    text = (source / "calib/000008.txt").read_text()
    lines = dict(line.split(":") for line in text.splitlines() if ":" in line)
    rectify = np.array(lines["R0_rect"].split(), float).reshape(3, 3)
    tr = rectify @ np.array(lines["Tr_velo_to_cam"].split(), float).reshape(3, 4)
    numbers = " ".join(map(str, tr.ravel()))
    (folder / "calib.txt").write_text(f"P2:{lines['P2']}\nTr: {numbers}\n")


def simulated_frame(folder: Path, root: Path) -> None:
    """Two cars full of points; a pinhole of 700 pixels, 6 cm left of the first camera's, gives
    their boxes in the picture."""
    rng = np.random.default_rng(0)
    points, labels = [], []
    h, w, long, y = 1.5, 1.6, 3.8, 1.65  # y: the road, below the camera
    for x, z, turn in ((-3.0, 12.0, 0.3), (4.0, 20.0, -1.4)):
        c, s = np.cos(turn), np.sin(turn)
        signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 0)])
        inside = rng.uniform((-1, -1, -1), (1, 1, 0), (300, 3))
        corners, seen = (
            np.column_stack(
                [
                    x + c * part[:, 0] * long / 2 + s * part[:, 1] * w / 2,
                    y + part[:, 2] * h,
                    z - s * part[:, 0] * long / 2 + c * part[:, 1] * w / 2,
                ]
            )
            for part in (signs, inside)
        )
        u, v = (
            700 * (corners[:, 0] + 0.06) / corners[:, 2] + 600,
            (700 * corners[:, 1] / corners[:, 2] + 180),
        )
        picture = f"{u.min():.2f} {v.min():.2f} {u.max():.2f} {v.max():.2f}"
        labels.append(f"Car 0.00 0 0.00 {picture} {h} {w} {long} {x} {y} {z} {turn}")
        # The scanner is 27 cm behind the camera and 8 cm above; its x is ahead, y left, z up.
        points.append(np.column_stack([seen[:, 2] + 0.27, -seen[:, 0], -seen[:, 1] - 0.08]))
    xyz = np.vstack(points)
    np.column_stack([xyz, np.full(len(xyz), 0.5)]).astype("<f4").tofile(
        folder / "velodyne/000008.bin"
    )
    image = QImage(1200, 370, QImage.Format.Format_RGB32)
    image.fill(QColor("grey"))
    assert image.save(str(folder / "image_2/000008.jpg"))
    tr = "0 -1 0 0 0 0 -1 -0.08 1 0 0 -0.27"
    (folder / "calib.txt").write_text(f"P2: 700 0 600 42 0 700 180 0 0 0 1 0\nTr: {tr}\n")
    (root / "label_2/000008.txt").write_text("\n".join(labels))


def test_points_of_labelled_cars_lie_in_their_boxes_of_the_picture(kitti: Path):
    """Two labels of a car, a box in space and one in the picture, must agree."""
    dataset = open_dataset("semantickitti", kitti, ["00"], [])
    scan = dataset.train[0]
    camera = dataset.format.camera(dataset.root, scan)
    picture = QImage(str(camera.image))
    camera.check_size(picture.width(), picture.height())
    points = dataset.scan(scan).points
    tr = (kitti / "sequences/00/calib.txt").read_text().split("Tr:")[1].split()
    to_camera = np.array(tr, float).reshape(3, 4)
    seen = points[:, :3] @ to_camera[:, :3].T + to_camera[:, 3]
    places, ahead = camera.pixels(points)
    cars = 0
    for line in (kitti / "label_2/000008.txt").read_text().splitlines():
        kind, truncated, *rest = line.split()
        left, top, right, bottom, h, w, long, x, y, z, turn = map(float, rest[2:13])
        if kind != "Car" or float(truncated) > 0.1:
            continue
        c, s = np.cos(turn), np.sin(turn)
        off = seen - (x, y, z)
        along, across = c * off[:, 0] - s * off[:, 2], s * off[:, 0] + c * off[:, 2]
        inside = (
            (abs(along) < long / 2) & (abs(across) < w / 2) & (off[:, 1] < 0) & (off[:, 1] > -h)
        )
        if inside.sum() < 50:
            continue
        assert ahead[inside].all()
        found = places[inside]
        assert (found >= (left - 3, top - 3)).all()
        assert (found <= (right + 3, bottom + 3)).all()
        assert np.ptp(found[:, 0]) > 0.5 * (right - left)
        cars += 1
    assert cars >= 2


def test_bad_pictures_and_calibrations_are_said(qapp, kitti: Path, tmp_path: Path):
    calibration = kitti / "sequences/00/calib.txt"
    with Project.create(
        tmp_path / "p", format="semantickitti", root=kitti, train=["00"]
    ) as project:
        scan = project.dataset.train[0]
        dataset = project.dataset
        picture = read_picture(dataset, scan)
        camera = picture.camera
        assert picture.text == ""
        picture.image.scaled(400, 120).save(str(camera.image))
        assert "400 x 120 pixels, but its calibration" in read_picture(dataset, scan).text
        camera.image.write_bytes(b"no picture")
        assert "cannot be read" in read_picture(dataset, scan).text
        camera.image.unlink()
        assert "no camera picture" in read_picture(dataset, scan).text
    other = tmp_path / "without"
    shutil.copytree(kitti / "sequences", other / "sequences")
    copy = other / "sequences/00/calib.txt"
    copy.write_text(calibration.read_text().replace("Tr:", "Tx:"))
    QImage(600, 200, QImage.Format.Format_RGB32).save(
        str(other / "sequences/00/image_2/000008.png")
    )
    with Project.create(
        tmp_path / "q", format="semantickitti", root=other, train=["00"]
    ) as project:
        found = read_picture(project.dataset, project.dataset.train[0])
    # The picture alone is shown: where points are in it, is not known.
    assert found.text == ""
    assert found.image is not None
    assert found.camera is not None
    assert found.camera.projection is None


def test_a_picture_without_an_outline_is_shown_whole(qapp):
    image = QImage(300, 100, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 120, 120))
    part = PicturePart(DARK)
    part.resize(300, 200)
    part.show_part(image, np.zeros((0, 2)), "Camera")
    shown = part.grab().toImage()
    ratio = shown.width() / 300
    inside = [QColor(shown.pixel(int(x * ratio), int(100 * ratio))).red() for x in (3, 150, 297)]
    above = QColor(shown.pixel(int(150 * ratio), int(20 * ratio))).red()
    assert min(inside) > 150
    assert above < 100


def test_a_camera_looks_ahead_only():
    camera = Camera(Path("x"), np.array([[100.0, 0, 50, 0], [0, 100, 40, 0], [0, 0, 1, 0]]))
    places, ahead = camera.pixels(np.array([[1, 2, 10], [1, 2, -10], [0, 0, 1]], np.float32))
    assert ahead.tolist() == [True, False, True]
    np.testing.assert_allclose(places[[0, 2]], [[60, 60], [50, 40]])
    camera.check_size(100, 80)
    with pytest.raises(DataError, match="200 x 80"):
        camera.check_size(200, 80)
