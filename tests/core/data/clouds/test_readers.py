"""Point files worked by hand come back number for number, whatever their kind allows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.data.clouds import Columns, count, flat, pick, read
from tests.core.data.clouds.made_files import (
    GOOD,
    ROWS,
    XYZI,
    as_text,
    compressed,
    packed,
    pcd,
    ply,
)


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


@pytest.mark.parametrize("none", ["", "NA", "NULL", "-", "nan(ind)", "-nan(ind)", "1.#QNAN"])
@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("header", ["", "x,y,z,intensity,ring\n"])
def test_what_the_first_rows_lack_is_missing_there_only(
    tmp_path: Path, none: str, place: int, header: str
):
    """No column is left out for it, and none is taken for the one before."""
    lines = [[str(row * 10 + column) for column in range(5)] for row in range(4)]
    lines[0][place] = lines[2][place] = none
    wanted = np.arange(40).reshape(4, 10)[:, :5].astype(float)
    wanted[[0, 2], place] = np.nan
    for mark in (",", ";", "\t") if none == "" or header else (",", ";", "\t", " "):
        text = header.replace(",", mark) + "".join(mark.join(line) + "\n" for line in lines)
        found = reading(tmp_path, "a.csv", text.encode())
        assert len(found.names) == 5
        np.testing.assert_array_equal(np.column_stack(found.arrays), wanted)
        np.testing.assert_array_equal(pick(found).points, wanted[:, :4])


def test_a_row_of_which_most_is_missing_is_no_header(tmp_path: Path):
    found = reading(tmp_path, "a.xyz", b"-nan(ind) -nan(ind) -nan(ind) 0\n1 2 3 4\n")
    np.testing.assert_array_equal(pick(found).points[:, 0], [np.nan, 1])


@pytest.mark.parametrize("place", [0, 3])
def test_a_named_column_that_no_row_has_is_missing(tmp_path: Path, place: int):
    """Two tabs, or one at the end, were taken for blanks, and the names for one too many."""
    line = ["1", "2", "3", "4"]
    line[place] = ""
    text = "x\ty\tz\tintensity\n" + 3 * ("\t".join(line) + "\n")
    found = pick(reading(tmp_path, "a.txt", text.encode())).points
    assert np.isnan(found[:, place]).all()
    np.testing.assert_array_equal(np.delete(found, place, 1), 3 * [[float(v) for v in line if v]])


def test_names_in_a_comment_stand_above_their_columns_too(tmp_path: Path):
    """The ring was taken for the intensity, which no row has."""
    text = "# x\ty\tz\tintensity\tring\n" + 3 * "1\t2\t3\t\t5\n"
    found = pick(reading(tmp_path, "a.txt", text.encode())).points
    assert np.isnan(found[:, 3]).all()
    np.testing.assert_array_equal(found[:, :3], 3 * [[1, 2, 3]])


@pytest.mark.parametrize("mark", ["", "# "])
def test_names_may_be_parted_as_their_rows_are(tmp_path: Path, mark: str):
    """By blanks and a tab: that was taken for two columns."""
    text = f"{mark}X Y Z\tIntensity\n" + 3 * "1.0 2.0 3.0\t0.5\n"
    found = pick(reading(tmp_path, "a.txt", text.encode())).points
    np.testing.assert_array_equal(found, 3 * [[1, 2, 3, 0.5]])


@pytest.mark.parametrize(
    ("names", "line", "wanted"),
    [
        ("x\ty\tz\trgb", "1\t2\t3\t255 0 0", [1, 2, 3]),
        ("time\tx\ty\tz", "12 30\t1\t2\t3", [1, 2, 3]),
        ("Point ID\tX\tY\tZ", "12 30\t1\t2\t3", [1, 2, 3]),
        ("#\tx\ty\tz\tring\tintensity", "1\t2\t3\t\t5", [1, 2, 3, 5]),
        ("Point ID\tX\tY\tZ\ttime", "12\t1\t2\t3\t10 30", [1, 2, 3]),
        ("# GPS week\tX\tY\tZ\tuv", "2200\t1\t2\t3\t10 30", [1, 2, 3]),
        ("X\tY\tZ\tIntensity Ring", "1\t2\t3\t0.5 7", [1, 2, 3, 0.5]),
        ("# X\tY\tZ\tR G B I", "1\t2\t3\t5 7 7 9", [1, 2, 3, 9]),
        ("Point ID\tX\tY\tZ\t", "7\t1\t2\t3\t", [1, 2, 3]),
        ("# Point ID\tX\tY\tZ\tIntensity", "7\t1\t2\t3\t9\t", [1, 2, 3, 9]),
    ],
)
def test_a_column_that_holds_blanks_is_one_column(tmp_path: Path, names, line, wanted):
    found = pick(reading(tmp_path, "a.txt", (f"{names}\n" + 3 * f"{line}\n").encode())).points
    np.testing.assert_array_equal(found[:, : len(wanted)], 3 * [wanted])


@pytest.mark.parametrize("mark", ["", "#", "//", "# ", "%"])
@pytest.mark.parametrize("by", ["\t", ",", ";"])
@pytest.mark.parametrize("more", [[], ["intensity"]])
def test_a_column_of_row_numbers_may_have_no_name(tmp_path: Path, mark: str, by: str, more):
    """As pandas writes its index."""
    names = by.join([mark, "x", "y", "z", *more])
    rows = [by.join([f"{n}", "1.5", "2.5", "3.5", *(["0.5"] if more else [])]) for n in range(3)]
    found = pick(reading(tmp_path, "a.txt", "\n".join([names, *rows, ""]).encode())).points
    np.testing.assert_array_equal(found, 3 * [[1.5, 2.5, 3.5, 0.5 if more else 0]])


@pytest.mark.parametrize("by", ["\t", ",", ";"])
def test_a_first_column_without_a_name_that_counts_no_rows_is_x_in_a_comment(tmp_path: Path, by):
    text = by.join(["#", "x", "y", "z"]) + "\n" + 3 * (by.join(["1.5", "2.5", "3.5", "9"]) + "\n")
    found = pick(reading(tmp_path, "a.txt", text.encode())).points
    np.testing.assert_array_equal(found, 3 * [[1.5, 2.5, 3.5, 9]])


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (",x,y,z", ["5,1.5,2.5,3.5", "2,1.5,2.5,3.5"]),  # sorted or drawn by chance
        (",x,y,z", ["0,1.5,2.5,3.5", "0,1.5,2.5,3.5"]),  # joined
        (",x,y,z", ["0.1,1.5,2.5,3.5", "0.2,1.5,2.5,3.5"]),  # times
        (",x,y,z", [",1.5,2.5,3.5", ",1.5,2.5,3.5"]),
        (",,x,y,z", ["0,0,1.5,2.5,3.5", "0,1,1.5,2.5,3.5"]),
        ('"","x","y","z"', ['"3",1.5,2.5,3.5', '"1",1.5,2.5,3.5']),
        (";x;y;z", ["b;1.5;2.5;3.5", "a;1.5;2.5;3.5"]),
        ("#,x,y,z", ["2,1.5,2.5,3.5", "1,1.5,2.5,3.5"]),
        ("#,y,x,z", ["2.5,1.5,3.5", "2.5,1.5,3.5"]),  # the mark's own blank
        (",x,y,z", ["1.5,2.5,3.5", "1.5,2.5,3.5"]),
        (",x,y,z", ["1.5,2.5,3.5,", "1.5,2.5,3.5,"]),
        ("x,y,z,", ["1.5,2.5,3.5", "1.5,2.5,3.5"]),
        ("x\ty\tz\t", ["1.5\t2.5\t3.5\t", "1.5\t2.5\t3.5\t"]),
        ("# r,g,b x y z", ["9 8 7 1.5 2.5 3.5", "9 8 7 1.5 2.5 3.5"]),
        ("//Y X,Z", ["2.5 1.5 3.5", "2.5 1.5 3.5"]),
        ("# intensity x,y,z", ["9,1.5,2.5,3.5", "9,1.5,2.5,3.5"]),
        ("z y x,i", ["3.5,2.5,1.5,9", "3.5,2.5,1.5,9"]),
        (",x,y,z,label", ["7,1.5,2.5,3.5,", "3,1.5,2.5,3.5,"]),  # no label yet
        (",x,y,z,", ["0,1.5,2.5,3.5", "1,1.5,2.5,3.5"]),
    ],
)
def test_names_stand_over_their_columns(tmp_path: Path, names: str, rows: list[str]):
    """An index may have no name, lines may end in a separator, names have marks of their own."""
    found = pick(reading(tmp_path, "a.csv", "\n".join([names, *rows, ""]).encode())).points
    np.testing.assert_array_equal(found[:, :3], 2 * [[1.5, 2.5, 3.5]])


@pytest.mark.parametrize(
    ("names", "row"),
    [
        (",x,y,z,label", "0.1,1.5,2.5,3.5,"),  # an index and no label yet
        (",x,y,z,label", "1.5,2.5,3.5,7,"),  # or a separator at the end
        (";;x;y;z;label", "0;0;1.5;2.5;3.5;"),
    ],
)
def test_what_may_be_read_in_two_ways_is_refused(tmp_path: Path, names: str, row: str):
    with pytest.raises(DataError, match="Name each column"):
        reading(tmp_path, "a.csv", f"{names}\n{row}\n{row}\n".encode())


def test_a_line_of_blanks_below_the_names_is_no_traceback(tmp_path: Path):
    with pytest.raises(DataError):
        reading(tmp_path, "a.txt", b"x y z\n   \n1.5 2.5 3.5\n")


@pytest.mark.parametrize("mark", ["", "# "])
@pytest.mark.parametrize("values", [("1.5", "2.5", "3.5"), ("1500", "2500", "3500")])
@pytest.mark.parametrize("by", [",", ";"])
def test_numbers_of_rows_are_not_taken_for_x(tmp_path: Path, by: str, values, mark: str):
    """As R writes a table whose last column is missing; it may be separators at the ends, too."""
    rows = [by.join([f"{n}", *values, ""]) for n in (1, 2)]
    text = "\n".join([mark + by.join(["x", "y", "z", "label"]), *rows, ""])
    with pytest.raises(DataError, match="may number the rows"):
        reading(tmp_path, "a.csv", text.encode())


@pytest.mark.parametrize("by", ["\t", ",", ";"])
def test_an_index_beside_columns_that_are_numbered_is_left_out(tmp_path: Path, by: str):
    """As pandas writes a table without names."""
    rows = [["", "0", "1", "2"], *([f"{n}", "1.5", "2.5", "3.5"] for n in (0, 4, 9))]
    found = pick(reading(tmp_path, "a.txt", "\n".join(map(by.join, rows)).encode())).points
    np.testing.assert_array_equal(found, 3 * [[1.5, 2.5, 3.5, 0]])


def test_a_comment_that_names_nothing_moves_no_column(tmp_path: Path):
    """Two tabs are for the eye there."""
    text = "# scan\tof\tthe\tyard\n" + 3 * "1.0\t\t2.0\t3.0\n"
    found = pick(reading(tmp_path, "a.txt", text.encode())).points
    np.testing.assert_array_equal(found[:, :3], 3 * [[1, 2, 3]])


def test_an_empty_column_keeps_its_place(tmp_path: Path):
    found = pick(reading(tmp_path, "a.csv", b"1,2,3,,7\n4,5,6,,8\n"))
    np.testing.assert_array_equal(found.points, [[1, 2, 3, np.nan], [4, 5, 6, np.nan]])
    trailing = reading(tmp_path, "a.csv", b"1,2,3,\n4,5,6,\n")
    assert trailing.names == ("1", "2", "3")


def test_a_word_that_is_no_number_is_named_as_before(tmp_path: Path):
    with pytest.raises(DataError, match="line 4: 'car' is no number"):
        reading(tmp_path, "a.csv", b"x,y,z\nNA,2,3\n1,2,3\ncar,5,6\n")


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
