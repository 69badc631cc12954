"""Projects whose frames have boxes, for the steps that train a small detector on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.answers.box import boxes_in
from core.answers.boxes import Drawn
from core.base.jobs import Job
from core.exchange.box_files import Truth
from core.project.project import Project
from tests.kitti_made import NAMES

FRAMES = 8


def opened(path: Path, root: Path, *, train: str = "training", val=(), **more: str) -> Project:
    given = {"detect.steps": "4", "train.threads": "1", "ssal.cpsp": "false"}
    return Project.create(
        path,
        format="kitti",
        root=root,
        train=[train],
        validation=val,
        preset="laptop",
        research=True,
        overrides={**given, **more},
    )


def finish(project: Project, scan: str, labels: tuple[int, ...] | None = None) -> None:
    """Draw a frame's true boxes, of some classes only, and say that it is finished."""
    own = Truth(project.dataset, NAMES).of(scan)
    assert own is not None
    kept = own if labels is None else own.take(np.isin(own.label, labels))
    ref, boxes = project.scan_ref(scan), boxes_in(kept)
    names = project.boxes.new_names(scan, len(boxes))
    drawn = [Drawn(ref, name, box) for name, box in zip(names, boxes, strict=True)]
    project.boxes.draw(drawn, round="")
    project.boxes.finish(ref, round="")


def take_one_away(project: Project, scan: str) -> None:
    name = next(iter(project.boxes_of(scan)))
    project.boxes.draw([Drawn(project.scan_ref(scan), name, None)], round="")


class Told(Job):
    """A job that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        super().__init__(lambda report: self.said.append(report.said) if report.said else None)

    def tells(self, words: str) -> bool:
        return any(words in sentence for sentence in self.said)
