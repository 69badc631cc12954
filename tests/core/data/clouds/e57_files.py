"""E57 files written byte by byte, independent of the reader: pages, XML, packets, bits."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

PAGE, REST = 1024, 1020
Column = tuple[str, str, np.ndarray]  # name, attributes of its node, whole numbers or floats


def bits_of(values: np.ndarray, bits: int) -> bytes:
    """Values one after the other, the lowest bit first; one by one, as the standard says it."""
    stream = 0
    for place, value in enumerate(values.tolist()):
        stream |= (value & ((1 << bits) - 1)) << (place * bits)
    return stream.to_bytes(-(-len(values) * bits // 8), "little")


def stream_of(attributes: str, values: np.ndarray) -> bytes:
    words = dict(word.split("=") for word in attributes.replace('"', "").split())
    if words["type"] == "Float":
        return values.astype("<f4" if words.get("precision") == "single" else "<f8").tobytes()
    low, high = int(words["minimum"]), int(words["maximum"])
    return bits_of(values - low, (high - low).bit_length())


def packets(streams: Sequence[bytes], piece: int) -> bytes:
    """Packets of at most `piece` bytes of each stream, an index and an empty one between them."""
    body, at = b"", 0
    while any(stream[at:] for stream in streams):
        parts = [stream[at : at + piece] for stream in streams]
        content = struct.pack(f"<H{len(parts)}H", len(parts), *map(len, parts)) + b"".join(parts)
        content += b"\0" * (-(4 + len(content)) % 4)
        body += struct.pack("<BBH", 1, 0, len(content) + 3) + content
        if not at:
            body += struct.pack("<BBHHB9x", 0, 0, 15, 0, 0) + struct.pack("<BBH", 2, 0, 3)
        at += piece
    return body


def physical(offset: int) -> int:
    return offset // REST * PAGE + offset % REST


def e57(
    scans: Sequence[Sequence[Column]],
    *,
    piece: int = 100,
    pose: str = "",
    points: int | None = None,
    codecs: str = "",
) -> bytes:
    """A file with a scan of each list of columns; `pose` is XML of each."""
    body, listed = b"\0" * 48, []
    for columns in scans:
        body += b"\0" * (-len(body) % 4)
        start = len(body)
        inside = packets([stream_of(kind, values) for _, kind, values in columns], piece)
        head = struct.pack("<B7xQQQ", 1, 32 + len(inside), physical(start + 32), 0)
        body += head + inside
        count = len(columns[0][2]) if points is None else points
        nodes = "".join(f"<{name} {kind}/>" for name, kind, _ in columns)
        listed.append(
            f'<vectorChild type="Structure"><name type="String">a scan</name>{pose}'
            f'<points type="CompressedVector" fileOffset="{physical(start)}" recordCount="{count}">'
            f'<prototype type="Structure">{nodes}</prototype>'
            f'<codecs type="Vector" allowHeterogeneousChildren="1">{codecs}</codecs></points>'
            "</vectorChild>"
        )
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<e57Root type="Structure" '
        'xmlns="http://www.astm.org/COMMIT/E57/2010-e57-v1.0">'
        f'<data3D type="Vector" allowHeterogeneousChildren="1">{"".join(listed)}</data3D></e57Root>'
    ).encode()
    place = physical(len(body))
    body += xml
    pages = -(-len(body) // REST)
    head = struct.pack("<8sIIQQQQ", b"ASTM-E57", 1, 0, pages * PAGE, place, len(xml), PAGE)
    body = (head + body[48:]).ljust(pages * REST, b"\0")
    return b"".join(body[at : at + REST] + b"\0" * 4 for at in range(0, len(body), REST))


POSE = (
    '<pose type="Structure"><rotation type="Structure"><w type="Float">0.5</w><x type="Float"/>'
    '<y type="Float"/><z type="Float">0.5</z></rotation><translation type="Structure">'
    '<x type="Float">4.5e6</x><y type="Float">-2</y><z type="Float"/></translation></pose>'
)


def some(count: int = 60) -> list[Column]:
    """A scan with each kind of field; the coordinates are exact in all of them."""
    place = np.arange(count)
    wide = np.where(place % 2, -(2**62), 2**62 - 1)
    return [
        ("cartesianX", 'type="Float" precision="single"', place / 4),
        (
            "cartesianY",
            'type="ScaledInteger" minimum="-5000" maximum="5001" scale="0.001" offset="10"',
            place * 100 - 3000,
        ),
        ("cartesianZ", 'type="Float"', place / 3),
        ("intensity", 'type="Integer" minimum="0" maximum="2047"', place * 7),
        ("cartesianInvalidState", 'type="Integer" minimum="0" maximum="2"', place % 10 // 8),
        ("colorRed", 'type="Integer" minimum="0" maximum="255"', place),
        ("colorGreen", 'type="Integer" minimum="0" maximum="255"', 255 - place),
        ("colorBlue", 'type="Integer" minimum="7" maximum="7"', np.full(count, 7)),
        ("stamp", f'type="Integer" minimum="{-(2**62)}" maximum="{2**62 - 1}"', wide),
    ]
