"""Predictions and labels lie where official programs look, in their ids, with the same IoU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.exchange.export import export
from core.exchange.import_labels import import_labels
from core.exchange.nuscenes_out import CATEGORIES
from core.project.project import Project
from core.quality.iou import confusion, iou
from tests.exchanged import answer, contents, predict, write_keyframes
from tests.official import (
    BENCHMARK,
    LEARNING_MAP,
    LEARNING_MAP_INV,
    check_nuscenes_submission,
    check_semantickitti_submission,
    evaluate_nuscenes,
    evaluate_semantickitti,
)
from tests.streets import small_scan, write_scan

# A Python that has nuscenes-devkit, which wants older versions of much than LidarLoop.
DEVKIT = os.environ.get("NUSCENES_DEVKIT_PYTHON", sys.executable if find_spec("nuscenes") else "")


def guesses(project: Project, classes: int, monkeypatch) -> dict[str, np.ndarray]:
    """Predictions of every scan: right for most rows, any class for the rest."""
    rng = np.random.default_rng(3)
    told = {}
    for scan in project.dataset.scans:
        truth = project.dataset.ground_truth(scan, project.classes)
        assert truth is not None
        some = rng.integers(0, classes, len(truth)).astype(np.uint8)
        told[scan] = np.where((truth < 200) & (rng.random(len(truth)) < 0.8), truth, some)
    predict(project, told, monkeypatch)
    return told


def own_iou(project: Project, told: dict[str, np.ndarray], scans: tuple[str, ...]) -> np.ndarray:
    count = len(project.classes)
    matrix = np.zeros((count, count), np.int64)
    for scan in scans:
        truth = project.dataset.ground_truth(scan, project.classes)
        assert truth is not None
        matrix += confusion(truth, told[scan], count)
    return iou(matrix)


@pytest.fixture
def kitti(tmp_path: Path, monkeypatch):
    rng = np.random.default_rng(1)
    for sequence, count in (("00", 2), ("08", 2)):
        for seed in range(count):
            points, raw = small_scan(seed + 5 * (sequence == "08"))
            raw = np.where(rng.random(len(raw)) < 0.3, rng.choice([*LEARNING_MAP], len(raw)), raw)
            write_scan(tmp_path / "data", f"sequences/{sequence}/velodyne/{seed:06d}", points, raw)
    with Project.create(
        tmp_path / "p",
        format="semantickitti",
        root=tmp_path / "data",
        train=["00"],
        validation=["08"],
        preset="laptop",
    ) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), units=2, strategy="random")
        yield project, guesses(project, 19, monkeypatch)


def test_semantickitti_predictions_pass_the_official_rules(kitti, tmp_path: Path):
    project, told = kitti
    assert export(project, tmp_path / "out", Job(), what="predictions") == 4
    check_semantickitti_submission(tmp_path / "data", tmp_path / "out", ["00", "08"])
    found = evaluate_semantickitti(tmp_path / "data", tmp_path / "out", ["08"])
    np.testing.assert_allclose(found, own_iou(project, told, project.dataset.validation), atol=1e-9)
    assert np.nanmin(found) > 0


def test_the_inverse_map_is_the_official_one(kitti):
    project, _ = kitti
    assert project.classes.class_to_raw == LEARNING_MAP_INV[1:]
    known = {
        raw: 0 if found == 255 else found + 1 for raw, found in project.classes.raw_to_class.items()
    }
    assert known == LEARNING_MAP


@pytest.fixture
def nuscenes(tmp_path: Path):
    rng = np.random.default_rng(2)
    names = [f"{scene}/k{n}" for scene in ("scene-0061", "scene-0103") for n in range(2)]
    labels = {
        f"{name}{'a' if '61' in name else 'b'}": rng.integers(0, 32, 2000).astype(np.uint8)
        for name in names
    }
    write_keyframes(tmp_path / "data", labels)
    with Project.create(
        tmp_path / "p",
        format="nuscenes",
        root=tmp_path / "data",
        train=["scene-0061"],
        validation=["scene-0103"],
        preset="nuscenes",
    ) as project:
        steps.prepare(project, Job(), workers=1)
        yield project


def test_nuscenes_predictions_pass_the_official_rules(nuscenes, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(type(nuscenes), "tip", property(lambda p: p.given))
    told = guesses(nuscenes, 16, monkeypatch)
    scan = nuscenes.dataset.validation[0]
    told[scan][:5] = 252  # rows that the network could not look at
    predict(nuscenes, told, monkeypatch)
    out, data = tmp_path / "out", tmp_path / "data"
    assert export(nuscenes, out, Job(), what="predictions") == 4
    sets = {"mini_train": ["scene-0061"], "mini_val": ["scene-0103"]}
    for name, scenes in sets.items():
        check_nuscenes_submission(data, "v1.0-mini", out, name, scenes)
    assert {name.split("/")[0] for name in contents(out)} == {"lidarseg", *sets}
    most = np.bincount(told[scan][told[scan] < 16]).argmax()
    told[scan][:5] = most
    found = evaluate_nuscenes(data, "v1.0-mini", out, "mini_val", ["scene-0103"])
    np.testing.assert_allclose(
        found, own_iou(nuscenes, told, nuscenes.dataset.validation), atol=1e-9
    )
    with pytest.raises(ProjectError, match="ids of nuScenes' benchmark"):
        import_labels(nuscenes, out, Job())


def test_the_benchmarks_ids_are_the_official_ones():
    assert {fine: one for fine, (_, one) in enumerate(CATEGORIES) if one} == BENCHMARK


def test_classes_that_are_no_benchmarks_are_refused(nuscenes, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(type(nuscenes), "tip", property(lambda p: p.given))
    guesses(nuscenes, 16, monkeypatch)
    raw = (1, *nuscenes.classes.class_to_raw[1:])
    nuscenes.classes = replace(nuscenes.classes, class_to_raw=raw)
    with pytest.raises(ProjectError, match="none of nuScenes' benchmark"):
        export(nuscenes, tmp_path / "out", Job(), what="predictions")
    assert not (tmp_path / "out").exists()


def test_nuscenes_labels_go_out_with_their_tables_and_come_in_again(nuscenes, tmp_path: Path):
    out, data = tmp_path / "out", tmp_path / "data"
    import_labels(nuscenes, data, Job())
    assert export(nuscenes, out, Job()) == 2
    found, wanted = contents(out), contents(data)
    labels = [name for name in found if name.endswith("_lidarseg.bin")]
    assert len(labels) == 2
    assert all(found[name] == wanted[name] for name in labels)
    listed = json.loads(found["v1.0-mini/lidarseg.json"])
    assert sorted(row["filename"] for row in listed) == labels
    same = {"scene", "sample", "sample_data", "ego_pose", "calibrated_sensor", "sensor", "log"}
    for name in same:
        assert found[f"v1.0-mini/{name}.json"] == wanted[f"v1.0-mini/{name}.json"]
    categories = json.loads(found["v1.0-mini/category.json"])
    assert [row["index"] for row in categories] == list(range(32))
    assert categories[17]["name"] == "vehicle.car"
    assert categories[17]["token"] == "cat"
    with Project.create(
        tmp_path / "again", format="nuscenes", root=data, train=["scene-0061"], preset="nuscenes"
    ) as again:
        assert import_labels(again, out, Job()) == 2
        export(again, tmp_path / "back", Job())
    assert contents(tmp_path / "back") == found


def test_tables_are_nuscenes_own(tmp_path: Path):
    write_scan(tmp_path / "data", "sequences/00/velodyne/000000", *small_scan(0))
    with Project.create(
        tmp_path / "p",
        format="semantickitti",
        root=tmp_path / "data",
        train=["00"],
        preset="laptop",
    ) as project:
        answer(project, project.dataset.train[0], np.arange(9), 3)
        with pytest.raises(SettingsError, match="nuScenes' scans"):
            export(project, tmp_path / "out", Job(), layout="nuscenes")


LOADS = """
import sys, json, numpy as np
from nuscenes.nuscenes import NuScenes
from nuscenes.eval.lidarseg.evaluate import LidarSegEval
from nuscenes.eval.lidarseg.validate_submission import validate_submission
version, labels, data, predictions = sys.argv[1:]
loaded = NuScenes(version=version, dataroot=labels, verbose=False)
counts = {}
for row in loaded.lidarseg:
    assert loaded.get("sample_data", row["token"])["channel"] == "LIDAR_TOP"
    counts[row["token"]] = len(np.fromfile(f"{labels}/{row['filename']}", "u1"))
    assert loaded.get("sample", loaded.get("sample_data", row["token"])["sample_token"])["data"]
value = {"labels": counts, "categories": len(loaded.lidarseg_idx2name_mapping)}
if predictions != "-":
    whole = NuScenes(version=version, dataroot=data, verbose=False)
    # Of all scenes of the official split only these are here.
    sys.modules["nuscenes.eval.lidarseg.utils"].create_splits_scenes = lambda verbose: {
        "mini_train": ["scene-0061"], "mini_val": ["scene-0103"]}
    for name in ("mini_train", "mini_val"):
        validate_submission(whole, predictions, name)
    value["iou"] = LidarSegEval(whole, predictions, eval_set="mini_val").evaluate()["iou_per_class"]
print(json.dumps(value))
"""


def test_the_devkit_itself_takes_what_goes_out(nuscenes, tmp_path: Path, monkeypatch):
    if not DEVKIT:
        pytest.skip("NUSCENES_DEVKIT_PYTHON names no Python with nuscenes-devkit")
    data = tmp_path / "data"
    write_keyframes(
        data,
        {
            f"{scene}/k{n}{'a' if '61' in scene else 'b'}": np.arange(2000).astype(np.uint8) % 32
            for scene in ("scene-0061", "scene-0103")
            for n in range(2)
        },
    )
    (data / "maps").mkdir()
    (data / "maps/m.png").write_bytes(b"")
    category = [
        {"token": f"c{i}", "name": name, "description": "", "index": i}
        for i, (name, _) in enumerate(CATEGORIES)
    ]
    (data / "v1.0-mini/category.json").write_text(json.dumps(category))
    import_labels(nuscenes, data, Job())
    export(nuscenes, tmp_path / "labels", Job())
    monkeypatch.setattr(type(nuscenes), "tip", property(lambda p: p.given))
    told = guesses(nuscenes, 16, monkeypatch)
    export(nuscenes, tmp_path / "out", Job(), what="predictions")
    value = devkit("v1.0-mini", tmp_path / "labels", data, tmp_path / "out")
    assert value["labels"] == {f"{n:032x}": 2000 for n in range(2)}
    assert value["categories"] == 32
    own = own_iou(nuscenes, told, nuscenes.dataset.validation)
    theirs = [one for name, one in value["iou"].items() if name != "ignore"]
    np.testing.assert_allclose(theirs, own, atol=1e-7)  # the devkit divides in float32


def devkit(version: str, labels: Path, data: Path, predictions: Path | str) -> dict:
    done = subprocess.run(
        [DEVKIT, "-c", LOADS, version, labels, data, predictions],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_devkit_takes_tables_made_for_plain_folders(tmp_path: Path):
    if not DEVKIT:
        pytest.skip("NUSCENES_DEVKIT_PYTHON names no Python with nuscenes-devkit")
    for scene in ("a", "b"):
        folder = tmp_path / "data" / scene
        (folder / "LIDAR_TOP").mkdir(parents=True)
        for n in range(2):
            points = np.hstack([small_scan(n)[0], np.zeros((4960, 1), np.float32)])
            points.astype("<f4").tofile(folder / f"LIDAR_TOP/{n:03d}.pcd.bin")
    with Project.create(
        tmp_path / "p",
        format="nuscenes",
        root=tmp_path / "data",
        train=["a", "b"],
        preset="nuscenes",
    ) as project:
        for scan in project.dataset.train:
            answer(project, scan, np.arange(100), 3)
        assert export(project, tmp_path / "out", Job(), layout="nuscenes") == 4
    value = devkit("v1.0-own", tmp_path / "out", tmp_path / "out", "-")
    assert list(value["labels"].values()) == [4960] * 4
