"""What a LAZ file says of its own parts, held against its size before lazrs believes it.

lazrs ends the process where a damaged length asks for more memory than there is (LASzip: the record
"laszip encoded", the table of chunks, in each chunk the sizes of its layers).
"""

from __future__ import annotations

from pathlib import Path
from struct import error as NotThere
from struct import unpack_from

from core.data.clouds.source import read_bytes, wrong

_VLR_BYTES, _LASZIP = 54, (b"laszip encoded", 22204)
_LAYERED = 3
_LAYERS = {10: 9, 11: 1, 12: 2, 13: 1}  # of point, colour, colour with near infrared, wave packet
_EXTRA_BYTES = 14  # each a layer
_ROWS = {6: 20, 7: 8, 8: 6, 9: 29, 10: 30, 11: 6, 12: 8, 13: 29}  # bytes; 0 and 14 are any number


def check_parts(path: Path, head: int, vlrs: int, start: int, row: int, points: int) -> None:
    """Raise DataError where the parts do not make up the file.

    `head` bytes of header, `vlrs` records after it, points of `row` bytes from the byte `start`.
    """
    content = read_bytes(path)
    try:
        fit = _fit(content, head, vlrs, start, row, points)
    except (NotThere, IndexError) as error:
        raise wrong(path, "is cut short: its compressed parts are not all there") from error
    if not fit:
        raise wrong(path, "cannot be read: the lengths of its compressed parts are damaged")


def _fit(content: bytes, head: int, vlrs: int, start: int, row: int, points: int) -> bool:
    record = _laszip(content, head, vlrs, start)
    if record is None:
        return False
    (kind,), (count,) = unpack_from("<H", record), unpack_from("<H", record, 32)
    items = [unpack_from("<HH", record, 34 + 6 * at) for at in range(count)]
    known = all(type in (0, _EXTRA_BYTES) or _ROWS.get(type) == size for type, size in items)
    if not known or sum(size for _, size in items) != row or kind not in (1, 2, _LAYERED):
        return False
    (table,) = unpack_from("<q", content, start)
    if table == -1:  # written as a stream: the place stands at the end
        (table,) = unpack_from("<q", content, len(content) - 8)
    (chunks,) = unpack_from("<I", content, table + 4)
    if not start + 8 <= table or chunks > len(content) or bool(chunks) != bool(points):
        return False
    if kind != _LAYERED:
        return True
    layers: int = sum(
        size if type == _EXTRA_BYTES else _LAYERS.get(type, 0) for type, size in items
    )
    at = start + 8
    for _ in range(chunks):
        sizes = unpack_from(f"<{layers}I", content, at + row + 4)
        at += row + 4 + 4 * layers + sum(sizes)
        if at > table:
            return False
    return bool(at == table)


def _laszip(content: bytes, at: int, vlrs: int, end: int) -> bytes | None:
    """The record of LASzip, None without one that is whole."""
    for _ in range(vlrs):
        name, number, length = unpack_from("<16sHH", content, at + 2)
        first = at + _VLR_BYTES
        at = first + length
        if at > end:
            return None
        if (name.rstrip(b"\0"), number) == _LASZIP:
            return content[first:at]
    return None
