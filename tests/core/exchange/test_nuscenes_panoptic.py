"""nuScenes' panoptic labels in and out, as nuscenes-devkit has them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.effort import NO_EFFORT
from core.answers.instances import Things
from core.base.errors import DataError, ProjectError, SettingsError
from core.base.jobs import Job
from core.data.formats.nuscenes import NuScenes
from core.data.formats.nuscenes_panoptic import packed_panoptic, panoptic_name, read_panoptic
from core.exchange.export import export
from core.exchange.import_labels import import_labels
from core.project.project import Project
from core.rounds.predictions import prediction_file
from tests.exchanged import answer, contents, predict, write_keyframes
from tests.streets import small_scan

DEVKIT = os.environ.get("NUSCENES_DEVKIT_PYTHON", sys.executable if find_spec("nuscenes") else "")
SCENES = ("scene-0061", "scene-0103")
ROWS = 2000


def numbers(seed: int) -> np.ndarray:
    """Panoptic labels as the dataset has them: stuff without instances, things with some."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 32, ROWS)
    return np.where(classes < 24, classes * 1000 + rng.integers(0, 999, ROWS), classes * 1000)


def write_tables(root: Path, *, lidarseg: bool = True) -> dict[str, np.ndarray]:
    """Keyframes with panoptic labels by numpy.savez_compressed, as nuScenes wrote its own."""
    made = {f"{scene}/{scene[-2:]}{n}": numbers(n + len(scene)) for scene in SCENES for n in (0, 1)}
    write_keyframes(root, {name: (both // 1000).astype("u1") for name, both in made.items()})
    rows = json.loads((root / "v1.0-mini/lidarseg.json").read_bytes())
    (root / "panoptic/v1.0-mini").mkdir(parents=True)
    found = {}
    for row, (_, both) in zip(rows, sorted(made.items()), strict=True):
        name = f"panoptic/v1.0-mini/{row['token']}_panoptic.npz"
        np.savez_compressed(root / name, data=both.astype(np.uint16))
        found[name] = both
        if not lidarseg:
            (root / row["filename"]).unlink()
    named = [{**row, "filename": n} for row, n in zip(rows, found, strict=True)]
    (root / "v1.0-mini/panoptic.json").write_text(json.dumps(named))
    if not lidarseg:
        (root / "v1.0-mini/lidarseg.json").unlink()
    return found


def project_of(tmp_path: Path, name: str = "p") -> Project:
    return Project.create(
        tmp_path / name,
        format="nuscenes",
        root=tmp_path / "data",
        train=[SCENES[0]],
        validation=[SCENES[1]],
        preset="nuscenes",
    )


def of_numpy(content: bytes) -> np.ndarray:
    return np.load(io.BytesIO(content))["data"]


# -- in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lidarseg", [True, False])
def test_classes_and_instances_come_in(tmp_path: Path, lidarseg: bool):
    wanted = write_tables(tmp_path / "data", lidarseg=lidarseg)
    layout = NuScenes()
    seen = 0
    for scene in layout.sequences(tmp_path / "data"):
        assert layout.notes(tmp_path / "data", scene) == ()
        for scan in layout.scans(tmp_path / "data", scene):
            assert layout.has_labels(tmp_path / "data", scan)
            both = wanted[panoptic_name(layout.label_file(tmp_path / "data", scan)[0])]
            labels = layout.labels(tmp_path / "data", scan)
            instances = layout.instances(tmp_path / "data", scan)
            assert labels is not None
            assert instances is not None
            np.testing.assert_array_equal(labels, both // 1000)
            np.testing.assert_array_equal(instances, both % 1000)
            seen += 1
    assert seen == 4


def test_where_lidarseg_says_another_class_it_counts_and_that_is_told(tmp_path: Path):
    wanted = write_tables(tmp_path / "data")
    layout = NuScenes()
    scan = layout.scans(tmp_path / "data", SCENES[0])[0]
    file = tmp_path / "data" / layout.label_file(tmp_path / "data", scan)[0]
    both = wanted[panoptic_name(file.relative_to(tmp_path / "data").as_posix())]
    classes = (both // 1000).astype("u1")
    classes[:9] = (classes[:9] + 1) % 32
    classes.tofile(file)
    np.testing.assert_array_equal(layout.labels(tmp_path / "data", scan), classes)
    instances = layout.instances(tmp_path / "data", scan)
    assert instances is not None
    assert not instances[:9].any()
    np.testing.assert_array_equal(instances[9:], both[9:] % 1000)
    (said,) = layout.notes(tmp_path / "data", SCENES[0])
    assert "9 of 2,000 points have another class" in said


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\3\4", b"\x93NUMPY", {"other": np.zeros(3, "u2")}, {"data": np.zeros((3, 2), "u2")},
     {"data": np.zeros(3)}, {"data": np.full(3, 32_000)}, {"data": np.full(3, -1)},
     {"data": np.array([None])}, {"data": np.array(["a"])}],
)  # fmt: skip
def test_files_that_are_no_panoptic_labels_are_one_sentence(tmp_path: Path, content):
    path = tmp_path / "a_panoptic.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with pytest.raises(DataError, match=r"a_panoptic\.npz"):
        read_panoptic(path)


def test_a_header_that_asks_for_more_than_the_file_can_hold_is_refused(tmp_path: Path):
    path = tmp_path / "a_panoptic.npz"
    head = io.BytesIO()
    said = {"descr": "<u2", "fortran_order": False, "shape": (1 << 40,)}
    np.lib.format.write_array_header_1_0(head, said)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.npy", head.getvalue())
    with pytest.raises(DataError, match=r"a_panoptic\.npz cannot be read"):
        read_panoptic(path)
    whole = path.read_bytes()
    size = len(head.getvalue()).to_bytes(4, "little")
    path.write_bytes(whole.replace(size, b"\xff\xff\xff\x7f"))
    with pytest.raises(DataError, match=r"a_panoptic.npz (says|cannot)"):
        read_panoptic(path)


def outcome(path: Path) -> str:
    try:
        return str(len(read_panoptic(path)))
    except DataError as error:
        return error.what


@pytest.mark.slow
def test_damaged_files_are_a_sentence_or_labels(tmp_path: Path):
    whole = packed_panoptic((np.arange(500) % 32 | np.arange(500) << 16).astype("u4"), "a")
    rng = np.random.default_rng(0)
    path, told = tmp_path / "a_panoptic.npz", 0
    for _ in range(2000):
        content = bytearray(whole)
        for at in rng.integers(0, len(whole), rng.integers(1, 4)):
            content[at] ^= 1 << rng.integers(0, 8)
        path.write_bytes(content[: rng.integers(0, len(whole))] if rng.random() < 0.2 else content)
        said = outcome(path)
        assert said.isdecimal() or str(path) in said
        told += not said.isdecimal()
    assert told > 1000


# -- out ------------------------------------------------------------------------------------------


def test_what_came_in_goes_out_with_tables(tmp_path: Path):
    wanted = write_tables(tmp_path / "data")
    with project_of(tmp_path) as project:
        import_labels(project, tmp_path / "data", Job())
        assert export(project, tmp_path / "out", Job(), what="panoptic") == 2
        found = contents(tmp_path / "out")
        files = sorted(name for name in found if name.endswith(".npz"))
        for name in files:
            np.testing.assert_array_equal(of_numpy(found[name]), wanted[name])
            assert of_numpy(found[name]).dtype == np.uint16
        listed = json.loads(found["v1.0-mini/panoptic.json"])
        assert sorted(row["filename"] for row in listed) == files
        assert "v1.0-mini/lidarseg.json" not in found
        assert len(json.loads(found["v1.0-mini/category.json"])) == 32
        # Beside them the classes alone, in the same folder.
        assert export(project, tmp_path / "out", Job()) == 2
    with project_of(tmp_path, "again") as again:
        (tmp_path / "bare").mkdir()
        (tmp_path / "out/panoptic").rename(tmp_path / "bare/panoptic")
        assert import_labels(again, tmp_path / "bare", Job()) == 2
        export(again, tmp_path / "back", Job(), what="panoptic")
    back = contents(tmp_path / "back")
    assert {name: back[name] for name in files} == {name: found[name] for name in files}


def test_a_thing_has_one_number_in_its_scene_and_rows_nobody_touched_stay(tmp_path: Path):
    wanted = write_tables(tmp_path / "data")
    with project_of(tmp_path) as project:
        import_labels(project, tmp_path / "data", Job())
        rows, car = np.arange(60), project.classes.names.index("car")
        for scan in project.dataset.train:
            things = Things(("ann/1",), np.ones(len(rows), np.int32))
            project.answers.answer(
                project.scan_ref(scan),
                rows,
                np.full(len(rows), car, np.uint8),
                round="",
                unit="",
                effort=NO_EFFORT,
                things=things,
            )
        export(project, tmp_path / "out", Job(), what="panoptic")
    found = contents(tmp_path / "out")
    new = set()
    for name in (name for name in found if name.endswith(".npz")):
        out = of_numpy(found[name])
        np.testing.assert_array_equal(out[60:], wanted[name][60:])
        assert set((out[:60] // 1000).tolist()) == {17}
        new |= set((out[:60] % 1000)[wanted[name][:60] // 1000 != 17].tolist())
    assert len(new) == 1
    assert not new & {int(n) for both in wanted.values() for n in both[60:] % 1000 if n}


def plain(root: Path) -> Path:
    for scene in ("a", "b"):
        (root / scene / "LIDAR_TOP").mkdir(parents=True)
        points = np.hstack([small_scan(0)[0], np.zeros((4960, 1), np.float32)])
        points.astype("<f4").tofile(root / scene / "LIDAR_TOP/1.pcd.bin")
    return root


def test_plain_folders_have_theirs_beside_lidarseg(tmp_path: Path):
    plain(tmp_path / "data")
    raw = (np.arange(4960) % 32 | np.arange(4960) % 999 << 16).astype(np.uint32)
    (tmp_path / "labels/a/panoptic").mkdir(parents=True)
    name = "a/panoptic/1_panoptic.npz"
    (tmp_path / "labels" / name).write_bytes(packed_panoptic(raw, "a"))
    made = {"format": "nuscenes", "root": tmp_path / "data", "preset": "nuscenes"}
    with Project.create(tmp_path / "p", train=["a", "b"], **made) as project:
        assert import_labels(project, tmp_path / "labels", Job()) == 1
        export(project, tmp_path / "out", Job(), what="panoptic")
        assert contents(tmp_path / "out") == {name: packed_panoptic(raw, "a")}
        with pytest.raises(SettingsError, match="one layout only"):
            export(project, tmp_path / "no", Job(), what="panoptic", layout="ply")
        assert export(project, tmp_path / "tables", Job(), what="panoptic", layout="nuscenes") == 1
        listed = json.loads(contents(tmp_path / "tables")["v1.0-own/panoptic.json"])
        assert [row["filename"] for row in listed] == [
            n for n in contents(tmp_path / "tables") if n.endswith(".npz")
        ]
    # Laid into the dataset they are its labels.
    (tmp_path / "data/a/panoptic").mkdir()
    (tmp_path / "data" / name).write_bytes(packed_panoptic(raw, "a"))
    layout = NuScenes()
    np.testing.assert_array_equal(layout.instances(tmp_path / "data", "a/LIDAR_TOP/1"), raw >> 16)
    assert not layout.has_labels(tmp_path / "data", "b/LIDAR_TOP/1")


def test_an_instance_of_four_digits_is_refused(tmp_path: Path):
    plain(tmp_path / "data")
    np.save(tmp_path / "1.npy", (np.full(4960, 17) | 1000 << 16).astype(np.uint32))
    made = {"format": "nuscenes", "root": tmp_path / "data", "preset": "nuscenes"}
    with Project.create(tmp_path / "p", train=["a"], **made) as project:
        import_labels(project, tmp_path, Job())
        with pytest.raises(ProjectError, match="the instance 1,000"):
            export(project, tmp_path / "out", Job(), what="panoptic")
        assert not list((tmp_path / "out").rglob("*.npz"))


# -- predictions: never 0 -------------------------------------------------------------------------


def test_rows_at_the_sensor_have_a_class_in_what_the_benchmark_gets(tmp_path: Path, monkeypatch):
    """Rows that the network never saw (no finite coordinates, or at the sensor) get the scan's most
    frequent class, and no other row changes."""
    write_tables(tmp_path / "data")
    for file in (tmp_path / "data/samples/LIDAR_TOP").iterdir():
        points = np.fromfile(file, "<f4").reshape(-1, 5)
        points[:40, :3] = np.nan
        points[40:90, :3] = 0.01  # 2 cm from the sensor
        points.tofile(file)
    monkeypatch.setattr(Project, "tip", property(lambda project: project.given))
    with project_of(tmp_path) as project:
        steps.prepare(project, Job(), workers=1)
        told = {}
        for scan in project.dataset.scans:
            points = project.dataset.scan(scan).points
            assert np.isnan(points[:90, 0]).all()
            assert np.isfinite(points[90:, 0]).all()
            guess = np.where(np.arange(ROWS) % 3, 5, np.arange(ROWS) % 16).astype(np.uint8)
            told[scan] = np.where(np.isfinite(points[:, 0]), guess, 252).astype(np.uint8)
        predict(project, told, monkeypatch)
        assert prediction_file(project.predictions(project.given), scan, project.dataset).exists()
        assert export(project, tmp_path / "out", Job(), what="predictions") == 4
    files = {n: c for n, c in contents(tmp_path / "out").items() if n.endswith("_lidarseg.bin")}
    assert len(files) == 4
    for content in files.values():
        said = np.frombuffer(content, np.uint8)
        assert said.min() >= 1
        assert said.max() <= 16
        assert set(said[:90].tolist()) == {6}
        np.testing.assert_array_equal(said[90:], guess[90:] + 1)


# -- the devkit itself ----------------------------------------------------------------------------


LOADS = """
import json, sys
import numpy as np
from nuscenes.nuscenes import NuScenes
from nuscenes.utils.data_io import load_bin_file
version, labels, *files = sys.argv[1:]
loaded = NuScenes(version=version, dataroot=labels, verbose=False)
found = {}
for row in loaded.panoptic:
    assert loaded.get("sample_data", row["token"])["channel"] == "LIDAR_TOP"
    found[row["filename"]] = load_bin_file(f"{labels}/{row['filename']}", "panoptic").tolist()
loaded.list_panoptic_instances()
loaded.list_lidarseg_categories(gt_from="panoptic")
print(json.dumps(found))
"""


@pytest.mark.parametrize("tables", [True, False])
def test_the_devkit_loads_what_goes_out(tmp_path: Path, tables: bool):
    if not DEVKIT:
        pytest.skip("NUSCENES_DEVKIT_PYTHON names no Python with nuscenes-devkit")
    version = "v1.0-mini" if tables else "v1.0-own"
    if tables:
        wanted = write_tables(tmp_path / "data")
        with project_of(tmp_path) as project:
            import_labels(project, tmp_path / "data", Job())
            export(project, tmp_path / "out", Job(), what="panoptic")
    else:
        made = {"format": "nuscenes", "root": plain(tmp_path / "data"), "preset": "nuscenes"}
        with Project.create(tmp_path / "p", train=["a", "b"], **made) as project:
            answer(project, "a/LIDAR_TOP/1", np.arange(100), 3)
            export(project, tmp_path / "out", Job(), what="panoptic", layout="nuscenes")
    done = subprocess.run(
        [DEVKIT, "-c", LOADS, version, tmp_path / "out"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    if tables:
        assert len(found) == 2
        assert all(both == wanted[name].tolist() for name, both in found.items())
    else:
        (both,) = found.values()
        assert set(both[:100]) == {17_000}
        assert not any(both[100:])
