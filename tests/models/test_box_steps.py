"""Train, score and evaluate boxes of a project: what they write, keep, refuse and say."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.answers.box import boxes_in
from core.answers.boxes import Drawn
from core.base.errors import Cancelled, DataError, LockedError, ProjectError
from core.base.jobs import Job
from core.boxes.geometry import moved, points_in_boxes, rotated_iou
from core.boxes.kinds import kinds
from core.boxes.predictions import read_predictions
from core.boxes.ssal.cpsp import Cpsp
from core.data.calibration import calibration_in
from core.exchange.box_files import Truth
from core.exchange.boxes_found import FoundBoxes
from core.frame_steps import annotate_frames, ask_frames
from core.project.box_training import freeze, models_folder, validation_of
from core.project.change_classes import merge
from core.project.cpsp import cpsp_of
from core.project.project import Project
from core.quality.box_metrics import Judged, box_metrics
from models import box_steps
from models.boxes import pillar_center
from models.boxes.fit import state_of
from tests.kitti_made import NAMES, kitti_at
from tests.models.boxes.made import SMALL
from tests.models.training.stops import Stops

FRAMES = 8


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kitti_at(tmp_path_factory.mktemp("kitti"), FRAMES)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pillar_center.SIZES, "pillar-s", SMALL)


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


class Told(Job):
    """A job that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        super().__init__(lambda report: self.said.append(report.said) if report.said else None)

    def tells(self, words: str) -> bool:
        return any(words in sentence for sentence in self.said)


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


def take_one_away(project: Project, scan: str) -> None:
    name = next(iter(project.boxes_of(scan)))
    project.boxes.draw([Drawn(project.scan_ref(scan), name, None)], round="")


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

    monkeypatch.setattr(box_steps, "box_metrics", seen)
    with opened(tmp_path / "p", root) as project:
        for scan in project.dataset.train:
            finish(project, scan)
        box_steps.train_boxes(project, Job())
        folder, read = models_folder(project), box_steps.scenes_of(project).read
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
        held = cpsp_of(project, folder, training, samples, read, steps=4, seed=0, network="")
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

    monkeypatch.setattr(box_steps, "box_metrics", seen)
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
        monkeypatch.setattr(box_steps, "_judged", None)
        with pytest.raises(Cancelled):  # while their boxes are read, which may be thousands
            box_steps.evaluate_boxes(project, Stops(3))


def test_pseudo_scenes_are_of_accepted_boxes_as_they_stood(tmp_path: Path, root: Path):
    """Of a box of an open frame that is deleted meanwhile too: an interrupted training goes on."""
    with opened(tmp_path / "p", root) as project:
        scans = project.dataset.train
        finish(project, scans[0])
        finish(project, scans[1])
        project.boxes.reopen(project.scan_ref(scans[1]))
        folder = models_folder(project)
        training = freeze(project, folder)
        read = box_steps.scenes_of(project).read

        def scenes() -> Cpsp:
            samples = box_steps.labelled_samples(project, training, 0, Job())
            return cpsp_of(project, folder, training, samples, read, steps=4, seed=0, network="")

        before = scenes()
        assert {item.frame for item in before._people} == set(scans[:2])
        inside = project.boxes_of(scans[1])
        assert len(before._boxes[scans[1]]) == len(inside) > 0
        for _ in project.boxes_of(scans[1]):
            take_one_away(project, scans[1])
        finish(project, scans[2])
        assert scans[1] not in project.boxes.counts_by_scan()
        assert scenes().key == before.key


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


# -- what cannot be done ---------------------------------------------------------------------


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
