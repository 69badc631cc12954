"""One's own files by the command line: each kind gives the same units, a cut one a sentence."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from core.project.project import Project
from tests.core.cli.faces import lidarloop
from tests.core.data.clouds.made_files import pcd, ply
from tests.streets import small_scan

XYZI = "property float x\nproperty float y\nproperty float z\nproperty float intensity"
ROS = ("x y z _ intensity _", "4 4 4 1 4 1", "F F F U F U", "1 1 1 4 1 12")


def new(project: Path, root: Path) -> int:
    what = ("--format", "folder", "--root", root, "--train", ".", "--preset", "laptop")
    return lidarloop("new", project, *what, "--classes", "semantickitti")


def of_every_kind(points: np.ndarray) -> dict[str, bytes]:
    rows, count = points.tolist(), len(points)
    text = "".join(" ".join(repr(value) for value in row) + "\n" for row in rows).encode()
    padded = b"".join(struct.pack("<fff4xf12x", *row) for row in rows)
    head = f"element vertex {count}\n{XYZI}"
    return {
        "bin.BIN": points.tobytes(),
        "ros.pcd": pcd(*ROS, padded, points=count),
        "ascii.PCD": pcd(
            *("x y z i", "4 4 4 4", "F F F F", None), text, data="ascii", points=count
        ),
        "little.ply": ply(head, points.tobytes()),
        "big.Ply": ply(head, points.astype(">f4").tobytes(), "binary_big_endian"),
        "text.xyz": text,
        "named.asc": b"x;y;z;Reflectivity\n" + text.replace(b" ", b";"),
    }


def test_every_kind_of_file_gives_the_same_units(tmp_path: Path):
    root = tmp_path / "scans"
    root.mkdir()
    for name, content in of_every_kind(small_scan(0)[0]).items():
        (root / name).write_bytes(content)
        (root / f"._{name}").write_bytes(b"\x00\x05\x16\x07 of a Mac")
    assert new(tmp_path / "p", root) == 0
    assert lidarloop("prepare", tmp_path / "p") == 0
    with Project(tmp_path / "p") as project:
        units = project.need_units()
        first, *others = (units.range_of(scan) for scan in units.scans)
        assert len(first) > 20
        assert len(others) == 6

        def about(those: range) -> list[tuple[str, int]]:
            names = (units.name(unit).partition("#")[2] for unit in those)
            return list(zip(names, units.points[those.start : those.stop].tolist(), strict=True))

        for other in others:
            assert about(other) == about(first)


@pytest.mark.parametrize("name", ["ros.pcd", "ascii.PCD", "little.ply", "text.xyz", "bin.BIN"])
def test_a_file_cut_short_is_a_sentence(tmp_path: Path, name: str, capsys):
    root = tmp_path / "scans"
    root.mkdir()
    content = of_every_kind(small_scan(0)[0])[name]
    (root / name).write_bytes(content[: len(content) * 2 // 3 + 1])
    codes = (new(tmp_path / "p", root), lidarloop("prepare", tmp_path / "p"))
    said = "".join(capsys.readouterr())
    assert any(codes)
    assert str(root / name) in said
    assert "cut short" in said or "truncated" in said or "no number" in said or "values" in said
    assert "Traceback" not in said
