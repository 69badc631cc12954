"""Projects: made, opened, locked, and what they say when something is wrong."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.effort import Effort
from core.base.errors import DataError, LockedError, ProjectError, SettingsError
from core.base.files import read_json, write_json
from core.base.jobs import Job
from core.project.frozen import training_set
from core.project.project import Project
from tests.streets import scored


def make(path: Path, root: Path, **options: object) -> Project:
    """A research project on the small street, prepared."""
    arguments = {"format": "semantickitti", "train": ["00"], "validation": ["08"]}
    project = Project.create(path, root=root, research=True, **{**arguments, **options})
    steps.prepare(project, Job(), workers=1)
    return project


@pytest.fixture
def project(tmp_path: Path, small_street: Path):
    with make(tmp_path / "p", small_street, overrides={"query.fraction": "0.2"}) as made:
        yield made


def test_reopening_finds_what_was_made(project: Project):
    units, path = project.need_units(), project.path
    found = steps.ask(project, Job())
    project.close()
    with Project(path) as again:
        assert again.need_units().fingerprint == units.fingerprint
        assert again.settings == project.settings
        assert [r.id for r in again.rounds] == [found.id] == ["001-size"]
        assert again.stage(again.rounds[0]) == "asked"


def test_a_second_writer_is_told_who_has_it(project: Project):
    with pytest.raises(LockedError, match=str(os.getpid())):
        Project(project.path)
    with Project(project.path, read_only=True) as reader:
        assert not reader.writable


def test_a_folder_with_files_is_not_taken(tmp_path: Path, small_street: Path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "thesis.txt").write_text("mine")
    with pytest.raises(ProjectError, match="not empty"):
        make(tmp_path / "p", small_street)
    assert [file.name for file in (tmp_path / "p").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("line", "says", "instead"),
    [
        ("version = 1", "newer", "version = 99"),
        ('format = "semantickitti"', "no usable format", ""),
        ("seed = 0", "seed is 'x'.*whole number", "seed = 'x'"),
        ("seed = 0", "seed is True.*whole number", "seed = true"),
        ("research = true", "research is 'false'.*true or false", "research = 'false'"),
        ('train = ["00"]', "train is '00'.*list", "train = '00'"),
        ('preset = "paper"', "project.toml: There is no preset mine.*paper", 'preset = "mine"'),
        ('preset = "paper"', "preset is 3.*words", "preset = 3"),
        ("[query]", "query is .*section", "[[query]]"),
        ('fraction = {value = "0.2"', "query.fraction is '2'.*share", 'fraction = {value = "2"'),
        ("rotate = {value = true", "rotate is 'x'.*true or false", "rotate = {value = 'x'"),
        ("batch = {value = 10", "batch is 2.5.*whole", "batch = {value = 2.5"),
        ("batch = {value = 10", "batch is 0.*from 1", "batch = {value = 0"),
        ("width = {value = 1.0", "width is True.*number", "width = {value = true"),
        (
            "[train]",
            "train.network is 'minkunet'.*Write network =",
            "[train]\nnetwork = 'minkunet'\n[old]",
        ),
    ],
)
def test_a_project_file_that_cannot_be_used(project: Project, line: str, says: str, instead: str):
    project.close()
    file = project.path / "project.toml"
    text = file.read_text()
    assert line in text
    file.write_text(text.replace(line, instead, 1))
    with pytest.raises(ProjectError, match=f"(?s){says}") as caught:
        Project(project.path)
    assert len(str(caught.value).splitlines()) == 2


def test_a_data_root_that_moved_is_named(project: Project, small_street: Path):
    project.close()
    small_street.rename(small_street.with_name("elsewhere"))
    with pytest.raises(DataError, match=str(small_street)):
        Project(project.path)


def test_a_changed_scan_takes_no_labels(project: Project):
    scan = project.dataset.train[0]
    steps.ask(project, Job())
    file = project.dataset.path(scan)
    points = np.fromfile(file, "<f4")
    points[0] += 1
    points.tofile(file)
    with pytest.raises(DataError, match="changed"):
        steps.annotate(project, Job(), oracle="per-point")


def test_a_research_project_needs_labels(tmp_path: Path, small_street: Path):
    for label in small_street.rglob("*.label"):
        label.unlink()
    with pytest.raises(SettingsError, match="labels"):
        make(tmp_path / "p", small_street)


def test_the_oracle_answers_only_in_research_projects(tmp_path: Path, small_street: Path):
    with make(tmp_path / "p", small_street, overrides={"query.fraction": "0.2"}) as project:
        steps.ask(project, Job())
        path = project.path
    file = path / "project.toml"
    file.write_text(file.read_text().replace("research = true", "research = false"))
    with Project(path) as project, pytest.raises(ProjectError, match="research"):
        steps.annotate(project, Job(), oracle="majority")


def test_oracles_answer_the_truth_of_the_asked_rows(project: Project):
    found = steps.ask(project, Job())
    count = steps.annotate(project, Job(), oracle="per-point")
    assert count == len(found.query.items)
    assert project.stage(found) == "answered"
    table, asked = project.need_units(), 0
    for scan in project.dataset.train:
        truth = project.dataset.ground_truth(scan, project.classes)
        wanted = np.full(len(truth), 252, np.uint8)
        rows = project.rows(scan)
        first = table.range_of(scan).start
        for index in table.find_all(found.query.items):
            if index in table.range_of(scan):
                mine = rows == index - first
                wanted[mine] = truth[mine]
                asked += int(mine.sum())
        np.testing.assert_array_equal(project.labels(scan), wanted)
    assert asked == found.query.cost.sum() == project.answers.spent().points


def test_an_open_query_is_finished_first(project: Project):
    steps.ask(project, Job())
    with pytest.raises(ProjectError, match="unanswered"):
        steps.ask(project, Job())


def test_the_training_set_is_frozen_once(project: Project):
    found = steps.ask(project, Job())
    steps.annotate(project, Job(), oracle="per-point")
    frozen = training_set(project, found)
    before = {scan: frozen.labels(scan) for scan in frozen.scans}
    scan = frozen.scans[0]
    late = np.arange(50)
    project.answers.answer(
        project.scan_ref(scan),
        late,
        np.full(50, 3, np.uint8),
        round="",
        unit="",
        effort=Effort(tool="brush"),
    )
    again = training_set(project, found)
    assert again.positions == frozen.positions
    for name, labels in before.items():
        np.testing.assert_array_equal(again.labels(name), labels)
    assert np.all(project.labels(scan)[:50] == 3)


def scramble(root: Path) -> None:
    """Give every point another label at random."""
    rng = np.random.default_rng(5)
    for file in root.rglob("*.label"):
        rng.permutation(np.fromfile(file, "<u4")).tofile(file)


def test_scrambled_ground_truth_gives_the_identical_warm_start(tmp_path: Path, small_street: Path):
    with make(tmp_path / "a", small_street) as project:
        first = steps.ask(project, Job(), percent="20").folder / "query.json"
    scramble(small_street)
    with make(tmp_path / "b", small_street) as project:
        second = steps.ask(project, Job(), percent="20").folder / "query.json"
    assert first.read_bytes() == second.read_bytes()


def test_scrambled_ground_truth_gives_the_identical_later_query(tmp_path: Path, small_street: Path):
    with make(tmp_path / "a", small_street) as project:
        found = steps.ask(project, Job(), percent="20")
        steps.annotate(project, Job(), oracle="per-point")
        scored(project)
        shutil.copytree(project.path, tmp_path / "b", ignore=shutil.ignore_patterns(".lock*"))
        first = steps.ask(project, Job(), percent="20")
        assert first.query.strategy == "basal"
        assert first.parent == found.id
    scramble(small_street)
    with Project(tmp_path / "b") as project:
        second = steps.ask(project, Job(), percent="20")
    files = [found.folder / "query.json" for found in (first, second)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_scores_of_another_preparation_are_not_used(project: Project):
    steps.ask(project, Job())
    steps.annotate(project, Job(), oracle="per-point")
    scored(project)
    tip = project.tip
    assert tip is not None
    about = tip.file("scores/scores.json")
    write_json(about, {**read_json(about), "fingerprint": "another"})
    with pytest.raises(ProjectError, match="another preparation"):
        steps.ask(project, Job())


@pytest.mark.slow
def test_seeds_and_workers(tmp_path: Path, small_street: Path):
    def query(name: str, seed: int, workers: int) -> bytes:
        options = {"format": "semantickitti", "root": small_street, "train": ["00"]}
        with Project.create(tmp_path / name, seed=seed, **options) as project:
            steps.prepare(project, Job(), workers=workers)
            return (steps.ask(project, Job(), percent="20").folder / "query.json").read_bytes()

    one, two, four = (query(str(workers), 0, workers) for workers in (1, 2, 4))
    assert one == two == four
    assert one != query("other", 1, 1)
