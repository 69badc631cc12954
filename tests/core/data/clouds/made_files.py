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
