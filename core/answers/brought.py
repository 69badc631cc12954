"""What a label file said of a scan's rows, kept whole with the entry that took it over.

An imported entry has in its body {"brought": {"raw": …}}: (N,) uint32 of all rows of the scan, the
class as the file numbers it, in the high 16 bits the instance (zlib of the low halves, then the
high ones, little-endian; base64). So what nobody touches goes out as it came in.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.answers.body import told, unpacked
from core.answers.entry import Entry

_KEY = "brought"


@dataclass(frozen=True)
class Brought:
    """Labels that were imported: `raw` (N,) uint32, and `kept` (N,) bool, rows of which nobody has
    said anything since."""

    raw: np.ndarray
    kept: np.ndarray


def with_raw(body: str, raw: np.ndarray) -> str:
    """An entry's body that also tells the raw labels (N,) uint32 of its scan."""
    halves = np.concatenate([raw & 0xFFFF, raw >> 16]).astype("<u2").tobytes()
    packed = base64.b64encode(zlib.compress(halves)).decode()
    return json.dumps({**told(body), _KEY: {"raw": packed}}, ensure_ascii=False)


def raw_of(entry: Entry) -> np.ndarray | None:
    """(N,) uint32 raw labels that an entry tells of its scan, None where it tells none."""
    if f'"{_KEY}"' not in entry.body:
        return None
    try:
        packed = told(entry.body)[_KEY]["raw"]
        halves = np.frombuffer(unpacked(packed, 4 * entry.scan_rows), "<u2")
    except (ValueError, KeyError, TypeError):  # what a later program wrote
        return None
    if len(halves) != 2 * entry.scan_rows:
        return None
    low, high = np.split(halves.astype(np.uint32), 2)
    return low | high << np.uint32(16)


def brought_of(entries: Iterable[Entry], rows: int) -> Brought | None:
    """What imported entries brought of a scan's (rows,) points, and what of it still stands; None
    where no entry tells raw labels. `entries` are answers in time order."""
    raw: np.ndarray | None = None
    said = np.zeros(rows, bool)
    for entry in entries:
        of_file = raw_of(entry)
        if of_file is not None:
            raw = of_file
        said[entry.rows] = of_file is None
    return None if raw is None else Brought(raw, ~said)
