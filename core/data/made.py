"""Where the files made from scans lie: one for each scan, nested as the scans are."""

from __future__ import annotations

import re
from pathlib import Path

from core.base.paths import check_name, inside
from core.data.scans import Dataset, flat_name

_NESTED = "scans"  # a folder of its own: no name in it was written by version 0.1.0


def file_of(folder: Path, scan: str) -> Path:
    """Where what is made from a scan is written. Raises DataError for a name that leads out of
    `folder` or to another scan's file."""
    name = f"{scan}.npz"
    check_name(name)
    parts = name.split("/")
    # A folder a.npz would stand where the file of a scan "a" does.
    folders = [re.sub(r"(\.npz_*)$", r"\1_", part) for part in parts[:-1]]
    return inside(folder, "/".join((_NESTED, *folders, parts[-1])))


def kept_file(folder: Path, scan: str, dataset: Dataset) -> Path:
    """Where what was made from a scan of a dataset is read: `file_of`, or, where only version
    0.1.0 made it, that version's "a__b.npz" for a/b, unless it kept another scan there too."""
    written = file_of(folder, scan)
    if not written.exists():
        flat = flat_name(scan)
        before = folder / f"{flat}.npz"
        if flat not in dataset.shared_names and before.exists():
            return before
    return written
