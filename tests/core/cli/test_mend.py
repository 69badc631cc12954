"""`doctor` finds what is wrong with a project; `doctor --mend` keeps its good part."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import LockedError, ProjectError
from core.base.jobs import Job
from core.cli import doctor
from core.cli.mend import mend
from core.project.project import Project
from tests.core.answers.giving import undoing, write
from tests.damaged import whole_project

BOMB = zlib.compress(bytes(1 << 26), 9)
# What is done to a colleague's journal of nine answers, and how many are kept.
SQL = {
    "a bomb": ("UPDATE entries SET rows = ? WHERE seq = 3", (BOMB,), 8),
    "rows of another scan": ("UPDATE entries SET scan_rows = 7 WHERE seq > 4", (), 4),
    "infinite seconds": ("UPDATE entries SET active_s = 9e999 WHERE seq = 9", (), 8),
    "a time of words": ("UPDATE entries SET time = 'then' WHERE seq = 1", (), 8),
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON entries BEGIN SELECT 1; END", (), 9),
    "a view": ("CREATE VIEW more AS SELECT * FROM entries", (), 9),
    "no index": ("DROP INDEX by_scan", (), 9),
    "no version": ("PRAGMA user_version = 0", (), 9),
    "numbers without end": ("UPDATE sqlite_sequence SET seq = 9223372036854775807", (), 9),
    "numbers at their end": ("UPDATE sqlite_sequence SET seq = 281474976710656", (), 9),
    "no annotator": ("DELETE FROM about", (), 9),
    "everything": ("UPDATE entries SET classes = x''", (), 0),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_project(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "p")
    return tmp_path / "p"


def bad(path: Path) -> list[str]:
    return [str(f) for f in doctor.integrity(path, Job()) if f.good is False]


def seqs(path: Path, annotator: str) -> list[int]:
    with Project(path, read_only=True) as project:
        return [head.seq for head in project.answers.fold.all() if head.annotator == annotator]


def labels(path: Path) -> list[np.ndarray]:
    with Project(path, read_only=True) as project:
        return [project.labels(scan) for scan in project.dataset.train]


@pytest.mark.parametrize("name", SQL)
def test_a_journal_keeps_its_good_part(path: Path, name: str):
    sql, values, kept = SQL[name]
    before = labels(path)
    file = write(path / "journals", "bob", 9)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute(sql, values)
    data = file.read_bytes()
    assert any("bob" in line for line in bad(path))
    (said,) = mend(path)
    assert "bob.sqlite" in said
    (aside,) = (path / "journals").glob("bob.damaged-*[0-9]")
    assert aside.read_bytes() == data
    assert not bad(path)
    assert len(seqs(path, "bob")) == kept
    assert not list(mend(path))
    np.testing.assert_equal(labels(path), before)


@pytest.mark.parametrize("kind", ["folder", "pipe", "noise", "empty words", "cut", "a recipe"])
def test_what_is_no_journal_is_set_aside(path: Path, kind: str):
    file = path / "journals/bob.sqlite"
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "cut":
        write(file.parent, "bob", 9)
        os.truncate(file, 1000)
    elif kind == "a recipe":
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute("CREATE TABLE recipes (name TEXT)")
    else:
        file.write_bytes(os.urandom(9999) if kind == "noise" else b"no journal " * 99)
    assert bad(path)
    assert len(list(mend(path))) == 1
    assert list((path / "journals").glob("bob.damaged-*"))
    assert not bad(path)


@pytest.mark.parametrize(
    ("pattern", "content"),
    [
        ("rounds/001-*/metrics.json", b"{"),
        ("rounds/001-*/metrics.json", b'{"iou": {}, "miou": "good"}'),
        ("rounds/001-*/metrics.json", b'{"iou": {"car": 7}, "miou": 0.5}'),
        ("rounds/001-*/scores/scores.json", b"[]"),
        ("rounds/001-*/scores/scores.json", b'{"version": true}'),
        ("units/*/units.npz", b"PK"),
        ("units/*/report.npz", b""),
        ("units/prepared", b"../../elsewhere"),
        ("units/prepared", b"\0"),
        ("drawings/a.npz", b"no archive"),
    ],
)
def test_derived_files_are_set_aside_and_no_answer_is_lost(
    path: Path, pattern: str, content: bytes
):
    before = labels(path)
    (path / "drawings").mkdir(exist_ok=True)
    found = list(path.glob(pattern)) or [path / pattern]
    found[0].write_bytes(content)
    assert bad(path)
    assert len(list(mend(path))) == 1
    assert not bad(path)
    assert (
        content in [kept.read_bytes() for kept in path.rglob("*.damaged-*")] or "units" in pattern
    )
    np.testing.assert_equal(labels(path), before)


def test_undos_in_circles_are_told(path: Path):
    undoing(write(path / "journals", "bob", 4), [5, 7, 6])
    told = [str(f) for f in doctor.integrity(path, Job()) if f.good is None]
    assert any("take back themselves" in line and "number 5" in line for line in told)


def test_half_of_a_journal_stands_in_nobodys_way(path: Path):
    (path / "journals/bob.sqlite.new").write_bytes(b"SQLite format 3\0")
    assert not bad(path)
    (said,) = mend(path)
    assert "half of a file" in said


def test_a_project_that_is_open_is_not_mended(path: Path):
    with Project(path), pytest.raises(LockedError):
        list(mend(path))
    with pytest.raises(ProjectError, match="no LidarLoop project"):
        list(mend(path.parent))
