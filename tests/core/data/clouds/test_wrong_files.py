"""A point file that is not as it says is told in one sentence, and nothing of it is guessed."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.data.clouds import SUFFIXES, count, pick, read
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

BODY, RAW = packed("<fffB"), in_columns("fffB")
XYZ_I = ("x y z intensity", "4 4 4 1", "F F F U", "1 1 1 1")
HUGE = 10**15


def binary(body: bytes = BODY, **more: object) -> bytes:
    return pcd(*XYZ_I, body, **more)


WRONG: dict[str, tuple[str, bytes, str]] = {
    "cut": ("a.pcd", binary(BODY[:-1]), "cut short: its header says 3 points, there are 2"),
    "more": ("a.pcd", binary(BODY + b"more"), "4 bytes more than its header says"),
    "huge": ("a.pcd", binary(points=HUGE), f"says {HUGE:,} points, there are 3"),
    "huge ascii": ("a.pcd", binary(as_text(), data="ascii", points=HUGE), "cut short"),
    "huge compressed": (
        "a.pcd",
        binary(compressed(RAW), data="binary_compressed", points=HUGE),
        "is damaged: .* the header says",
    ),
    "a bomb": (
        "a.pcd",
        binary(
            struct.pack("<II", 3, 13 * 300_000_000) + b"\xe0\xff\x00",
            data="binary_compressed",
            points=300_000_000,
        ),
        "is damaged: 3 compressed bytes are said to hold 3,900,000,000",
    ),
    "compressed cut": (
        "a.pcd",
        binary(compressed(RAW)[:-1], data="binary_compressed"),
        "cut short: of .* bytes of compressed points",
    ),
    "no sizes": ("a.pcd", binary(b"1234567", data="binary_compressed"), "cut short"),
    "compressed too little": (
        "a.pcd",
        binary(struct.pack("<II", 3, len(RAW)) + b"\x01ab", data="binary_compressed"),
        "cannot be unpacked",
    ),
    "copies from before": (
        "a.pcd",
        binary(struct.pack("<II", 3, len(RAW)) + b"\xe0\x1e\x00", data="binary_compressed"),
        "cannot be unpacked",
    ),
    "copies too much": (
        "a.pcd",
        binary(struct.pack("<II", 5, len(RAW)) + b"\x00a\xe0\xff\x00", data="binary_compressed"),
        "cannot be unpacked",
    ),
    "a literal beyond": (
        "a.pcd",
        binary(struct.pack("<II", 2, len(RAW)) + b"\x1fa", data="binary_compressed"),
        "cannot be unpacked",
    ),
    "a line short": (
        "a.pcd",
        binary(as_text()[:-20], data="ascii"),
        r"line 1\d holds|cut short: its header says 3 points, there are 2",
    ),
    "a word short": (
        "a.pcd",
        binary(as_text().replace(b" 0.5", b""), data="ascii"),
        "line 12 holds 3 values, not 4",
    ),
    "a word no number": (
        "a.pcd",
        binary(as_text().replace(b"0.5", b"half"), data="ascii"),
        "line 12: 'half' is no number",
    ),
    "a comma": (
        "a.pcd",
        binary(as_text().replace(b".", b","), data="ascii"),
        "line 12: 1,5 has a decimal comma",
    ),
    "256 as uchar": (
        "a.pcd",
        binary(as_text().replace(b"255", b"256"), data="ascii"),
        "line 13: 256 is not of the column's type, uint8",
    ),
    "more lines": ("a.pcd", binary(as_text() + b"1 2 3 4\n", data="ascii"), "holds 4 points"),
    "no header": ("a.pcd", b"VERSION .7\n", "no whole header"),
    "no points": ("a.pcd", b"FIELDS x\nSIZE 4\nTYPE F\nDATA ascii\n", "is no number"),
    "sizes": ("a.pcd", pcd("x y z", "4 4", "F F F", None, BODY), "3 FIELDS, 2 of SIZE"),
    "kind": ("a.pcd", pcd("x", "3", "F", None, b""), "field x of TYPE F, SIZE 3 and COUNT 1"),
    "none": ("a.pcd", pcd("x", "4", "F", "0", b""), "COUNT 0"),
    "much": ("a.pcd", pcd("x", "4", "F", f"{10**17}", b"", points=0), "COUNT 1000"),
    "much padding": ("a.pcd", pcd("_", f"{2**31}", "U", "1", b"", points=0), "SIZE 2147483648"),
    "grid": ("a.pcd", binary().replace(b"WIDTH 3", b"WIDTH 4"), "POINTS 3, WIDTH x HEIGHT 4"),
    "other data": ("a.pcd", binary(data="zstd"), "has points as zstd"),
    "cut ply": (
        "a.ply",
        ply(f"element vertex 3\n{XYZI}", BODY[:-1]),
        "cut short: its header says 3 points, there are 2",
    ),
    "more ply": ("a.ply", ply(f"element vertex 3\n{XYZI}", BODY + b"m"), "1 bytes more"),
    "huge ply": ("a.ply", ply(f"element vertex {HUGE}\n{XYZI}", BODY), "there are 3"),
    "huge ply, ascii": (
        "a.ply",
        ply(f"element vertex {HUGE}\n{XYZI}", as_text(), "ascii"),
        "cut short",
    ),
    "many of nothing": (
        "a.ply",
        ply(f"element nothing {HUGE}\nelement vertex 4\n{XYZI}", BODY),
        "says 4 points, there are 3",
    ),
    "faces before cut": (
        "a.ply",
        ply(
            f"element face 2\nproperty list uchar int v\nelement vertex 1\n{XYZI}",
            b"\xff" * 20,
        ),
        "is cut short",
    ),
    "a list of less than nothing": (
        "a.ply",
        ply(
            f"element face 1\nproperty list char int v\nelement vertex 1\n{XYZI}",
            b"\xff" * 20,
        ),
        "is damaged: a list of -1 numbers",
    ),
    "faces after cut": (
        "a.ply",
        ply(f"element vertex 3\n{XYZI}\nelement face 9\nproperty list uchar int v", BODY),
        "cut short: its header says 48 bytes, there are 39",
    ),
    "no vertex": (
        "a.ply",
        ply("element face 1\nproperty list uchar int v", b"\0"),
        "holds no points: its header names face",
    ),
    "format last": (
        "a.ply",
        ply(f"element vertex 3\n{XYZI}", BODY).replace(b"format", b"comment"),
        "line 5 is 'element vertex 3'",
    ),
    "another kind": ("a.ply", b"PLY\n" + ply("", BODY), "does not begin with ply"),
    "odd type": ("a.ply", ply("element vertex 3\nproperty quad x", BODY), "'property quad x'"),
    "no array": ("a.npy", b"no array", "no .npy file"),
    "cut npy": ("a.npy", npy("'<f4'", "(3, 4)", BODY[:-1]), "cut short"),
    "huge npy": ("a.npy", npy("'<f4'", f"({HUGE}, 4)", BODY), "cut short"),
    "huge twice": ("a.npy", npy("'<f4'", f"({HUGE}, {HUGE})", BODY), "has the shape"),
    "negative": ("a.npy", npy("'<f4'", "(-3, 4)", BODY), "header is damaged"),
    "header cut": ("a.npy", npy("'<f4'", "(3, 4)", BODY)[:30], "its header of .* is not there"),
    "a pickle": ("a.npy", npy("'|O'", "(3, 4)", BODY), "never read"),
    "pickled fields": ("a.npy", npy("[('x', '|O')]", "(3,)", BODY), "never read"),
    "code": ("a.npy", npy("__import__('os').getpid()", "(3, 4)", BODY), "header is damaged"),
    "nests": ("a.npy", npy("(" * 5000, "(3, 4)", BODY), "header is damaged"),
    "text array": ("a.npy", npy("'<U1'", "(3, 4)", packed("<12s", [(b"",)] * 4)), "of <U1"),
    "flat": ("a.npy", npy("'<f4'", "(12,)", packed("<4f")), r"shape \(12,\)"),
    "across": ("a.npy", npy("'<f4'", "(4, 300)", bytes(4800)), r"shape \(4, 300\)"),
    "no text": ("a.xyz", b"\x00\x01\x02", "is no text"),
    "empty": ("a.csv", b"", "no lines of numbers"),
    "only a header": ("a.csv", b"x,y,z\n", "no lines of numbers"),
    "two columns": ("a.xyz", b"1 2\n3 4\n", "holds 2 columns of numbers"),
    "ragged": ("a.xyz", b"1 2 3\n4 5 6 7\n", "line 2 holds 4 values, not 3"),
    "ragged with texts": ("a.csv", b"1,2,3,a\n4,5,6\n", "line 2 holds 3 values, not 4"),
    "names and columns": ("a.csv", b"x,y\n1.0,2.0,3.0\n", "names 2 columns .* and has 3"),
    "fewer than said": ("a.pts", b"4\n" + as_text(), "says 4 points, there are 3"),
    "a word in text": ("a.csv", b"x,y,z\n1,2,3\n4,five,6\n", "line 3: 'five' is no number"),
    "cut bin": ("a.bin", b"1234567", "truncated: 7 bytes"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(tmp_path: Path, name: str):
    file, content, says = WRONG[name]
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError, match=says) as error:
        pick(read(tmp_path / file))
    assert str(tmp_path / file) in error.value.what
    assert error.value.what.count(". ") == 0
    assert error.value.what.endswith(".")
    assert error.value.do


COMMAS = {
    "semicolons": "1,5;-2,25;0,5;7\n0,0;0,125;-1,75;255\n",
    "tabs": "1,5\t-2,25\t0,5\t7\n0,0\t0,125\t-1,75\t255\n",
    "blanks": "1,5 -2,25 0,5 0,7\n0,0 0,125 -1,75 0,2\n",
    "blanks, some whole": "1,5 -2,25 0,5 7\n0,0 0,125 -1,75 255\n",
    "named": "x;y;z;intensity\n1,5;-2,25;0,5;7\n",
    "commas everywhere": "1,500,-2,250,0,045,7,000\n",
    "commas, named": "x,y,z,intensity\n1,5,-2,25,0,5,0,7\n",
    "quoted": '"1,5","2,5","3,5"\n',
    "quoted, some whole": '"1","2","3"\n"1,5","2","3"\n',
    "thousands": "1.001,5;-2.000,25;3.000,5;7,0\n",
    "thousands, points": "1,001.5;2.5;3.5;7.5\n",
    "later": "1;2;3;4\n" * 3 + "1,5;-2,25;0,5;7\n",
    "much later": "1;2;3;4\n" * 300 + "1,5;-2,25;0,5;7\n",
}


@pytest.mark.parametrize("name", COMMAS)
@pytest.mark.parametrize("suffix", [".txt", ".csv"])
def test_decimal_commas_are_recognised(tmp_path: Path, name: str, suffix: str):
    (tmp_path / f"a{suffix}").write_text(COMMAS[name])
    with pytest.raises(DataError, match="decimal comma") as error:
        read(tmp_path / f"a{suffix}")
    assert "decimal point" in error.value.do


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_gone_or_a_folder(tmp_path: Path, suffix: str):
    for ask in (read, count):
        with pytest.raises(DataError, match="No such file"):
            ask(tmp_path / f"a{suffix}")
    (tmp_path / f"b{suffix}").mkdir()
    with pytest.raises(DataError):
        read(tmp_path / f"b{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_pipe_never_waits(tmp_path: Path, suffix: str):
    os.mkfifo(tmp_path / f"a{suffix}")
    with pytest.raises(DataError, match="is no file"):
        read(tmp_path / f"a{suffix}")


def test_a_long_list_of_faces_is_passed_over_in_time(tmp_path: Path):
    """Rows of lists are walked: one of a million empty lists must not be walked a million times."""
    faces = 200_000
    body = bytes(faces) + BODY
    elements = f"element face {faces}\nproperty list uchar int v\nelement vertex 3\n{XYZI}"
    (tmp_path / "a.ply").write_bytes(ply(elements, body))
    began = time.process_time()
    assert len(read(tmp_path / "a.ply")) == len(ROWS)
    assert time.process_time() - began < 10


def test_a_file_larger_than_the_memory_is_a_sentence(tmp_path: Path, monkeypatch):
    def full(*_: object, **__: object) -> np.ndarray:
        raise MemoryError

    (tmp_path / "a.bin").write_bytes(packed("<4f"))
    monkeypatch.setattr(np, "fromfile", full)
    with pytest.raises(DataError, match="needs more memory than is free"):
        read(tmp_path / "a.bin")


def test_an_empty_cloud_has_no_rows(tmp_path: Path):
    files = {
        "a.pcd": binary(b"", points=0),
        "b.pcd": binary(b"", points=0, data="ascii"),
        "c.pcd": binary(compressed(b""), points=0, data="binary_compressed"),
        "a.ply": ply(f"element vertex 0\n{XYZI}", b""),
        "c.ply": ply(f"element vertex 0\nproperty list uchar int v\n{XYZI}", b""),
        "b.ply": ply(f"element vertex 0\n{XYZI}", b"", "ascii"),
        "a.npy": npy("'<f4'", "(0, 4)", b""),
        "a.bin": b"",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        points = pick(read(tmp_path / name)).points
        assert points.shape == (0, 4)
        assert np.result_type(points) in (np.float32, np.float64)
