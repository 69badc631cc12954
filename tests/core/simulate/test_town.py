"""The town as files: the same bytes for the same seed, read back by our own readers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import SettingsError
from core.base.jobs import Job
from core.boxes.formats import kitti_tracking
from core.boxes.formats import nuscenes as nuscenes_boxes
from core.boxes.names import Names
from core.data.classes import load_classes
from core.data.formats import format_named
from core.data.opening import open_dataset
from core.simulate import districts, drives
from core.simulate.circuit import LAP_M
from core.simulate.kitti import table
from core.simulate.place import Place
from core.simulate.scanning import scan
from core.simulate.sensor import sensor
from core.simulate.town import write_town


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One seen district and the unseen one, with little green: a second instead of ten."""

    def bare(district: districts.District) -> districts.District:
        return replace(
            district, nodes=(1, 1), side_share=0.0, groves=0.2, woods=0.2, bushes=0.5, weeds=0.0
        )

    monkeypatch.setattr(drives, "SEEN", (bare(districts.OLD_TOWN),))
    monkeypatch.setattr(drives, "UNSEEN", bare(districts.CAMPUS))


def written(root: Path, scans: int, seed: int = 3, **options: object) -> dict[str, bytes]:
    write_town(root, scans=scans, validation=0, seed=seed, step_m=4.0, job=Job(), **options)
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_the_same_seed_gives_the_same_bytes_and_scan_k_is_the_same_of_any_number(tmp_path: Path):
    one, other = written(tmp_path / "a", 2), written(tmp_path / "b", 3)
    scans = {name for name in one if name.endswith((".bin", ".label"))}
    assert len(scans) == 4
    assert {name: one[name] for name in scans} == {name: other[name] for name in scans}
    poses = "sequences/00/poses.txt"
    assert other[poses].startswith(one[poses])
    changed = written(tmp_path / "d", 1, seed=4)
    assert changed["sequences/00/velodyne/000000.bin"] != one["sequences/00/velodyne/000000.bin"]


def test_a_project_can_read_it(tmp_path: Path):
    made = write_town(tmp_path, scans=2, validation=2, seed=5, step_m=4.0, job=Job())
    dataset = open_dataset("semantickitti", tmp_path, made.train, made.validation)
    assert (len(dataset.train), len(dataset.validation)) == (2, 2)
    assert set(made.train).isdisjoint(made.validation)
    classes = load_classes("semantickitti")
    seen: set[int] = set()
    for name in (*dataset.train, *dataset.validation):
        truth = dataset.ground_truth(name, classes)
        assert truth is not None
        seen |= set(np.unique(truth).tolist())
        far = np.linalg.norm(dataset.scan(name).points[:, :3], axis=1) > 51.3
        assert (truth[far] >= len(classes)).all()
    assert {"road", "sidewalk", "car", "building", "vegetation"} <= {
        classes.names[c] for c in seen if c < len(classes)
    }
    step = dataset.move(dataset.train[1], dataset.train[0])
    assert step is not None
    assert 3.0 < step[0, 3] < 4.5  # 4 m along the circuit's middle, less on the inside of a curve
    place = drives.drives(scans=2, validation=3, seed=5, step_m=4.0)[0][0].place()
    first, second = place.pose(0.0, 1.73), place.pose(4.0, 1.73)
    np.testing.assert_allclose(step, np.linalg.inv(first) @ second, atol=1e-5)


def test_kitti_tracking_is_read_back(tmp_path: Path):
    files = written(tmp_path, 2, layout="kitti-tracking")
    layout = format_named("kitti-tracking")
    assert layout.sequences(tmp_path) == ("training/0000",)
    scans = layout.scans(tmp_path, "training/0000")
    calibration = layout.calibration(tmp_path, scans[0])
    file = tmp_path / "training/label_02/0000.txt"
    names = ("car", "truck", "pedestrian", "cyclist", "misc")
    found = kitti_tracking.read(file, calibration, Names(names)).frames
    place = drives.drives(scans=2, validation=0, seed=3, step_m=4.0)[0][0].place()
    seen = scan(place, 4.0, sensor(64), boxes=True)
    wanted = table(seen.boxes)
    assert len(wanted)
    np.testing.assert_allclose(found["1"].box, wanted.box, atol=1e-5)
    assert found["1"].track.tolist() == wanted.track.tolist()
    poses = [layout.pose(tmp_path, name) for name in scans]
    back = np.linalg.inv(place.pose(0.0, 1.73)) @ place.pose(4.0, 1.73)
    np.testing.assert_allclose(np.linalg.inv(poses[0]) @ poses[1], back, atol=1e-5)
    assert files["training/velodyne/0000/000001.bin"] == seen.points.tobytes()


def test_nuscenes_is_read_back(tmp_path: Path):
    written(tmp_path, 2, layout="nuscenes")
    dataset = open_dataset("nuscenes", tmp_path, ["scene-0000"], [])
    classes = load_classes("nuscenes")
    place = drives.drives(scans=2, validation=0, seed=3, step_m=4.0)[0][0].place()
    seen = scan(place, 4.0, sensor(32), boxes=True)
    points = dataset.format.points(tmp_path, dataset.train[1])
    np.testing.assert_allclose(points[:, 1], seen.points[:, 0], atol=1e-5)  # y is ahead
    np.testing.assert_allclose(points[:, 0], -seen.points[:, 1], atol=1e-5)
    truth = dataset.ground_truth(dataset.train[1], classes)
    assert truth is not None
    road = classes.names.index("driveable_surface")
    assert ((truth == road) == np.isin(seen.labels & 0xFFFF, (40, 44, 60))).all()
    own = dataset.format.labels(tmp_path, dataset.train[1]) == 31
    assert 0.1 < own.mean() < 0.4
    folder = tmp_path / "v1.0-town"
    sample = json.loads((folder / "sample.json").read_text())[1]["token"]
    pose = dataset.format.pose(tmp_path, dataset.train[1])
    poses = {row["token"]: pose for row in json.loads((folder / "sample.json").read_text())}
    boxes = nuscenes_boxes.read(folder / "sample_annotation.json", poses, Names(classes.names))
    found = boxes.frames[sample]
    assert len(found) == len(seen.boxes) > 0
    ours = np.array([[-box.centre[1], box.centre[0], box.centre[2]] for box in seen.boxes])
    np.testing.assert_allclose(found.box[:, :3], ours, atol=1e-4)
    sizes = np.array([box.size for box in seen.boxes])
    np.testing.assert_allclose(found.box[:, 3:6], sizes, atol=1e-5)


def test_sequences_take_turns_and_a_lap_ends_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drives, "SEEN", districts.SEEN)
    lap = int(LAP_M)
    train, test = drives.drives(scans=7, validation=4, seed=0)
    assert [(d.name, d.scans) for d in train] == [
        ("00", 2),
        ("01", 2),
        ("02", 1),
        ("03", 1),
        ("04", 1),
    ]
    assert [(d.name, d.scans) for d in test] == [("05", 2), ("06", 1), ("07", 1)]
    assert test[-1].district.name not in {d.district.name for d in (*train, *test[:-1])}
    train, _ = drives.drives(scans=5 * lap + 3, validation=0, seed=0)
    assert [(d.name, d.scans) for d in train[-4:]] == [("04", lap), ("10", 1), ("11", 1), ("12", 1)]
    assert sum(d.scans for d in train) == 5 * lap + 3
    for wrong in (
        {"step_m": 0.0},
        {"tail": -1.0},
        {"scans": -1},
        {"scans": 0},
        {"scans": 10**6},
        {"seed": -1},
    ):
        with pytest.raises(SettingsError):
            drives.drives(**{"scans": 1, "validation": 0, "seed": 0, **wrong})


@pytest.mark.slow
def test_all_classes_are_there():
    found: set[int] = set()
    classes = load_classes("semantickitti")
    for k, district in enumerate(districts.SEEN):
        place = Place(district, (1, k), tail=5.0)
        for station in range(0, 2000, 100):
            seen = scan(place, float(station), sensor(64))
            found |= set(np.unique(classes.encode(seen.labels & 0xFFFF)).tolist())
    assert set(range(19)) <= found


@pytest.mark.slow
def test_no_place_comes_twice():
    """Of points of a scan, seldom one lies where a scan far along the circuit had one."""
    from scipy.spatial import cKDTree

    place = Place(districts.OLD_TOWN, (1, 0))
    clouds = []
    for station in range(0, 2000, 125):
        seen = scan(place, float(station), sensor(32))
        near = np.linalg.norm(seen.points[:, :3], axis=1) < 25
        xyz = seen.points[near, :3]
        clouds.append(xyz @ seen.pose[:3, :3].T + seen.pose[:3, 3])
    for k, cloud in enumerate(clouds):
        others = cKDTree(np.concatenate([c for j, c in enumerate(clouds) if j != k]))
        assert (others.query(cloud)[0] < 0.1).mean() < 0.05
