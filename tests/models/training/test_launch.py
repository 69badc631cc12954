"""Training in several processes: the same curve as one process that takes all their scans."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core import steps
from core.base.errors import Cancelled, ProjectError
from core.base.files import read_json
from core.base.jobs import Job, Progress
from core.project.frozen import training_set
from core.project.project import Project
from models import steps as network
from models.networks import checkpoint
from models.training import launch
from tests.places import ROOT
from tests.streets import QUICK, small_project


def trained(made: Project, processes: int, job: Job | None = None) -> tuple[list, dict]:
    """Rows of the log and tensors of the checkpoint."""
    found = made.rounds[0]
    if processes == 1:
        network.train_round(made, found, None, job or Job())
    else:
        training_set(made, found)
        launch.launch(made, found, processes, None, job or Job())
    tensors, _ = checkpoint.read(found.checkpoint)
    return read_json(found.folder / "log.json")["epochs"], tensors


def answered(made: Project) -> Project:
    steps.prepare(made, Job(), workers=1)
    steps.ask(made, Job(), percent="60%")
    steps.annotate(made, Job(), oracle="per-point")
    return made


def project(path: Path, root: Path, **overrides: str) -> Project:
    return answered(small_project(path, root, **overrides))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["minkunet", "spvcnn"])
def test_gradients_of_two_processes_are_those_of_one(name: str):
    """In double precision, with other numbers of voxels and labels in each."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node=2", "-m", "tests.models.two_processes", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1e-9


# Adam turns rounding into steps: at this rate two curves stay together for some epochs.
SLOW = {"train.learning_rate": "1e-4", "train.first_epochs": "4"}


@pytest.mark.slow
def test_two_processes_share_the_scans_of_each_step(tmp_path: Path, small_street: Path):
    """Three scans: in the second step of an epoch one process has none."""
    heard: list[Progress] = []
    with project(tmp_path / "two", small_street, **SLOW, **{"train.batch": "1"}) as two:
        rows, tensors = trained(two, 2, Job(heard.append))
        assert not (two.rounds[0].folder / launch.TRACE).exists()
    with project(tmp_path / "one", small_street, **SLOW, **{"train.batch": "2"}) as one:
        wanted_rows, wanted = trained(one, 1)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    for row, right in zip(rows, wanted_rows, strict=True):
        assert row["loss"] == pytest.approx(right["loss"], abs=1e-3)
        assert row["labelled_miou"] == pytest.approx(right["labelled_miou"], abs=0.02)
    for name in ("model.stem.1.running_mean", "model.up4.1.1.net.4.running_var"):
        torch.testing.assert_close(tensors[name], wanted[name], rtol=1e-2, atol=1e-3)
    assert heard[-1].done == heard[-1].total == 8
    assert heard[-1].values["loss"] == rows[-1]["loss"]


@pytest.mark.slow
def test_two_processes_end_after_the_steps_that_were_asked_for(tmp_path: Path, small_street: Path):
    """Of two steps an epoch three: the last epoch is cut short."""
    more = {"train.steps": "3", "train.batch": "1", "train.look_every": "2"}
    with project(tmp_path / "p", small_street, **more) as made:
        rows, _ = trained(made, 2)
        looks = read_json(made.rounds[0].folder / "log.json")["looks"]
    assert [row["step"] for row in looks] == [2]
    assert [(row["epoch"], row["steps"]) for row in rows] == [(1, 2), (2, 3)]


@pytest.mark.slow
def test_two_processes_give_the_curve_of_one_on_real_scans(semantickitti: Path, tmp_path: Path):
    curves = []
    for processes, batch in ((2, "1"), (1, "2")):
        path = tmp_path / str(processes)
        overrides = {**QUICK, **SLOW, "train.voxel_m": "0.3", "train.batch": batch}
        with answered(
            Project.create(
                path,
                format="semantickitti",
                root=semantickitti,
                train=["00", "01"],
                validation=[],
                preset="laptop",
                research=True,
                overrides={**overrides, "train.width": "0.25"},
            )
        ) as made:
            rows, _ = trained(made, processes)
            curves.append([row["loss"] for row in rows])
    print("losses of two processes and of one:", *curves)
    two, one = curves
    assert one[-1] < one[0] - 0.3
    assert max(abs(a - b) for a, b in zip(two, one, strict=True)) < 3e-4


@pytest.mark.slow
def test_a_process_that_cannot_train_says_why(tmp_path: Path, small_street: Path):
    with project(tmp_path / "p", small_street) as made:
        found = made.rounds[0]
        training_set(made, found)
        start = tmp_path / "missing.safetensors"
        with pytest.raises(ProjectError, match=r"missing\.safetensors is missing"):
            launch.launch(made, found, 2, start, Job())
        assert not found.checkpoint.exists()


@pytest.mark.slow
def test_a_process_that_breaks_leaves_its_log(tmp_path: Path, small_street: Path, monkeypatch):
    monkeypatch.setenv("TORCH_DISABLE_ADDR2LINE", "1")
    with project(tmp_path / "p", small_street) as made:
        found = made.rounds[0]
        training_set(made, found)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        (tmp_path / "safetensors").mkdir()
        (tmp_path / "safetensors" / "__init__.py").write_text("raise OSError('broken package')")
        with pytest.raises(ProjectError, match="stopped with code 1") as caught:
            launch.launch(made, found, 2, None, Job())
        log = found.folder / launch.TRACE
        assert str(log) in caught.value.do
        assert "broken package" in log.read_text()


@pytest.mark.slow
def test_a_cancel_ends_the_processes(tmp_path: Path, small_street: Path):
    with project(tmp_path / "p", small_street, **{"train.first_epochs": "100000"}) as made:
        job = Job(lambda report: job.cancel())
        training_set(made, made.rounds[0])
        with pytest.raises(Cancelled):
            launch.launch(made, made.rounds[0], 2, None, job)
        assert not made.rounds[0].checkpoint.exists()


def test_more_gpus_than_there_are_is_said(tmp_path: Path, small_street: Path):
    with project(tmp_path / "p", small_street) as made:
        many = torch.cuda.device_count() + 2
        with pytest.raises(ProjectError, match=f"on {many} GPUs was asked for"):
            network.train(made, Job(), gpus=many)


def test_lines_of_processes_that_share_a_pipe_stay_whole():
    """Unbuffered, as torchrun runs them: `print` writes the end of a line on its own."""
    script = "from models.training.launch import _tell; from core.base.jobs import Progress\n"
    script += "for i in range(3000): _tell(Progress(i, 3000, '', '', {}))"
    read, write = os.pipe()
    running = [
        subprocess.Popen([sys.executable, "-u", "-c", script], stdout=write, cwd=ROOT)
        for _ in range(2)
    ]
    os.close(write)
    with open(read, encoding="utf-8") as pipe:
        done = [json.loads(line)["done"] for line in pipe]
    assert [process.wait() for process in running] == [0, 0]
    assert sorted(done) == sorted([*range(3000)] * 2)


def test_words_of_libraries_are_no_reports():
    job = Job()
    launch._relay("[W123] some warning\n", job)
    with pytest.raises(ProjectError, match="too little"):
        launch._relay(json.dumps({"what": "too little", "do": "more"}), job)
