"""The journal keeps every answer, through kills, full disks and other programs' files."""

from __future__ import annotations

import os
import random
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from core.answers.answers import Answers
from core.answers.effort import Effort
from core.answers.entry import ScanRef, pack_classes, pack_rows, unpack_classes, unpack_rows
from core.answers.journal import Journal
from core.answers.labels import labels_of
from core.base.errors import DataError, ProjectError, StorageError
from core.data.classes import UNLABELLED
from tests.places import ROOT

S = ScanRef("s", 100, "h")


def answer(answers: Answers, rows, classes, unit="s#c0", scan="s", round="001-size", **effort):
    return answers.answer(
        S._replace(name=scan, rows=max(100, int(max(rows)) + 1)),
        np.asarray(rows),
        np.asarray(classes, np.uint8),
        round=round,
        unit=unit,
        effort=Effort(**{"tool": "key", **effort}),
    )


@pytest.fixture
def answers(tmp_path):
    made = Answers.open(tmp_path, "ann")
    yield made
    made.close()


# -- entries ---------------------------------------------------------------------------------------


def test_every_field_comes_back(answers, tmp_path):
    options = {"active_s": 2.5, "clicks": 3, "keys": 4, "suggested": "car 71 %"}
    answer(answers, [5, 2, 9], [1, 0, 255], **options)
    answers.close()
    (entry,) = Answers.open(tmp_path, "ann").entries()
    assert (entry.annotator, entry.seq, entry.verb) == ("ann", 1, "answer")
    assert (entry.round, entry.scan, entry.unit) == ("001-size", "s", "s#c0")
    assert entry.rows.tolist() == [2, 5, 9]
    assert entry.classes.tolist() == [0, 1, 255]
    assert (entry.tool, entry.active_s, entry.clicks, entry.keys) == ("key", 2.5, 3, 4)
    assert (entry.suggested, entry.scan_rows, entry.scan_hash) == ("car 71 %", 100, "h")
    assert entry.time > 1.7e9
    assert entry.version
    assert (entry.cancels, entry.blind) == (None, False)


@pytest.mark.parametrize("seed", range(5))
def test_rows_and_classes_are_packed_without_loss(seed: int):
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(2**31, int(rng.integers(1, 2000)), replace=False))
    classes = rng.integers(0, 256, len(rows)).astype(np.uint8)
    assert np.array_equal(unpack_rows(pack_rows(rows)), rows)
    assert np.array_equal(unpack_classes(pack_classes(classes), len(rows)), classes)
    one = np.full(len(rows), 7, np.uint8)
    assert pack_classes(one) == b"\x07"
    assert np.array_equal(unpack_classes(b"\x07", len(rows)), one)


def test_time_never_goes_back(answers, monkeypatch):
    first = answer(answers, [1], [1])
    monkeypatch.setattr("core.answers.journal_file.time.time", lambda: 1000.0)
    second = answer(answers, [1], [2], unit="s#c1")
    assert second.time > first.time


# -- the fold --------------------------------------------------------------------------------------


def slow_standing(entries):
    """Take back what undos name, newest first, then what was said before its unit was reopened."""
    undone = set()
    for entry in sorted(entries, key=lambda e: -e.seq):
        if entry.verb == "undo" and entry.seq not in undone:
            undone.add(entry.cancels)
    done = [entry for entry in entries if entry.verb != "undo" and entry.seq not in undone]
    return [
        entry
        for place, entry in enumerate(done)
        if entry.verb != "reopen"
        and ("reopen", entry.unit) not in [(e.verb, e.unit) for e in done[place:]]
    ]


def slow_labels(entries, rows):
    """Let later answers that stand replace earlier ones."""
    labels = np.full(rows, UNLABELLED, np.uint8)
    for entry in slow_standing(entries):
        if entry.verb == "answer":
            for row, found in zip(entry.rows.tolist(), entry.classes.tolist(), strict=True):
                labels[row] = found
    return labels


@pytest.mark.parametrize("seed", range(8))
def test_labels_after_any_mix_of_steps_equal_the_slow_labels_of(tmp_path, seed: int):
    rng = random.Random(seed)
    answers = Answers.open(tmp_path, "ann")
    for _ in range(120):
        kind = rng.random()
        if kind < 0.5:
            rows = rng.sample(range(100), rng.randint(1, 12))
            classes = [rng.randint(0, 4) for _ in rows]
            answer(answers, rows, classes, unit=f"s#c{rng.randint(0, 15)}")
        elif kind < 0.58:
            answers.decline(S, round="", unit=f"s#c{rng.randint(0, 15)}")
        elif kind < 0.64:
            answers.reopen("s", f"s#c{rng.randint(0, 15)}")
        elif kind < 0.82:
            answers.undo()
        else:
            answers.redo()
        if rng.random() < 0.06:
            before = dict(answers.effective)
            answers.close()
            answers = Answers.open(tmp_path, "ann")
            assert answers.effective == before
    entries = list(answers.entries())
    labels = answers.labels(S)
    assert np.array_equal(labels, slow_labels(entries, 100))
    counts = answers.fold.class_counts()
    effective = {}
    for entry in slow_standing(entries):
        effective[entry.unit] = entry
    expected: dict[int, int] = {}
    for entry in effective.values():
        for found in entry.classes.tolist():
            expected[found] = expected.get(found, 0) + 1
    assert counts == expected
    assert {unit: head.seq for unit, head in answers.effective.items()} == {
        unit: entry.seq for unit, entry in effective.items()
    }
    answers.close()


def test_undo_of_everything_then_redo_of_everything_over_restarts(tmp_path):
    answers = Answers.open(tmp_path, "ann")
    for step in range(60):
        answer(answers, [step], [step % 5], unit=f"s#c{step}", scan=f"s{step % 3}")
    ends = [answers.labels(S._replace(name=f"s{n}")).tolist() for n in range(3)]
    for step in range(60):
        assert answers.undo() is not None
        if step % 20 == 19:
            answers.close()
            answers = Answers.open(tmp_path, "ann")
    assert answers.undo() is None
    assert all((answers.labels(S._replace(name=f"s{n}")) == UNLABELLED).all() for n in range(3))
    for step in range(60):
        assert answers.redo() is not None
        if step % 20 == 19:
            answers.close()
            answers = Answers.open(tmp_path, "ann")
    assert answers.redo() is None
    assert [answers.labels(S._replace(name=f"s{n}")).tolist() for n in range(3)] == ends
    answers.close()


def test_a_new_answer_ends_redo(answers):
    answer(answers, [1], [1])
    answers.undo()
    answer(answers, [2], [2], unit="s#c9")
    assert answers.redo() is None


def test_two_annotators_are_folded_in_time_order_in_both_orders(tmp_path):
    for folder, names in (("x", ("ann", "bob")), ("y", ("bob", "ann"))):
        (tmp_path / folder).mkdir()
        for name in names:
            source = Answers.open(tmp_path / name, name)
            if not list(source.entries()):
                answer(source, range(10), [1] * 10 if name == "ann" else [2] * 10)
            source.close()
        for name in names:
            data = (tmp_path / name / f"{name}.sqlite").read_bytes()
            (tmp_path / folder / f"{name}.sqlite").write_bytes(data)
    labels = []
    for folder in ("x", "y"):
        with_both = Answers.open(tmp_path / folder, "ann", read_only=True)
        labels.append(with_both.labels(S).tolist())
        with_both.close()
    assert labels[0] == labels[1]
    assert labels[0][:10] == [2] * 10


def test_positions_freeze_what_counted_then(answers):
    answer(answers, [1], [1])
    answer(answers, [2], [2], unit="s#c1")
    frozen = answers.positions()
    answers.undo()
    answer(answers, [3], [3], unit="s#c2")
    then = answers.labels(S, until=frozen)
    assert then[[1, 2, 3]].tolist() == [1, 2, UNLABELLED]
    now = answers.labels(S)
    assert now[[1, 2, 3]].tolist() == [1, UNLABELLED, 3]


def test_a_reopened_unit_waits_until_it_is_answered_again(answers):
    answer(answers, [1], [1])
    answer(answers, [2], [2], unit="s#c1")
    before = answers.positions()
    answers.reopen("s", "s#c0")
    assert answers.fold.reopened == {"s#c0"}
    assert set(answers.effective) == {"s#c1"}
    assert answers.spent()[:2] == (1, 1)
    assert answers.labels(S)[[1, 2]].tolist() == [UNLABELLED, 2]
    assert answers.labels(S, until=before)[[1, 2]].tolist() == [1, 2]
    answer(answers, [1], [3])
    assert not answers.fold.reopened
    assert answers.labels(S)[[1, 2]].tolist() == [3, 2]
    assert answers.undo().verb == "answer"
    assert answers.fold.reopened == {"s#c0"}
    assert answers.undo().verb == "reopen"
    assert not answers.fold.reopened
    assert answers.labels(S)[[1, 2]].tolist() == [1, 2]


def test_labels_never_land_on_another_file(answers):
    answer(answers, [1], [1])
    with pytest.raises(DataError, match="had 100 points then and has 90 now"):
        answers.labels(S._replace(rows=90))
    with pytest.raises(DataError, match="content is another"):
        answers.labels(S._replace(hash="other"))


def test_fold_of_nothing_is_unlabelled():
    assert (labels_of([], 4) == UNLABELLED).all()


# -- faults ----------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_what_was_saved_stays(tmp_path):
    answers = Answers.open(tmp_path, "ann")
    answer(answers, [1], [1])
    journal = answers._journals["ann"]
    pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
    journal._database.execute(f"PRAGMA max_page_count = {pages}")
    rng = np.random.default_rng(0)
    rows = np.sort(rng.choice(10**8, 100_000, replace=False))
    with pytest.raises(StorageError, match="No space is left"):
        answer(answers, rows, rng.integers(0, 9, len(rows)), unit="s#c1")
    journal._database.execute("PRAGMA max_page_count = 1000000")
    answer(answers, [2], [2], unit="s#c2")
    answers.close()
    again = Answers.open(tmp_path, "ann")
    assert sorted(again.effective) == ["s#c0", "s#c2"]
    again.close()


def test_a_file_size_limit_loses_nothing_acknowledged(tmp_path):
    code = """
import resource, signal, sys
import numpy as np
from pathlib import Path
from core.answers.answers import Answers
from core.answers.effort import Effort
from core.answers.entry import ScanRef
from core.base.errors import StorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
answers = Answers.open(Path(sys.argv[1]), "ann")
resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, resource.RLIM_INFINITY))
done = 0
try:
    for n in range(2000):
        answers.answer(ScanRef("s", 300, "h"), np.arange(300), np.arange(300).astype(np.uint8) % 7,
                       round="", unit=f"s#c{n}", effort=Effort(tool="key"))
        done += 1
except StorageError as error:
    print(done, error.what)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    done = int(ran.stdout.split()[0])
    assert 0 < done < 2000
    again = Answers.open(tmp_path, "ann")
    assert len(again.effective) >= done
    again.close()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_damaged_journal_is_named(tmp_path):
    answers = Answers.open(tmp_path, "ann")
    answer(answers, [1], [1])
    answers.close()
    file = tmp_path / "ann.sqlite"
    data = bytearray(file.read_bytes())
    data[:200] = os.urandom(200)
    file.write_bytes(data)
    with pytest.raises(ProjectError, match=r"ann\.sqlite.* is damaged"):
        Answers.open(tmp_path, "ann")


def test_the_good_part_of_a_damaged_journal_is_kept(tmp_path):
    """Some pages in the middle are overwritten: what is on the others is still there."""
    answers = Answers.open(tmp_path, "ann")
    rng = np.random.default_rng(0)
    for number in range(400):
        rows = np.sort(rng.choice(100_000, 300, replace=False))
        answer(answers, rows, rng.integers(0, 19, 300), unit=f"s#c{number}")
    before = {entry.seq: entry for entry in answers.entries()}
    answers.close()
    with sqlite3.connect(tmp_path / "ann.sqlite") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = database.execute("PRAGMA page_size").fetchone()
    database.close()
    file = tmp_path / "ann.sqlite"
    data = bytearray(file.read_bytes())
    middle = len(data) // page // 2
    data[middle * page : (middle + 3) * page] = os.urandom(3 * page)
    file.write_bytes(data)
    with pytest.raises(ProjectError, match=r"ann\.sqlite.* is damaged"):
        Answers.open(tmp_path, "ann", read_only=True)
    again = Answers.open(tmp_path, "ann")
    kept = {entry.seq: entry for entry in again.entries()}
    assert 300 < len(kept) < 400
    assert "damaged" in again.damage
    assert f"{len(kept)} entries are kept" in again.damage
    for seq, entry in kept.items():
        assert (entry.unit, entry.time) == (before[seq].unit, before[seq].time)
        np.testing.assert_array_equal(entry.rows, before[seq].rows)
        np.testing.assert_array_equal(entry.classes, before[seq].classes)
    (aside,) = tmp_path.glob("ann.damaged-*")
    assert aside.read_bytes() == bytes(data)
    head = answer(again, [1], [1])
    assert head.seq > max(kept)
    again.close()
    Answers.open(tmp_path, "ann").close()


def test_redo_of_an_undo_whose_entry_was_lost_does_nothing(tmp_path):
    answers = Answers.open(tmp_path, "ann")
    answer(answers, [1], [1])
    answers.undo()
    answers.close()
    with sqlite3.connect(tmp_path / "ann.sqlite") as database:
        database.execute("DELETE FROM entries WHERE seq = 1")  # as salvaging a damaged file does
    database.close()
    again = Answers.open(tmp_path, "ann")
    assert again.redo() is None
    assert again.undo() is None
    again.close()


def test_a_damaged_entry_is_named(tmp_path):
    answers = Answers.open(tmp_path, "ann")
    answer(answers, [1], [1])
    answers.close()
    with sqlite3.connect(tmp_path / "ann.sqlite") as database:
        database.execute("UPDATE entries SET rows = x'00ff'")
    database.close()
    again = Answers.open(tmp_path, "ann")
    with pytest.raises(ProjectError, match=r"Entry 1 of ann\.sqlite is damaged"):
        again.labels(S)
    again.close()


def test_a_newer_version_is_refused(tmp_path):
    Journal(tmp_path / "ann.sqlite", "ann").close()
    with sqlite3.connect(tmp_path / "ann.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(ProjectError, match="newer LidarLoop"):
        Journal(tmp_path / "ann.sqlite", "ann")


def test_another_annotators_file_is_not_written(tmp_path):
    Journal(tmp_path / "ann.sqlite", "ann").close()
    (tmp_path / "ann.sqlite").rename(tmp_path / "bob.sqlite")
    with pytest.raises(ProjectError, match="answers of ann"):
        Answers.open(tmp_path, "bob")


def test_another_programs_database_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "ann.sqlite") as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    database.close()
    with pytest.raises(ProjectError, match="no journal of LidarLoop"):
        Journal(tmp_path / "ann.sqlite", "ann")


@pytest.mark.parametrize("cut", [700, 2000, 3500])
@pytest.mark.parametrize("version", [1, 2])
def test_a_journal_that_was_cut_off_goes_on_with_its_good_part(tmp_path, cut: int, version: int):
    """Cut inside its last page; the damaged file is kept as it was, of its own version."""
    answers = Answers.open(tmp_path, "ann")
    for number in range(200):
        answer(answers, np.arange(30), np.full(30, number % 19), unit=f"s#c{number}")
    answers.close()
    file = tmp_path / "ann.sqlite"
    with sqlite3.connect(file) as database:
        if version == 1:
            database.execute("ALTER TABLE entries DROP COLUMN kind")
            database.execute("ALTER TABLE entries DROP COLUMN body")
            database.execute("PRAGMA user_version = 1")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    data = file.read_bytes()[:-cut]
    file.write_bytes(data)
    with pytest.raises(ProjectError):
        Answers.open(tmp_path, "ann", read_only=True)
    again = Answers.open(tmp_path, "ann")
    units = {entry.unit for entry in again.entries()}
    assert 100 < len(units) <= 200
    assert "was damaged" in again.damage
    again.close()
    (aside,) = tmp_path.glob("ann.damaged-*")
    assert aside.read_bytes() == data
    assert {entry.unit for entry in Answers.open(tmp_path, "ann").entries()} == units


def test_an_empty_journal_has_no_entries(tmp_path):
    (tmp_path / "other.sqlite").write_bytes(b"")
    with closing(Answers.open(tmp_path, "ann")) as answers:
        assert list(answers.fold.all()) == []
