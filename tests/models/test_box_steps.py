"""Train boxes of a project: what is learnt, kept, refused and said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.answers.box import boxes_in
from core.answers.boxes import BoxAnswers, Drawn
from core.base.errors import Cancelled, DataError, LockedError, ProjectError
from core.base.jobs import Job
from core.boxes.predictions import read_predictions
from core.boxes.ssal.cpsp import Cpsp
from core.exchange.box_files import Truth
from core.exchange.boxes_found import FoundBoxes
from core.frame_steps import annotate_frames, ask_frames
from core.project.box_training import freeze, models_folder
from core.project.cpsp import cpsp_of
from core.project.project import Project
from core.rounds.box_models import NORMAL, weights_file
from models import box_steps
from models.boxes.checkpoint import read
from models.boxes.fit import state_of
from models.boxes.setup import scenes_of
from tests.kitti_made import NAMES, kitti_at
from tests.models.box_world import Told, finish, opened, take_one_away
from tests.models.training.stops import Stops

pytestmark = pytest.mark.usefixtures("small_detector")


def test_a_round_of_boxes_is_trained_scored_and_shown(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        found = ask_frames(project, Job(), frames=3)
        annotate_frames(project, Job(), oracle="boxes")
        job = Told()
        lines = box_steps.train_boxes(project, job)
        assert job.tells("Learnt from 3 frames: 3 car, 3 pedestrian.")
        assert job.tells("No box of van, truck, person-sitting, cyclist, tram is among them")
        assert job.tells("No frame is held out")
        assert "No frame was held out" in lines[0]
        made = {path.name for path in found.folder.iterdir()}
        assert made >= {
            "training.json",
            "normal.safetensors",
            "normal-boxes.npz",
            "normal-metrics.json",
            "normal-log.json",
        }
        assert not state_of(found.folder / "normal.safetensors").exists()
        open_frames = [scan for scan in project.dataset.train if scan not in found.query.items]
        predicted = read_predictions(found.folder / "normal-boxes.npz", classes=len(NAMES))
        assert list(predicted.frames) == open_frames
        shown = FoundBoxes(project)
        for scan, frame in predicted.frames.items():
            assert len(shown.of(scan)) == len(frame)
            for one, box, score in zip(shown.of(scan), frame.box, frame.score, strict=True):
                np.testing.assert_allclose(one.box.box, box, atol=1e-12)
                assert (one.score, one.box.sure) == (score, False)
        # Again, nothing changes: neither names nor bytes.
        before = (project.path / "found/boxes.npz").read_bytes()
        box_steps.score_boxes(project, job)
        assert (project.path / "found/boxes.npz").read_bytes() == before
        assert not job.tells("found before made way")
        with pytest.raises(ProjectError, match=f"The detector of {found.id} is trained") as caught:
            box_steps.train_boxes(project, Job())
        assert "query --task boxes" in caught.value.do


def test_an_interrupted_training_goes_on_with_the_frames_it_began_with(tmp_path: Path, root: Path):
    """Also where frames were redrawn and finished meanwhile."""
    files = []
    for stop in (None, 4):
        with opened(tmp_path / str(stop), root) as project:
            scans = project.dataset.train
            for scan in scans[:3]:
                finish(project, scan)
            if stop is not None:
                with pytest.raises(Cancelled):
                    box_steps.train_boxes(project, Stops(stop + 4))
                finish(project, scans[3])
                take_one_away(project, scans[0])
                project.boxes.reopen(project.scan_ref(scans[1]))
            box_steps.train_boxes(project, Job())
            files.append((models_folder(project) / "normal.safetensors").read_bytes())
    assert files[0] == files[1]


def test_finished_frames_are_counted_once_and_not_for_each_scan(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
):
    reads, finished = [], BoxAnswers.finished.fget
    with opened(tmp_path / "p", root) as project:
        finish(project, project.dataset.train[0])
        training = freeze(project, tmp_path / "models")
        finish(project, project.dataset.train[1])
        counted = property(lambda boxes: reads.append(1) or finished(boxes))
        monkeypatch.setattr(BoxAnswers, "finished", counted)
        assert box_steps._since(project, training) == 1
    assert len(reads) == 1


def test_without_rounds_what_was_finished_since_is_learnt_anew(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        scans = project.dataset.train
        finish(project, scans[0])
        box_steps.train_boxes(project, Job())
        folder = models_folder(project)
        assert folder.name == "000-start"
        first = (folder / "normal.safetensors").read_bytes()
        with pytest.raises(ProjectError, match="has learnt all finished frames"):
            box_steps.train_boxes(project, Job())
        finish(project, scans[1])
        box_steps.train_boxes(project, Job())
        assert (folder / "normal.safetensors").read_bytes() != first
        assert freeze(project, folder).frames == tuple(scans[:2])
        # Asked frames have a folder of their own.
        ask_frames(project, Job(), strategy="random", frames=1)
        annotate_frames(project, Job(), oracle="boxes")
        box_steps.train_boxes(project, Job())
        assert models_folder(project).name == "001-random"
        finish(project, next(s for s in scans if s not in project.boxes.finished))
        with pytest.raises(ProjectError, match="1 frame finished or changed since"):
            box_steps.train_boxes(project, Job())


def test_where_every_frame_is_settled_what_was_redrawn_since_is_learnt_anew(
    tmp_path: Path, root: Path
):
    """No frame is left to predict then, so there never are predictions."""
    with opened(tmp_path / "p", root, train="training:000000-000002") as project:
        scans = project.dataset.train
        for scan in scans[:2]:
            finish(project, scan)
        project.boxes.decline(project.scan_ref(scans[2]), round="")
        box_steps.train_boxes(project, Job())
        weights = models_folder(project) / "normal.safetensors"
        first = weights.read_bytes()
        with pytest.raises(ProjectError, match="has learnt all finished frames"):
            box_steps.train_boxes(project, Job())
        assert weights.read_bytes() == first
        take_one_away(project, scans[0])
        box_steps.train_boxes(project, Job())
        assert weights.read_bytes() != first
        with pytest.raises(ProjectError, match="has learnt all finished frames"):
            box_steps.train_boxes(project, Job())
    with opened(tmp_path / "q", root, train="training:000000-000001") as project:
        ask_frames(project, Job(), strategy="random", frames=2)
        annotate_frames(project, Job(), oracle="boxes")
        box_steps.train_boxes(project, Job())
        take_one_away(project, project.dataset.train[0])
        with pytest.raises(ProjectError, match="1 frame finished or changed since") as caught:
            box_steps.train_boxes(project, Job())
        assert "lidarloop deliver" in caught.value.do  # a query would find no frame


def test_pseudo_scenes_are_of_accepted_boxes_as_they_stood(tmp_path: Path, root: Path):
    """Of a box of an open frame that is deleted meanwhile too: an interrupted training goes on."""
    with opened(tmp_path / "p", root) as project:
        scans = project.dataset.train
        finish(project, scans[0])
        finish(project, scans[1])
        project.boxes.reopen(project.scan_ref(scans[1]))
        folder = models_folder(project)
        training = freeze(project, folder)

        def scenes() -> Cpsp:
            samples = box_steps.labelled_samples(project, training, 0, Job())
            return cpsp_of(
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

        before = scenes()
        assert {item.frame for item in before._people} == set(scans[:2])
        inside = project.boxes_of(scans[1])
        assert len(before._boxes[scans[1]]) == len(inside) > 0
        for _ in project.boxes_of(scans[1]):
            take_one_away(project, scans[1])
        finish(project, scans[2])
        assert scans[1] not in project.boxes.counts_by_scan()
        assert scenes().key == before.key


@pytest.mark.parametrize("scratch", ["true", "false"])
def test_a_round_goes_on_from_the_last_normal_detector_where_it_shall(
    scratch: str, tmp_path: Path, root: Path
):
    still = {"detect.learning_rate": "1e-8", "detect.from_scratch": scratch}
    with opened(tmp_path / "p", root, **still) as project:
        weights = []
        for _ in range(2):
            found = ask_frames(project, Job(), frames=2, strategy="random")
            annotate_frames(project, Job(), oracle="boxes")
            box_steps.train_boxes(project, Job())
            tensors, _ = read(weights_file(found.folder, NORMAL))
            weights.append(tensors["model.shared.0.weight"].numpy())
    moved = np.abs(weights[1] - weights[0]).max()
    assert moved > 0.01 if scratch == "true" else moved < 1e-6


def test_after_boxes_without_points_what_is_drawn_since_is_learnt(tmp_path: Path, root: Path):
    """The set of frames was frozen with them: every later training refused the same."""
    with opened(tmp_path / "p", root) as project:
        first, second, *_ = project.dataset.train
        ref = project.scan_ref(first)
        far = boxes_in(Truth(project.dataset, NAMES).of(first).take(np.array([0])))[0]
        far = replace(far, box=far.box + np.array([0, 0, 500, 0, 0, 0, 0]))
        (name,) = project.boxes.new_names(first, 1)
        project.boxes.draw([Drawn(ref, name, far)], round="")
        project.boxes.finish(ref, round="")
        with pytest.raises(ProjectError, match="No box of the finished frames holds a point"):
            box_steps.train_boxes(project, Job())
        finish(project, second)
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("Learnt from 2 frames")


def test_boxes_that_no_point_shows_are_told_and_not_learnt(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        scan = project.dataset.train[0]
        far = boxes_in(Truth(project.dataset, NAMES).of(scan).take(np.array([0])))[0]
        (name,) = project.boxes.new_names(scan, 1)
        far = replace(far, box=np.add(far.box, [0, 0, 40, 0, 0, 0, 0]))
        project.boxes.draw([Drawn(project.scan_ref(scan), name, far)], round="")
        finish(project, scan)
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("1 box holds no point that the detector sees (detect.range is auto)")


def test_no_pseudo_scene_is_made_of_a_frame_that_cannot_be_looked_at(tmp_path: Path):
    """It ended the second training, whatever was said of the frame."""
    root = kitti_at(tmp_path / "root", 6)
    more = {"ssal.cpsp": "true", "ssal.refreshes": "2"}
    with opened(tmp_path / "p", root, **more) as project:
        first, *_, last = project.dataset.train
        finish(project, first)
        (root / "training/calib" / f"{Path(last).stem}.txt").unlink()
        project.boxes.decline(project.scan_ref(last), round="")
        job = Told()
        box_steps.train_boxes(project, job)
        assert weights_file(models_folder(project), "cpsp").exists()
    with opened(tmp_path / "q", root, **more) as project:
        finish(project, first)
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("1 frame left out that cannot be read")  # when it was to be scored
        assert weights_file(models_folder(project), "cpsp").exists()
        assert job.tells(f"No pseudo scene is made of {last}: ")


def test_rounds_of_one_number_have_one_seed_however_they_were_asked(tmp_path: Path):
    """Arms of an experiment are paired by their seeds."""
    seen = {box_steps.number_of(tmp_path / name) for name in ("002-cal", "002-random")}
    assert seen == {"002"}
    assert box_steps.number_of(tmp_path / "000-start") == "000"


def test_after_another_range_a_round_is_trained_anew_as_it_is_told(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        found = ask_frames(project, Job(), frames=2)
        annotate_frames(project, Job(), oracle="boxes")
        box_steps.train_boxes(project, Job())
    file = tmp_path / "p/project.toml"
    file.write_text(file.read_text().replace('value = "auto"', 'value = "ring"'))
    with Project(tmp_path / "p") as project:
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("The detector begins anew:")
        assert read(weights_file(found.folder, NORMAL))[1].view == "ring"


def test_a_round_whose_network_is_another_begins_anew_and_says_so(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root, **{"detect.from_scratch": "false"}) as project:
        ask_frames(project, Job(), frames=2, strategy="random")
        annotate_frames(project, Job(), oracle="boxes")
        box_steps.train_boxes(project, Job())
    file = tmp_path / "p/project.toml"
    text = file.read_text()
    assert text.count('value = "auto"') == 1
    file.write_text(text.replace('value = "auto"', 'value = "ring"'))
    with Project(tmp_path / "p") as project:
        found = ask_frames(project, Job(), frames=2, strategy="random")
        annotate_frames(project, Job(), oracle="boxes")
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("The detector begins anew:")
        assert read(weights_file(found.folder, NORMAL))[1].view == "ring"


def test_no_finished_frame_is_said(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        for step in (box_steps.score_boxes, box_steps.evaluate_boxes):
            with pytest.raises(ProjectError, match="No detector of boxes is trained yet"):
                step(project, Job())
        with pytest.raises(ProjectError, match="No frame is finished"):
            box_steps.train_boxes(project, Job())
        project.boxes.finish(project.scan_ref(project.dataset.train[0]), round="")
        with pytest.raises(ProjectError, match="No finished frame has a box"):
            box_steps.train_boxes(project, Job())
        assert not models_folder(project).exists()


def test_a_class_without_objects_is_never_found(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root, **{"detect.steps": "2"}) as project:
        car = NAMES.index("car")
        for scan in project.dataset.train[:2]:
            finish(project, scan, labels=(car,))
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("Learnt from 2 frames: 2 car.")
        assert job.tells("No box of van, truck, pedestrian")
        file = models_folder(project) / "normal-boxes.npz"
        found = read_predictions(file, classes=len(NAMES)).frames.values()
        assert {int(label) for frame in found for label in frame.label} <= {car}


def test_frames_without_calibration_are_said(tmp_path: Path):
    root = kitti_at(tmp_path / "kitti", 2, calibrated=False)
    with opened(tmp_path / "p", root, **{"detect.range": "ring"}) as project:
        scan = project.dataset.train[0]
        finish_by_hand(project, scan)
        box_steps.train_boxes(project, Job())
    with opened(tmp_path / "q", root) as project:
        finish_by_hand(project, project.dataset.train[0])
        with pytest.raises(DataError, match="has no calibration") as caught:
            box_steps.train_boxes(project, Job())
        assert "detect.range to ring" in caught.value.do


def finish_by_hand(project: Project, scan: str) -> None:
    from tests.kitti_made import road

    (box, *_) = boxes_in(road(0)[1])
    ref = project.scan_ref(scan)
    (name,) = project.boxes.new_names(scan, 1)
    project.boxes.draw([Drawn(ref, name, box)], round="")
    project.boxes.finish(ref, round="")


def test_boxes_where_nothing_was_scanned_are_nothing_to_learn(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        scan = project.dataset.train[0]
        (box, *_) = boxes_in(Truth(project.dataset, NAMES).of(scan))
        ref = project.scan_ref(scan)
        (name,) = project.boxes.new_names(scan, 1)
        away = box.edited(box=box.box + np.eye(7)[2] * 50)
        project.boxes.draw([Drawn(ref, name, away)], round="")
        project.boxes.finish(ref, round="")
        with pytest.raises(ProjectError, match="No box of the finished frames holds a point"):
            box_steps.train_boxes(project, Job())


def test_two_trainings_at_once_are_refused(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        finish(project, project.dataset.train[0])
        seen = []

        class Meanwhile(Job):
            def progress(self, done: int, total: int, text: str, **_: object) -> None:
                if text == "train" and not seen:
                    with pytest.raises(LockedError) as caught:
                        Project(tmp_path / "p")
                    seen.append(caught.value)

        box_steps.train_boxes(project, Meanwhile())
        assert "is open in another window" in seen[0].what
