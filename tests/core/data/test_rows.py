"""Rows of flat files are known by their bytes: made scans in every dress, and the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.rows import rows_of
from tests.samples import samples
from tests.streets import small_scan


def written(path: Path, columns: list[np.ndarray], kind: str) -> Path:
    np.column_stack(columns).astype(kind).tofile(path)
    return path


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("kind", ["<f4", "<f8", ">f4", ">f8"])
@pytest.mark.parametrize("more", [0, 1, 2, 3])
def test_width_and_kind_of_a_made_street(tmp_path: Path, kind: str, more: int, shuffled: bool):
    points, _ = small_scan(0)
    # As a sensor gives them: by azimuth.
    points = points[np.argsort(np.arctan2(points[:, 1], points[:, 0]), kind="stable")]
    if shuffled:
        points = np.random.default_rng(0).permutation(points)
    count = len(points)
    extra = [np.arange(count) % 32, np.arange(count) * 1e-5, np.zeros(count)][:more]
    found = rows_of(written(tmp_path / "a.bin", [*points.T, *extra], kind))
    assert found is not None
    assert (found.kind, found.width) == (kind, 4 + more)
    assert found.columns[:4] == ("x", "y", "z", "intensity")
    if more:
        assert found.columns[4] == "ring"
        assert (":" in found.said) == (kind != "<f4")


def test_three_columns(tmp_path: Path):
    points, _ = small_scan(0)
    found = rows_of(written(tmp_path / "a.bin", list(points[:, :3].T), "<f4"))
    assert found is not None
    assert found.columns == ("x", "y", "z")


@pytest.mark.parametrize("content", [b"", b"\0" * 40, bytes(range(256)) * 8])
def test_what_tells_nothing_is_no_kind(tmp_path: Path, content: bytes):
    (tmp_path / "a.bin").write_bytes(content)
    assert rows_of(tmp_path / "a.bin") is None


def test_real_scans_have_the_rows_of_their_formats():
    places = {
        "semantickitti": ("sequences/*/velodyne/*.bin", 4),
        "kitti_object": ("training/velodyne/*.bin", 4),
        "kitti_tracking": ("training/velodyne_reduced/0000/*.bin", 4),
        "argoverse2": ("*.bin", 4),
        "nuscenes_samples": ("**/*.pcd.bin", 5),
    }
    seen = 0
    for folder, (pattern, width) in places.items():
        for file in sorted(samples(folder).glob(pattern)):
            found = rows_of(file)
            assert found is not None, file
            assert (found.kind, found.width) == ("<f4", width), file
            seen += 1
    assert seen > 200
