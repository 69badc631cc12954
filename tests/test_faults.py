"""Disk errors and kills at every file operation: the project stays readable and work goes on."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError, StorageError
from core.base.files import hash_file
from core.base.jobs import Job
from core.cli import doctor
from core.project import status
from core.project.project import Project
from models import steps as network
from models.networks import NETWORKS
from tests.places import MAIN, ROOT
from tests.streets import small_project


@dataclass
class Fault:
    """The n-th file operation fails; `hit` tells whether there were that many."""

    at: int
    seen: int = 0
    hit: bool = False

    def strikes(self) -> bool:
        self.seen += 1
        self.hit = self.hit or self.seen == self.at
        return self.seen == self.at


@contextmanager
def disk_error(at: int, code: int) -> Iterator[Fault]:
    """Fail the `at`-th creation, write, sync or rename; a write is cut in half first."""
    fault = Fault(at)
    real = {name: getattr(os, name) for name in ("open", "write", "fsync", "replace", "mkdir")}

    def patched(name: str) -> Callable:
        def call(*args, **options):
            creates = name != "open" or args[1] & os.O_CREAT
            if creates and fault.strikes():
                if name == "write" and len(args[1]) > 1:
                    real["write"](args[0], args[1][: len(args[1]) // 2])
                raise OSError(code, os.strerror(code))
            return real[name](*args, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(os, name, patched(name))
        yield fault


def prepare(path: Path) -> None:
    with Project(path) as project:
        steps.prepare(project, Job(), workers=1)


def train(path: Path) -> None:
    """Train, unless the last file was written before the disk failed."""
    with Project(path) as project:
        if not project.rounds[0].done:
            network.train(project, Job())


@pytest.fixture
def created(tmp_path: Path, small_street: Path) -> Path:
    path = tmp_path / "created"
    small_project(path, small_street).close()
    return path


@pytest.fixture
def answered(created: Path) -> Path:
    with Project(created) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
    return created


def assert_whole(path: Path) -> None:
    """The project opens, every file in it is readable, and no answer is lost."""
    with Project(path, read_only=True) as project:
        status.status(project, backend="torch")
    for finding in doctor.integrity(path, Job()):
        assert finding.good is not False, finding


def results(path: Path, *names: str) -> dict[str, str]:
    """Hashes of the files that match, by their path in the project."""
    found = sorted(file for name in names for file in path.glob(name))
    assert found
    return {str(file.relative_to(path)): hash_file(file) for file in found}


def fail_everywhere(template: Path, step: Callable[[Path], None], *names: str) -> int:
    """Fail each file operation of `step` in turn; each time it must go on to the same files."""
    whole = template.with_name("whole")
    shutil.copytree(template, whole)
    step(whole)
    wanted = results(whole, *names)
    codes = (errno.ENOSPC, errno.EIO, errno.EROFS)
    for at in range(1, 10_000):
        path = template.with_name(f"fault-{at}")
        shutil.copytree(template, path)
        with disk_error(at, codes[at % len(codes)]) as fault:
            try:
                step(path)
            except StorageError:
                assert fault.hit
            else:
                assert results(path, *names) == wanted
        if not fault.hit:
            return at - 1
        assert_whole(path)
        step(path)
        assert results(path, *names) == wanted
        shutil.rmtree(path)
    raise AssertionError("the step never ends")


@pytest.mark.slow
def test_a_disk_error_anywhere_in_preparation(created: Path):
    operations = fail_everywhere(created, prepare, "units/*/units.npz", "units/*/rows/**/*.npz")
    assert operations > 20


@pytest.mark.slow
def test_a_disk_error_anywhere_in_training(answered: Path):
    names = ("rounds/*/checkpoint.safetensors", "rounds/*/scores/*", "rounds/*/metrics.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.training.train._SAVE_EVERY_S", 0.0)
        operations = fail_everywhere(answered, train, *names, "rounds/*/log.json")
    assert operations > 40


def score(path: Path) -> None:
    with Project(path) as project:
        network.score(project, Job())


@pytest.mark.slow
def test_a_disk_error_anywhere_in_joining_scores(answered: Path):
    train(answered)
    shutil.rmtree(answered / "rounds/001-size/scores")
    operations = fail_everywhere(answered, score, "rounds/*/scores/*")
    assert operations > 20


# -- answers: SQLite writes by itself, so the system calls are made to fail ------------------------

ANSWER = """
import sys
from pathlib import Path
import numpy as np
from core.answers.effort import Effort
from core.base.errors import ProjectError
from core.project.project import Project
try:
    with Project(Path(sys.argv[1])) as project:
        scan = project.dataset.train[0]
        for n in range(3):
            head = project.answers.answer(
                project.scan_ref(scan), np.arange(n * 10, n * 10 + 10), np.full(10, n, np.uint8),
                round="", unit="", effort=Effort(tool="brush"))
            print(head.seq, flush=True)
except ProjectError as error:
    print(error.what, error.do, file=sys.stderr)
    sys.exit(2)
"""
INJECTIONS = {
    "pwrite64": ("error=ENOSPC", "error=EIO", "retval=0"),
    "fdatasync": ("error=EIO",),
    "fsync": ("error=EIO",),
    "ftruncate": ("error=EIO",),
    "write": ("error=ENOSPC",),
    "rename": ("error=EIO",),
    "unlink": ("error=EIO",),
}


def traced(path: Path, log: Path, *injections: str) -> subprocess.CompletedProcess[str]:
    calls = f"trace={','.join(INJECTIONS)}"
    command = ["strace", "-f", "-y", "-o", str(log), "-e", calls]
    command += [word for injection in injections for word in ("-e", f"inject={injection}")]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*command, sys.executable, "-c", ANSWER, str(path)],
        cwd=MAIN.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_disk_error_at_every_system_call_of_an_answer(answered: Path, tmp_path: Path):
    if shutil.which("strace") is None:
        pytest.skip("strace is not here: apt-get install strace to run this test")
    log = tmp_path / "log"
    trial = answered.with_name("trial")
    shutil.copytree(answered, trial)
    assert traced(trial, log).returncode == 0
    count: dict[str, int] = {}
    places = []
    for line in log.read_text().splitlines():
        name = line.split("(")[0].split()[-1]
        if name in INJECTIONS:
            count[name] = count.get(name, 0) + 1
            if re.search(rf"<{re.escape(str(trial))}[^>]*>|\"{re.escape(str(trial))}", line):
                places.append((name, count[name]))
    assert sum(name == "pwrite64" for name, _ in places) >= 3
    with Project(answered, read_only=True) as project:
        before = len(list(project.answers.entries()))
    failed = 0
    for name, place in places:
        for how in INJECTIONS[name]:
            path = answered.with_name("fault")
            shutil.copytree(answered, path)
            done = traced(path, log, f"{name}:{how}:when={place}")
            assert done.returncode in (0, 2), (name, place, how, done.stderr)
            assert "Traceback" not in done.stderr
            failed += done.returncode == 2
            assert_whole(path)
            acknowledged = done.stdout.split()
            with Project(path) as project:
                entries = [entry.seq for entry in project.answers.entries()]
                assert entries == list(range(1, len(entries) + 1))
                assert len(entries) >= before + len(acknowledged)
                labels = project.labels(project.dataset.train[0])
                for n in range(len(acknowledged)):
                    assert (labels[n * 10 : n * 10 + 10] == n).all()
            shutil.rmtree(path)
    assert failed >= 5


# -- kills ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_kills_while_preparing_training_and_scoring_change_no_bit(created: Path):
    """Whole processes are killed at random instants until each step gets through."""
    names = (
        "units/*/units.npz",
        "rounds/*/query.json",
        "rounds/*/checkpoint.safetensors",
        "rounds/*/scores/*",
        "rounds/*/metrics.json",
    )
    whole = created.with_name("whole")
    shutil.copytree(created, whole)
    rng = random.Random(4)
    kills = 0
    for verb in (("prepare", "--workers", "2"), ("query",), ("annotate",), ("train",)):
        began = time.monotonic()
        assert run(whole, *verb) == 0
        seconds = time.monotonic() - began
        for _ in range(8):
            if run(created, *verb, kill_after=rng.uniform(0.3, 1) * seconds) is not None:
                break
            kills += 1
            assert_whole(created)
        else:
            run(created, *verb)
    assert run(created, "evaluate") == 0
    assert results(created, *names) == results(whole, *names)
    assert kills >= 10


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_twenty_kills_while_training_and_scoring_change_no_bit(
    name: str, tmp_path: Path, small_street: Path
):
    """Each run is killed until it gets through, then begun anew, until 20 were killed."""
    template = tmp_path / "template"
    overrides = {"train.network": name, "train.first_epochs": "8"}
    with small_project(template, small_street, **overrides) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
    names = ("rounds/*/checkpoint.safetensors", "rounds/*/scores/*", "rounds/*/metrics.json")
    names = (*names, "rounds/*/log.json", "cache/**/*.npz")
    whole = tmp_path / "whole"
    shutil.copytree(template, whole)
    assert run(whole, "train") == 0
    wanted = results(whole, *names)
    slower = tmp_path / "slower"
    shutil.copytree(template, slower)
    began = time.monotonic()
    assert run(slower, "train", program=SAVES_EACH_STEP) == 0
    seconds = time.monotonic() - began
    assert results(slower, *names) == wanted
    rng = random.Random(name)
    kills = went_on = runs = 0
    while kills < 20:
        runs += 1
        path = tmp_path / f"run-{runs}"
        shutil.copytree(template, path)
        for _ in range(30):
            went_on += any(path.glob("rounds/*/training.safetensors"))
            after = rng.uniform(0.4, 1) * seconds
            if run(path, "train", program=SAVES_EACH_STEP, kill_after=after) is not None:
                break
            kills += 1
            assert_whole(path)
        if not any(path.glob("rounds/*/metrics.json")):
            assert run(path, "train") == 0
        assert results(path, *names) == wanted
    print(f"{name}: {kills} kills in {runs} runs, {went_on} times from a saved state")
    assert went_on >= 5


SAVES_EACH_STEP = (
    "-c",
    "import sys, main, models.training.train as training\n"
    "training._SAVE_EVERY_S = 0.0\n"
    "sys.exit(main.main())",
)


def run(
    path: Path,
    verb: str,
    *options: str,
    program: tuple[str, ...] = (str(MAIN),),
    kill_after: float | None = None,
) -> int | None:
    """Run a verb in a process group of its own; return its exit code, None if it was killed."""
    words = [verb, str(path), *options]
    words += ["--oracle", "per-point"] if verb == "annotate" else []
    command = [sys.executable, *program, *words]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **quiet) as process:
        try:
            return process.wait(timeout=kill_after)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None


# -- another preparation --------------------------------------------------------------------------


def smaller_cells(path: Path) -> None:
    file = path / "project.toml"
    changed = file.read_text().replace("cell_m = {value = 10.0", "cell_m = {value = 4.0")
    assert "cell_m = {value = 4.0" in changed
    file.write_text(changed)


def test_labels_survive_another_preparation(answered: Path):
    with Project(answered) as project:
        before = {scan: project.labels(scan) for scan in project.dataset.train}
        asked = project.rounds[0].query
        fingerprint = project.need_units().fingerprint
    smaller_cells(answered)
    with Project(answered) as project:
        steps.prepare(project, Job(), workers=1)
        assert project.need_units().fingerprint != fingerprint
        for scan, labels in before.items():
            np.testing.assert_array_equal(project.labels(scan), labels)
        assert project.rounds[0].query.items == asked.items
        assert project.stage(project.rounds[0]) == "answered"
        network.train(project, Job())
        found = steps.ask(project, Job())
        assert found.query.fingerprint == project.need_units().fingerprint
        steps.annotate(project, Job(), oracle="per-point")
    assert_whole(answered)


def test_an_open_question_about_units_that_are_gone_is_said(created: Path):
    with Project(created) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
    smaller_cells(created)
    with Project(created) as project:
        steps.prepare(project, Job(), workers=1)
        with pytest.raises(ProjectError, match="not among the prepared units"):
            steps.annotate(project, Job(), oracle="per-point")
