"""Point files worked by hand come back number for number, whatever their kind allows."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.data.clouds import Columns, count, flat, pick, read
from tests.core.data.clouds.made_files import (
    ROWS,
    XYZI,
    as_text,
    compressed,
    in_columns,
    npy,
    packed,
    pcd,
    ply,
)

RAW = in_columns("fffB")
# x y z intensity, then a run that is copied: 00 00 c0 3f | its own last bytes again and again.
ZEROS = b"\x00\x00" + b"\xe0\x00\x00"  # one literal 0, then 2 + 7 + 0 bytes from one back
EIGHT = "f8"

GOOD: dict[str, bytes] = {
    "binary.pcd": pcd("x y z intensity", "4 4 4 1", "F F F U", "1 1 1 1", packed("<fffB")),
    "doubles.pcd": pcd("x y z intensity", "8 8 8 2", "F F F I", None, packed("<dddh")),
    "other_order.pcd": pcd(
        "intensity z y x",
        "4 4 4 8",
        "I F F F",
        "1 1 1 1",
        packed("<iffd", [(i, z, y, x) for x, y, z, i in ROWS]),
    ),
    "ros.pcd": pcd(
        "x y z _ intensity _",
        "4 4 4 1 4 1",
        "F F F U F U",
        "1 1 1 4 1 12",
        packed("<fff4sf12s", [(x, y, z, b"\xff" * 4, i, b"\xfe" * 12) for x, y, z, i in ROWS]),
    ),
    "wide_padding.pcd": pcd(
        "_ x y z _ intensity _",
        "8 4 4 4 3 4 16",
        "U F F F U F F",
        "2 1 1 1 1 1 1",
        packed("<16sfff3sf16s", [(b"a" * 16, x, y, z, b"b" * 3, i, b"") for x, y, z, i in ROWS]),
    ),
    "counted.pcd": pcd(
        "normal x y z intensity",
        "4 4 4 4 4",
        "F F F F F",
        "3 1 1 1 1",
        packed("<3f4f", [(9, 9, 9, *row) for row in ROWS]),
    ),
    "organised.pcd": pcd("x y z intensity", "4 4 4 1", "F F F U", None, packed("<fffB"), height=3),
    "crlf.pcd": pcd(
        "x y z intensity", "4 4 4 1", "F F F U", "1 1 1 1", packed("<fffB"), newline="\r\n"
    ),
    "padded_end.pcd": pcd("x y z i", "4 4 4 1", "F F F U", None, packed("<fffB") + bytes(4096)),
    "ascii.pcd": pcd("x y z intensity", "4 4 4 1", "F F F U", None, as_text(), data="ascii"),
    "ascii_crlf.pcd": pcd(
        "x y z intensity",
        "4 4 4 4",
        "F F F F",
        None,
        as_text(newline="\r\n"),
        data="ascii",
        newline="\r\n",
    ),
    "ascii_padding.pcd": pcd(
        "x y z _ intensity",
        "4 4 4 1 4",
        "F F F U F",
        "1 1 1 2 1",
        b"".join(b"%r %r %r 0 0 %d.0\n\n" % row for row in ROWS),
        data="ascii",
    ),
    "compressed.pcd": pcd(
        "x y z intensity", "4 4 4 1", "F F F U", None, compressed(RAW), data="binary_compressed"
    ),
    "little.ply": ply(f"element vertex 3\n{XYZI}", packed("<fffB")),
    "big.ply": ply(f"element vertex 3\n{XYZI}", packed(">fffB"), "binary_big_endian"),
    "doubles.ply": ply(
        f"element vertex 3\n{XYZI}".replace("float", "double").replace("uchar", "int16"),
        packed("<dddh"),
    ),
    "crlf.ply": ply(f"element vertex 3\n{XYZI}", packed("<fffB"), newline="\r\n"),
    "extra.ply": ply(
        "element vertex 3\nproperty uint8 red\nproperty float64 x\nproperty float32 y\n"
        "property float z\nproperty ushort t\nproperty float scalar_Intensity",
        packed("<BdffHf", [(1, x, y, z, 2, i) for x, y, z, i in ROWS]),
    ),
    "faces_first.ply": ply(
        "element camera 1\nproperty double f\nelement face 2\n"
        f"property list uchar int vertex_indices\nelement vertex 3\n{XYZI}",
        struct.pack("<dB3iB4i", 2.5, 3, 0, 1, 2, 4, 0, 1, 2, 0) + packed("<fffB"),
    ),
    "faces_after.ply": ply(
        f"element vertex 3\n{XYZI}\nelement face 1\nproperty list uchar uint vertex_indices",
        packed(">fffB") + struct.pack(">B3I", 3, 0, 1, 2),
        "binary_big_endian",
    ),
    "lists_inside.ply": ply(
        "element vertex 3\nproperty list short float tail\nproperty float x\nproperty float y\n"
        "property float z\nproperty list uchar uchar more\nproperty uchar intensity",
        b"".join(
            struct.pack(f">h{n}ffffB{n}sB", n, *[8.0] * n, x, y, z, n, b"\x07" * n, i)
            for n, (x, y, z, i) in enumerate(ROWS)
        ),
        "binary_big_endian",
    ),
    "ascii.ply": ply(f"element vertex 3\n{XYZI}", as_text(), "ascii"),
    "ascii_crlf.ply": ply(
        f"element vertex 3\n{XYZI}", as_text(newline="\r\n"), "ascii", newline="\r\n"
    ),
    "ascii_lists.ply": ply(
        "element face 2\nproperty list uchar int vertex_indices\nelement vertex 3\n"
        f"property list uchar int seen\n{XYZI}\nelement edge 1\nproperty int a",
        b"3 0 1 2\n4 0 1 2 0\n"
        + b"".join(b"2 9 9 " + line + b"\n" for line in as_text().splitlines())
        + b"5\n",
        "ascii",
    ),
    "floats.npy": npy("'<f4'", "(3, 4)", packed("<4f")),
    "doubles.npy": npy("'<f8'", "(3, 4)", packed("<4d"), version=2),
    "big.npy": npy("'>f4'", "(3, 4)", packed(">4f")),
    "halves.npy": npy("'<f2'", "(3, 4)", packed("<4e")),
    "fortran.npy": npy(
        "'<f8'", "(3, 4)", packed("<3d", list(zip(*ROWS, strict=True))), fortran=True
    ),
    "five.npy": npy("'<f4'", "(3, 5)", packed("<5f", [(*row, 31) for row in ROWS])),
    "structured.npy": npy(
        "[('ring', '<u2'), ('x', '<f8'), ('y', '>f4'), ('', '|V3'), ('z', '<f4'), "
        "('Reflectivity', '|u1'), ('name', '|S2')]",
        "(3,)",
        b"".join(
            struct.pack("<Hd", 5, x) + struct.pack(">f", y) + struct.pack("<3sfB2s", b"", z, i, b"a")
            for x, y, z, i in ROWS
        ),
    ),
    "organised.npy": npy(
        "[('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('i', '|u1')]", "(3, 1)", packed("<fffB")
    ),
    "plain.xyz": as_text(),
    "tabs.txt": as_text("\t", "X\tY\tZ\tRemission"),
    "commas.csv": as_text(",", "x,y,z,intensity"),
    "spaced.csv": as_text(" , ", '"x", "y", "z", "intensity"'),
    "semicolons.csv": as_text(";", "x;y;z;intensity"),
    "crlf.csv": as_text(",", newline="\r\n"),
    "mark.csv": b"\xef\xbb\xbf" + as_text(","),
    "utf16.csv": as_text(",", "x,y,z,intensity").decode().encode("utf-16"),
    "comment.txt": b"# made by hand\n// X Y Z Intensity\n" + as_text(),
    "comments.txt": b"% one\n\n" + as_text().replace(b"\n", b" # a note\n\n# more\n"),
    "cloudcompare.asc": as_text(" ", "//X Y Z Scalar_field_Intensity").replace(b"field_", b""),
    "counted.pts": b"3\n" + as_text(),
    "pandas.csv": b",x,y,z,intensity\n"
    + b"".join(b"%d,%r,%r,%r,%r\n" % (n, *row) for n, row in enumerate(ROWS)),
    "texts.csv": b"time,x,y,z,intensity,class\n"
    + b"".join(b"2024-03-05T12:30:00,%r,%r,%r,%r,a car\n" % row for row in ROWS),
    "trailing.csv": b"x,y,z,intensity,\n" + b"".join(b"%r,%r,%r,%r,\n" % row for row in ROWS),
    "veloview.csv": as_text(",", '"Points_m_XYZ:0","Points_m_XYZ:1","Points_m_XYZ:2","intensity"'),
    "plain.bin": packed("<4f"),
}


def reading(tmp_path: Path, name: str, content: bytes) -> Columns:
    (tmp_path / name).write_bytes(content)
    return read(tmp_path / name)


@pytest.mark.parametrize("name", GOOD)
def test_every_dress_of_a_file(tmp_path: Path, name: str):
    columns = reading(tmp_path, name, GOOD[name])
    assert len(columns) == count(tmp_path / name) == len(ROWS)
    assert len(set(columns.names)) == len(columns.names)
    assert {len(array) for array in columns.arrays} == {len(ROWS)}
    points = pick(columns).points
    assert points.dtype in (np.float32, np.float64)
    np.testing.assert_array_equal(points, np.array(ROWS).astype(points.dtype))


@pytest.mark.parametrize(
    ("name", "precise"),
    [("doubles.pcd", True), ("binary.pcd", False), ("big.npy", False), ("extra.ply", True)],
)
def test_positions_keep_the_precision_of_the_file(tmp_path: Path, name: str, precise: bool):
    points = pick(reading(tmp_path, name, GOOD[name])).points
    assert points.dtype == (np.float64 if precise else np.float32)


def test_a_map_tile_as_text_keeps_its_millimetres(tmp_path: Path):
    """UTM metres need more than float32, whatever SIZE says of the numbers of a text."""
    row = b"389123.123 5819456.789 34.5 7\n"
    files = {
        "a.pcd": pcd("x y z i", "4 4 4 4", "F F F F", None, row, data="ascii", points=1),
        "a.ply": ply(f"element vertex 1\n{XYZI}", row, "ascii"),
        "a.xyz": row,
    }
    for name, content in files.items():
        points = pick(reading(tmp_path, name, content)).points
        np.testing.assert_array_equal(points, [[389123.123, 5819456.789, 34.5, 7]])


def test_columns_keep_name_order_and_type(tmp_path: Path):
    columns = reading(tmp_path, "a.ply", GOOD["extra.ply"])
    assert columns.names == ("red", "x", "y", "z", "t", "scalar_Intensity")
    assert [array.dtype.str for array in columns.arrays] == "|u1 <f8 <f4 <f4 <u2 <f4".split()
    columns = reading(tmp_path, "a.pcd", GOOD["counted.pcd"])
    assert columns.names == ("normal", "x", "y", "z", "intensity")
    assert columns.arrays[0].shape == (3, 3)
    columns = reading(tmp_path, "a.npy", GOOD["structured.npy"])
    assert columns.names == ("ring", "x", "y", "z", "Reflectivity")
    columns = reading(tmp_path, "a.csv", GOOD["texts.csv"])
    assert columns.names == ("x", "y", "z", "intensity")


def test_rows_without_a_return_stay(tmp_path: Path):
    rows = [(np.nan, np.nan, np.nan, 0), *ROWS]
    files = {
        "a.pcd": pcd("x y z i", "4 4 4 1", "F F F U", None, packed("<fffB", rows), points=4),
        "b.pcd": pcd(
            "x y z i",
            "4 4 4 1",
            "F F F U",
            None,
            b"nan nan nan 0\n" + as_text(),
            data="ascii",
            points=4,
        ),
        "a.csv": b"x,y,z,intensity\n,,,0\n" + as_text(","),
        "b.xyz": b"nan nan nan 0\n" + as_text(),
    }
    for name, content in files.items():
        points = pick(reading(tmp_path, name, content)).points
        np.testing.assert_array_equal(points, np.array(rows).astype(points.dtype))


def test_times_in_nanoseconds_keep_every_digit(tmp_path: Path):
    times = [1709641800123456789, 1709641800123456790, 0]
    body = b"".join(b"1 2 3 %d\n" % time for time in times)
    columns = reading(
        tmp_path, "a.pcd", pcd("x y z t", "4 4 4 8", "F F F U", None, body, data="ascii")
    )
    assert columns.arrays[3].dtype == np.uint64
    assert columns.arrays[3].tolist() == times


def test_copies_of_lzf_reach_into_themselves(tmp_path: Path):
    """One zero and a copy from one byte back: nine more. Then three rows of 1.0, each copied."""
    raw = bytes(10) + b"\x3f\x80" * 7 + bytes(24)
    inside = b"\x00\x00" + b"\xe0\x00\x00"  # 0, then 9 bytes from one back
    inside += b"\x01\x3f\x80" + b"\xe0\x03\x01"  # 3f 80, then 12 bytes from two back
    inside += b"\x00\x00" + b"\xe0\x0e\x00"  # 0, then 23 bytes
    content = pcd(
        "x y z i",
        "4 4 4 4",
        "U U U U",
        None,
        compressed(raw, inside),
        data="binary_compressed",
    )
    columns = reading(tmp_path, "a.pcd", content)
    assert b"".join(array.tobytes() for array in columns.arrays) == raw


def test_a_flat_file_of_other_columns(tmp_path: Path):
    (tmp_path / "a.bin").write_bytes(packed("<5f", [(*row, 31) for row in ROWS]))
    columns = flat.read(tmp_path / "a.bin", 5)
    picked = pick(columns)
    np.testing.assert_array_equal(picked.points, np.array(ROWS, np.float32))
    assert "first four of 5" in picked.notes[0]
    assert pick(columns, ["y", "x", "z", "ring", "intensity"]).points[0].tolist() == [
        *(-2.25, 1.5, 0.5, 31)
    ]
    (tmp_path / "a.bin").write_bytes(packed(">4d"))
    columns = flat.read(tmp_path / "a.bin", 4, ">f8")
    np.testing.assert_array_equal(pick(columns).points, ROWS)
    assert flat.count(tmp_path / "a.bin", 4, ">f8") == 3
    with pytest.raises(DataError, match="no whole number of 20-byte points"):
        flat.read(tmp_path / "a.bin", 5)
