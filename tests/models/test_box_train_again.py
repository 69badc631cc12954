"""Detectors that were begun, or learnt, and cannot go on as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from core.base.errors import Cancelled, DataError, ProjectError
from core.base.jobs import Job
from core.frame_steps import annotate_frames, ask_frames
from core.project.box_training import models_folder, read_training
from core.project.cpsp import bank_told
from core.project.project import Project
from core.rounds.box_models import CPSP, NORMAL, best_of, metrics_file, weights_file
from core.rounds.round import TRAINING, Round
from models import box_score, box_steps
from tests.kitti_made import CAR, kitti_at
from tests.models.box_world import FRAMES, Told, finish, opened
from tests.models.training.stops import Stops, StopsIn

pytestmark = pytest.mark.usefixtures("small_detector")
TWO = {"ssal.cpsp": "true", "ssal.refreshes": "2", "detect.steps": "2"}


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def own_root(tmp_path: Path) -> Path:
    """Frames of its own, of which files may be taken away."""
    return kitti_at(tmp_path / "kitti", FRAMES)


def lose(root: Path, scan: str) -> None:
    """Take away what places the boxes of a scan in its points."""
    path = root / "training/calib" / f"{Path(scan).stem}.txt"
    path.unlink()


def decline(project: Project, scan: str) -> None:
    project.boxes.reopen(project.scan_ref(scan))
    project.boxes.decline(project.scan_ref(scan), round="")


def killed(*_, **__):
    raise Killed


def killed_between(project: Project, monkeypatch: pytest.MonkeyPatch, *, frames: int) -> Round:
    """A round of which the first of two detectors is trained, and the second not begun."""
    found = ask_frames(project, Job(), strategy="random", frames=frames)
    annotate_frames(project, Job(), oracle="boxes")

    with monkeypatch.context() as now:
        now.setattr(box_steps, "train_cpsp", killed)
        with pytest.raises(Killed):
            box_steps.train_boxes(project, Job())
    return found


def newer(path: Path) -> None:
    """A checkpoint as a later LidarLoop may write it."""
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["lidarloop"])
    save_file(load_file(path), path, {"lidarloop": json.dumps({**about, "version": 99})})


def test_a_training_whose_frame_is_lost_and_declined_begins_anew(tmp_path, own_root):
    """It refused for ever: the set of frames was frozen with it."""
    with opened(tmp_path / "p", own_root, **{"detect.steps": "8"}) as project:
        first, *others = project.dataset.train[:4]
        for scan in (first, others[0]):
            finish(project, scan)
        with pytest.raises(Cancelled):
            box_steps.train_boxes(project, Stops(8))
        folder = models_folder(project)
        before = read_training(folder / TRAINING)
        lose(own_root, first)
        with pytest.raises(DataError):
            box_steps.train_boxes(project, Job())
        assert read_training(folder / TRAINING) == before  # the file may come back
        decline(project, first)
        for scan in others[1:]:
            finish(project, scan)
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("The detectors begin anew without 1 declined frame that cannot be read")
        assert read_training(folder / TRAINING).frames == tuple(others)


def test_a_training_that_goes_on_says_what_it_does_not_learn(tmp_path, own_root):
    with opened(tmp_path / "p", own_root, **{"detect.steps": "8"}) as project:
        first, second, *_ = project.dataset.train
        finish(project, first)
        with pytest.raises(Cancelled):
            box_steps.train_boxes(project, Stops(8))
        finish(project, second)
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("were chosen when it began: 1 frame finished or changed since")
        assert read_training(models_folder(project) / TRAINING).frames == (first,)


@pytest.mark.parametrize("how", ["refused", "killed", "cancelled"])
def test_a_training_that_took_no_step_learns_what_is_finished_since(
    tmp_path, own_root, monkeypatch, how: str
):
    with opened(tmp_path / "p", own_root, **{"detect.steps": "8"}) as project:
        first, second, *_ = project.dataset.train
        finish(project, first)
        if how == "refused":
            with pytest.raises(ProjectError):
                box_steps.train_boxes(project, Job(), start=tmp_path / "nope.safetensors")
        elif how == "cancelled":
            with pytest.raises(Cancelled):
                box_steps.train_boxes(project, StopsIn("train"))
        else:
            with monkeypatch.context() as now:
                now.setattr(box_steps, "fit", killed)
                with pytest.raises(Killed):
                    box_steps.train_boxes(project, Job())
        finish(project, second)
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("Learnt from 2 frames")
        assert read_training(models_folder(project) / TRAINING).frames == (first, second)


def test_a_detector_that_was_deleted_learns_what_the_other_one_did(tmp_path, own_root):
    with opened(tmp_path / "p", own_root, **TWO) as project:
        first, second, third, *_ = project.dataset.train
        for scan in (first, second):
            finish(project, scan)
        box_steps.train_boxes(project, Job())
        folder = models_folder(project)
        out = weights_file(folder, "normal")
        before = out.read_bytes()
        out.unlink()
        finish(project, third)
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("1 frame finished or changed since come with the next one")
        assert read_training(folder / TRAINING).frames == (first, second)
        assert out.read_bytes() == before


def test_of_two_lost_frames_the_one_that_is_not_declined_yet_is_named(tmp_path, own_root):
    with opened(tmp_path / "p", own_root, **{"detect.steps": "8"}) as project:
        one, two, *others = project.dataset.train[:4]
        for scan in (one, two, *others):
            finish(project, scan)
        with pytest.raises(Cancelled):
            box_steps.train_boxes(project, Stops(8))
        for scan in (one, two):
            lose(own_root, scan)
        decline(project, one)
        with pytest.raises(DataError, match=Path(two).stem):
            box_steps.train_boxes(project, Job())
        decline(project, two)
        box_steps.train_boxes(project, Job())
        assert read_training(models_folder(project) / TRAINING).frames == tuple(others)


def test_a_frame_that_is_lost_between_two_detectors_stops_none_for_ever(
    tmp_path, own_root, monkeypatch
):
    with opened(tmp_path / "p", own_root, **TWO) as project:
        found = killed_between(project, monkeypatch, frames=2)
        first, second = found.query.items
        lose(own_root, first)
        decline(project, first)
        box_steps.train_boxes(project, Job())
        assert read_training(found.file(TRAINING)).frames == (second,)
        assert weights_file(found.folder, CPSP).exists()
        assert ask_frames(project, Job(), frames=2).query.strategy == "cal"


@pytest.mark.parametrize("declined", [False, True])
def test_while_all_files_are_away_nothing_is_deleted(tmp_path, own_root, monkeypatch, declined):
    """They come back together, also where one of the frames was opened again or declined."""
    with opened(tmp_path / "p", own_root, **TWO) as project:
        found = killed_between(project, monkeypatch, frames=3)
        first = found.query.items[0]
        (decline if declined else lambda p, s: p.boxes.reopen(p.scan_ref(s)))(project, first)
        calib, before = own_root / "training/calib", weights_file(found.folder, NORMAL).read_bytes()
        calib.rename(own_root / "away")
        with pytest.raises(DataError):
            box_steps.train_boxes(project, Job())
        (own_root / "away").rename(calib)
        box_steps.train_boxes(project, Job())
        assert weights_file(found.folder, NORMAL).read_bytes() == before
        assert set(read_training(found.file(TRAINING)).frames) == set(found.query.items)


def test_a_lost_frame_that_was_held_out_stops_no_normal_detector(tmp_path, own_root, monkeypatch):
    """It learns none of those: an interrupted training ends at the same bits."""
    monkeypatch.setattr("core.project.box_training._LEAST", 2)
    bits = []
    for lost in (False, True):
        with opened(tmp_path / f"{lost}", own_root, **{"detect.steps": "8"}) as project:
            for scan in project.dataset.train:
                finish(project, scan)
            with pytest.raises(Cancelled):
                box_steps.train_boxes(project, StopsIn("train", 3))
            folder = models_folder(project)
            (held_out, *_) = read_training(folder / TRAINING).held_out
            if lost:
                decline(project, held_out)
                lose(own_root, held_out)
            box_steps.train_boxes(project, Job())
            bits.append(weights_file(folder, NORMAL).read_bytes())
    assert bits[0] == bits[1]


def test_a_lost_frame_that_judges_the_bank_makes_the_normal_detector_begin_anew_at_once(
    tmp_path, own_root, monkeypatch
):
    """Its steps would be done to their end, and then thrown away."""
    monkeypatch.setattr("core.project.box_training._LEAST", 2)
    with opened(tmp_path / "p", own_root, **{**TWO, "detect.steps": "8"}) as project:
        for scan in project.dataset.train:
            finish(project, scan)
        with pytest.raises(Cancelled):
            box_steps.train_boxes(project, Stops(8))
        folder = models_folder(project)
        held_out = read_training(folder / TRAINING).held_out[0]
        lose(own_root, held_out)
        decline(project, held_out)
        box_steps.train_boxes(project, Job())
        training = read_training(folder / TRAINING)
        assert held_out not in (*training.frames, *training.held_out)
        assert weights_file(folder, CPSP).exists()


def test_a_frame_that_nobody_asked_for_and_cannot_be_read_stops_nothing(tmp_path, own_root):
    with opened(tmp_path / "p", own_root, **{"detect.steps": "2"}) as project:
        first, *_, lost = project.dataset.train
        finish(project, first)
        path = project.dataset.path(lost)
        path.write_bytes(path.read_bytes()[:-5])
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("1 frame left out that cannot be read")
        asked = ask_frames(project, Job(), frames=20).query
        assert (asked.strategy, asked.items[-1]) == ("cal", lost)
        assert "no box is known here" in asked.reason[-1]


def test_a_declined_frame_whose_file_is_another_now_stops_no_training(tmp_path, own_root):
    with opened(tmp_path / "p", own_root, **{"detect.steps": "8"}) as project:
        first, *others = project.dataset.train[:3]
        for scan in (first, others[0]):
            finish(project, scan)
        with pytest.raises(Cancelled):
            box_steps.train_boxes(project, Stops(8))
        decline(project, first)
        path = project.dataset.path(first)
        path.write_bytes(path.read_bytes()[16:])
    with Project(tmp_path / "p") as project:
        finish(project, others[1])
        box_steps.train_boxes(project, Job())
        assert read_training(models_folder(project) / TRAINING).frames == tuple(others)


@pytest.mark.parametrize("harm", [newer, lambda path: path.write_bytes(b"half of it")])
def test_a_detector_that_cannot_be_read_here_is_not_deleted(tmp_path, root, harm):
    with opened(tmp_path / "p", root, **{"detect.steps": "2"}) as project:
        finish(project, project.dataset.train[0])
        box_steps.train_boxes(project, Job())
        folder = models_folder(project)
        harm(weights_file(folder, NORMAL))
        kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        with pytest.raises(ProjectError, match=r"newer LidarLoop|damaged"):
            box_steps.train_boxes(project, Job())
        assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == kept


@pytest.mark.parametrize("model", [NORMAL, CPSP])
def test_a_detector_that_was_deleted_is_trained_again_to_the_same_bits(tmp_path, root, model):
    """As it is told where one is damaged."""
    with opened(tmp_path / "p", root, **TWO) as project:
        found = ask_frames(project, Job(), strategy="random", frames=2)
        annotate_frames(project, Job(), oracle="boxes")
        box_steps.train_boxes(project, Job())
        path = weights_file(found.folder, model)
        before = path.read_bytes()
        path.unlink()
        box_steps.train_boxes(project, Job())
        assert path.read_bytes() == before
        with pytest.raises(ProjectError, match="is trained"):
            box_steps.train_boxes(project, Job())


def test_killed_while_a_round_made_way_it_is_learnt_anew(tmp_path, root):
    """The settings may be put back before the next call."""
    with opened(tmp_path / "p", root, **{"detect.steps": "2"}) as project:
        found = ask_frames(project, Job(), strategy="random", frames=2)
        annotate_frames(project, Job(), oracle="boxes")
        box_steps.train_boxes(project, Job())
        before = weights_file(found.folder, NORMAL).read_bytes()
        found.file(TRAINING).unlink()
        box_steps.train_boxes(project, Job())
        assert read_training(found.file(TRAINING)).frames
        assert weights_file(found.folder, NORMAL).read_bytes() == before


def test_the_score_of_which_half_are_right_is_of_the_scores_that_are_shown(
    tmp_path, root, monkeypatch
):
    told = []
    kept = box_score.take_found

    def seen(*given, half_right_from, **more):
        told.append(half_right_from)
        return kept(*given, half_right_from=half_right_from, **more)

    monkeypatch.setattr(box_score, "take_found", seen)
    with opened(tmp_path / "p", root, **{"detect.steps": "2"}) as project:
        finish(project, project.dataset.train[0])
        box_steps.train_boxes(project, Job())
        path = metrics_file(models_folder(project), NORMAL)
        stored = {"frames": 1, "mean": {}, "classes": {}, "half_right_from": 0.62}
        of = json.loads(path.read_text())["source"]
        for source, half in ((of, 0.62), (of.replace("heat_iou", "heat"), None)):
            path.write_text(json.dumps({**stored, "source": source}))
            box_score.score_boxes(project, Job())
            assert told[-1] == half


def test_damaged_figures_are_a_sentence_where_one_of_two_is_chosen(tmp_path: Path):
    for wrong in ("0.5", [0.5], {"a": 1}):
        metrics_file(tmp_path, NORMAL).write_text(json.dumps({"mean": {"loose": wrong}}))
        with pytest.raises(ProjectError, match="loose AP is"):
            best_of(tmp_path, [NORMAL, CPSP])


def test_an_empty_bank_is_told(tmp_path, root):
    with opened(tmp_path / "p", root, **TWO) as project:
        finish(project, project.dataset.train[0], labels=(CAR,))
        box_steps.train_boxes(project, Job())
        path = models_folder(project) / "bank.json"
        assert not any("no object is in it" in line for line in bank_told(project, path.parent))
        stored = json.loads(path.read_text())
        for one in stored["refreshes"][-1]["classes"].values():
            one |= {"people": 0, "pseudo": 0}
        path.write_text(json.dumps(stored))
        assert "no object is in it" in bank_told(project, path.parent)[-1]
