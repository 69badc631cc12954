"""A probability sample of a project's points: drawn, asked blind, counted, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.answers.effort import Effort
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.classes import IGNORED, UNSURE
from core.data.items import point_of, scan_of
from core.desk.compare import said
from core.exchange.import_labels import import_labels
from core.project.project import Project
from core.quality.answered import answer_by_truth, quality
from core.quality.draw import BATCH, draw
from core.quality.sample import file_for, newest, read_sample
from tests.commands import CommandLine
from tests.rounds_made import measured_project
from tests.streets import copied_project, small_project, small_street_at


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One round, answered, measured and scored."""
    folder = tmp_path_factory.mktemp("quality")
    small_street_at(folder / "scans")
    return measured_project(folder / "p", folder / "scans", rounds=1)


@pytest.fixture
def path(made: Path, small_street: Path, tmp_path: Path) -> Path:
    return copied_project(made, tmp_path / "p", small_street)


@pytest.fixture
def project(path: Path):
    with Project(path) as opened:
        yield opened


def give(project: Project, item: str, label: int) -> None:
    """Answer a point blind, as the window does."""
    project.answers.answer(
        project.scan_ref(scan_of(item)),
        np.array([point_of(item)]),
        np.array([label], np.uint8),
        round="",
        unit=item,
        effort=Effort(tool="key"),
        blind=True,
    )


def test_every_point_is_in_the_stratum_of_what_is_said_of_it(project: Project):
    sample = draw(project, "network", Job(), count=400, workers=1)
    assert len(set(sample.items)) == len(sample.items) == 400
    predicted = {s: said(project, project.tip, s) for s in project.dataset.validation}
    counts = np.zeros(len(project.classes), int)
    for values in predicted.values():
        counts += np.bincount(values, minlength=len(counts))
    for one in range(len(counts)):
        assert sum(s.points for s in sample.strata if s.claimed == one) == counts[one]
    for item, stratum in zip(sample.items, sample.stratum, strict=True):
        assert predicted[scan_of(item)][point_of(item)] == sample.strata[stratum].claimed
    assert {one.part for one in sample.strata} >= {"ground"}
    first = sample.batch == 0
    assert (np.bincount(sample.stratum[first]) == np.minimum(sample.sizes, 2)).all()


def test_a_whole_sample_holds_the_figures_of_all_points(project: Project):
    sample = draw(project, "network", Job(), count=700, workers=1)
    answer_by_truth(project, sample, Job())
    found = quality(project, sample)
    truth = project.dataset.ground_truth(project.dataset.validation[0], project.classes)
    right = said(project, project.tip, project.dataset.validation[0]) == truth
    assert (found.waiting, found.counted) == ((), len(sample.items))
    interval = found.figures.accuracy
    assert interval.low < right.mean() < interval.high
    assert interval.half < 0.05


def test_answers_to_a_sample_change_no_label_and_cost_nothing(project: Project):
    sample = draw(project, "network", Job(), count=100, workers=1)
    scan = project.dataset.validation[0]
    before = project.labels(scan), project.answers.spent(), dict(project.answers.effective)
    answer_by_truth(project, sample, Job())
    assert np.array_equal(project.labels(scan), before[0])
    assert (project.answers.spent(), project.answers.effective) == before[1:]


def test_only_whole_batches_count(project: Project):
    """Within one they come scan by scan: a part of it is no chance sample."""
    sample = draw(project, "network", Job(), count=250, workers=1)
    first = [i for i, b in zip(sample.items, sample.batch, strict=True) if b == 0]
    for item in first[:-1]:
        give(project, item, 0)
    assert quality(project, sample).figures.accuracy is None
    give(project, first[-1], 0)
    assert quality(project, sample).counted == len(first)
    assert quality(project, sample).figures.accuracy is not None
    for item in sample.items[len(first) : len(first) + BATCH - 1]:
        give(project, item, 0)
    assert quality(project, sample).counted == len(first)
    give(project, sample.items[len(first) + BATCH - 1], UNSURE)
    found = quality(project, sample)
    assert (found.counted, found.unsure) == (len(first) + BATCH, 1)
    assert found.figures.answers == found.counted - 1
    project.answers.undo()  # taken back, it is asked again
    assert quality(project, sample).counted == len(first)


def test_what_is_of_no_class_is_no_error(project: Project):
    sample = draw(project, "network", Job(), count=1, workers=1)
    for item in sample.items:
        give(project, item, IGNORED)
    found = quality(project, sample)
    assert found.figures.outside == len(sample.items)
    assert found.figures.accuracy is None


def test_a_larger_sample_goes_on_with_the_answers(project: Project):
    small = draw(project, "network", Job(), count=120, workers=1)
    answer_by_truth(project, small, Job())
    large = draw(project, "network", Job(), count=300, workers=1)
    assert large.items[: len(small.items)] == small.items
    assert len(large.items) == 300
    found = quality(project, large)
    assert found.counted == len(small.items)
    assert len(found.waiting) == 300 - len(small.items)
    assert draw(project, "network", Job(), count=5, workers=1).items == large.items
    file = file_for(project, "network", small.source)
    assert read_sample(file, project).items == large.items
    with pytest.raises(ProjectError, match="by seed 0 already"):
        draw(project, "network", Job(), count=400, seed=1, workers=1)


def test_chance_is_seeds_alone(project: Project, tmp_path: Path):
    one = draw(project, "network", Job(), count=90, workers=1)
    file_for(project, "network", one.source).unlink()
    assert draw(project, "network", Job(), count=90, workers=1).items == one.items
    file_for(project, "network", one.source).unlink()
    assert draw(project, "network", Job(), count=90, seed=3, workers=1).items != one.items


def test_imported_labels_are_judged_by_their_own_sample(small_street: Path, tmp_path: Path):
    """One point in ten is called otherwise than it is."""
    rng = np.random.default_rng(0)
    wrong = tmp_path / "wrong"
    total = 0
    for file in sorted(small_street.glob("sequences/00/labels/*.label")):
        raw = np.fromfile(file, "<u4")
        flip = rng.random(len(raw)) < 0.1
        raw[flip] = np.where(raw[flip] == 40, 50, 40)
        total += flip.mean() / 3
        out = wrong / file.relative_to(small_street)
        out.parent.mkdir(parents=True, exist_ok=True)
        raw.astype("<u4").tofile(out)
    with small_project(tmp_path / "p", small_street) as project:
        with pytest.raises(ProjectError, match="No labels were imported"):
            draw(project, "labels", Job())
        with pytest.raises(ProjectError, match="no round is scored"):
            draw(project, "network", Job())
        import_labels(project, wrong, Job())
        sample = draw(project, "labels", Job(), count=600)
        answer_by_truth(project, sample, Job())
        found = quality(project, sample).figures.accuracy
        assert found.low < 1 - total < found.high
        assert found.half < 0.04
        assert newest(project, "labels").items == sample.items
        assert newest(project, "network") is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: v.update(version=9), "newer"),
        (lambda v: v["items"].append(v["items"][0]), "twice"),
        (lambda v: v["items"][0].__setitem__(1, 99), "damaged"),
        (lambda v: v["items"][0].__setitem__(0, "a#c7"), "no point"),
        (lambda v: v["strata"][0].__setitem__(1, 77), "no class"),
        (lambda v: v.pop("seed"), "damaged"),
        (lambda v: v["classes"].append("one more"), "another class list"),
    ],
)
def test_a_damaged_sample_is_told_in_a_sentence(project: Project, change, words: str):
    sample = draw(project, "network", Job(), count=60, workers=1)
    file = file_for(project, "network", sample.source)
    value = json.loads(file.read_text())
    change(value)
    file.write_text(json.dumps(value))
    with pytest.raises(ProjectError, match=words):
        read_sample(file, project)


def test_by_the_command_line(path: Path, capsys: pytest.CaptureFixture[str]):
    line = CommandLine(capsys)
    out = line("quality", path, "--points", 250, "--workers", 1).out
    assert out.startswith("the network of 001-size: 250 points of ")
    assert "No figure yet" in out
    assert "250 points wait" in out
    out = line("quality", path, "--oracle").out
    assert "250 answered" in out
    assert "accuracy " in out
    with Project(path):  # somebody works on it: figures are read all the same
        assert line("quality", path).out == out
    value = json.loads(line("quality", path, "--json").out)
    assert (value["points"], value["answered"], value["of"]) == (250, 250, "network")
    assert value["accuracy"]["low"] < value["accuracy"]["value"] < value["accuracy"]["high"]
    failed = line("quality", path, "--of", "labels")
    assert failed.told == (
        "lidarloop: No labels were imported here, so none can be judged. Take some over with "
        "`lidarloop import`, or judge the network.\n"
    )
    assert line("quality", path, "--points", 0).told.startswith("lidarloop: --points is 0.")
