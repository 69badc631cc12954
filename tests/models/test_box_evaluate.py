"""Judge detectors of a project by frames that they did not learn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import Cancelled
from core.base.jobs import Job
from core.boxes.geometry import points_in_boxes
from core.boxes.kinds import kinds
from core.project.box_training import freeze, models_folder
from core.project.change_classes import merge
from core.project.cpsp import cpsp_of
from core.quality.box_metrics import Judged, box_metrics
from models import box_evaluate, box_steps
from models.boxes.setup import scenes_of
from tests.kitti_made import NAMES
from tests.models.box_world import finish, opened
from tests.models.training.stops import Stops

pytestmark = pytest.mark.usefixtures("small_detector")


def test_a_fifth_of_the_frames_is_held_out_and_judged(tmp_path: Path, root: Path, monkeypatch):
    monkeypatch.setattr("core.project.box_training._LEAST", 2)
    with opened(tmp_path / "p", root) as project:
        for scan in project.dataset.train:
            finish(project, scan)
        lines = box_steps.train_boxes(project, Job())
        folder = models_folder(project)
        training = freeze(project, folder)
        assert len(training.held_out) == 2
        assert not set(training.held_out) & set(training.frames)
        metrics = json.loads((folder / "normal-metrics.json").read_text())
        assert metrics["held_out"] == list(training.held_out)
        assert metrics["frames"] == 2
        assert metrics["classes"]["car"]["objects"] == 2
        assert metrics["classes"]["car"]["kitti"]["counted"] == [2, 2, 2]
        assert lines[0] == "normal, on 2 frames:"
        assert any("KITTI 3D R40: easy" in line and "of 2.5% at most" in line for line in lines)
        assert box_steps.evaluate_boxes(project, Job()) == lines
        assert box_steps.score_boxes(project, Job()).startswith("Every frame is finished")


def test_of_frames_to_judge_by_only_the_points_in_their_boxes_are_kept(
    tmp_path: Path, root: Path, monkeypatch
):
    """Thousands of frames are held out. The figures are those of all points."""
    monkeypatch.setattr("core.project.box_training._LEAST", 2)
    kept: list[Judged] = []

    def seen(frames, names, about):
        kept[:] = frames
        return box_metrics(frames, names, about)

    monkeypatch.setattr(box_evaluate, "box_metrics", seen)
    with opened(tmp_path / "p", root) as project:
        for scan in project.dataset.train:
            finish(project, scan)
        box_steps.train_boxes(project, Job())
        folder, read = models_folder(project), scenes_of(project).read
        training = freeze(project, folder)
        whole = [
            one._replace(points=read(s)) for one, s in zip(kept, training.held_out, strict=True)
        ]
        metrics = json.loads((folder / "normal-metrics.json").read_text())
        names = project.classes.names
        of_all = box_metrics(whole, names, kinds(names, project.classes.name))
        assert {key: metrics[key] for key in of_all} == json.loads(json.dumps(of_all))
        monkeypatch.setattr("core.project.cpsp.Cpsp", lambda *given, **more: more["held_out"])
        samples = box_steps.labelled_samples(project, training, 0, Job())
        held = cpsp_of(
            project,
            folder,
            training,
            samples,
            scenes_of(project),
            Job(),
            steps=4,
            seed=0,
            network="",
        )
        assert list(held) == list(training.held_out)
        for place, scan in enumerate(training.held_out):
            inside = points_in_boxes(read(scan), kept[place].labels.box) >= 0
            assert 0 < inside.sum() < len(inside)
            np.testing.assert_array_equal(kept[place].points, read(scan)[inside, :3])
            np.testing.assert_array_equal(held[scan].points, kept[place].points)


@pytest.mark.parametrize("held_out", [True, False])
def test_frames_that_people_finished_judge_with_the_regions_of_their_picture(
    tmp_path: Path, root: Path, monkeypatch, held_out: bool
):
    """What a detector finds in DontCare is not wrong in KITTI's figures of the picture."""
    monkeypatch.setattr("core.project.box_training._LEAST", 2)
    judged: list[Judged] = []

    def seen(frames, names, about):
        judged[:] = frames
        return box_metrics(frames, names, about)

    monkeypatch.setattr(box_evaluate, "box_metrics", seen)
    train, val = ("training", ()) if held_out else ("training:000000-000002", ["training:000003"])
    regions = np.array([[100.0, 100, 400, 300]])
    with opened(tmp_path / "p", root, train=train, val=val) as project:
        for scan in project.dataset.scans:
            finish(project, scan)
            project.boxes.finish(project.scan_ref(scan), round="", regions=regions)
        box_steps.train_boxes(project, Job())
        assert len(judged) == (2 if held_out else 1)
        for one in judged:
            assert one.picture.labels.regions.tolist() == regions.tolist()


def test_validation_scans_judge_by_their_own_boxes(tmp_path: Path, root: Path, monkeypatch):
    train, val = "training:000000-000002", ["training:000003-000007"]
    with opened(tmp_path / "p", root, train=train, val=val) as project:
        for scan in project.dataset.train:
            finish(project, scan)
        box_steps.train_boxes(project, Job())
        folder = models_folder(project)
        assert freeze(project, folder).held_out == ()
        metrics = json.loads((folder / "normal-metrics.json").read_text())
        assert metrics["held_out"] == list(project.dataset.validation)
        assert metrics["classes"]["pedestrian"]["objects"] == 5
        merge(project, NAMES.index("pedestrian"), NAMES.index("cyclist"))
        box_steps.evaluate_boxes(project, Job())
        metrics = json.loads((folder / "normal-metrics.json").read_text())
        assert metrics["classes"]["cyclist"]["objects"] == 5
        assert "pedestrian" not in metrics["classes"]
        monkeypatch.setattr(box_evaluate, "_judged", None)
        with pytest.raises(Cancelled):  # while their boxes are read, which may be thousands
            box_steps.evaluate_boxes(project, Stops(3))
