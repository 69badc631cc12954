"""Exports of a few label files, as kinds of boxes are written."""

from __future__ import annotations

from pathlib import Path

from core.exchange.outbox import Outbox
from core.project.project import Project

NAMES = [f"label_2/{k}.txt" for k in range(4)]


def write_labels(
    project: Project, out: Path, names: list[str], content: bytes, *, force: bool = False
) -> None:
    with Outbox(out, project, force=force, kind="kitti") as box:
        box.check(names)
        box.write_all(lambda: [(name, content) for name in names])
