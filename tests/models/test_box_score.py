"""Predict the frames of a project by its detectors, and show what they found."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.answers.box import boxes_in
from core.answers.boxes import Drawn
from core.base.errors import DataError, ProjectError
from core.base.jobs import Job
from core.boxes.geometry import moved, rotated_iou
from core.boxes.predictions import read_predictions
from core.data.calibration import calibration_in
from core.exchange.box_files import Truth
from core.exchange.boxes_found import FoundBoxes
from core.frame_steps import annotate_frames, ask_frames
from core.project.box_training import freeze, models_folder, validation_of
from core.project.change_classes import merge, undo_merge
from core.project.frame_pool import predicted
from core.project.project import Project
from models import box_steps
from models.boxes.score import Frames
from tests.kitti_made import NAMES, kitti_at
from tests.models.box_world import FRAMES, Told, finish, opened
from tests.models.boxes.made import SMALL

pytestmark = pytest.mark.usefixtures("small_detector")


def test_boxes_that_are_drawn_already_are_not_suggested(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        for scan in project.dataset.train[:3]:
            finish(project, scan)
        box_steps.train_boxes(project, Job())
        scan = project.dataset.train[3]
        found = FoundBoxes(project).of(scan)
        assert found  # so few steps find anything somewhere
        ref = project.scan_ref(scan)
        (name,) = project.boxes.new_names(scan, 1)
        project.boxes.draw([Drawn(ref, name, found[0].box.edited())], round="")
        box_steps.score_boxes(project, Job())
        drawn = project.box_table(scan).box
        left = np.array([one.box.box for one in FoundBoxes(project).of(scan)]).reshape(-1, 7)
        assert not (rotated_iou(left, drawn)[0] > 0.1).any()
        assert len(left) < len(found)


def test_a_frame_that_is_away_stops_no_score_though_boxes_are_drawn_in_it(tmp_path: Path):
    root = kitti_at(tmp_path / "root", FRAMES)
    with opened(tmp_path / "p", root) as project:
        for scan in project.dataset.train[:3]:
            finish(project, scan)
        box_steps.train_boxes(project, Job())
        away, *others = box_steps.unsettled(project)
        found = FoundBoxes(project).of(away)
        (name,) = project.boxes.new_names(away, 1)
        drawn = Drawn(project.scan_ref(away), name, found[0].box.edited())
        project.boxes.draw([drawn], round="")
        file = models_folder(project) / "normal-boxes.npz"
        before = file.read_bytes()
        project.dataset.path(away).unlink()
        job = Told()
        box_steps.score_boxes(project, job)
        assert job.tells("1 frame cannot be read, and what was found there before stays")
        assert file.read_bytes() == before
        assert any(FoundBoxes(project).of(scan) for scan in others)


TILTED = "0.99862953 0 0.05233596 0 1 0 -0.05233596 0 0.99862953"  # by 3 degrees


@pytest.mark.parametrize("axes", ["x,-y,-z", TILTED])
def test_what_is_found_with_a_rig_that_hangs_or_leans_is_shown(tmp_path, root, axes: str):
    """Boxes stay in the axes in which the detector saw them."""
    train, val = "training:000000-000003", ["training:000004-000005"]
    with opened(tmp_path / "p", root, train=train, val=val, **{"rig.axes": axes}) as project:
        now = project.dataset.from_files
        for scan in project.dataset.train[:2]:
            own = Truth(project.dataset, NAMES).of(scan)
            boxes = boxes_in(replace(own, box=moved(own.box, now)))
            ref, names = project.scan_ref(scan), project.boxes.new_names(scan, len(boxes))
            drawn = [
                Drawn(ref, name, replace(box, from_files=now))
                for name, box in zip(names, boxes, strict=True)
            ]
            project.boxes.draw(drawn, round="")
            project.boxes.finish(ref, round="")
        box_steps.train_boxes(project, Job())
        file = models_folder(project) / "normal-boxes.npz"
        predicted = read_predictions(file, classes=len(NAMES)).frames
        shown, count = FoundBoxes(project), 0
        for scan, frame in predicted.items():
            assert [one.box.box.tolist() for one in shown.of(scan)] == frame.box.tolist()
            count += len(frame)
        assert count == len(shown) > 0
        # The dataset's own boxes stand upright in an axis that hangs, and judge nothing else.
        judged = [] if axes == TILTED else list(project.dataset.validation)
        assert validation_of(project) == judged


def test_the_datasets_boxes_that_would_lean_answer_no_frame(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root, **{"rig.axes": TILTED}) as project:
        ask_frames(project, Job(), frames=1)
        with pytest.raises(DataError, match="cannot be placed: their z is not the one of"):
            annotate_frames(project, Job(), oracle="boxes")


@pytest.mark.parametrize("what", ["intensities", "picture"])
def test_frames_that_look_otherwise_now_are_predicted_and_learnt_anew(
    tmp_path: Path, root: Path, what: str
):
    """The files of the scans are the same."""
    made = tmp_path / "kitti"
    shutil.copytree(root, made)
    with opened(tmp_path / "p", made) as project:
        finish(project, project.dataset.train[0])
        box_steps.train_boxes(project, Job())
        file = models_folder(project) / "normal-boxes.npz"
        training = freeze(project, models_folder(project))
        learnt = box_steps.labelled_samples(project, training, 0, Job()).key
        before = file.read_bytes()
        box_steps.score_boxes(project, Job())
        assert file.read_bytes() == before
    if what == "intensities":
        settings = tmp_path / "p/project.toml"
        kept = settings.read_text()
        settings.write_text(re.sub(r"(intensity_scale = \{value = )[\d.]+", r"\g<1>0.25", kept))
        assert settings.read_text() != kept
    else:
        for calib in made.glob("training/calib/*.txt"):
            calib.write_text(re.sub(r"P2: \S+ ", "P2: 1500.0 ", calib.read_text()))
    calibration_in.cache_clear()  # as another process would read it
    with Project(tmp_path / "p") as project:
        assert box_steps.labelled_samples(project, training, 0, Job()).key != learnt
        box_steps.score_boxes(project, Job())
        now = file.read_bytes()
        assert now != before
        file.unlink()
        box_steps.score_boxes(project, Job())
        assert file.read_bytes() == now


def test_what_was_found_follows_a_merge_and_its_undo(tmp_path: Path, root: Path, monkeypatch):
    """The files hold each class by itself, and no frame is looked at again."""
    car, cyclist = NAMES.index("car"), NAMES.index("cyclist")

    def shown(project: Project) -> set[int]:
        found = FoundBoxes(project)
        return {one.box.label for scan in project.dataset.train for one in found.of(scan)}

    with opened(tmp_path / "p", root) as project:
        finish(project, project.dataset.train[0])
        box_steps.train_boxes(project, Job())
        files = [models_folder(project) / "normal-boxes.npz", project.path / "found/boxes.npz"]
        before, labels = [file.read_bytes() for file in files], shown(project)
        assert car in labels
        merge(project, car, cyclist)
        with monkeypatch.context() as patched:
            patched.setattr(Frames, "look", None)
            box_steps.score_boxes(project, Job())
        assert [file.read_bytes() for file in files] == before
        assert shown(project) == labels - {car} | {cyclist}
        for file in files:
            file.unlink()
        box_steps.score_boxes(project, Job())
        assert [file.read_bytes() for file in files] == before
        undo_merge(project)
        assert shown(project) == labels
        normal, _ = predicted(project)
        assert normal is not None
        assert car in np.concatenate([seen.label for seen in normal.frames.values()])


def test_nothing_found_anywhere_is_no_fault(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root, **{"detect.score": "heat"}) as project:  # of 0.02 at first
        finish(project, project.dataset.train[0])
        box_steps.train_boxes(project, Job())
        file = models_folder(project) / "normal-boxes.npz"
        found = read_predictions(file, classes=len(NAMES))
        assert {len(frame) for frame in found.frames.values()} == {0}
        assert len(found.frames) == FRAMES - 1
        assert found.feature_size == SMALL.shared
        assert len(FoundBoxes(project)) == 0
        assert "none in 7" in box_steps.score_boxes(project, Job())


def test_a_detector_of_other_settings_is_refused_and_a_damaged_one_told_of(
    tmp_path: Path, root: Path
):
    with opened(tmp_path / "p", root) as project:
        finish(project, project.dataset.train[0])
        box_steps.train_boxes(project, Job())
    file = tmp_path / "p/project.toml"
    kept = file.read_text()
    file.write_text(kept.replace('range = {value = "auto"', 'range = {value = "ring"'))
    assert file.read_text() != kept
    with Project(tmp_path / "p") as project:
        with pytest.raises(ProjectError, match="another range: camera, x 0 to 16"):
            box_steps.score_boxes(project, Job())
    file.write_text(kept)
    weights = tmp_path / "p/frame-rounds/000-start/normal.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with Project(tmp_path / "p") as project:
        with pytest.raises(ProjectError, match="damaged or no checkpoint"):
            box_steps.score_boxes(project, Job())
