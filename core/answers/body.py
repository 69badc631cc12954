"""The body of an entry: a JSON object, or what a later program or a stranger wrote."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

_ROOM = 1 << 22  # bytes a body may have beside those for its scan's rows
_FOR_A_ROW = 8  # four bytes of a raw label, in base64, and more


def most_bytes(scan_rows: int) -> int:
    """How long the body of an entry about a scan of so many rows may be."""
    return _ROOM + _FOR_A_ROW * scan_rows


def told(body: str) -> dict[str, Any]:
    """What a body tells; nothing where it is no JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def inflated(blob: bytes, most: int) -> bytes:
    """What was compressed, `most` bytes of it at most. Raises ValueError where it is damaged or
    would be more: a few bytes may stand for gigabytes."""
    inside = zlib.decompressobj()
    try:
        found = inside.decompress(blob, most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if len(found) > most:
        raise ValueError(f"it is more than the {most:,} bytes that it can be")
    if not inside.eof or inside.unused_data:
        raise ValueError("it is not whole")
    return found


def unpacked(text: object, most: int) -> bytes:
    """What was compressed and written in base64, as `inflated` gives it."""
    if not isinstance(text, str):
        raise ValueError("it is no text")
    return inflated(base64.b64decode(text), most)
