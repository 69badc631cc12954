"""Reading point files against numpy reading as many bytes at once."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from core.data.formats.folder import Folder
from tests.benchmarks.measures import ratio
from tests.core.data.clouds.made_files import pcd, ply

POINTS = 2_000_000
XYZI = "property float x\nproperty float y\nproperty float z\nproperty float intensity"


def scan(columns: int = 4) -> bytes:
    return np.random.default_rng(0).normal(size=(POINTS, columns)).astype("<f4").tobytes()


def written(kind: str) -> bytes:
    if kind == "bin":
        return scan()
    if kind == "pcd":
        return pcd("x y z intensity", "4 4 4 4", "F F F F", None, scan(), points=POINTS)
    if kind == "pcd of ROS":
        fields = ("x y z _ intensity _", "4 4 4 1 4 1", "F F F U F U", "1 1 1 4 1 12")
        return pcd(*fields, scan(8), points=POINTS)
    more = "\nproperty float ring\nproperty float t" if kind == "ply, six columns" else ""
    return ply(f"element vertex {POINTS}\n{XYZI}{more}", scan(6 if more else 4))


@pytest.mark.parametrize(
    ("kind", "most"),
    [("bin", 1.2), ("pcd", 2.0), ("pcd of ROS", 2.0), ("ply", 2.0), ("ply, six columns", 2.0)],
)
def test_reading_a_binary_file(tmp_path: Path, kind: str, most: float, report):
    """The reference reads the file's own bytes as float32, no column apart from another."""
    file = tmp_path / f"a.{kind[:3]}"
    file.write_bytes(written(kind))
    size = file.stat().st_size // struct.calcsize("f")
    found = ratio(
        lambda: Folder().points(tmp_path, "a"), lambda: np.fromfile(file, "<f4", size), runs=15
    )
    report(f"reading {kind} of two million points", found, f"{most} x np.fromfile")
    assert found <= most
