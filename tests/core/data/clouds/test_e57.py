"""E57: files made by hand and by pye57 are read as they were meant; damaged ones are a sentence."""

from __future__ import annotations

import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.base.files import hash_file
from core.data.clouds import e57, pick, rgb_of
from core.data.formats.e57 import E57
from core.data.opening import open_dataset
from core.data.plausible import judge
from core.data.recognise import recognise
from core.project.project import Project
from tests.commands import CommandLine
from tests.core.data.clouds.e57_files import POSE, bits_of, some
from tests.core.data.clouds.e57_files import e57 as made
from tests.streets import small_scan

FLOAT = 'type="Float" precision="single"'


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def street(scans: int = 1, **more) -> bytes:
    columns = small_scan(0)[0].T
    names = ("cartesianX", "cartesianY", "cartesianZ", "intensity")
    one = [(name, FLOAT, array) for name, array in zip(names, columns, strict=True)]
    return made([one] * scans, piece=60_000 // 4, **more)


# -- by hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [1, 3, 100, 10_000])
def test_each_kind_of_field(tmp_path: Path, piece: int):
    place = np.arange(60)
    columns = e57.read(put(tmp_path / "a.e57", made([some()], piece=piece)), 0)
    found = dict(zip(columns.names, columns.arrays, strict=True))
    assert columns.names[:3] == ("x", "y", "z")
    bad = place % 10 // 8 > 0
    np.testing.assert_array_equal(found["x"], np.where(bad, np.nan, place / 4))
    np.testing.assert_allclose(found["y"][~bad], (place[~bad] * 100 - 3000) / 1000 + 10, rtol=1e-15)
    np.testing.assert_array_equal(found["z"], np.where(bad, np.nan, place / 3))
    assert found["z"].dtype == np.float64
    np.testing.assert_array_equal(found["intensity"], place * 7)
    np.testing.assert_array_equal(found["stamp"], np.where(place % 2, -(2**62), 2**62 - 1))
    colours = rgb_of(columns)
    assert colours is not None
    np.testing.assert_array_equal(colours, np.stack([place, 255 - place, np.full(60, 7)], 1))
    picked = pick(columns)
    assert picked.used == ("x", "y", "z", "intensity")
    assert len(columns) == 60


@pytest.mark.parametrize("bits", [1, 2, 7, 8, 9, 13, 24, 31, 32, 33, 56, 57, 58, 63, 64])
def test_numbers_of_any_width(tmp_path: Path, bits: int):
    rng = np.random.default_rng(bits)
    raw = [int(n) & ((1 << bits) - 1) for n in rng.integers(0, 2**63, 50)]
    raw[:3] = 0, (1 << bits) - 1, 1
    low = -(1 << (bits - 1))
    wanted = np.array([n + low for n in raw], np.int64)
    kind = f'type="Integer" minimum="{low}" maximum="{low + (1 << bits) - 1}"'
    file = made([[("cartesianX", kind, wanted), ("cartesianY", kind, wanted[::-1]),
                  ("cartesianZ", FLOAT, np.zeros(50))]], piece=5)  # fmt: skip
    columns = e57.read(put(tmp_path / "a.e57", file), 0)
    np.testing.assert_array_equal(columns.arrays[0], wanted)
    np.testing.assert_array_equal(columns.arrays[1], wanted[::-1])


def test_spherical_coordinates(tmp_path: Path):
    double = 'type="Float" precision="double"'
    reach, azimuth, up = (
        np.array([2.0, 3, 4, 5]),
        np.radians([0, 90, 0, 45]),
        np.radians([0, 0, 90, 0]),
    )
    state = (
        "sphericalInvalidState",
        'type="Integer" minimum="0" maximum="2"',
        np.array([0, 0, 0, 1]),
    )
    names = ("sphericalRange", "sphericalAzimuth", "sphericalElevation")
    values = zip(names, [double] * 3, (reach, azimuth, up), strict=True)
    columns = e57.read(put(tmp_path / "a.e57", made([[*values, state]])), 0)
    xyz = np.stack(columns.arrays[:3], 1)
    np.testing.assert_allclose(xyz[:3], [[2, 0, 0], [0, 3, 0], [0, 0, 4]], atol=1e-12)
    assert np.isnan(xyz[3]).all()


def test_a_pose_is_kept_and_not_applied(tmp_path: Path):
    put(tmp_path / "a.e57", street(2, pose=POSE))
    layout = E57()
    wanted = np.array([[0, -1, 0, 4.5e6], [1, 0, 0, -2], [0, 0, 1, 0], [0, 0, 0, 1]])
    np.testing.assert_allclose(layout.pose(tmp_path, "a/1"), wanted, atol=1e-12)
    np.testing.assert_array_equal(layout.points(tmp_path, "a/1"), small_scan(0)[0])
    (said,) = layout.notes(tmp_path, "a")
    assert "2 of 2 scans say where the scanner stood" in said
    put(tmp_path / "b.e57", street())
    assert layout.pose(tmp_path, "b/0") is None
    assert layout.notes(tmp_path, "b") == ()


def test_a_file_is_hashed_once_for_all_its_scans(tmp_path: Path, monkeypatch):
    opened: list[str] = []
    within = Path.open

    def told(path: Path, *args, **more):
        opened.append(path.name)
        return within(path, *args, **more)

    file = put(tmp_path / "a.e57", street(5))
    dataset = open_dataset("e57", tmp_path, ["a"], [])
    before = hash_file(file)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", told)
        assert [dataset.digest(scan) for scan in dataset.train] == [before] * 5
    assert opened == ["a.e57"]
    put(file, street(4))  # another file: of another size
    assert dataset.digest("a/0") == hash_file(file) != before
    file.unlink()
    with pytest.raises(OSError, match="No such file"):
        dataset.digest("a/0")


@pytest.mark.parametrize(
    "pose",
    [POSE.replace("0.5", "0"), POSE.replace("4.5e6", "nan"), POSE.replace("4.5e6", "1e999")],
)
def test_a_pose_that_is_none(tmp_path: Path, pose: str):
    put(tmp_path / "a.e57", street(pose=pose))
    assert E57().pose(tmp_path, "a/0") is None


# -- as a project ---------------------------------------------------------------------------------


def test_a_folder_of_files_reaches_a_query(capsys, tmp_path: Path):
    lidarloop = CommandLine(capsys)
    put(tmp_path / "data/hall.e57", street(2, pose=POSE))
    put(tmp_path / "data/day 2/yard.E57", street())
    put(tmp_path / "data/._hall.e57", b"a Mac's")
    found = recognise(tmp_path / "data")
    assert found is not None
    assert (found.format, found.sequences, found.scans) == ("e57", ("day 2/yard", "hall"), 3)
    dataset = open_dataset("e57", tmp_path / "data", ["hall"], ["day 2/yard"])
    assert dataset.scans == ("hall/0", "hall/1", "day 2/yard/0")
    assert [dataset.count(scan) for scan in dataset.scans] == [4960] * 3
    assert judge(dataset).columns == ("x", "y", "z", "intensity")
    words = ("--format", "e57", "--root", tmp_path / "data", "--train", "hall")
    said = lidarloop("new", tmp_path / "p", *words, "--classes", "semantickitti")
    assert said.code == 0, said.told
    assert "scans say where the scanner stood" in said.out + said.told
    assert lidarloop("prepare", tmp_path / "p", "--workers", 1).code == 0
    assert lidarloop("query", tmp_path / "p", "--units", 5).code == 0
    with Project(tmp_path / "p") as project:
        assert project.dataset.pose("hall/1") is not None


def test_two_files_of_one_name_are_told_apart_or_refused(tmp_path: Path):
    """Neither is left out in silence."""
    put(tmp_path / "data/hall.e57", street())
    put(tmp_path / "data/hall.E57", street(2))
    put(tmp_path / "data/hall.1.e57", street())
    with pytest.raises(DataError, match=r"called hall \(hall\.E57, hall\.e57\)"):
        open_dataset("e57", tmp_path / "data", ["hall"], [])
    assert open_dataset("e57", tmp_path / "data", ["hall.1"], []).scans == ("hall.1/0",)


def test_a_plain_folder_with_such_a_file_stays_one(tmp_path: Path):
    put(tmp_path / "hall.e57", street())
    with pytest.raises(DataError) as caught:
        open_dataset("folder", tmp_path, ["."], [])
    assert caught.value.do == "They are laid out as --format e57."
    put(tmp_path / "1.bin", small_scan(0)[0].tobytes())
    put(tmp_path / "2.bin", small_scan(1)[0].tobytes())
    found = recognise(tmp_path)
    assert found is not None
    assert (found.format, found.scans) == ("folder", 2)
    assert open_dataset("e57", tmp_path, ["hall"], []).train == ("hall/0",)


def test_one_broken_file_stops_no_other(capsys, tmp_path: Path):
    lidarloop = CommandLine(capsys)
    put(tmp_path / "data/good.e57", street())
    put(tmp_path / "data/short.e57", street()[:-1024])
    found = recognise(tmp_path / "data")
    assert found is not None
    assert found.scans == 2
    words = ("--format", "e57", "--root", tmp_path / "data", "--train", "good,short")
    said = lidarloop("new", tmp_path / "p", *words, "--classes", "semantickitti")
    assert said.code == 0, said.told
    assert "short.e57 is cut short" in said.out + said.told
    assert lidarloop("prepare", tmp_path / "p", "--workers", 1).code == 0
    with Project(tmp_path / "p") as project:
        assert project.dataset.train == ("good/0",)
    words = ("--format", "e57", "--root", tmp_path / "data", "--train", "short")
    said = lidarloop("new", tmp_path / "q", *words, "--classes", "semantickitti")
    assert said.code == 2
    assert "short.e57 is cut short" in said.told


# -- what is wrong is a sentence ------------------------------------------------------------------


def swap(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content
    assert len(old) == len(new)
    return content.replace(old, new)


GOOD, ONES = made([some(9)]), np.ones(9, int)
WRONG = {
    "empty": b"",
    "another": b"PK\3\4" * 400,
    "short": made([some(600)])[:-1024],
    "longer": GOOD + b"\0" * 1024,
    "pages of none": GOOD[:40] + struct.pack("<Q", 0) + GOOD[48:],
    "xml beyond": GOOD[:24] + struct.pack("<Q", 1 << 40) + GOOD[32:],
    "xml of all memory": GOOD[:32] + struct.pack("<Q", 1 << 60) + GOOD[40:],
    "more points": made([some(9)], points=10**15),
    "one more": made([some(9)], points=10),
    "negative": made([some(9)], points=-1),
    "no xml": swap(GOOD, b"<e57Root", b"<<<<<<<<"),
    "a codec": made([some(9)], codecs='<vectorChild type="Structure"><zipCodec/></vectorChild>'),
    "texts": made([[*some(9)[:3], ("a", 'type="Float"', np.zeros(9))]]).replace(
        b'<a type="Float"', b'<a type="Blob" '
    ),
    "no coordinates": made([some(9)[3:]]),
    "twice": made([[*some(9), some(9)[0]]]),
    "constant": made([[(f"cartesian{axis}", 'type="Integer" minimum="1" maximum="1"', ONES)
                       for axis in "XYZ"]], points=10**12),
    "range": swap(GOOD, b'maximum="2047"', b'maximum="-047"'),
    "number": swap(GOOD, b'scale="0.001"', b'scale="0.0x1"'),
}  # fmt: skip


@pytest.mark.parametrize("content", WRONG.values(), ids=list(WRONG))
def test_wrong_files(tmp_path: Path, content: bytes):
    path = put(tmp_path / "a.e57", content)
    with pytest.raises(DataError) as caught:
        e57.read(path, 0)
    assert str(path) in caught.value.what
    assert caught.value.do


def test_entities_cannot_grow(tmp_path: Path):
    """A text that names another ten times, which names another ten times, and so on."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE e57Root [<!ENTITY l0 "lol">{laughs}]>'.encode()
    pad = b" " * (len(bomb) + 9)
    whole = made([[*some(9)]], pose=f"<!--{pad.decode()}-->")
    end = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    content = b"".join(whole[at : at + 1020] for at in range(0, len(whole), 1024))
    content = content.replace(end, end + bomb, 1)
    content = content.replace(b"<!--" + pad + b"-->", b"&l9;".ljust(len(pad) + 7 - len(bomb)), 1)
    content = b"".join(content[at : at + 1020] + b"\0" * 4 for at in range(0, len(content), 1020))
    with pytest.raises(DataError, match="what it says of its scans is damaged"):
        e57.read(put(tmp_path / "a.e57", content), 0)


def test_bits_one_by_one():
    assert bits_of(np.array([1, 2, 3]), 2) == bytes([0b111001])


# -- the library ----------------------------------------------------------------------------------

WRITE = """
import sys
import numpy as np
import pye57
from pye57 import libe57

rng = np.random.default_rng(0)
count = 50_000
xyz = rng.normal(0, 20, (count, 3)).astype("f4")
file = pye57.E57(sys.argv[1], mode="w")
arrays = {
    "cartesianX": xyz[:, 0].astype("f8"), "cartesianY": xyz[:, 1].astype("f8"),
    "cartesianZ": xyz[:, 2].astype("f8"), "intensity": rng.uniform(0, 1, count).astype("f4"),
    "colorRed": rng.integers(0, 256, count).astype("u1"),
    "colorGreen": rng.integers(0, 256, count).astype("u1"),
    "colorBlue": rng.integers(0, 256, count).astype("u1"),
    "rowIndex": rng.integers(0, 777, count).astype("u2"),
    "columnIndex": rng.integers(0, 1234, count).astype("u2"),
    "cartesianInvalidState": rng.integers(0, 3, count).astype("i1"),
}
file.write_scan_raw(arrays, rotation=np.array([0.6, 0, 0, 0.8]),
                    translation=np.array([100.5, -3, 2]))
node = libe57.StructureNode(file.image_file)
node.set("name", libe57.StringNode(file.image_file, "scaled"))
kinds = {
    "sphericalRange": (1, 60_000, 0.001, 0.0), "sphericalAzimuth": (-314_159, 314_159, 1e-5, 0.0),
    "sphericalElevation": (-157_079, 157_079, 1e-5, 0.001),
}
shape, scaled = libe57.StructureNode(file.image_file), {}
for name, (low, high, scale, offset) in kinds.items():
    shape.set(name, libe57.ScaledIntegerNode(file.image_file, low, low, high, scale, offset))
    scaled[name] = rng.integers(low, high + 1, count) * scale + offset
shape.set("timeStamp", libe57.FloatNode(file.image_file, 0.0, libe57.E57_DOUBLE, 0.0, 1e9))
scaled["timeStamp"] = rng.uniform(0, 1e9, count)
points = libe57.CompressedVectorNode(
    file.image_file, shape, libe57.VectorNode(file.image_file, True))
node.set("points", points)
file.data3d.append(node)
buffers = libe57.VectorSourceDestBuffer()
for name, array in scaled.items():
    buffers.append(
        libe57.SourceDestBuffer(file.image_file, name, array, count, True, True))
writer = points.writer(buffers)
writer.write(count)
writer.close()
file.close()
back = pye57.E57(sys.argv[1])
first = back.read_scan_raw(0)
second = back.read_scan_raw(1, ignore_unsupported_fields=True)
second["timeStamp"] = scaled["timeStamp"]
head = back.get_header(0)
np.savez(sys.argv[2], turn=head.rotation_matrix, move=head.translation,
         **{f"0{n}": a for n, a in first.items()}, **{f"1{n}": a for n, a in second.items()})
"""


@pytest.mark.skipif(not find_spec("pye57"), reason="pye57 is not installed")
def test_files_of_pye57(tmp_path: Path):
    subprocess.run(
        [sys.executable, "-c", WRITE, tmp_path / "a.e57", tmp_path / "a.npz"],
        check=True,
        capture_output=True,
    )
    layout = E57()
    assert layout.scans(tmp_path, "a") == ("a/0", "a/1")
    with np.load(tmp_path / "a.npz") as theirs:
        bad = theirs["0cartesianInvalidState"] != 0
        assert 0.5 < bad.mean() < 0.8
        columns = e57.read(tmp_path / "a.e57", 0)
        found = dict(zip(columns.names, columns.arrays, strict=True))
        for axis in "xyz":
            wanted = np.where(bad, np.nan, theirs[f"0cartesian{axis.upper()}"])
            np.testing.assert_array_equal(found[axis], wanted)
        for name in ("intensity", "rowIndex", "columnIndex", "cartesianInvalidState"):
            np.testing.assert_array_equal(found[name], theirs[f"0{name}"])
        for name in ("red", "green", "blue"):
            np.testing.assert_array_equal(found[name], theirs[f"0color{name.title()}"])
        pose = layout.pose(tmp_path, "a/0")
        assert pose is not None
        np.testing.assert_allclose(pose[:3, :3], theirs["turn"], atol=1e-12)
        np.testing.assert_allclose(pose[:3, 3], theirs["move"])
        assert layout.pose(tmp_path, "a/1") is None
        columns = e57.read(tmp_path / "a.e57", 1)
        found = dict(zip(columns.names, columns.arrays, strict=True))
        reach, azimuth, up = (
            theirs[f"1spherical{name}"] for name in ("Range", "Azimuth", "Elevation")
        )
        flat = reach * np.cos(up)
        wanted = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), reach * np.sin(up)], 1)
        np.testing.assert_allclose(np.stack([found[a] for a in "xyz"], 1), wanted, atol=1e-9)
        np.testing.assert_array_equal(found["timeStamp"], theirs["1timeStamp"])
