"""What a file of E57 (ASTM E2807) says of itself: its pages, and the scans its XML part lists.

A file is pages of 1,024 bytes, the last four a checksum, which is not looked at. Offsets of parts
are counted with the checksums ("physical"), lengths without.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from struct import unpack_from
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from core.base.errors import DataError
from core.data.clouds.source import file_size, unreadable, wrong

_HEADER, _CHECKSUM = 48, 4
_MOST_XML = 64 << 20
_SINGLE, _DOUBLE = 32, 64
_INT64 = 1 << 63


@dataclass(frozen=True)
class Field:
    """One number of each point: its bits in the file, what they are, and how they become it."""

    name: str
    kind: str
    bits: int
    least: int = 0
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Listed:
    """A scan of a file: its points' number, fields and offset, and its pose (4, 4) float64 in the
    file's map, None where it has none."""

    name: str
    points: int
    fields: tuple[Field, ...]
    start: int
    pose: np.ndarray | None


class Pages:
    """The bytes of a file without the checksums of its pages. Raises DataError."""

    def __init__(self, path: Path) -> None:
        self.path, self._size = path, file_size(path)
        head = self._bytes(0, _HEADER)
        if len(head) < _HEADER or head[:8] != b"ASTM-E57":
            raise wrong(path, "cannot be read: it is no E57 file", "Bring the whole file.")
        length, xml, xml_bytes, page = unpack_from("<4Q", head, 16)
        if page != 1024 or length != self._size:
            raise wrong(
                path,
                f"is cut short or damaged: its header says {length:,} bytes in pages of {page}",
            )
        if xml_bytes > min(self._size, _MOST_XML):
            raise wrong(path, f"is damaged: it says that {xml_bytes:,} bytes tell of its scans")
        self.page = page
        self.xml = bytes(self.read(xml, xml_bytes))

    def read(self, start: int, count: int) -> np.ndarray:
        """(count,) uint8 from a physical offset on."""
        first, inside = divmod(start, self.page)
        rest = self.page - _CHECKSUM
        pages = -(-(inside + count) // rest)
        if inside >= rest or (first + pages) * self.page > self._size:
            raise wrong(self.path, "is cut short or damaged: parts of it are not there")
        content = np.frombuffer(self._bytes(first * self.page, pages * self.page), np.uint8)
        if len(content) != pages * self.page:
            raise wrong(self.path, "is cut short")
        return content.reshape(pages, self.page)[:, :rest].reshape(-1)[inside : inside + count]

    def _bytes(self, start: int, count: int) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                return file.read(count)
        except OSError as error:
            raise unreadable(self.path, error) from error


def listed(pages: Pages) -> tuple[Listed, ...]:
    """The scans of a file, those without points too. Raises DataError."""
    try:
        root = ElementTree.fromstring(pages.xml)
        every = _child(root, "data3D")
        return tuple(_scan(scan) for scan in every) if every is not None else ()
    except (DataError, MemoryError):
        raise
    except (ElementTree.ParseError, ArithmeticError, LookupError, ValueError) as error:
        raise wrong(pages.path, "cannot be read: what it says of its scans is damaged") from error


def _scan(node: Element) -> Listed:
    points = _child(node, "points")
    name = (_text(node, "name") or "").strip()
    if points is None or points.get("type") != "CompressedVector":
        return Listed(name, 0, (), 0, None)
    codecs = _child(points, "codecs")
    for codec in codecs.iter() if codecs is not None else ():
        if _local(codec) not in ("codecs", "vectorChild", "inputs", "bitPackCodec"):
            raise ValueError(f"codec {_local(codec)}")
    shape = _child(points, "prototype")
    fields = [] if shape is None else [_field(leaf) for leaf in shape.iter() if leaf is not shape]
    known = tuple(field for field in fields if field is not None)
    count, start = int(points.get("recordCount", "0")), int(points.get("fileOffset", "0"))
    if not known or count < 0 or start < 0:
        raise ValueError("points without fields")
    return Listed(name, count, known, start, _pose(_child(node, "pose")))


def _field(node: Element) -> Field | None:
    kind, name = node.get("type"), _local(node)
    if kind == "Structure":
        return None
    if kind == "Float":
        single = node.get("precision", "double") == "single"
        return Field(name, kind, _SINGLE if single else _DOUBLE)
    if kind not in ("Integer", "ScaledInteger"):
        raise ValueError(f"a field of the type {kind}")
    least, most = int(node.get("minimum", -_INT64)), int(node.get("maximum", _INT64 - 1))
    if not -_INT64 <= least <= most < _INT64:
        raise ValueError("a range that is none")
    scale, offset = float(node.get("scale", "1")), float(node.get("offset", "0"))
    return Field(name, kind, (most - least).bit_length(), least, scale, offset)


def _pose(node: Element | None) -> np.ndarray | None:
    """(4, 4) float64 of a rotation w, x, y, z and a translation; what is left out is the usual."""
    if node is None:
        return None
    turn, move = _child(node, "rotation"), _child(node, "translation")
    w, x, y, z = (
        (1.0, 0.0, 0.0, 0.0) if turn is None else (float(_text(turn, n) or 0) for n in "wxyz")
    )
    length = float(np.linalg.norm([w, x, y, z]))
    pose = np.eye(4)
    if move is not None:
        pose[:3, 3] = [float(_text(move, name) or 0) for name in "xyz"]
    if not length > 0:
        return None
    w, x, y, z = (number / length for number in (w, x, y, z))
    pose[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return pose if np.isfinite(pose).all() else None


def _local(node: Element) -> str:
    """A node's name without its namespace."""
    return node.tag.rpartition("}")[2]


def _child(node: Element, name: str) -> Element | None:
    return next((child for child in node if _local(child) == name), None)


def _text(node: Element, name: str) -> str | None:
    found = _child(node, name)
    return None if found is None else found.text
