"""Whole rounds of boxes by S-SSAL: two detectors, a bank, frames by CAL, the final detector."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.answers.box import boxes_in
from core.answers.boxes import Drawn
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.boxes.predictions import (
    FramePrediction,
    Predictions,
    read_predictions,
    write_predictions,
)
from core.boxes.ssal import cpsp
from core.boxes.ssal.bank import GT
from core.boxes.ssal.bank_file import read_bank
from core.exchange.box_files import Truth
from core.exchange.boxes_found import read_found
from core.exchange.predictions_out import export_predictions
from core.frame_steps import annotate_frames, ask_frames
from core.project.box_status import box_status, told
from core.project.box_training import (
    BoxTraining,
    models_folder,
    read_training,
    write_training,
)
from core.project.change_classes import merge
from core.project.project import Project
from core.rounds.box_models import metrics_file, predictions_file, weights_file
from models import box_deliver, box_steps
from tests.kitti_made import CAR, NAMES
from tests.models.box_world import FRAMES, Told

pytestmark = pytest.mark.usefixtures("small_detector")


def opened(path: Path, root: Path, **more: str) -> Project:
    given = {"detect.steps": "4", "train.threads": "1", "ssal.refreshes": "2"}
    return Project.create(
        path,
        format="kitti",
        root=root,
        train=["training"],
        preset="laptop",
        research=True,
        overrides={**given, **more},
    )


def first_round(project: Project, frames: int = 3):
    found = ask_frames(project, Job(), strategy="random", frames=frames)
    annotate_frames(project, Job(), oracle="boxes")
    return found


@pytest.mark.slow
def test_rounds_go_from_query_to_delivery(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        one = first_round(project)
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("car: 3 by people")
        bank = read_bank(one.file("bank.npz"))
        assert [record["step"] for record in bank.history] == [0, 2]
        assert {item.frame for item in bank.items if item.origin == GT} == set(one.query.items)
        assert set(bank.cleared) == set(project.dataset.train)
        two = ask_frames(project, Job(), boxes=3)
        assert two.query.strategy == "cal"
        annotate_frames(project, Job(), oracle="boxes")
        box_steps.train_boxes(project, Job())
        value = box_status(project)
        for part in value["rounds"]:
            assert set(part["models"]) == {"normal", "cpsp"}
            assert [record["step"] for record in part["bank"]] == [0, 2]
        assert "bank at step 2:" in "\n".join(told(project, value))
        job = Told()
        assert "in 8 frames" in box_deliver.deliver_boxes(project, job)
        assert job.tells(f"Learnt from {len(project.boxes.finished)} frames")
        final = two.file("final.safetensors").read_bytes()
        found = read_predictions(two.file("final-boxes.npz"), classes=len(NAMES))
        assert list(found.frames) == list(project.dataset.scans)
        # Again: all stays. Scored again, its words of finished frames stay too.
        box_deliver.deliver_boxes(project, Job())
        box_steps.score_boxes(project, Job())
        assert two.file("final.safetensors").read_bytes() == final
        again = read_predictions(two.file("final-boxes.npz"), classes=len(NAMES))
        assert list(again.frames) == list(project.dataset.scans)
        # It learnt what was held out: no number of it is told.
        lines = box_steps.evaluate_boxes(project, Job())
        assert not two.file("final-metrics.json").exists() or "No frame was held out" in lines[0]
        assert set(box_status(project)["rounds"][-1]["models"]) == {"normal", "cpsp", "final"}
        assert [r["step"] for r in box_status(project)["rounds"][-1]["final_bank"]] == [0, 2]
        assert not read_bank(two.file("final") / "bank.npz").false
        # What changes since is learnt.
        scan = two.query.items[0]
        name = next(iter(project.boxes_of(scan)))
        project.boxes.draw([Drawn(project.scan_ref(scan), name, None)], round="")
        job = Told()
        box_deliver.deliver_boxes(project, job)
        assert job.tells("changed since: the final detector is trained anew")
        assert two.file("final.safetensors").read_bytes() != final


@pytest.mark.parametrize("kind", ["kitti", "openlabel", "csv"])
def test_what_was_found_is_written_as_other_programs_read_it(tmp_path, root, kind: str):
    with opened(tmp_path / "p", root, **{"ssal.cpsp": "false", "detect.steps": "2"}) as project:
        one = first_round(project)
        with pytest.raises(ProjectError, match="No detector has looked"):
            export_predictions(project, tmp_path / "none", Job(), kind=kind)
        box_steps.train_boxes(project, Job())
        looked = read_predictions(one.file("normal-boxes.npz"), classes=len(NAMES))
        car = FramePrediction(
            np.array([[10.0, 2.0, -1.0, 4.0, 1.6, 1.5, 0.3]]),
            np.array([0.7]),
            np.array([CAR], np.uint8),
            np.zeros((1, 8), np.float32),
        )
        found = replace(looked, frames=dict.fromkeys(looked.frames, car))
        write_predictions(one.file("normal-boxes.npz"), found)
        job = Told()
        export_predictions(project, tmp_path / "out", job, kind=kind)
        assert job.tells("3 frames it has not looked at")
        assert job.tells("found by normal of 001-random; nobody confirmed them")
        kept = read_predictions(one.file("normal-boxes.npz"), classes=len(NAMES))
        single = {"openlabel": "boxes.json", "csv": "boxes.csv"}
        written = read_found(project, tmp_path / "out" / single.get(kind, ""))
        for scan, found in kept.frames.items():
            assert len(written.frames.get(scan, ())) == len(found)
            if len(found):
                table = written.frames[scan]
                np.testing.assert_allclose(table.score, found.score, atol=0.01)
                np.testing.assert_allclose(table.box[:, :3], found.box[:, :3], atol=0.02)


@pytest.mark.slow
def test_killed_between_refresh_and_save_it_ends_at_the_same_bits(tmp_path, root, monkeypatch):
    """The process dies just before the second bank is kept, and just after."""
    made = []
    write = cpsp.write_bank
    for when in ("never", "before", "after"):
        with opened(tmp_path / when, root) as project:
            one = first_round(project)

            def killed(path, bank, when=when):
                if bank.step == 2 and when == "before":
                    raise KeyboardInterrupt
                write(path, bank)
                if bank.step == 2 and when == "after":
                    raise KeyboardInterrupt

            monkeypatch.setattr(cpsp, "write_bank", killed)
            if when != "never":
                with pytest.raises(KeyboardInterrupt):
                    box_steps.train_boxes(project, Job())
                monkeypatch.setattr(cpsp, "write_bank", write)
            box_steps.train_boxes(project, Job())
            names = ("normal.safetensors", "cpsp.safetensors", "bank.npz", "bank.json")
            made.append([one.file(name).read_bytes() for name in names])
    assert made[0] == made[1] == made[2]


def test_a_bank_that_is_gone_or_damaged_is_said(tmp_path, root, monkeypatch):
    with opened(tmp_path / "p", root) as project:
        one = first_round(project)
        write = cpsp.write_bank

        def killed(path, bank):
            write(path, bank)
            if bank.step == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(cpsp, "write_bank", killed)
        with pytest.raises(KeyboardInterrupt):
            box_steps.train_boxes(project, Job())
        monkeypatch.setattr(cpsp, "write_bank", write)
        bank = one.file("bank.npz")
        bank.write_bytes(bank.read_bytes()[:-99])
        with pytest.raises(ProjectError, match=r"bank\.npz cannot be read") as caught:
            box_steps.train_boxes(project, Job())
        assert "train the round again" in caught.value.do
        bank.unlink()  # as it was told
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("What the interrupted training learnt from is gone: it begins anew.")
        assert bank.exists()
        one.file("bank.json").write_text('{"refreshes": [{"step": "x"}]}')
        with pytest.raises(ProjectError, match=r"bank\.json is damaged"):
            box_status(project)


def test_a_class_without_objects_and_an_empty_pool_stop_nothing(tmp_path: Path, root: Path):
    """Cars alone are drawn; then every frame is finished: CPSP goes on with people's boxes."""
    with opened(tmp_path / "p", root) as project:
        found = ask_frames(project, Job(), strategy="random", frames=FRAMES)
        annotate_frames(project, Job(), oracle="boxes")
        for scan in found.query.items:
            ref = project.scan_ref(scan)
            gone = [name for name, box in project.boxes_of(scan).items() if box.label != CAR]
            project.boxes.draw([Drawn(ref, name, None) for name in gone], round="")
        job = Told()
        box_steps.train_boxes(project, job)
        assert job.tells("No open frame is there to look at: pseudo scenes are of people's")
        bank = json.loads(found.file("bank.json").read_text())["refreshes"][-1]["classes"]
        assert bank[str(CAR)]["people"] == FRAMES
        assert sum(one["people"] + one["pseudo"] for one in bank.values()) == FRAMES


def finish(project: Project, scans: list[str]) -> None:
    """Draw the true boxes of frames that nobody asked for, and say that they are finished."""
    for scan in scans:
        ref, boxes = project.scan_ref(scan), boxes_in(Truth(project.dataset, NAMES).of(scan))
        names = project.boxes.new_names(scan, len(boxes))
        drawn = [Drawn(ref, name, box) for name, box in zip(names, boxes, strict=True)]
        project.boxes.draw(drawn, round="")
        project.boxes.finish(ref, round="")


ALONE = {"detect.steps": "2", "ssal.cpsp": "false"}


def test_after_another_training_the_final_detector_learns_all_that_is_finished(tmp_path, root):
    """Of frames that nobody asked for all lies in one folder."""
    with opened(tmp_path / "p", root, **ALONE) as project:
        scans = list(project.dataset.train)
        for some in (scans[:2], scans[2:4]):
            finish(project, some)
            box_steps.train_boxes(project, Job())
            job = Told()
            box_deliver.deliver_boxes(project, job)
        assert job.tells("Learnt from 4 frames")
        folder = models_folder(project)
        assert read_training(folder / "final/training.json").frames == tuple(scans[:4])


def test_what_is_drawn_while_it_was_interrupted_is_learnt_too(tmp_path, root, monkeypatch):
    with opened(tmp_path / "p", root, **ALONE) as project:
        scans = list(project.dataset.train)
        finish(project, scans[:2])
        box_steps.train_boxes(project, Job())

        def killed(*_, **__):
            raise Killed

        with monkeypatch.context() as now:
            now.setattr(box_deliver, "fit", killed)
            with suppress(Killed):
                box_deliver.deliver_boxes(project, Job())
        finish(project, scans[2:4])
        job = Told()
        box_deliver.deliver_boxes(project, job)
        assert job.tells("the final detector is trained anew")
        assert job.tells("Learnt from 4 frames")


CHANGED = {
    "range": ('range = {value = "auto"', 'range = {value = "ring"'),
    "steps": ("steps = {value = 2,", "steps = {value = 3,"),
    "final": ('final = {value = "cpsp"', 'final = {value = "none"'),
    "low_final": ("low_final = {value = 0.15", "low_final = {value = 0.2"),
    "merges": None,
}


@pytest.mark.parametrize("what", CHANGED)
def test_where_settings_or_merges_changed_the_final_detector_is_made_by_those_of_now(
    tmp_path: Path, root: Path, what: str
):
    """Of another range it could not even look; nothing else makes way for it."""
    with opened(tmp_path / "p", root, **ALONE) as project:
        finish(project, list(project.dataset.train)[:2])
        box_steps.train_boxes(project, Job())
        box_deliver.deliver_boxes(project, Job())
        out = weights_file(models_folder(project), "final")
        first = out.read_bytes()
        job = Told()
        box_deliver.deliver_boxes(project, job)
        assert out.read_bytes() == first
        assert not job.tells("trained anew")
        if what == "merges":
            merge(project, CAR, NAMES.index("van"))
    if what != "merges":
        settings, (before, now) = tmp_path / "p/project.toml", CHANGED[what]
        text = settings.read_text()
        assert before in text
        settings.write_text(text.replace(before, now))
    with Project(tmp_path / "p") as project:
        job = Told()
        box_deliver.deliver_boxes(project, job)
        assert job.tells("Settings or classes changed since: the final detector is trained anew")
        assert out.read_bytes() != first
        job = Told()
        box_deliver.deliver_boxes(project, job)
        assert not job.tells("trained anew")


@pytest.mark.slow
def test_a_final_detector_of_before_settings_were_kept_stays(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root, **ALONE) as project:
        finish(project, list(project.dataset.train)[:2])
        box_steps.train_boxes(project, Job())
        box_deliver.deliver_boxes(project, Job())
        out = weights_file(models_folder(project), "final")
        first, kept = out.read_bytes(), models_folder(project) / "final/training.json"
        stored = json.loads(kept.read_text())
        del stored["how"]
        kept.write_text(json.dumps(stored))
        job = Told()
        box_deliver.deliver_boxes(project, job)
        assert not job.tells("trained anew")
        assert out.read_bytes() == first


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("step", [box_steps.train_boxes, box_deliver.deliver_boxes])
def test_killed_anywhere_while_it_makes_way_nothing_of_the_old_set_stays(
    tmp_path, root, monkeypatch, step, whole: bool
):
    """Whichever file was deleted last, the next call deletes the rest; also of a final detector
    that was not `whole` yet."""
    for module in (box_steps, box_deliver):
        monkeypatch.setattr(module, "fit", fitted)
        monkeypatch.setattr(module, "train_cpsp", fitted)
    monkeypatch.setattr(box_steps, "_fits", lambda *_: True)
    monkeypatch.setattr(box_steps, "evaluate_boxes", lambda *_: [])
    monkeypatch.setattr(box_steps, "score_boxes", lambda *_: "")
    monkeypatch.setattr(box_deliver, "predict_frames", lambda *_: Predictions({}, "", np.eye(4)))
    unlink = Path.unlink
    with opened(tmp_path / "p", root, **{"detect.steps": "2"}) as project:
        scans, folder = project.dataset.train, models_folder(project)
        finish(project, list(scans[:2]))
        before = BoxTraining(tuple(scans[:2]), (), project.answers.positions())
        finish(project, [scans[2]])
        sets = [folder / "final/training.json"]
        made = [folder / "final/normal.safetensors", *(files(folder, "final") if whole else [])]
        if step is box_steps.train_boxes:
            sets.append(folder / "training.json")
            made += [*files(folder, "normal"), *files(folder, "cpsp")]
        gone: list[Path] = []
        for left in range(len(sets) + len(made) + 1):
            weights_file(folder, "final").unlink(missing_ok=True)
            for path in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("old")
            for path in sets:
                write_training(path, before)
            gone.clear()

            def dies(path: Path, *, missing_ok: bool = False, left=left) -> None:
                if path.is_relative_to(folder) and path.exists():
                    if len(gone) == left:
                        raise Killed
                    gone.append(path)
                unlink(path, missing_ok=missing_ok)

            monkeypatch.setattr(Path, "unlink", dies)
            with suppress(Killed):
                step(project, Job())
            monkeypatch.setattr(Path, "unlink", unlink)
            with suppress(ProjectError):  # all is learnt where it was not killed
                step(project, Job())
            assert [path for path in made if path.exists() and path.read_text() == "old"] == []
            for path in sets:
                assert not path.exists() or read_training(path).frames == tuple(scans[:3])
        assert sorted(gone) == sorted([*sets, *made])


def files(folder: Path, model: str) -> list[Path]:
    return [file(folder, model) for file in (weights_file, predictions_file, metrics_file)]


def fitted(*_, out: Path, **__) -> None:
    out.write_text("new")


def test_without_a_labelled_frame_nothing_is_delivered(tmp_path: Path, root: Path):
    with opened(tmp_path / "p", root) as project:
        with pytest.raises(ProjectError, match="No frame is finished"):
            box_deliver.deliver_boxes(project, Job())
        with pytest.raises(ProjectError, match="No frame is finished"):
            box_steps.train_boxes(project, Job())


def test_a_bank_of_other_scores_is_none_of_a_training_that_begins_anew(tmp_path, root, monkeypatch):
    """Stopped after its first bank, then told to score otherwise: as if there had been none."""
    write = cpsp.write_bank

    def killed(path, bank):
        write(path, bank)
        raise KeyboardInterrupt

    with opened(tmp_path / "p", root) as project:
        one = first_round(project)
        monkeypatch.setattr(cpsp, "write_bank", killed)
        with pytest.raises(KeyboardInterrupt):
            box_steps.train_boxes(project, Job())
        monkeypatch.setattr(cpsp, "write_bank", write)
    settings = tmp_path / "p/project.toml"
    kept = settings.read_text()
    settings.write_text(kept.replace('score = {value = "heat_iou"', 'score = {value = "heat"'))
    assert settings.read_text() != kept
    shutil.copytree(tmp_path / "p", tmp_path / "q")
    (tmp_path / "q/frame-rounds" / one.id / "bank.npz").unlink()
    made = []
    for name in ("p", "q"):
        with Project(tmp_path / name) as project:
            job = Told()
            box_steps.train_boxes(project, job)
            assert job.tells("of other frames or settings: it begins anew")
            folder = project.frame_rounds[-1].folder
            files = ("cpsp.safetensors", "bank.npz")
            made.append([(folder / file).read_bytes() for file in files])
    assert made[0] == made[1]
