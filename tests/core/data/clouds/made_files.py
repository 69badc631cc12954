"""Point files written byte by byte, independent of the readers, and what they hold."""

from __future__ import annotations

import struct
from collections.abc import Sequence

ROWS = [(1.5, -2.25, 0.5, 7), (0.0, 2**-10, -1.75, 255), (100.25, 3.0, 2.0, 0)]  # x y z intensity


def pcd(
    fields: str,
    sizes: str,
    types: str,
    counts: str | None,
    body: bytes,
    *,
    data: str = "binary",
    points: int = len(ROWS),
    height: int = 1,
    newline: str = "\n",
) -> bytes:
    lines = ["# .PCD v0.7 - Point Cloud Data file format", "VERSION 0.7", f"FIELDS {fields}"]
    lines += [f"SIZE {sizes}", f"TYPE {types}", *([f"COUNT {counts}"] if counts else [])]
    lines += [f"WIDTH {points // height}", f"HEIGHT {height}", "VIEWPOINT 0 0 0 1 0 0 0"]
    lines += [f"POINTS {points}", f"DATA {data}", ""]
    return newline.join(lines).encode() + body


def packed(form: str, rows: Sequence[Sequence[float]] = ROWS) -> bytes:
    return b"".join(struct.pack(form, *row) for row in rows)


def in_columns(forms: str, rows: Sequence[Sequence[float]] = ROWS) -> bytes:
    """The same numbers column by column, as binary_compressed has them."""
    return b"".join(
        struct.pack("<" + form * len(rows), *column)
        for form, column in zip(forms, zip(*rows, strict=True), strict=True)
    )


def lzf_literals(raw: bytes) -> bytes:
    """LZF that copies nothing: runs of at most 32 bytes, each after its length less one."""
    runs = [raw[at : at + 32] for at in range(0, len(raw), 32)]
    return b"".join(bytes([len(run) - 1]) + run for run in runs)


def compressed(raw: bytes, packed_bytes: bytes | None = None) -> bytes:
    inside = lzf_literals(raw) if packed_bytes is None else packed_bytes
    return struct.pack("<II", len(inside), len(raw)) + inside


def ply(
    elements: str, body: bytes, form: str = "binary_little_endian", newline: str = "\n"
) -> bytes:
    head = f"ply\nformat {form} 1.0\ncomment by hand\nobj_info none\n{elements}\nend_header\n"
    return head.replace("\n", newline).encode() + body


XYZI = "property float x\nproperty float y\nproperty float z\nproperty uchar intensity"


def npy(descr: str, shape: str, body: bytes, *, fortran: bool = False, version: int = 1) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    length = struct.pack("<H" if version == 1 else "<I", len(header) + 1)
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + b"\n" + body


def as_text(separator: str = " ", header: str = "", newline: str = "\n") -> bytes:
    rows = [separator.join(repr(value) for value in row) for row in ROWS]
    return newline.join([*([header] if header else []), *rows, ""]).encode()


# The same three points in every dress of every kind, by the file's name.
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
        "x y z intensity",
        "4 4 4 1",
        "F F F U",
        None,
        compressed(in_columns("fffB")),
        data="binary_compressed",
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
            struct.pack("<Hd", 5, x)
            + struct.pack(">f", y)
            + struct.pack("<3sfB2s", b"", z, i, b"a")
            for x, y, z, i in ROWS
        ),
    ),
    "organised.npy": npy(
        "[('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('i', '|u1')]", "(3, 1)", packed("<fffB")
    ),
    "plain.xyz": as_text(),
    "tabs.txt": as_text("\t", "X\tY\tZ\tRemission"),
    "mixed.txt": as_text(" ").replace(b" ", b"\t", 1).replace(b"255", b"\t255"),
    "dated.csv": b"".join(b"05.03.2024;%r;%r;%r;%r\n" % row for row in ROWS),
    "commas.csv": as_text(",", "x,y,z,intensity"),
    "spaced.csv": as_text(" , ", '"x", "y", "z", "intensity"'),
    "quoted.csv": b'"x","y","z","intensity"\n'
    + b"".join(b'"%r","%r","%r","%r"\n' % row for row in ROWS),
    "excel.csv": b"sep=;\n" + as_text(";", "x;y;z;intensity"),
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
