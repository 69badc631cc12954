"""Rounds that learn a mean teacher's words: no truth of unlabelled points is read, nothing is
answered; and arms of an experiment that do."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from core import steps
from core.base.errors import SettingsError
from core.base.files import hash_input, read_json
from core.base.jobs import Job
from core.base.settings import load_preset
from core.experiment.folder import Experiment
from core.experiment.read_spec import read_spec
from core.project.change_settings import use
from core.project.frozen import training_set
from core.project.project import Project
from models import steps as network
from models.networks import checkpoint
from models.training import launch
from tests.experiments import TINY, tiny_spec
from tests.streets import copied_project, small_project

ON = {"train.teacher_weight": "1", "train.teacher_threshold": "0.06", "train.teacher_ramp": "0"}
FILES = ("checkpoint.safetensors", "log.json", "training.json")


def answered(made: Project) -> Project:
    """Answers in some of the scans, so that there are unlabelled points of both kinds."""
    steps.prepare(made, Job(), workers=1)
    steps.ask(made, Job(), strategy="rand-scans", percent="34%")
    steps.annotate(made, Job(), oracle="per-point")
    return made


def scramble(root: Path) -> None:
    """Give every point of the training scans another label at random."""
    rng = np.random.default_rng(5)
    for file in sorted(root.rglob("00/labels/*.label")):
        raw = np.fromfile(file, "<u4")
        assert len(np.unique(raw)) > 1
        rng.permutation(raw).tofile(file)


def entries(project: Project) -> list[bytes]:
    return [path.read_bytes() for path in sorted((project.path / "journals").glob("*.sqlite"))]


def test_scrambled_truth_of_the_training_scans_changes_no_byte(tmp_path: Path, small_street: Path):
    with answered(small_project(tmp_path / "a", small_street, **ON)) as made:
        pass
    other = tmp_path / "other"
    shutil.copytree(small_street, other)
    scramble(other)
    copied_project(tmp_path / "a", tmp_path / "b", other)
    shutil.copytree(tmp_path / "a", tmp_path / "views")
    written = []
    for name in ("a", "b"):
        with Project(tmp_path / name) as made:
            before = entries(made)
            network.train_round(made, made.rounds[0], None, Job())
            folder = made.rounds[0].folder
            written.append([(folder / file).read_bytes() for file in FILES])
            row = read_json(folder / "log.json")["epochs"][-1]
            assert 0 < row["pseudo"]["sure"] <= row["pseudo"]["free"]
            assert read_json(folder / "training.json")["unlabelled"]
            assert entries(made) == before
    assert written[0] == written[1]
    with Project(tmp_path / "views") as made:  # and what the teacher says is learnt
        use(made, made.settings.override("train.teacher_threshold", "1", source="test"))
        network.train_round(made, made.rounds[0], None, Job())
        assert made.rounds[0].checkpoint.read_bytes() != written[0][0]


@pytest.mark.slow
@pytest.mark.parametrize("scratch", ["false", "true"])
def test_a_later_round_begins_as_its_teacher_says(tmp_path: Path, small_street: Path, scratch: str):
    """From its parent, which the teacher began as; or from nothing, whatever the parent learnt."""
    values = {**ON, "train.from_scratch": scratch}
    with answered(small_project(tmp_path / "p", small_street, **values)) as made:
        network.train(made, Job())
        steps.ask(made, Job(), strategy="random", percent="20%")
        steps.annotate(made, Job(), oracle="per-point")
        second = made.rounds[1]
        written = []
        for parent in ("as it is", "other"):
            if parent == "other":
                tensors, about = checkpoint.read(made.rounds[0].checkpoint)
                for name in tensors:
                    if name.endswith("weight"):
                        tensors[name] *= 0.5
                checkpoint.save(
                    made.rounds[0].checkpoint, torch.nn.Identity(), about, None, tensors
                )
            network.train_round(made, second, None, Job())
            written.append(checkpoint.read(second.checkpoint)[0])
            said = read_json(second.folder / "training.json") if second.frozen else {}
            began = said["teacher"]["checkpoint"]
            parent_hash = hash_input(made.rounds[0].checkpoint)
            assert began == (None if scratch == "true" else parent_hash)
            rows = len(read_json(second.folder / "log.json")["epochs"])
            assert rows == (2 if scratch == "true" else 1)  # first_epochs, or epochs
        one, other = written
        same = all(torch.equal(one[name], other[name]) for name in one)
        assert same == (scratch == "true")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("teacher_threshold", "1.5"),
        ("teacher_threshold", "-0.1"),
        ("teacher_threshold", "nan"),
        ("teacher_weight", "nan"),
        ("teacher_weight", "-1"),
        ("teacher_weight", "inf"),
        ("teacher_decay", "1.01"),
        ("teacher_ramp", "-3"),
        ("teacher_scans", "0.5"),
    ],
)
def test_values_out_of_range_are_refused(key: str, value: str):
    with pytest.raises(SettingsError, match=f"train.{key} is"):
        load_preset("laptop").override(f"train.{key}", value, source="test")


def cells(text: str, folder: Path) -> Experiment:
    spec = read_spec(str(tiny_spec(folder, text)))
    return Experiment(folder, spec, "equal", folder, ((0,),))


def test_an_arm_has_it_alone_with_a_control_and_the_others_stay_as_they_were(tmp_path: Path):
    with_full = TINY.replace("full = false", "full = true")
    arm = '[arms.taught]\nstrategy = "ent"\nsettings = {"train.teacher_weight" = 1}\n'
    plain, more = cells(with_full, tmp_path / "a"), cells(with_full + arm, tmp_path / "b")
    names = {cell.name for cell in more.cells}
    assert {cell.name for cell in plain.cells} <= names
    weights = {cell.arm.name: more.settings(cell.arm).train.teacher_weight for cell in more.arms}
    control = "control of size train.teacher_weight=1"
    assert weights == {"random": 0, "ent": 0, "taught": 1, "control": 0, control: 1, "full": 0}
    same = {cell.arm.name: more.prepared(cell.arm) for cell in more.arms}
    assert len(set(same.values())) == 1


def test_full_labels_have_no_teacher_where_all_arms_do(tmp_path: Path):
    text = TINY.replace("full = false", "full = true")
    text = text.replace("train.width = 0.1", "train.width = 0.1\ntrain.teacher_weight = 1")
    made = cells(text, tmp_path)
    weights = {cell.arm.name: made.settings(cell.arm).train.teacher_weight for cell in made.arms}
    assert weights == {"random": 1, "ent": 1, "control": 1, "full": 0}


def test_cells_of_the_experiments_that_come_with_it_keep_their_names():
    """As they were before there was a teacher: what was computed goes on."""
    made = Experiment(Path("x"), read_spec("town-laptop"), "equal", Path("y"), ((0,),))
    assert [cell.name for cell in made.cells][:2] == ["first-size-0-cf9da385", "random-0-1049ded1"]
    made = Experiment(Path("x"), read_spec("table5"), "equal", Path("y"), ((0,),))
    assert made.cells[-1].name == "full-0-9a018f03"


@pytest.mark.slow
def test_two_processes_teach_what_one_does_with_the_double_batch(
    tmp_path: Path, small_street: Path
):
    slow = {**ON, "train.learning_rate": "1e-4", "train.first_epochs": "4"}
    rows, tensors = [], []
    for processes in (2, 1):
        each = str(3 - processes)
        values = {**slow, "train.batch": each, "train.teacher_scans": each}
        with answered(small_project(tmp_path / str(processes), small_street, **values)) as made:
            found = made.rounds[0]
            if processes == 1:
                network.train_round(made, found, None, Job())
            else:
                training_set(made, found)
                launch.launch(made, found, 2, None, Job())
            rows.append(read_json(found.folder / "log.json")["epochs"])
            tensors.append(checkpoint.read(found.checkpoint)[0])
            assert read_json(found.folder / "training.json")["teacher"]["scans"] == int(each)
    for two, one in zip(*rows, strict=True):
        assert two["loss"] == pytest.approx(one["loss"], abs=1e-3)
        assert two["pseudo"]["free"] == one["pseudo"]["free"] > 0
        assert two["pseudo"]["sure"] == pytest.approx(one["pseudo"]["sure"], abs=20)
    for name in ("model.stem.1.running_mean", "model.up4.1.1.net.4.running_var"):
        torch.testing.assert_close(tensors[0][name], tensors[1][name], rtol=1e-2, atol=1e-3)
