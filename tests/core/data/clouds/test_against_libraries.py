"""What other programs write is read as they read it: open3d (in its own process) and plyfile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import plyfile
import pytest

from core.data.clouds import pick, read

# Repeated and smooth values, so that LZF copies near and far, and random ones, so that it cannot.
WRITE = """
import sys
import numpy as np
import open3d as o3d

rng = np.random.default_rng(0)
turns = np.linspace(0, 40, 20_000)
smooth = np.stack([np.cos(turns) * 8, np.sin(turns) * 8, np.floor(turns) / 4], 1)
for name, positions in (("smooth", smooth), ("random", rng.normal(size=(5_000, 3)))):
    cloud = o3d.t.geometry.PointCloud(positions.astype(np.float32))
    cloud.point.intensity = (np.floor(rng.uniform(0, 4, len(positions))) / 4)[:, None].astype("f4")
    every = np.hstack([cloud.point.positions.numpy(), cloud.point.intensity.numpy()])
    np.save(f"{sys.argv[1]}/{name}.npy", every)
    for kind in ("ascii", "binary", "compressed"):
        how = {"write_ascii": kind == "ascii", "compressed": kind == "compressed"}
        o3d.t.io.write_point_cloud(f"{sys.argv[1]}/{name}_{kind}.pcd", cloud, **how)
        if kind != "compressed":
            o3d.t.io.write_point_cloud(f"{sys.argv[1]}/{name}_{kind}.ply", cloud, **how)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("open3d")
    subprocess.run([sys.executable, "-c", WRITE, folder], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("cloud", ["smooth", "random"])
@pytest.mark.parametrize("kind", ["ascii.pcd", "binary.pcd", "compressed.pcd", "ascii.ply"])
def test_clouds_of_open3d(written: Path, cloud: str, kind: str):
    wanted = np.load(written / f"{cloud}.npy")
    found = pick(read(written / f"{cloud}_{kind}"))
    exact = "ascii" not in kind  # as text it writes fewer digits than it has
    np.testing.assert_allclose(
        found.points, wanted, rtol=0 if exact else 1e-5, atol=0 if exact else 1e-5
    )
    assert not found.notes
    if kind == "compressed.pcd" and cloud == "smooth":
        file = written / f"{cloud}_{kind}"
        assert file.stat().st_size < 0.9 * wanted.nbytes  # copies were made


@pytest.mark.parametrize("cloud", ["smooth", "random"])
def test_a_binary_ply_of_open3d(written: Path, cloud: str):
    found = pick(read(written / f"{cloud}_binary.ply"))
    np.testing.assert_array_equal(found.points, np.load(written / f"{cloud}.npy"))


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("faces", ["none", "before", "after"])
def test_vertices_of_plyfile(tmp_path: Path, text: bool, order: str, faces: str):
    rng = np.random.default_rng(1)
    types = [("x", "f8"), ("y", "f8"), ("z", "f4"), ("red", "u1"), ("t", "u4"), ("Intensity", "i2")]
    rows = np.zeros(200, types)
    for name, kind in types:
        rows[name] = rng.normal(0, 50, 200) if kind[0] == "f" else rng.integers(0, 120, 200)
    vertex = plyfile.PlyElement.describe(rows, "vertex", comments=["ours"])
    lists = np.empty(30, [("vertex_indices", "O"), ("shade", "u1")])
    for row in lists:
        row["vertex_indices"] = rng.integers(0, 200, rng.integers(0, 6)).astype("i4")
    face = plyfile.PlyElement.describe(lists, "face", val_types={"vertex_indices": "i4"})
    elements = {"none": [vertex], "before": [face, vertex], "after": [vertex, face]}[faces]
    plyfile.PlyData(elements, text=text, byte_order=order).write(tmp_path / "a.ply")
    theirs = plyfile.PlyData.read(tmp_path / "a.ply")["vertex"]
    columns = read(tmp_path / "a.ply")
    assert columns.names == tuple(rows.dtype.names)
    for name, array in zip(columns.names, columns.arrays, strict=True):
        np.testing.assert_array_equal(array.astype(rows[name].dtype), theirs[name])
    assert pick(columns).used == ("x", "y", "z", "Intensity")


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<i2"])
def test_arrays_of_numpy(tmp_path: Path, version: tuple, order: str, dtype: str):
    wanted = np.asarray(np.random.default_rng(2).normal(0, 50, (40, 5)), dtype, order=order)
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array(file, wanted, version=version)
    np.testing.assert_array_equal(np.stack(read(tmp_path / "a.npy").arrays, 1), wanted)


def test_a_structured_array_of_numpy(tmp_path: Path):
    fields = [("高さ", "f4"), ("x", "f8"), ("y", "f8"), ("z", "f8")]
    rows = np.zeros(9, np.dtype(fields, align=True))
    rows["x"] = np.arange(9)
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array(file, rows, version=(3, 0))
    columns = read(tmp_path / "a.npy")
    assert columns.names == ("高さ", "x", "y", "z")
    np.testing.assert_array_equal(pick(columns).points[:, 0], np.arange(9))
