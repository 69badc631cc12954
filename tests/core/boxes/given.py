"""Golden numbers: synthetic boxes with what public evaluators (KITTI's C++ one, OpenPCDet's with
exact areas) and shapely say of them, and small cases by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def in_metres(rows) -> np.ndarray:
    """(n, 7) of rows in millimetres and 1e-4 rad."""
    return np.array(rows, float).reshape(-1, 7) / ([1000] * 6 + [10000])
