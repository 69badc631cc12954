"""A round of boxes: frames are asked, answered from ground truth, and the next round goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.boxes.geometry import points_per_box
from core.exchange.box_files import Truth
from core.frame_steps import annotate_frames, ask_frames
from core.project.project import Project
from tests.samples import samples


def opened(path: Path, **more) -> Project:
    return Project.create(
        path,
        format="kitti",
        root=samples("kitti_object"),
        train=["training"],
        preset="laptop",
        **{"research": True, **more},
    )


def test_rounds_of_frames_end_with_all_true_boxes_that_hold_points(tmp_path: Path):
    with opened(tmp_path / "p", research=False) as project:
        ask_frames(project, Job(), frames=6)
        with pytest.raises(ProjectError, match="for people"):
            annotate_frames(project, Job(), oracle="boxes")
    with opened(tmp_path / "q") as project:
        first = ask_frames(project, Job(), frames=6)
        assert first.id == "001-random"
        with pytest.raises(ProjectError, match="6 frames that are not finished"):
            ask_frames(project, Job())
        with pytest.raises(SettingsError, match="no oracle per-point"):
            annotate_frames(project, Job(), oracle="per-point")
        annotate_frames(project, Job(), oracle="boxes")
        second = ask_frames(project, Job(), strategy="unlabelled", boxes=60)
        assert (second.id, second.query.parent) == ("002-unlabelled", "001-random")
        assert not set(second.query.items) & set(first.query.items)
        annotate_frames(project, Job(), oracle="boxes")
        assert sum(n for s, n in project.boxes.counts_by_scan().items() if s in second.query.items
                   ) >= 60  # fmt: skip
        for scan in project.boxes.finished:
            own = Truth(project.dataset, project.classes.names).of(scan)
            inside = points_per_box(project.dataset.scan(scan).points[:, :3], own.box)
            wanted = own.take(inside >= 5)
            found = project.box_table(scan)
            np.testing.assert_array_equal(found.box, wanted.box)
            np.testing.assert_array_equal(found.label, wanted.label)
            np.testing.assert_array_equal(found.regions, wanted.regions)
        assert project.rounds == []  # those of points are a tree of their own
    with Project(tmp_path / "q", read_only=True) as again:
        assert [found.id for found in again.frame_rounds] == ["001-random", "002-unlabelled"]
        assert again.open_frames(again.frame_rounds[-1]) == []
        stored = json.loads((again.frame_rounds[0].folder / "query.json").read_text())
        assert stored["budget"] == {"kind": "frames", "amount": 6, "asked": "6 frames"}
        assert {item["partition"] for item in stored["items"]} == {"frame"}


def test_a_frame_that_cannot_be_labelled_is_never_asked_again(tmp_path: Path):
    with opened(tmp_path / "p") as project:
        found = ask_frames(project, Job(), frames=2)
        declined, other = found.query.items
        project.boxes.decline(project.scan_ref(declined), round=found.id)
        assert project.open_frames(found) == [other]
        project.boxes.finish(project.scan_ref(other), round=found.id)
        following = ask_frames(project, Job(), frames=20)
        assert len(following.query.items) == 18
        assert declined not in following.query.items
