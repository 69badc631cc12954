"""One made street, seen from a scanner that drives through it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.streets import CAR, small_scan, write_scan


def write_drive(root: Path, *, scans: int = 3, moved: bool = False) -> None:
    """One street seen from a scanner that drives 1 m a scan and turns by 0.1: poses, Tr identity.

    `moved`: each car is 3 m further in the next scan.
    """
    points, raw = small_scan(0)
    lines = []
    for k in range(scans):
        c, s = np.cos(0.1 * k), np.sin(0.1 * k)
        pose = np.array([[c, -s, 0, k], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], float)
        lines.append(" ".join(f"{value:.9f}" for value in pose[:3].ravel()))
        here = points.copy()
        if moved:
            here[raw == CAR, 0] += 3 * k
        inverse = np.linalg.inv(pose)
        here[:, :3] = here[:, :3] @ inverse[:3, :3].T + inverse[:3, 3]
        write_scan(root, f"sequences/00/velodyne/{k:06d}", here, raw)
    folder = root / "sequences/00"
    (folder / "poses.txt").write_text("\n".join(lines) + "\n")
    (folder / "calib.txt").write_text("Tr: 1 0 0 0 0 1 0 0 0 0 1 0\n")
