"""Journals of version 1, and entries of kinds that this program does not know."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pytest

from core.answers.answers import Answers
from core.answers.effort import Effort
from core.answers.entry import COLUMNS, POINTS, Entry, Head, ScanRef
from core.answers.journal import Journal
from core.base.errors import ProjectError, StorageError
from core.data.classes import UNLABELLED
from tests.core.answers.made import BODY, boxes, version_of, write_version_1
from tests.places import ROOT

S0 = ScanRef("s0", 100, "h")


def content(path: Path) -> list[dict]:
    """Every entry of a journal that is only read, as plain values."""
    with closing(Journal(path, path.stem, read_only=True)) as journal:
        entries = [asdict(entry) for entry in journal.entries()]
    for entry in entries:
        entry["rows"], entry["classes"] = entry["rows"].tolist(), entry["classes"].tolist()
    return entries


def plain(path: Path) -> list[tuple]:
    """The first twenty columns of a journal's rows, as SQLite has them."""
    first = ", ".join(column.name for column in COLUMNS[:20])
    with closing(sqlite3.connect(path)) as database:
        return database.execute(f"SELECT {first} FROM entries ORDER BY seq").fetchall()


def test_every_field_of_entries_and_heads_is_a_column():
    names = {column.name for column in COLUMNS}
    assert {field.name for field in fields(Entry)} - {"annotator"} == names - {"points", "counts"}
    assert set(Head._fields) - {"annotator"} <= names


def test_version_1_is_migrated_where_it_is_written(tmp_path: Path):
    path = tmp_path / "ann.sqlite"
    write_version_1(path, "ann", 40)
    before, rows = content(path), plain(path)
    Journal(path, "ann").close()
    assert version_of(path) == 2
    assert content(path) == before
    assert plain(path) == rows
    with closing(sqlite3.connect(path)) as database:
        added = database.execute("SELECT DISTINCT kind, body FROM entries").fetchall()
    assert added == [("points", "")]
    with closing(Answers.open(tmp_path, "ann")) as answers:
        assert answers.undo().seq == 40
    assert [entry["seq"] for entry in content(path)] == list(range(1, 42))


def test_version_1_that_is_only_read_stays_as_it_is(tmp_path: Path):
    path = tmp_path / "ann.sqlite"
    write_version_1(path, "ann", 40)
    data = path.read_bytes()
    with closing(Answers.open(tmp_path, "ann", read_only=True)) as answers:
        old = answers.labels(S0)
        heads = list(answers.fold.all())
        assert {entry.kind for entry in answers.entries()} == {POINTS}
        assert {entry.scan for entry in answers.of_scan("s1")} == {"s1"}
    with closing(Journal(path, "ann", read_only=True)) as journal:
        assert sorted(journal.scans()) == [("s0", 100, "h"), ("s1", 100, "h")]
    assert path.read_bytes() == data
    assert version_of(path) == 1
    with closing(Answers.open(tmp_path, "ann")) as answers:
        np.testing.assert_array_equal(answers.labels(S0), old)
        assert list(answers.fold.all()) == heads


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
place = int(sys.argv[2])
done = 0
class Killed(sqlite3.Connection):
    def execute(self, sql, *rest):
        global done
        done += 1
        if done == place:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(sql, *rest)
open_database = sqlite3.connect
sqlite3.connect = lambda *a, **k: open_database(*a, **k, factory=Killed)
from core.answers.journal import Journal
Journal(Path(sys.argv[1]), "ann")
os.kill(os.getpid(), signal.SIGUSR1)
"""


@pytest.mark.slow
def test_a_kill_before_any_statement_of_the_migration_leaves_one_version_whole(tmp_path: Path):
    first = tmp_path / "first" / "ann.sqlite"
    first.parent.mkdir()
    write_version_1(first, "ann", 40)
    before = content(first)
    versions = []
    for place in range(1, 100):
        folder = tmp_path / str(place)
        shutil.copytree(first.parent, folder)
        path = folder / "ann.sqlite"
        ran = subprocess.run([sys.executable, "-c", KILLED, path, str(place)], cwd=ROOT)
        assert content(path) == before
        versions.append(version_of(path))
        Journal(path, "ann").close()
        assert version_of(path) == 2
        assert content(path) == before
        if ran.returncode == -signal.SIGUSR1:
            break  # it came to its end, and was killed with the file still open
        assert ran.returncode == -signal.SIGKILL
    assert versions == sorted(versions)
    assert versions.count(1) >= 5
    assert versions[-1] == 2


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_migration_that_fails_leaves_version_1(tmp_path: Path, monkeypatch, place: int):
    class Failing(sqlite3.Connection):
        changes = 0

        def execute(self, sql, *rest):
            change = sql.startswith(("ALTER", "PRAGMA user_version ="))
            self.changes += change
            if change and self.changes == place:
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *rest)

    path = tmp_path / "ann.sqlite"
    write_version_1(path, "ann", 40)
    before = content(path)
    connect = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Failing))
        with pytest.raises(StorageError, match="No space is left"):
            Journal(path, "ann")
    assert version_of(path) == 1
    assert content(path) == before


def test_the_good_part_of_a_damaged_version_1_is_kept(tmp_path: Path):
    path = tmp_path / "ann.sqlite"
    write_version_1(path, "ann", 2000)
    before = content(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = database.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    middle = len(data) // page // 2
    data[middle * page : (middle + 2) * page] = os.urandom(2 * page)
    path.write_bytes(data)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        assert "was damaged" in answers.damage
    assert version_of(path) == 2
    kept = content(path)
    assert 1500 < len(kept) < 2000
    assert all(entry == before[entry["seq"] - 1] for entry in kept)


def test_a_newer_version_is_refused_read_only_too(tmp_path: Path):
    path = tmp_path / "ann.sqlite"
    Journal(path, "ann").close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 3")
    for read_only in (False, True):
        with pytest.raises(ProjectError, match=r"of a newer LidarLoop \(version 3\)"):
            Journal(path, "ann", read_only=read_only)


@pytest.mark.parametrize("migrated", ["shorter", "longer", "both"])
def test_versions_are_merged_in_either_direction(tmp_path: Path, migrated: str):
    """A journal gains what a longer copy of it has, whatever version each of them is."""
    here, there = tmp_path / "here" / "ann.sqlite", tmp_path / "there" / "ann.sqlite"
    for path in (here, there):
        path.parent.mkdir()
        write_version_1(path, "ann", 40)
    with closing(sqlite3.connect(here)) as database:
        database.execute("DELETE FROM entries WHERE seq > 25")
        database.commit()
    for path, name in ((here, "shorter"), (there, "longer")):
        if migrated in (name, "both"):
            Journal(path, "ann").close()
    data, before = there.read_bytes(), content(there)
    with closing(Journal(there, "ann", read_only=True)) as longer:
        with closing(Journal(here, "ann")) as journal:
            assert longer.heads()[:25] == journal.heads()
            journal.extend(longer)
    assert content(here) == before
    assert there.read_bytes() == data


def test_who_reads_version_1_sees_what_its_writer_adds_as_version_2(tmp_path: Path):
    path = tmp_path / "bob.sqlite"
    write_version_1(path, "bob", 20)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        with closing(Journal(path, "bob")) as bobs:
            bobs.append(boxes("bob"))
        answers.take_in(path)
        assert [entry.kind for entry in answers.entries()].count("boxes") == 1
        assert len(list(answers.entries())) == 21


# -- kinds that this program does not know ---------------------------------------------------------


def give(answers: Answers, unit: str, c: int) -> Head:
    """Give ten rows of s0 a class, as points."""
    return answers.answer(
        S0, np.arange(10), np.full(10, c, np.uint8), round="", unit=unit, effort=Effort(tool="key")
    )


def add_boxes(folder: Path, count: int) -> None:
    """Append entries as a newer program does that writes the same version."""
    with closing(Journal(folder / "ann.sqlite", "ann")) as journal:
        for _ in range(count):
            journal.append(boxes("ann"))


def state(answers: Answers) -> dict:
    """All that answers to points come to."""
    fold = answers.fold
    return {
        "labels": answers.labels(S0).tolist(),
        "of_scan": [entry.seq for entry in answers.of_scan("s0")],
        "effective": {unit: head.seq for unit, head in answers.effective.items()},
        "spent": answers.spent(),
        "counts": fold.class_counts(),
        "changed": list(fold.changed),
        "scans": fold.labelled_scans(rounds={"", "001-size"}),
        "standing": [head.seq for head in fold.standing()],
        "mine": [head.seq for head in answers.mine()],
        "seen again": answers.seen_again(),
        "blind": [head.seq for head in fold.compared()],
        "pace": (answers.pace(), answers.pace(everyone=True)),
    }


def test_an_unknown_kind_is_kept_whole_and_changes_no_points(tmp_path: Path):
    with closing(Answers.open(tmp_path, "ann")) as answers:
        give(answers, "s0#c1", 2)
        give(answers, "s0#c2", 3)
        before, positions = state(answers), answers.positions()
    add_boxes(tmp_path, 1)
    with closing(Journal(tmp_path / "ann.sqlite", "ann")) as journal:
        journal.append(boxes("ann", blind=True, unit="s0#c2"))
        journal.append(boxes("ann", verb="reopen", unit="s0#c2"))
    with closing(Answers.open(tmp_path, "ann")) as answers:
        assert state(answers) == before
        assert answers.positions() == {"ann": positions["ann"] + 3}  # later answers come after it
        assert answers.labels(S0, until={"ann": 99}).tolist() == before["labels"]
        entry = next(entry for entry in answers.entries() if entry.kind == "boxes")
        assert (entry.body, entry.rows.tolist(), entry.seq) == (BODY, list(range(30)), 3)


def test_undo_and_redo_are_one_history_over_all_kinds(tmp_path: Path):
    with closing(Answers.open(tmp_path, "ann")) as answers:
        give(answers, "s0#c1", 2)
    add_boxes(tmp_path, 2)
    with closing(Answers.open(tmp_path, "ann")) as answers:
        give(answers, "s0#c2", 3)
        labels = [answers.labels(S0).tolist()]
        taken = []
        for step in range(4):
            taken.append(answers.undo())
            labels.append(answers.labels(S0).tolist())
            if step == 1:
                answers.close()
                answers = Answers.open(tmp_path, "ann")
        assert answers.undo() is None
    assert [(head.seq, head.kind) for head in taken] == [
        (4, "points"),
        (3, "boxes"),
        (2, "boxes"),
        (1, "points"),
    ]
    assert [found[0] for found in labels] == [3, 2, 2, 2, UNLABELLED]
    with closing(Answers.open(tmp_path, "ann")) as answers:
        undos = [entry for entry in answers.entries() if entry.verb == "undo"]
        assert [(undo.cancels, undo.kind) for undo in undos] == [
            (head.seq, head.kind) for head in taken
        ]
        back = []
        while (head := answers.redo()) is not None:
            back.append(head.seq)
        assert back == [1, 2, 3, 4]
        assert answers.labels(S0).tolist() == labels[0]
        ledger = answers.folds["boxes"]
        assert not any(ledger.is_undone(head) for head in ledger.all() if head.verb != "undo")


def test_an_unknown_kind_is_merged_into_a_journal_of_version_1(tmp_path: Path):
    here, there = tmp_path / "here" / "ann.sqlite", tmp_path / "there" / "ann.sqlite"
    for path in (here, there):
        path.parent.mkdir()
        write_version_1(path, "ann", 25)
    add_boxes(there.parent, 3)
    with (
        closing(Journal(there, "ann", read_only=True)) as longer,
        closing(Journal(here, "ann")) as journal,
    ):
        journal.extend(longer)
    assert content(here) == content(there)
    assert [entry["body"] for entry in content(here)[25:]] == [BODY] * 3
