"""Mutates files many times and reads them, in forked processes of little memory and time.

    python -m tests.mutations KIND[,KIND…] FIRST COUNT     prints {"same": …, "told": …, …} for each

KIND is a file of a project (PROJECT_FILES), that of another one (GIVEN), what a verb brings in
(BROUGHT), or the ending of a file that a reader reads (READERS). Outcomes: same (all that came of
it is what it is without the mutation), other (it is not: another value that may stand there), read
(of READERS), told (a ProjectError); and what must not be: traceback:<exception>, hang, memory,
crash, written (what only reads wrote something, or somewhere else).
"""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from core import steps
from core.answers.drawings import read_drawing
from core.answers.journal import built_aside
from core.assist.alike import nearest
from core.assist.by_network import predicted
from core.assist.by_shape import shapes_of
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.cli.doctor import integrity
from core.cli.mend import mend
from core.data.own_poses import own_pose
from core.exchange.export import WHAT
from core.exchange.import_labels import import_labels
from core.exchange.merge import merge
from core.project.project import Project
from core.quality.review import reviewed
from core.rounds.log import read_log
from core.rounds.round import LOG
from core.rounds.scores import read_scores
from core.rounds.wrong import read_wrong
from tests.damaged import look, mutated, with_all_files
from tests.kept import Kept
from tests.limited import counted
from tests.mutated_readers import READERS
from tests.streets import give

PROJECT_FILES = {
    "project.toml": "project.toml",
    "classes.toml": "classes.toml",
    "journal": "journals/*.sqlite",
    "journal's log": "journals/*.sqlite-wal",
    "query": "rounds/001-*/query.json",
    "training": "rounds/001-*/training.json",
    "metrics": "rounds/001-*/metrics.json",
    "log": "rounds/001-*/log.json",
    "wrong": "rounds/001-*/wrong.npz",
    "scores": "rounds/001-*/scores/scores.json",
    "entropy": "rounds/001-*/scores/entropy.npy",
    "feature": "rounds/001-*/scores/feature.npy",
    "pointer": "units/prepared",
    "units": "units/*/units.npz",
    "shapes": "units/*/shapes.npy",
    "report": "units/*/report.npz",
    "checked": "units/*/checked.json",
    "rows": "units/*/rows/**/000001.npz",
    "predictions": "cache/**/000001.npz",
    "poses": "poses/**/*.json",
    "drawing": "drawings/*.npz",
}
GIVEN = {
    "given": "given/given.json",
    "given scores": "given/scores/scores.json",
    "given predictions": "cache/predictions/given/**/000001.npz",
}
# What reads a file, after the project was opened, its status and agreement looked at; each 50th
# time all is done.
_EXPORTS = {
    "project.toml": ("labels",),
    "classes.toml": ("labels",),
    "journal": ("labels", "journal"),
    "journal's log": ("labels", "journal"),
    "predictions": ("predictions",),
    "given predictions": ("merged",),
}


def _of_rows(project: Project) -> object:
    return [project.rows(scan).tobytes() for scan in project.dataset.train]


def _of_scores(project: Project) -> object:
    scored, units = project.last_scored(), project.need_units()
    scores = None if scored is None else read_scores(scored.folder, units)
    if scores is None:
        return None
    name = units.name(0)
    columns = [column.tobytes() for column in scores.values()]
    return columns, predicted(project, [name]), nearest(project, name, 3)


def _of_drawings(project: Project) -> object:
    return [read_drawing(file) for file in sorted((project.path / "drawings").glob("*.npz"))]


def _of_shapes(project: Project) -> object:
    return shapes_of(project, np.arange(3)).tobytes()


def _of_log(project: Project) -> object:
    return read_log(project.rounds[0].file(LOG))


def _of_wrong(project: Project) -> object:
    return read_wrong(project.rounds[0], project.classes.now[: len(project.classes)])


def _of_poses(project: Project) -> object:
    return [own_pose(project.path / "poses", scan) for scan in project.dataset.train]


_MORE: dict[str, Callable[[Project], object]] = {
    "rows": _of_rows,
    **dict.fromkeys(("scores", "entropy", "feature", "given scores"), _of_scores),
    "drawing": _of_drawings,
    "shapes": _of_shapes,
    "log": _of_log,
    "wrong": _of_wrong,
    "poses": _of_poses,
}
_ALL_EACH = 50


def _used(project: Project) -> None:
    """Do what uses more of a project, and writes: guesses, drawings, poses, a next round."""
    for more in dict.fromkeys(_MORE.values()):
        with suppress(ProjectError):  # each by itself: one that is told hides no other
            more(project)
    reviewed(project)
    steps.annotate(project, Job(), oracle="per-point")
    steps.ask(project, Job())


class _Reading:
    """Mutations of a file that a reader reads."""

    def __init__(self, place: Path, kind: str) -> None:
        make, self._reader = READERS[kind]
        self._file = make(place)
        self._data = self._file.read_bytes()
        self._reader(self._file)

    def __call__(self, number: int) -> str:
        self._file.write_bytes(mutated(self._data, random.Random(number)))
        self._reader(self._file)
        return "read"


class _Looking:
    """Mutations of a file of a project: what only reads must write nothing and not see another
    project in silence; each tenth time what writes follows, and `doctor --mend`."""

    def __init__(self, place: Path, kind: str) -> None:
        given = kind in GIVEN
        self._place, self._kind = place, kind
        self._project = with_all_files(place, given=given)
        if kind == "journal's log":
            leave_a_log(self._project)
        (self._file,) = self._project.glob({**PROJECT_FILES, **GIVEN}[kind])
        self._data = self._file.read_bytes()
        self._inside = Kept(self._project)
        self._beyond = Kept(place, but=(self._project, place / "out"))
        self._wanted = {}
        for all_of in (False, True):
            self._wanted[all_of] = self._look(all_of)
            self._inside.restore()
        self._use()
        self._inside.restore()

    def _look(self, all_of: bool) -> str:
        whats = WHAT if all_of else _EXPORTS.get(self._kind, ())
        more = _MORE.get(self._kind)
        return look(self._project, self._place / "out", whats, with_doctor=all_of, more=more)

    def __call__(self, number: int) -> str:
        all_of = number % _ALL_EACH == 0
        self._file.write_bytes(mutated(self._data, random.Random(number)))
        before = self._inside.stamps()
        try:
            told: ProjectError | None = None
            found = "other"
            try:
                found = "same" if self._look(all_of) == self._wanted[all_of] else "other"
            except ProjectError as error:
                told = error
            wrong = [path for path in self._inside.changed(before) if not _is_log(path)]
            if all_of:
                if told is not None and self._doctor_is_content():
                    return f"unfound by doctor | {told}"
                self._write()
                wrong += self._beyond.changed()
            if wrong:
                return f"written | {wrong}"
            if told is not None:
                raise told
            return found
        finally:
            self._inside.restore()

    def _doctor_is_content(self) -> bool:
        return not any(
            found.good is False or (found.good is None and found.name.startswith("journal "))
            for found in integrity(self._project, Job())
        )

    def _use(self) -> None:
        with Project(self._project) as project:
            _used(project)

    def _write(self) -> None:
        """What is told here may be told; all else goes up."""
        with suppress(ProjectError):
            self._use()
        with suppress(ProjectError):
            for _ in mend(self._project):
                pass
        with suppress(ProjectError):
            self._look(False)


class _Bringing:
    """Mutations of what a verb brings into a project: told, the project stays as it is."""

    def __init__(self, place: Path, kind: str) -> None:
        self._place, self._kind = place, kind
        self._project = with_all_files(place)
        with Project(self._project) as project:
            self._file = BROUGHT[kind](project, place)
        self._data = self._file.read_bytes()
        self._inside = Kept(self._project)
        self._beyond = Kept(place, but=(self._project, place / "o", place / "out"))
        self._bring()
        self._wanted = look(self._project, place / "out", ("labels", "journal"))
        self._inside.restore()

    def _bring(self) -> None:
        with Project(self._project) as project:
            if self._kind == "imported labels":
                import_labels(project, self._place / "o", Job())
            else:
                merge(project, [self._place / "o"])

    def __call__(self, number: int) -> str:
        self._file.write_bytes(mutated(self._data, random.Random(number)))
        before = self._inside.stamps()
        try:
            try:
                self._bring()
            except ProjectError:
                wrong = [path for path in self._inside.changed(before) if not _is_log(path)]
                if wrong:
                    return f"written | {wrong}"
                look(self._project, self._place / "out", ("labels",))
                raise
            found = look(self._project, self._place / "out", ("labels", "journal"))
            wrong = self._beyond.changed()
            return f"written | {wrong}" if wrong else "same" if found == self._wanted else "other"
        finally:
            self._inside.restore()
            for end in ("-wal", "-shm"):
                self._file.with_name(self._file.name + end).unlink(missing_ok=True)


def leave_a_log(path: Path) -> None:
    """Let a project's journal be as a program leaves it that was killed: half of it in its log."""
    with Project(path) as project:
        journal = path / "journals" / f"{project.answers.annotator}.sqlite"
        for seed in range(1, 9):
            give(project, 2, seed)
        kept = {end: journal.with_name(journal.name + end) for end in ("", "-wal")}
        content = {file: file.read_bytes() for file in kept.values()}
    for file, data in content.items():
        file.write_bytes(data)


def _others_journal(project: Project, place: Path) -> Path:
    """A project at place/o, on the same scans, with a journal of Anna's."""
    (place / "o/journals").mkdir(parents=True)
    shutil.copyfile(project.path / "classes.toml", place / "o/classes.toml")
    file = place / "o/journals/anna.sqlite"
    with built_aside(file, "anna") as journal:
        journal.append_all(list(project.answers.entries()))
    return file


def _others_classes(project: Project, place: Path) -> Path:
    _others_journal(project, place)
    return place / "o/classes.toml"


def _labels(project: Project, place: Path) -> Path:
    shutil.copytree(project.root / "sequences/00/labels", place / "o/sequences/00/labels")
    return place / "o/sequences/00/labels/000000.label"


BROUGHT: dict[str, Callable[[Project, Path], Path]] = {
    "merged journal": _others_journal,
    "merged classes": _others_classes,
    "imported labels": _labels,
}
KINDS = (*PROJECT_FILES, *GIVEN, *BROUGHT, *READERS)


def _is_log(path: str) -> bool:
    """What SQLite and the lock leave beside what they are of."""
    return path.endswith(("-wal", "-shm", ".lock"))


@contextmanager
def _remembered_settings() -> Iterator[None]:
    """The same text of TOML is parsed once, which is half the time of opening a project."""
    loads = tomllib.loads

    @lru_cache(maxsize=32)
    def stored(text: str) -> bytes:
        return pickle.dumps(loads(text))

    tomllib.loads = lambda text: pickle.loads(stored(text))
    try:
        yield
    finally:
        tomllib.loads = loads


def outcomes(kind: str, first: int, count: int) -> Counter[str]:
    """What became of mutations `first` to `first` + `count` of a kind of file."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(prefix="lidarloop-", dir=memory if memory.is_dir() else None))
    here, environment = Path.cwd(), dict(os.environ)
    try:
        for name in ("home", "tmp", "cwd"):  # where nothing must be written either
            (place / name).mkdir()
        os.environ["HOME"] = str(place / "home")
        tempfile.tempdir = str(place / "tmp")
        os.chdir(place / "cwd")
        known = PROJECT_FILES | GIVEN
        make = _Looking if kind in known else _Bringing if kind in BROUGHT else _Reading
        with _remembered_settings():
            return counted(make(place, kind), first, count)
    finally:
        tempfile.tempdir = None
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(here)
        shutil.rmtree(place, ignore_errors=True)


def main(kinds: list[str], first: int, count: int) -> None:
    """Print what became of each kind."""
    for kind in kinds:
        began = time.monotonic()
        found = outcomes(kind, first, count)
        seconds = time.monotonic() - began
        print(json.dumps({"kind": kind, "first": first, **found}), flush=True)
        print(f"{kind}: {count / seconds:.0f} a second", file=sys.stderr, flush=True)


if __name__ == "__main__":
    asked = sys.argv[1]
    main(list(KINDS) if asked == "all" else asked.split(","), int(sys.argv[2]), int(sys.argv[3]))
