"""Point files with labels as the libraries of their formats read them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.base.jobs import Job
from core.data.clouds import pick, read, rgb_of
from core.data.reading import Reading
from core.exchange.export import export
from core.exchange.import_labels import import_labels
from core.project.project import Project
from tests.exchanged import answer
from tests.streets import small_scan, write_scan

FAR = np.array([456_789.125, 5_428_123.375, 312.5])  # where a map tile may lie


@pytest.fixture
def tile(tmp_path: Path):
    """A scan in the coordinates of a map, with a row that is no point and one that strayed."""
    points = np.zeros((4960, 4))
    points[:] = small_scan(0)[0]
    points[:, :3] += FAR
    points[7, :3] = np.nan
    points[9, 0] = 1e9
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data/a.npy", points)
    with Project.create(
        tmp_path / "p",
        format="folder",
        root=tmp_path / "data",
        train=["."],
        preset="laptop",
        classes="semantickitti",
    ) as project:
        answer(project, "a", np.arange(0, 2000), 0)
        answer(project, "a", np.arange(2000, 3000), 8)
        yield project, points


def wanted(project: Project) -> np.ndarray:
    return project.classes.decode(project.labels("a"))


def test_a_ply_is_coloured_and_lies_where_it_did(tile, tmp_path: Path):
    plyfile = pytest.importorskip("plyfile", reason="plyfile is not installed")
    project, points = tile
    assert export(project, tmp_path / "out", Job(), layout="ply") == 1
    found = plyfile.PlyData.read(tmp_path / "out/a.ply")
    assert (found.text, found.byte_order) == (False, "<")
    vertex = found["vertex"].data
    xyz = np.column_stack([vertex[name] for name in "xyz"])
    assert xyz.dtype == np.float64
    np.testing.assert_array_equal(xyz, points[:, :3])
    np.testing.assert_array_equal(vertex["class"], wanted(project))
    colours = np.column_stack([vertex[name] for name in ("red", "green", "blue")])
    assert (colours[:2000] == project.classes.colours[0]).all()
    assert (colours[2000:3000] == project.classes.colours[8]).all()
    assert (colours[3000:] == 128).all()
    np.testing.assert_allclose(vertex["intensity"], points[:, 3].astype(np.float32))


READ_PCD = """
import sys
import numpy as np
import open3d as o3d

cloud = o3d.t.io.read_point_cloud(sys.argv[1])
np.savez(sys.argv[2], **{name: cloud.point[name].numpy() for name in cloud.point})
"""


def of_open3d(path: Path) -> dict[str, np.ndarray]:
    """What open3d reads of a .pcd, in its own process."""
    out = path.with_suffix(".npz")
    subprocess.run([sys.executable, "-c", READ_PCD, path, out], check=True, capture_output=True)
    with np.load(out) as found:
        return dict(found)


def test_a_pcd_is_coloured_and_lies_where_it_did(tile, tmp_path: Path):
    project, points = tile
    assert export(project, tmp_path / "out", Job(), layout="pcd") == 1
    theirs = of_open3d(tmp_path / "out/a.pcd")
    assert theirs["positions"].dtype == np.float64
    np.testing.assert_array_equal(theirs["positions"], points[:, :3])
    np.testing.assert_array_equal(theirs["class"][:, 0], wanted(project))
    np.testing.assert_array_equal(theirs["intensity"][:, 0], points[:, 3].astype(np.float32))
    assert not theirs["instance"].any()
    colours = theirs["colors"]
    assert (colours[:2000] == project.classes.colours[0]).all()
    assert (colours[2000:3000] == project.classes.colours[8]).all()
    assert (colours[3000:] == 128).all()
    own = read(tmp_path / "out/a.pcd")
    assert own.names == ("x", "y", "z", "rgb", "intensity", "class", "instance")
    np.testing.assert_array_equal(rgb_of(own), colours)


@pytest.mark.parametrize("layout", ["ply", "pcd"])
def test_labels_of_a_cloud_that_was_exported_come_in_again(tmp_path: Path, layout: str):
    points, raw = small_scan(0)
    raw = np.where(np.arange(len(raw)) % 3 == 0, 10 | 7 << 16, raw).astype(np.uint32)
    raw[::5], raw[1::5] = 252 | 0xFFFF << 16, 0
    write_scan(tmp_path / "data", "sequences/00/velodyne/000000", points, raw)
    where = {"format": "semantickitti", "root": tmp_path / "data", "train": ["00"]}
    with Project.create(tmp_path / "p", **where, preset="laptop") as project:
        import_labels(project, tmp_path / "data", Job())
        export(project, tmp_path / "out", Job(), layout=layout)
    file = tmp_path / f"out/sequences/00/velodyne/000000.{layout}"
    np.testing.assert_array_equal(pick(read(file)).points, points)  # float32, bit for bit
    with Project.create(tmp_path / "again", **where, preset="laptop") as again:
        assert import_labels(again, tmp_path / "out", Job()) == 1
        export(again, tmp_path / "back", Job())
    back = tmp_path / "back/sequences/00/labels/000000.label"
    assert back.read_bytes() == (tmp_path / "data/sequences/00/labels/000000.label").read_bytes()


def test_las_has_the_classification_and_lies_where_it_did(tile, tmp_path: Path):
    laspy = pytest.importorskip("laspy", reason="laspy is not installed")
    project, points = tile
    assert export(project, tmp_path / "out", Job(), layout="las") == 1
    found = laspy.read(tmp_path / "out/a.las")
    assert len(found) == len(points)
    odd = np.array([7, 9])
    good = np.setdiff1d(np.arange(len(points)), odd)
    xyz = np.column_stack([found.x, found.y, found.z])
    np.testing.assert_allclose(xyz[good], points[good, :3], rtol=0, atol=5.1e-5)
    assert np.flatnonzero(found.withheld).tolist() == odd.tolist()
    np.testing.assert_array_equal(found.classification, wanted(project))
    assert "class_id" not in set(found.point_format.dimension_names)


@pytest.mark.parametrize(("unit", "metres"), [("mm", 0.001), ("km", 1000.0), ("ft", 0.3048)])
def test_las_keeps_a_tenth_of_a_millimetre_whatever_the_files_unit(
    tmp_path: Path, unit: str, metres: float
):
    laspy = pytest.importorskip("laspy", reason="laspy is not installed")
    points = small_scan(0)[0].astype(np.float64)
    points[3, :3] = (900, -300, 2)
    points[:, :3] /= metres
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data/a.npy", points)
    with Project.create(
        tmp_path / "p",
        format="folder",
        root=tmp_path / "data",
        train=["."],
        preset="laptop",
        classes="semantickitti",
        reading=Reading(unit=unit),
    ) as project:
        answer(project, "a", np.arange(0, 2000), 0)
        export(project, tmp_path / "out", Job(), layout="las")
    found = laspy.read(tmp_path / "out/a.las")
    xyz = np.column_stack([found.x, found.y, found.z])
    np.testing.assert_allclose(xyz * metres, points[:, :3] * metres, rtol=0, atol=5.1e-5)
    assert not np.array(found.withheld).any()


def test_ids_of_more_than_a_byte_and_instances_have_dimensions_of_their_own(tmp_path: Path):
    laspy = pytest.importorskip("laspy", reason="laspy is not installed")
    points, _ = small_scan(0)
    raw = np.tile(np.array([252, 259, 10 | 7 << 16, 99], np.uint32), len(points) // 4)
    scan = "sequences/00/velodyne/000000"
    write_scan(tmp_path / "data", scan, points, raw)
    with Project.create(
        tmp_path / "p",
        format="semantickitti",
        root=tmp_path / "data",
        train=["00"],
        preset="laptop",
    ) as project:
        import_labels(project, tmp_path / "data", Job())
        export(project, tmp_path / "out", Job(), layout="las")
    found = laspy.read(tmp_path / "out" / f"{scan}.las")
    np.testing.assert_array_equal(found["class_id"], raw & 0xFFFF)
    np.testing.assert_array_equal(found["instance"], raw >> 16)
    assert set(np.unique(found.classification).tolist()) == {0, 10, 99, 252}


@pytest.mark.parametrize("suffix", ["las", "laz"])
def test_classification_of_other_programs_comes_in(tile, tmp_path: Path, suffix: str):
    laspy = pytest.importorskip("laspy", reason="laspy is not installed")
    project, points = tile
    header = laspy.LasHeader(point_format=3, version="1.2")
    cloud = laspy.LasData(header)
    cloud.x = np.zeros(len(points))
    cloud.classification = (np.arange(len(points)) % 2 * 10).astype(np.uint8)
    (tmp_path / "theirs").mkdir()
    cloud.write(tmp_path / f"theirs/a.{suffix}")
    assert import_labels(project, tmp_path / "theirs", Job()) == 1
    labels = project.labels("a")[3000:]
    assert np.array_equal(np.where(np.arange(3000, 4960) % 2, 0, 252), labels)


def test_cloudcompare_writes_floats(tile, tmp_path: Path):
    plyfile = pytest.importorskip("plyfile", reason="plyfile is not installed")
    project, points = tile
    rows = np.zeros(len(points), [("x", "f4"), ("y", "f4"), ("z", "f4"), ("scalar_Label", "f4")])
    rows["scalar_Label"] = 71
    (tmp_path / "theirs").mkdir()
    file = tmp_path / "theirs/a.ply"
    plyfile.PlyData([plyfile.PlyElement.describe(rows, "vertex")], text=True).write(file)
    assert import_labels(project, tmp_path / "theirs", Job()) == 1
    assert set(project.labels("a")[3000:].tolist()) == {project.classes.names.index("trunk")}
    for value, says in ((71.5, "no whole numbers"), (-1, "from 0 to"), (np.nan, "from 0 to")):
        rows["scalar_Label"] = value
        plyfile.PlyData([plyfile.PlyElement.describe(rows, "vertex")]).write(file)
        with pytest.raises(DataError, match=says):
            import_labels(project, tmp_path / "theirs", Job())


def test_points_without_classes_are_no_labels(tile, tmp_path: Path):
    plyfile = pytest.importorskip("plyfile", reason="plyfile is not installed")
    project, points = tile
    rows = np.zeros(len(points), [("x", "f4"), ("y", "f4"), ("z", "f4")])
    (tmp_path / "theirs").mkdir()
    plyfile.PlyData([plyfile.PlyElement.describe(rows, "vertex")]).write(tmp_path / "theirs/a.ply")
    with pytest.raises(DataError, match="0 columns of classes among x, y, z"):
        import_labels(project, tmp_path / "theirs", Job())
