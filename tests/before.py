"""Projects as version 0.1.0 left them: flat names, one scores.npz."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np


def as_before(path: Path) -> None:
    """Rename and rewrite what has another place now, in a closed project."""
    for folder in (*path.glob("units/*/rows"), *path.glob("cache/predictions/*")):
        nested = folder / "scans"
        for file in sorted(nested.rglob("*.npz")):
            file.rename(folder / str(file.relative_to(nested)).replace("/", "__"))
        shutil.rmtree(nested)
    prepared = path / "units" / "prepared"
    for folder in path.glob("rounds/*/scores"):
        columns = {file.stem: np.load(file) for file in folder.glob("*.npy")}
        fingerprint = np.array(prepared.read_text().strip())
        np.savez(folder.parent / "scores.npz", **columns, fingerprint=fingerprint)
        shutil.rmtree(folder)
