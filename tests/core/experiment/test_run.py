"""An experiment without a network: cells, shared rounds, kills, failures, locks and seeds added."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import LockedError, ProjectError, SettingsError, StorageError
from core.base.files import hash_file
from core.base.jobs import Job
from core.experiment import run as running
from core.experiment.folder import Experiment, opened, read_experiment
from core.experiment.learning import Learning
from core.experiment.read_spec import read_spec
from core.experiment.report import failures, write_report
from core.experiment.results import RESULTS, curves, write_results
from core.experiment.run import alone, run_cells, set_up
from core.project.project import Project
from tests.experiments import LEARNING, TINY, backend, dies_of_ent, evaluate, learn, tiny_spec
from tests.made_experiments import made_experiment, record_all
from tests.streets import small_street_at


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with scans, spec, and an experiment of two seeds whose units are prepared."""
    base = tmp_path_factory.mktemp("ready")
    small_street_at(base / "scans")
    spec = read_spec(str(tiny_spec(base)))
    set_up(opened(base / "out", spec, "equal", base / "scans", [0, 1]), Job(), workers=1)
    return base


def fresh(ready: Path, out: Path, seeds: tuple[int, ...] = (0, 1)) -> Experiment:
    """The experiment in a folder of its own, with the same scans; of one seed, begun with that."""
    if not out.exists():
        shutil.copytree(ready / "out", out)
    if seeds == (0,):
        replace(read_experiment(out), looks=(seeds,)).write()
    spec = read_spec(str(ready / "tiny.toml"))
    return opened(out, spec, "equal", ready / "scans", seeds)


def go(experiment: Experiment, learning: Learning = LEARNING, **options) -> dict[str, str]:
    set_up(experiment, Job(), workers=1)
    return run_cells(experiment, experiment.cells, learning, Job(), **options)


def results(experiment: Experiment) -> bytes:
    return write_results(experiment, curves(experiment)).read_bytes()


@pytest.fixture(scope="module")
def whole(ready: Path) -> Experiment:
    """Run to its end without a stop."""
    experiment = fresh(ready, ready / "whole")
    assert go(experiment) == {}
    write_report(experiment)
    return experiment


def test_every_arm_has_every_round_and_the_control_learns_from_the_first_answers_alone(
    whole: Experiment,
):
    found = {(curve.arm, curve.seed): curve for curve in curves(whole)}
    assert list(found) == [(a, s) for s in (0, 1) for a in ("random", "ent", "control")]
    for (arm, _), curve in found.items():
        costs = [record["costs"] for record in curve.records]
        assert len(costs) == 2
        assert (costs[0] == costs[1]) == (arm == "control")
        if arm != "control":
            assert costs[1]["points"] > costs[0]["points"]
            assert costs[1]["units"] > costs[0]["units"]
            assert costs[1]["seconds"] > costs[0]["seconds"]
        assert [record["strategy"] for record in curve.records] == ["size", arm]
        assert all(r["truth"]["road"] > 0 and r["made_with"]["backend"] == "none"
                   for r in curve.records)  # fmt: skip


def test_arms_of_a_seed_share_their_first_round_to_the_byte(whole: Experiment):
    """Its files are one on the disk, but the journal, which grows."""
    for seed in (0, 1):
        cells = [cell for cell in whole.cells if cell.seed == seed]
        folders = [whole.cell_folder(cell.name) for cell in cells]
        weights = [folder / "rounds/001-size/checkpoint.safetensors" for folder in folders]
        assert len({os.stat(file).st_ino for file in weights}) == 1
        journals = [next((folder / "journals").glob("*.sqlite")) for folder in folders]
        assert len({os.stat(file).st_ino for file in journals}) == len(cells)
        units = [next(folder.glob("units/*/units.npz")) for folder in folders]
        assert len({os.stat(file).st_ino for file in units}) == 1


def test_a_round_that_arms_share_is_counted_once_in_the_hours_of_computing(tmp_path: Path):
    """By hand: two seeds, each a shared round and a second one of two arms and a control: 8 rounds
    of 30 s, though each of the 6 arms holds a copy of the shared record."""
    experiment = made_experiment(
        tmp_path / "out", arms=("random", "ent"), seeds=(0, 1), rounds=2, full=False
    )
    record_all(experiment)
    page = write_report(experiment).with_suffix(".md").read_text()
    assert f"8 rounds in {8 * 30 / 3600:.2f} hours of computing." in page


def test_costs_are_those_of_a_slow_count(whole: Experiment):
    """Points, units, scans opened and seconds of what was asked, by a loop over answers."""
    curve = next(c for c in curves(whole) if (c.arm, c.seed) == ("ent", 1))
    with Project(curve.folders[-1].parents[1], read_only=True) as project:
        units = project.need_units()
        points = seconds = scans = 0
        for found in project.rounds:
            opened_scans = set()
            for item in found.query.items:
                scan = item.partition("#")[0]
                opened_scans.add(scan)
                number = units.find(item) - units.range_of(scan).start
                truth = project.dataset.ground_truth(scan, project.classes)
                mine = truth[project.rows(scan) == number]
                points += len(mine)
                seen = sum(np.count_nonzero(mine == c) >= 13 for c in range(19))
                seconds += 1.61 + (6.15 if "#g" in item else 4.39) * max(0, seen - 1)
            scans += len(opened_scans)
            seconds += 4 * len(opened_scans)
    costs = curve.records[-1]["costs"]
    assert (costs["points"], costs["scans"]) == (points, scans)
    assert costs["seconds"] == pytest.approx(seconds, abs=0.01)


class Killed(BaseException):
    """The process ends here."""


def killed_at(monkeypatch, renames: int) -> None:
    """Let the process end at its n-th rename: all that is written is written by one."""
    left = iter(range(renames))
    real = os.replace

    def rename(source, target):
        if next(left, None) is None:
            raise Killed
        real(source, target)

    monkeypatch.setattr(os, "replace", rename)


SLOW = [pytest.param(n, marks=pytest.mark.slow) for n in (1, 5, 13, 21, 29, 34, 42, 55, 63, 80)]


@pytest.mark.parametrize("after", [37, *SLOW])
def test_killed_at_any_instant_it_ends_with_the_same_results(
    ready: Path, whole: Experiment, tmp_path: Path, monkeypatch, after: int
):
    """Killed, resumed, and killed again a little further, until it is through."""
    experiment = fresh(ready, tmp_path / "out")
    kills = 0
    for step in range(40):
        with monkeypatch.context() as patch:
            killed_at(patch, after + step)
            try:
                assert go(experiment) == {}
                break
            except Killed:
                kills += 1
    assert kills
    assert results(experiment) == (whole.out / RESULTS).read_bytes()
    assert not list((tmp_path / "out/cells").glob(".*"))


@pytest.mark.slow
def test_two_workers_give_the_same_results(ready: Path, whole: Experiment, tmp_path: Path):
    experiment = fresh(ready, tmp_path / "out")
    assert go(experiment, workers=2) == {}
    assert results(experiment) == (whole.out / RESULTS).read_bytes()


def test_no_time_of_a_clock_is_in_the_results(whole: Experiment):
    text = (whole.out / RESULTS).read_text()
    assert {line.split(",")[3] for line in text.splitlines()[1:]} >= {"miou", "points", "seconds"}
    assert "wall" not in text
    assert "memory" not in text


def test_a_cell_that_fails_is_shown_and_the_rest_goes_on(ready: Path, tmp_path: Path):
    experiment = fresh(ready, tmp_path / "out", (0,))
    failed = go(experiment, Learning(dies_of_ent, evaluate, backend))
    (name,) = failed
    assert name.startswith("ent-0-")
    assert "ZeroDivisionError: a fault." in failed[name]
    stored = json.loads(experiment.failure(name).read_text())
    assert "dies_of_ent" in stored["trace"]
    page = write_report(experiment).read_text()
    assert f"{name}: ZeroDivisionError" in page
    assert len(curves(experiment)[0].records) == 2  # random went on
    assert go(experiment) == {}  # mended: it goes on, and is no longer shown
    assert failures(experiment) == {}
    assert "Failed cells" not in write_report(experiment).read_text()


def test_what_goes_on_from_a_failed_first_round_says_so(ready: Path, tmp_path: Path, monkeypatch):
    experiment = fresh(ready, tmp_path / "out", (0,))

    def broken(*_: object, scored: bool) -> None:
        raise ProjectError("The first is broken.", "Mend it.")

    failed = go(experiment, Learning(broken, evaluate, backend))
    assert len(failed) == 4
    assert all("The first is broken. Mend it." in why for why in failed.values())


def test_a_full_disk_ends_the_run_with_its_sentence(ready: Path, tmp_path: Path):
    experiment = fresh(ready, tmp_path / "out", (0,))

    def full(*_: object, scored: bool) -> None:
        raise StorageError("No space is left on the disk for x.", "Free some space.")

    with pytest.raises(StorageError, match="No space is left"):
        go(experiment, Learning(full, evaluate, backend))
    assert not (tmp_path / "out/failed").exists()


@pytest.mark.parametrize("place", ["units", "journals"])
def test_a_disk_that_fills_while_a_cell_is_made(
    ready: Path, whole: Experiment, tmp_path: Path, monkeypatch, place: str
):
    """Nothing half made stays in its place, and the run goes on when there is room again."""
    experiment = fresh(ready, tmp_path / "out", (0,))
    real = shutil.copy2

    def full(source, target, **options):
        if place in str(source):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(source, target, **options)

    def no_links(source, target):
        raise OSError(errno.EXDEV, "another disk")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", no_links)
        patch.setattr(shutil, "copy2", full)
        with pytest.raises(StorageError, match="No space is left on the disk"):
            go(experiment)
    assert go(experiment) == {}
    mine = [row for row in results(whole).splitlines() if b",0," in row[:12]]
    assert set(mine) <= set(results(experiment).splitlines())


def test_two_runs_on_one_folder_are_told_in_a_sentence(tmp_path: Path):
    with alone(tmp_path / "out"), pytest.raises(LockedError) as caught, alone(tmp_path / "out"):
        pass
    assert f"The experiment in {tmp_path / 'out'} is being run by" in caught.value.what
    with alone(tmp_path / "out"):  # free again
        pass


def test_seeds_added_later_share_alpha(ready: Path, whole: Experiment, tmp_path: Path):
    shutil.copytree(whole.out, tmp_path / "out")
    first = fresh(ready, tmp_path / "out")
    assert first.looks == ((0, 1),)  # the same seeds again are no look
    more = fresh(ready, tmp_path / "out", (0, 1, 2))
    assert more.looks == ((0, 1), (2,))
    assert go(more) == {}
    again = read_experiment(tmp_path / "out")
    assert again.seeds == (0, 1, 2)
    assert (
        "level 0.025 at look number 2; over all 2 looks together" in write_report(again).read_text()
    )
    rows = results(again).decode().splitlines()
    assert set(results(whole).decode().splitlines()) < set(rows)


def test_another_experiment_in_the_folder_is_refused(ready: Path, tmp_path: Path):
    fresh(ready, tmp_path / "out").write()
    spec = read_spec(str(ready / "tiny.toml"))
    for changed, protocol, root in (
        (spec, "paper", ready / "scans"),
        (spec, "equal", tmp_path),
        (read_spec(str(tiny_spec(tmp_path, TINY.replace("steps = 4", "steps = 5")))), "equal",
         ready / "scans"),
    ):  # fmt: skip
        with pytest.raises(SettingsError, match="holds the experiment"):
            opened(tmp_path / "out", changed, protocol, root, [0])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(SettingsError, match="holds other things"):
        opened(tmp_path / "full", spec, "equal", ready / "scans", [0])


def test_more_rounds_go_on_where_it_was(ready: Path, whole: Experiment, tmp_path: Path):
    shutil.copytree(whole.out, tmp_path / "out")
    longer = read_spec(str(tiny_spec(tmp_path, TINY.replace("rounds = 2", "rounds = 3"))))
    more = opened(tmp_path / "out", longer, "equal", ready / "scans", [0, 1])
    assert go(more) == {}
    rows = results(more).decode().splitlines()
    assert set(results(whole).decode().splitlines()) < set(rows)
    assert max(int(row.split(",")[2]) for row in rows[1:]) == 3


def test_an_arm_that_needs_poses_is_refused_before_anything_runs(ready: Path, tmp_path: Path):
    """The small street has no poses; the strategy is one that others could install."""
    text = TINY.replace('ent = "ent"', 'placed = "placed"')
    from core.query import strategies as registry

    known = dict(registry.strategies())

    def placed(pool, budget, draw):
        raise AssertionError

    placed.needs = frozenset({"centre"})
    known["placed"] = placed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "strategies", lambda: known)
        spec = read_spec(str(tiny_spec(tmp_path, text)))
        experiment = opened(tmp_path / "out", spec, "equal", ready / "scans", [0])
        with pytest.raises(ProjectError, match="The arm placed ranks by where units are"):
            set_up(experiment, Job(), workers=1)


def test_the_report_is_drawn_again_to_the_same_bytes(whole: Experiment):
    files = ("report.html", "curves-points.svg", "differences.svg", "curves.csv", "classes.csv")
    before = {name: (whole.out / name).read_bytes() for name in files}
    write_report(read_experiment(whole.out))
    assert {name: (whole.out / name).read_bytes() for name in files} == before


def test_without_matplotlib_the_tables_are_there_and_the_page_says_so(
    whole: Experiment, tmp_path: Path, monkeypatch
):
    from core.experiment import report

    monkeypatch.setattr(report, "drawable", lambda: False)
    shutil.copytree(whole.out, tmp_path / "out")
    page = write_report(read_experiment(tmp_path / "out")).read_text()
    assert "pip install" in page
    assert "mIoU by round" in page


def test_running_has_one_worker_function(whole: Experiment):
    """What a process or a cluster runs is found by its name."""
    import pickle

    cell = whole.cells[0]
    assert pickle.loads(pickle.dumps((running.work, whole, cell, LEARNING)))[2] == cell


def test_protocols(whole: Experiment):
    """Equal steps, five times as many on full labels; the paper's are the preset's epochs."""
    arm = whole.spec.arm("ent")
    full = replace(arm, name="full", kind="full")
    assert whole.settings(arm).train.steps == 4
    assert whole.settings(full).train.steps == 20
    assert whole.settings(arm).train.look_every == 2
    paper = replace(whole, protocol="paper")
    assert paper.settings(arm).train.steps == 0
    assert paper.settings(arm).train.first_epochs == 30
    assert paper.settings(arm).query.fraction == "0.1"
    assert paper.settings(arm).sources["train.width"] == "experiment tiny"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("experiment.json", "experiment.json cannot be read"),
        ("cells/ent-0-*/rounds/002-ent/record.json", "record.json cannot be read"),
        ("cells/ent-0-*/rounds/002-ent/confusions.npz", "confusions.npz cannot be read"),
    ],
)
def test_damaged_files_are_told(whole: Experiment, tmp_path: Path, file: str, said: str):
    shutil.copytree(whole.out, tmp_path / "out")
    (path,) = (tmp_path / "out").glob(file)
    path.unlink()
    path.write_bytes(b"\x00{")
    with pytest.raises(ProjectError, match=said):
        write_report(read_experiment(tmp_path / "out"))


def test_the_pool_is_scored_only_where_a_query_ranks_by_it(whole: Experiment):
    """Of two rounds: the first, for whoever goes on from it, and none of the last ones."""
    for cell in whole.cells:
        with Project(whole.cell_folder(cell.name), read_only=True) as project:
            scored = [found.scored for found in project.rounds]
            assert scored == [True, False][: len(scored)]


def test_a_round_more_ranks_by_the_newest_network(ready: Path, tmp_path: Path):
    """What was the last round was not scored; with a third one it is, before that is asked."""
    experiment = fresh(ready, tmp_path / "out", (0,))
    assert go(experiment) == {}
    longer = replace(experiment, spec=replace(experiment.spec, rounds=3))
    assert go(longer) == {}
    for cell in longer.arms:
        with Project(longer.cell_folder(cell.name), read_only=True) as project:
            assert len(project.rounds) == 3
            ranks = cell.arm.strategy == "ent"
            assert project.rounds[1].scored == ranks
            newest = hash_file(project.rounds[1].checkpoint)
            assert (project.rounds[2].query.checkpoint == newest) == ranks


def test_one_worker_finishes_seed_by_seed(ready: Path, tmp_path: Path):
    """A stop leaves whole seeds: no cell of a seed before all of the one before it."""
    experiment = fresh(ready, tmp_path / "out")
    begun: list[int] = []

    def noting(project: Project, job: Job, *, scored: bool) -> None:
        begun.append(project.seed)
        learn(project, job, scored=scored)

    assert go(experiment, Learning(noting, evaluate, backend)) == {}
    assert begun == sorted(begun)
    assert set(begun) == {0, 1}


def test_a_report_of_half_an_experiment_mixes_no_rounds(ready: Path, tmp_path: Path):
    """Where a seed of an arm has its first round alone, what is told of the last round is without
    it; the page stands beside it in Markdown, with a line for each seed."""
    experiment = fresh(ready, tmp_path / "out")
    assert go(experiment) == {}
    (cut,) = [cell for cell in experiment.arms if (cell.arm.name, cell.seed) == ("ent", 1)]
    (last,) = experiment.cell_folder(cut.name).glob("rounds/002-*/record.json")
    last.unlink()
    page = write_report(experiment).with_suffix(".md").read_text()
    found = {(c.arm, c.seed): c for c in curves(experiment)}
    only = found["ent", 0].records[-1]["figures"]["official"]["miou"]
    (line,) = [
        row
        for row in page.splitlines()
        if row.startswith("| ent | ") and row.endswith("1 (1 behind) |")
    ]
    assert line.split(" | ")[-2] == f"{100 * only:.1f}"
    assert sum(row.startswith("| ent | ") for row in page.splitlines()) == 3
    asked = found["ent", 1].records[-1]["costs"]
    first = 100 * float(found["ent", 1].figure[0])
    minutes = f"{asked['seconds'] / 60:,.0f}"
    assert (
        f"| ent | 1 | {asked['units']:,} | {asked['points']:,} | {minutes} | {first:.1f} | – |"
        in page
    )
