"""Rounds as a tree: what a branch counts follows the branch, not the list of rounds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.cli.rounds import tree
from core.desk.compare import compare, differing, said
from core.project import frozen
from core.project.branches import archive, counted, stand_at, tell
from core.project.frozen import training_set
from core.project.pool import pool_of
from core.project.project import Project
from tests.commands import CommandLine
from tests.experiments import learn
from tests.rounds_made import measured_project
from tests.streets import copied_project, give, small_street_at


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rounds, answered, measured and scored."""
    folder = tmp_path_factory.mktemp("branches")
    small_street_at(folder / "scans")
    return measured_project(folder / "p", folder / "scans", rounds=2)


@pytest.fixture
def path(made: Path, small_street: Path, tmp_path: Path) -> Path:
    return copied_project(made, tmp_path / "p", small_street)


@pytest.fixture
def project(path: Path):
    with Project(path) as opened:
        yield opened


def by_hand(project: Project, line: list[str]) -> set[str]:
    """Units answered for a line of rounds, straight from the journal."""
    asked = {i for one in project.rounds if one.id in line for i in one.query.items}
    return {
        entry.unit
        for entry in project.answers.entries()
        if entry.verb == "answer" and (entry.round in {*line, ""} or entry.unit in asked)
    }


def test_what_a_training_sets_rounds_asked_is_found_once_for_all_scans(
    project: Project, monkeypatch
):
    """Labels are read for each scan of each step, and a round may have asked for many units."""
    found = project.rounds[0]
    training_set(project, found)
    calls, asked_by = [], frozen.asked_by
    monkeypatch.setattr(
        frozen, "asked_by", lambda *given: calls.append(given[1]) or asked_by(*given)
    )
    training = training_set(project, found)
    for scan in training.scans * 2:
        training.labels(scan)
    assert calls == [(found.id,)]


def test_a_branch_leaves_out_what_its_sibling_answered(project: Project):
    first, second = project.rounds
    found = steps.ask(project, Job(), strategy="random", seed=7, after=first.id)
    assert (found.parent, found.number, found.query.seed) == (first.id, 2, 7)
    assert project.tip == found
    assert found.query.round == second.query.round
    mine = counted(project, found)
    assert set(mine.heads) == by_hand(project, [first.id, found.id])
    sibling = set(second.query.items) - set(first.query.items) - set(found.query.items)
    assert sibling
    assert not sibling & set(mine.heads)
    units = project.need_units()
    assert pool_of(project, first).free[units.find_all(sorted(sibling))].all()
    assert mine.points == sum(units.points[units.find_all(sorted(mine.heads))])


def test_a_branch_from_the_start_sees_the_whole_pool(project: Project):
    found = steps.ask(project, Job(), units=9, strategy="random", seed=3, after="start")
    assert found.parent is None
    assert found.number == 1
    assert set(counted(project, found).heads) == by_hand(project, [found.id])


def test_what_both_branches_ask_is_answered_once(project: Project):
    """An answer that another branch got to the same unit is this branch's too, and is learnt."""
    first, second = project.rounds
    same = steps.ask(project, Job(), strategy="random", seed=second.query.seed, after=first.id)
    assert same.query.items == second.query.items  # the same question at the same place
    assert not project.open_items(same)
    training = training_set(project, same)
    before = training_set(project, second)
    for scan in before.scans:
        assert np.array_equal(training.labels(scan), before.labels(scan))


def test_training_leaves_out_the_sibling(project: Project):
    first, second = project.rounds
    steps.ask(project, Job(), units=20, strategy="random", seed=5, after=first.id)
    steps.annotate(project, Job(), oracle="per-point")
    units, training = project.need_units(), training_set(project, project.tip)
    mine = set(first.query.items) | set(project.tip.query.items)
    for scan in training.scans:
        rows, numbers = project.rows(scan), units.range_of(scan)
        names = [units.name(n) for n in numbers]
        known = {names[u] for u in np.unique(rows[(training.labels(scan) < 200) & (rows >= 0)])}
        assert known == {name for name in names if name in mine}
        assert not known & (set(second.query.items) - mine)


def test_an_earlier_answer_of_the_branch_counts_behind_a_later_one_of_another(project: Project):
    """A unit that one volunteered, and then a sibling's query was given: the branch keeps the
    first."""
    first, second = project.rounds
    units = project.need_units()
    free = next(n for n in range(len(units)) if units.name(n) not in project.answers.effective)
    give(project, free, 3)
    give(project, free, 4, round=second.id)
    steps.ask(project, Job(), units=1, strategy="size", after=first.id)
    heads = counted(project, project.tip).heads
    assert heads[units.name(free)].main_class() == 3
    mine = {*first.query.items, *project.tip.query.items}
    assert not heads.keys() & (set(second.query.items) - mine)
    assert project.answers.effective[units.name(free)].main_class() == 4


def test_the_open_query_is_that_of_the_branch(project: Project):
    first, second = project.rounds
    found = steps.ask(project, Job(), units=5, strategy="random", seed=11, after=first.id)
    assert project.open_round == found
    stand_at(project, second.id)
    assert project.tip == second
    assert project.open_round is None  # it is answered and scored
    third = steps.ask(project, Job(), units=2, strategy="random")
    assert third.parent == second.id
    stand_at(project, found.id)
    assert project.open_round == found
    stand_at(project, "start")
    assert project.tip is None
    assert counted(project, None).heads == {}


def test_where_one_stands_and_what_was_said_is_kept(path: Path):
    with Project(path) as project:
        assert not (path / "rounds" / "tree.json").exists()  # as every project was before
        stand_at(project, "001-size")
        tell(project, "001-size", name="warm  start", note="by size")
    with Project(path, read_only=True) as project:
        assert project.tip.id == "001-size"
        assert project.tree.of("001-size").name == "warm start"
        assert project.tree.of("001-size").note == "by size"
        with pytest.raises(ProjectError, match="reading only"):
            stand_at(project, "start")


def test_putting_away_takes_what_comes_after_and_not_what_is_on_the_table(project: Project):
    first, second = project.rounds
    branch = steps.ask(project, Job(), units=2, strategy="random", seed=5, after=first.id)
    with pytest.raises(ProjectError, match="on the table"):
        archive(project, first.id, away=True)
    assert archive(project, second.id, away=True) == [second.id]
    with pytest.raises(ProjectError, match="put away"):
        stand_at(project, second.id)
    assert second.id not in tree(project)
    assert f"* {'    '}{branch.id}" in tree(project, all=True)
    assert archive(project, second.id, away=False) == [second.id]
    assert second.id in tree(project)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "tree.json"),
        ('{"version": 1, "at": 3}', "damaged"),
        ('{"version": 1, "rounds": {"001-size": {"archived": 1}}}', "damaged"),
        ('{"version": 9}', "newer"),
        ('{"version": 1, "at": "009-ent"}', "missing"),
    ],
)
def test_a_damaged_tree_is_told_in_a_sentence(path: Path, text: str, words: str):
    (path / "rounds" / "tree.json").write_text(text)
    with pytest.raises(ProjectError, match=words):
        Project(path)


def test_two_rounds_side_by_side(project: Project):
    first, second = project.rounds
    branch = steps.ask(project, Job(), units=20, strategy="random", seed=5, after=first.id)
    steps.annotate(project, Job(), oracle="per-point")
    learn(project, Job(), scored=True)
    found = compare(project, second, branch)
    both = set(second.query.items) & set(branch.query.items)
    assert found.both == len(both)
    assert found.common == first.id
    assert found.overlap == len(both) / len({*second.query.items, *branch.query.items})
    units = project.need_units()
    assert found.both_points == sum(units.points[units.find_all(sorted(both))])
    rows = {}
    for one in (second, branch):
        for scan in project.dataset.validation:
            rows.setdefault(scan, []).append(said(project, one, scan))
    with pytest.raises(ProjectError, match=r"predicts of|says nothing"):
        differing(project, second, branch, Job())  # training scans are not predicted here
    (scan,) = rows
    assert (rows[scan][0] != rows[scan][1]).any()
    with pytest.raises(ProjectError, match="itself"):
        compare(project, second, second)


def test_by_the_command_line(path: Path, capsys: pytest.CaptureFixture[str]):
    line = CommandLine(capsys)
    asked = line("query", path, "--units", 6, "--strategy", "random", "--from", "001-size",
                 "--seed", 4)  # fmt: skip
    assert asked.out.startswith("003-random: 6 units"), asked.told
    kept = json.loads((path / "rounds" / "003-random" / "query.json").read_text())
    assert (kept["parent"], kept["seed"]) == ("001-size", 4)
    line("rounds", path, "--name", "003-random", "by chance")
    lines = line("rounds", path).out.splitlines()
    assert [text.split()[0] for text in lines[:3]] == ["001-size", "002-random", "*"]
    assert "003-random (by chance)" in lines[2]
    assert lines[-1].startswith("on the table: 003-random (by chance); ")
    assert "they part after 001-size" in line("rounds", path, "--compare", "002-random",
                                              "003-random").out  # fmt: skip
    line("rounds", path, "--note", "002-random", "worse\x1b[2J\nthan size")
    assert "worse\\x1b[2J" in line("rounds", path).out  # nothing that a terminal obeys
    failed = line("query", path, "--units", 1, "--seed", 10**30, "--from", "001-size")
    assert failed.told.startswith(f"lidarloop: The seed is {10**30}.")
    failed = line("rounds", path, "--at", "nowhere")
    assert failed.code == 2
    assert failed.told.startswith("lidarloop: There is no round nowhere.")
