"""Every step of a project as the command line does it, each in a forked child of a warm parent, on
the smallest project that has what it needs; and all that a step leaves, to be compared.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import steps
from core.answers.journal import Journal, built_aside
from core.base.files import hash_file, write_arrays
from core.base.jobs import Job
from core.cli import doctor, verbs
from core.project import status
from core.project.project import Project
from models import steps as network
from tests.streets import small_project, small_street_at

_SLOW_S = 900.0


class Faces:
    """Stands in for main.py: the networks, and no window."""

    network = network

    class window:
        @staticmethod
        def display_problem() -> str | None:
            return None


@dataclass(frozen=True)
class Step:
    """A verb with its words, {place} in them the folder of the trial; what it begins with, a name
    of a stage; whether it takes long."""

    begins: str
    words: tuple[str, ...]
    slow: bool = False


def _step(begins: str, words: str, *, slow: bool = False) -> Step:
    return Step(begins, tuple(words.split()), slow)


_NEW = "new {place}/p --format semantickitti --root {scans} --train 00 --val 08 --preset laptop"
STEPS: dict[str, Step] = {
    "new": _step("nothing", f"{_NEW} --research"),
    "prepare": _step("created", "prepare {place}/p --workers 1"),
    "query": _step("prepared", "query {place}/p"),
    "annotate": _step("asked", "annotate {place}/p --oracle per-point"),
    "train": _step("answered", "train {place}/p", slow=True),
    "score": _step("unscored", "score {place}/p --workers 1", slow=True),
    "evaluate": _step("unevaluated", "evaluate {place}/p", slow=True),
    "next query": _step("trained", "query {place}/p"),
    "export labels": _step("answered", "export {place}/p {place}/out"),
    "export predictions": _step("trained", "export {place}/p {place}/out --what predictions"),
    "export merged": _step("trained", "export {place}/p {place}/out --what merged --as ply"),
    "export panoptic": _step("answered", "export {place}/p {place}/out --what panoptic"),
    "export journal": _step("answered", "export {place}/p {place}/out --what journal"),
    "import": _step("prepared", "import {place}/p {labels}"),
    "merge": _step("prepared", "merge {place}/p {other} --reopen"),
    "probabilities": _step("prepared", "score {place}/p --from {given}"),
    "classes": _step("answered", "classes {place}/p merge truck car"),
    "settings": _step("created", "settings {place}/p --set train.epochs=3"),
    "poses": _step("created", "poses {place}/p", slow=True),
    "mend": _step("damaged", "doctor {place}/p --mend"),
    "status": _step("trained", "status {place}/p"),
    "doctor": _step("trained", "doctor {place}/p"),
    "agreement": _step("answered", "agreement {place}/p"),
}


TRAINED = ("trained", "unscored", "unevaluated")  # stages that take long to make


class Stages:
    """Projects at every stage below `place`, and what steps bring in; made in children, so that the
    parent stays without threads."""

    def __init__(self, place: Path, *, slow: bool = True) -> None:
        self.place = place
        self.scans, self.labels = place / "scans", place / "labels"
        self.other, self.given = place / "other", place / "given"
        small_street_at(self.scans)
        shutil.copytree(self.scans / "sequences/00/labels", self.labels / "sequences/00/labels")
        code, told = forked(lambda: self._make(slow=slow))
        assert code == 0, told

    def _make(self, *, slow: bool) -> int:
        def keep(name: str, path: Path) -> Path:
            folder = self.place / "stages" / name
            shutil.copytree(path, folder / "p")
            return folder / "p"

        (self.place / "stages/nothing").mkdir(parents=True)
        path = self.place / "made"
        options = {"query.fraction": "0.05", "prepare.clusterer": "exact"}
        with small_project(path, self.scans, **options):
            pass
        keep("created", path)
        with Project(path) as project:
            steps.prepare(project, Job(), workers=1)
        keep("prepared", path)
        with Project(path) as project:
            steps.ask(project, Job())
        keep("asked", path)
        with Project(path) as project:
            steps.annotate(project, Job(), oracle="per-point")
            entries = list(project.answers.entries())
            for scan in project.dataset.scans:
                p = np.full((project.dataset.count(scan), len(project.classes)), 1, np.float32)
                write_arrays(self.given / f"{scan}.npz", {"probabilities": p / p.shape[1]})
        (self.other / "journals").mkdir(parents=True)
        shutil.copyfile(path / "classes.toml", self.other / "classes.toml")
        with built_aside(self.other / "journals/anna.sqlite", "anna") as journal:
            journal.append_all(entries)
        damaged = keep("damaged", keep("answered", path))
        _damage(damaged)
        if slow:
            with Project(path) as project:
                network.train(project, Job())
            keep("trained", path)
            unscored = keep("unscored", path)
            shutil.rmtree(unscored / "rounds/001-size/scores")
            shutil.rmtree(unscored / "cache")
            (keep("unevaluated", path) / "rounds/001-size/metrics.json").unlink()
        return 0

    def words(self, step: Step, place: Path) -> list[str]:
        """The step's words for a trial at `place`."""
        names = vars(self) | {"place": place}
        return [word.format(**names) for word in step.words]

    def begin(self, step: Step, place: Path) -> None:
        """Lay what a step begins with to the folder of a trial, which becomes this and no more."""
        empty(place)
        shutil.copytree(self.place / "stages" / step.begins, place, dirs_exist_ok=True)

    def here(self, step: Step) -> bool:
        return (self.place / "stages" / step.begins).is_dir()


def empty(place: Path) -> None:
    place.mkdir(exist_ok=True)
    for path in place.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _damage(path: Path) -> None:
    """Units that are cut, a file half made, and a journal with an entry that is not whole."""
    (units,) = path.glob("units/*/units.npz")
    units.write_bytes(units.read_bytes()[:100])
    (path / "rounds/.x.1.tmp").write_bytes(b"half")
    (journal,) = path.glob("journals/*.sqlite")
    with closing(Journal(journal, journal.stem)) as opened:
        opened._database.execute("UPDATE entries SET rows = x'00' WHERE seq = 2")
        opened._database.execute("PRAGMA journal_mode = DELETE")


def run(words: list[str]) -> int:
    """Run a verb in this process; return its exit code."""
    return verbs.run(words, Faces())


def forked(work: Callable[[], int], *, kill_after: float | None = None) -> tuple[int, str]:
    """Do `work` in a child; return its exit code, what it wrote to stderr, and what it raised
    there. It is killed after `kill_after` seconds, and then -9 is returned."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, 0)
            os.dup2(nowhere, 1)
            os.dup2(writing, 2)
            sys.stdout = open(1, "w", closefd=False)
            sys.stderr = open(2, "w", closefd=False, buffering=1)
            code = work()
            sys.stdout.flush()
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    os.close(writing)
    end = time.monotonic() + (_SLOW_S if kill_after is None else kill_after)
    while time.monotonic() < end:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(min(0.002, max(0.0, end - time.monotonic())))
    os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as told:
        text = told.read().decode(errors="replace")
    _, status_ = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status_), text


_NOT_COMPARED = (".lock", ".holder", "-wal", "-shm")


def left_by(place: Path) -> dict[str, object]:
    """All that lies below a folder: hashes by name; of a journal its entries without their times.
    Files whose names hold a time count by the rest of them."""
    found: dict[str, object] = {}
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        if not path.is_file() or name.endswith(_NOT_COMPARED):
            continue
        if ".damaged-" in name:
            found[name.partition(".damaged-")[0] + " damaged"] = True
        elif path.suffix == ".sqlite":
            with closing(Journal(path, path.stem, read_only=True)) as journal:
                found[name] = [_without_time(entry) for entry in journal.entries()]
        elif path.name == "classes.toml":
            lines = path.read_text().splitlines()
            found[name] = [line for line in lines if not line.startswith("time = ")]
        elif path.name == "journal.jsonl":
            found[name] = len(path.read_text().splitlines())
        elif path.name != ".lidarloop-export.json":
            found[name] = hash_file(path)
    return found


def _without_time(entry: object) -> tuple[object, ...]:
    values = {**vars(entry), "time": 0, "active_s": 0}
    return tuple(v.tolist() if isinstance(v, np.ndarray) else v for v in values.values())


def entries_of(path: Path) -> dict[str, int]:
    """How many entries each journal of a project has."""
    found = {}
    for file in (path / "journals").glob("*.sqlite"):
        with closing(Journal(file, file.stem, read_only=True)) as journal:
            found[file.stem] = len(journal.heads())
    return found


def wrong_with(path: Path) -> str:
    """What of a project cannot be read, "" for nothing; no project is nothing wrong."""
    if not (path / "project.toml").exists():
        return ""
    bad = [finding for finding in doctor.integrity(path, Job()) if finding.good is False]
    if bad:
        return str(bad[0])
    with Project(path, read_only=True) as project:
        status.table(status.status(project, backend=""))
    return ""


def is_sentence(code: int, told: str) -> bool:
    """Whether a step ended well, or said in a sentence why not."""
    return code == 0 or (code == 2 and "lidarloop: " in told and "Traceback" not in told)
