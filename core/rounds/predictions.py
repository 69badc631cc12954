"""Where the predictions of a round lie."""

from __future__ import annotations

from pathlib import Path


def prediction_file(folder: Path, scan: str) -> Path:
    """Where a round's predictions of one scan are kept."""
    return folder / f"{scan.replace('/', '__')}.npz"
