"""Several annotators: agreement by hand-worked numbers, merging in any order, existing labels."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.effort import NO_EFFORT
from core.base.errors import DataError, ProjectError
from core.base.jobs import Job
from core.data.classes import UNLABELLED
from core.exchange import merge as merging
from core.exchange.import_labels import import_labels
from core.project.project import Project
from core.quality.agreement import Agreement, Repeats, agreements, blind_sample
from core.quality.disagreements import disagreements, reopen
from tests.streets import give, small_project, write_scan


@pytest.fixture
def path(tmp_path: Path, small_street: Path) -> Path:
    with small_project(tmp_path / "p", small_street) as project:
        steps.prepare(project, Job(), workers=1)
    return tmp_path / "p"


def all_labels(path: Path) -> list[np.ndarray]:
    with Project(path, read_only=True) as project:
        return [project.labels(scan) for scan in project.dataset.train]


def merge(path: Path, others: list[Path]) -> list[str]:
    with Project(path) as project:
        return merging.merge(project, others)


def as_annotator(monkeypatch, name: str) -> None:
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", name)


def test_kappa_of_a_textbook_table():
    """20 and 15 of 50 agreed, 5 and 10 not: observed 0.7, by chance 0.5, kappa 0.4."""
    found = Agreement(50, np.array([[20, 5], [10, 15]]))
    assert found.same == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.iou.tolist() == pytest.approx([20 / 35, 15 / 30])
    assert Agreement(1, np.array([[9, 0], [0, 0]])).kappa is None
    assert Agreement(0, np.zeros((2, 2), np.int64)).same is None


def test_a_blind_answer_is_compared_and_changes_no_label(path: Path, monkeypatch):
    as_annotator(monkeypatch, "ann")
    with Project(path) as project:
        for unit, found in ((0, 1), (1, 2), (2, 3)):
            give(project, unit, found)
        sizes = project.need_units().points[:3].tolist()
        give(project, 0, 1, blind=True)
        before = all_labels(path)
    as_annotator(monkeypatch, "bob")
    with Project(path) as project:
        give(project, 1, 2, blind=True)
        give(project, 2, 4, blind=True)
        found = agreements(project)
        assert set(found) == {("ann", "ann"), ("bob", "ann")}
        assert found["ann", "ann"].same == 1.0
        assert found["bob", "ann"].units == 2
        assert found["bob", "ann"].matrix[2, 2] == sizes[1]
        assert found["bob", "ann"].matrix[3, 4] == sizes[2]
        assert project.answers.spent().units == 3
        project.answers.undo()
        assert agreements(project)["bob", "ann"].units == 1
    for a, b in zip(all_labels(path), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_two_in_a_hundred_come_again_each_once_and_not_soon(path: Path, monkeypatch):
    with Project(path) as project:
        repeats = Repeats(project)
        seen: dict[str, int] = {}
        give(project, 0, 1)
        (head,) = project.answers.effective.values()
        monkeypatch.setattr(project.answers, "seen_again", lambda: set(seen))
        for n in range(5000):
            project.answers.effective[f"scan#c{n}"] = head
            repeats.note(f"scan#c{n}")
            again = repeats.due()
            if again is not None:
                assert again not in seen
                seen[again] = n - int(again.removeprefix("scan#c"))
    assert 0.014 < len(seen) / 5000 < 0.026
    assert set(seen.values()) == {20}


def test_repeats_are_found_again_after_a_restart(path: Path, monkeypatch):
    monkeypatch.setattr("core.quality.agreement.REPEATS", 0.5)
    with Project(path) as project:
        repeats = Repeats(project)
        for unit in range(30):
            give(project, unit, 1)
            repeats.note(project.need_units().name(unit))
        due = repeats.due()
        assert due is not None
    with Project(path) as project:
        assert Repeats(project).due() == due
        give(project, project.need_units().find(due), 1, blind=True)
        assert Repeats(project).due() != due


def test_only_what_was_answered_and_still_holds_comes_again(path: Path, monkeypatch):
    """Not what was undone, declined or put back in the queue; answered anew, it comes as late as
    after its first answer."""
    monkeypatch.setattr("core.quality.agreement.REPEATS", 0.999999)
    monkeypatch.setattr("core.quality.agreement.LATER", 3)
    with Project(path) as project:
        units, repeats = project.need_units(), Repeats(project)
        name = units.name

        def answer(unit: int) -> None:
            give(project, unit, 1)
            repeats.note(name(unit))

        answer(0)
        project.answers.undo()
        scan = project.scan_ref(units.scans[units.scan[1]])
        project.answers.decline(scan, round="", unit=name(1))
        repeats.note(name(1))
        answer(2)
        project.answers.reopen(units.scans[units.scan[2]], name(2))
        for unit in range(3, 6):
            answer(unit)
            assert repeats.due() is None
        answer(6)
        assert repeats.due() == Repeats(project).due() == name(3)
        answer(2)
        answer(7)
        for unit in (3, 4, 5):
            give(project, unit, 1, blind=True)
        assert repeats.due() is None
        for unit, due in ((8, 6), (9, 2), (10, 7)):
            answer(unit)
            assert repeats.due() == name(due)
            give(project, due, 1, blind=True)


def test_a_second_annotator_gets_what_others_answered(path: Path, monkeypatch):
    as_annotator(monkeypatch, "ann")
    with Project(path) as project:
        for unit in range(12):
            give(project, unit, 1)
    as_annotator(monkeypatch, "bob")
    with Project(path) as project:
        units = project.need_units()
        give(project, 13, 1)
        sample = blind_sample(project, 5)
        assert len(set(sample)) == 5
        assert set(sample) <= set(units.names(range(12)))
        give(project, units.find(sample[0]), 1, blind=True)
        assert blind_sample(project, 5) == sample[1:]


@pytest.fixture
def three(path: Path, monkeypatch) -> tuple[Path, Path, Path]:
    """The same project at three people's desks, each with answers of their own."""
    paths = tuple(path.with_name(name) for name in ("ann", "bob", "eve"))
    for number, (name, copy) in enumerate(zip(("ann", "bob", "eve"), paths, strict=True)):
        shutil.copytree(path, copy)
        as_annotator(monkeypatch, name)
        with Project(copy) as project:
            for unit in range(number, 9, 2):
                give(project, unit, number + unit % 2)
            if number == 1:
                project.answers.undo()
    as_annotator(monkeypatch, "me")
    return paths


def test_merging_in_any_order_gives_the_same_labels(path: Path, three):
    ann, bob, eve = three
    here, there = path.with_name("here"), path.with_name("there")
    shutil.copytree(path, here)
    shutil.copytree(path, there)
    merge(here, [ann, bob, eve])
    merge(there, [eve])
    merge(there, [bob])
    merge(there, [ann])
    assert merge(there, [bob]) == [f"bob: nothing new in {bob}"]
    found = all_labels(here)
    assert any((labels != UNLABELLED).any() for labels in found)
    for a, b in zip(found, all_labels(there), strict=True):
        np.testing.assert_array_equal(a, b)
    with Project(here, read_only=True) as one, Project(there, read_only=True) as other:
        said = disagreements(one)
        assert said == disagreements(other)
        assert {unit.unit for unit in said} == set(one.need_units().names([2, 4, 6, 8]))
        assert said[0].classes == {"ann": 0, "eve": 2}


def test_a_longer_journal_goes_on_where_its_copy_ends(path: Path, three, monkeypatch):
    ann, _, _ = three
    merge(path, [ann])
    as_annotator(monkeypatch, "ann")
    with Project(ann) as project:
        give(project, 20, 5)
    as_annotator(monkeypatch, "me")
    assert merge(path, [ann]) == [f"ann: 1 new entries from {ann}"]
    for a, b in zip(all_labels(path), all_labels(ann), strict=True):
        np.testing.assert_array_equal(a, b)


def test_disagreements_go_back_in_the_queue_and_are_asked_first(path: Path, three):
    ann, bob, eve = three
    merge(path, [ann, bob, eve])
    with Project(path) as project:
        units = project.need_units()
        disputed = [units.find(one.unit) for one in disagreements(project)]
        assert disputed
        before = project.labels(units.scans[units.scan[disputed[0]]])
        agreed = set(project.answers.effective) - set(units.names(disputed))
        assert reopen(project) == len(disputed)
        assert disagreements(project) == []
        assert set(project.answers.effective) == agreed
        found = steps.ask(project, Job(), units=len(disputed) + 3)
        assert list(found.query.items[: len(disputed)]) == units.names(sorted(disputed))
        assert len(set(found.query.items)) == len(disputed) + 3
        assert "disagreed" in found.query.reason[0]
        give(project, disputed[0], 9)
        scan = units.scans[units.scan[disputed[0]]]
        rows = project.rows(scan) == disputed[0] - units.range_of(scan).start
        assert (project.labels(scan)[rows] == 9).all()
        assert not (before[rows] == 9).any()
        assert disagreements(project) == []


def test_a_budget_of_reopened_units_only_asks_nothing_else(path: Path, three):
    ann, _, eve = three
    merge(path, [ann, eve])
    with Project(path) as project:
        count = reopen(project)
        found = steps.ask(project, Job(), units=count)
        assert len(found.query.items) == count
        reread = Project(path, read_only=True).round(found.id).query
        assert reread.items == found.query.items


def test_reopened_units_never_exceed_the_budget(path: Path, three):
    ann, _, eve = three
    merge(path, [ann, eve])
    with Project(path) as project:
        units = project.need_units()
        disputed = sorted(units.find(one.unit) for one in disagreements(project))
        assert reopen(project) == len(disputed) > 1
        found = steps.ask(project, Job(), units=len(disputed) - 1)
        assert list(found.query.items) == units.names(disputed[:-1])
        assert units.name(disputed[-1]) in project.answers.fold.reopened


def test_two_people_of_one_name_are_refused(path: Path, three):
    ann, bob, _ = three
    (bob / "journals" / "bob.sqlite").unlink()
    for file in (bob / "journals").iterdir():
        file.unlink()
    merge(path, [ann])
    before = all_labels(path)
    other = path.with_name("other-ann")
    shutil.copytree(bob, other)
    with pytest.MonkeyPatch.context() as patch:
        as_annotator(patch, "ann")
        with Project(other) as project:
            give(project, 3, 7)
    with pytest.raises(ProjectError, match="an annotator ann, with different answers"):
        merge(path, [other])
    for a, b in zip(all_labels(path), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_answers_on_other_scans_are_refused(path: Path, three, small_street: Path):
    ann, _, _ = three
    file = small_street / "sequences/00/velodyne/000000.bin"
    points = np.fromfile(file, "<f4")
    points[0] += 1
    points.tofile(file)
    with pytest.raises(ProjectError, match="another scan here or none"):
        merge(path, [ann])


def test_answers_on_a_validation_scan_are_merged(path: Path, three, monkeypatch):
    ann, _, _ = three
    as_annotator(monkeypatch, "ann")
    with Project(ann) as project:
        scan = project.dataset.validation[0]
        one, label = np.zeros(1, np.int64), np.ones(1, np.uint8)
        project.answers.answer(
            project.scan_ref(scan), one, label, round="", unit="", effort=NO_EFFORT
        )
    as_annotator(monkeypatch, "me")
    merge(path, [ann])
    with Project(path, read_only=True) as project:
        assert project.labels(scan)[0] == 1


def test_an_entry_that_nothing_can_follow_is_not_merged(path: Path, three):
    _, _, eve = three
    with closing(sqlite3.connect(eve / "journals" / "eve.sqlite", isolation_level=None)) as found:
        found.execute("UPDATE entries SET time = 8e9 WHERE seq = (SELECT max(seq) FROM entries)")
    with pytest.raises(ProjectError, match=r"eve\.sqlite has an entry of the year 2223"):
        merge(path, [eve])
    assert not (path / "journals" / "eve.sqlite").exists()


def test_existing_labels_are_a_first_entry_that_answers_override(path: Path, small_street: Path):
    with Project(path) as project:
        give(project, 0, 18)
        scan = project.need_units().scans[0]
        mine = project.labels(scan) == 18
        assert import_labels(project, small_street, Job()) == 3
        truth = project.dataset.ground_truth(scan, project.classes)
    with Project(path) as project:
        labels = project.labels(scan)
        assert (labels[mine] == 18).all()
        np.testing.assert_array_equal(labels[~mine], truth[~mine])
        spent = project.answers.spent()
        assert spent.units == 1
        give(project, 1, 17)
        assert 17 in project.labels(scan)
        with pytest.raises(DataError, match="labelled already"):
            import_labels(project, small_street, Job())
        assert {e.annotator for e in project.answers.entries() if e.tool == "imported"} == {
            "imported"
        }


def test_label_files_that_do_not_fit_are_refused_whole(path: Path, tmp_path: Path):
    other = tmp_path / "other"
    with Project(path) as project:
        counts = [project.dataset.count(scan) for scan in project.dataset.train]
        for n, count in enumerate(counts):
            wrong = count - (n == 2)
            points = np.zeros((wrong, 4), np.float32)
            write_scan(other, f"sequences/00/velodyne/00000{n}", points, np.full(wrong, 40))
        with pytest.raises(DataError, match=f"are {counts[2] - 1:,}; the scan has {counts[2]:,}"):
            import_labels(project, other, Job())
        write_scan(
            other, "sequences/00/velodyne/000002", np.zeros((counts[2], 4)), np.full(counts[2], 77)
        )
        with pytest.raises(DataError, match="does not know: 77"):
            import_labels(project, other, Job())
        with pytest.raises(DataError, match="holds no labels"):
            import_labels(project, tmp_path / "nothing", Job())
        assert not (path / "journals" / "imported.sqlite").exists()
