"""An experiment of boxes without a detector: cells, shared rounds, kills, costs, the report."""

from __future__ import annotations

import csv
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError, SettingsError
from core.base.jobs import Job
from core.boxes.geometry import points_per_box
from core.exchange.box_files import Truth
from core.experiment.box_report import delivered, notes
from core.experiment.folder import Experiment, opened, read_experiment
from core.experiment.kept_spec import kept_spec
from core.experiment.read_spec import read_spec
from core.experiment.report import REPORT, failures, write_report
from core.experiment.results import RESULTS, curves, write_results
from core.experiment.run import run_cells, set_up
from core.experiment.watch import FINISHED, Watch
from core.project.project import Project
from core.rounds.box_models import NORMAL, predictions_file, weights_file
from tests.box_experiments import BOX_LEARNING, BOX_TINY, box_spec, learn, scans_at


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with scans and a spec."""
    base = tmp_path_factory.mktemp("boxes")
    scans_at(base / "scans")
    box_spec(base)
    return base


def begun(base: Path, out: Path, seeds: tuple[int, ...] = (0, 1), **changed) -> Experiment:
    spec = replace(read_spec(str(base / "tiny-boxes.toml")), **changed)
    return opened(out, spec, "equal", base / "scans", seeds)


def go(experiment: Experiment, learning=BOX_LEARNING) -> dict[str, str]:
    set_up(experiment, Job(), workers=1)
    return run_cells(experiment, experiment.cells, learning, Job())


def test_who_asks_by_chance_needs_no_detector_that_looked(base: Path, tmp_path: Path):
    """Frames of its rounds are not scored: none of them is chosen by that."""
    experiment = begun(base, tmp_path / "out", (0,), rounds=3)
    assert go(experiment) == {}
    (cell,) = (cell for cell in experiment.cells if cell.arm.name == "random")
    folder = experiment.rounds_folder(cell.name)
    assert weights_file(folder / "002-random", NORMAL).exists()
    assert not predictions_file(folder / "002-random", NORMAL).exists()
    assert (folder / "003-random/query.json").exists()


def results(experiment: Experiment) -> bytes:
    return write_results(experiment, curves(experiment)).read_bytes()


@pytest.fixture(scope="module")
def whole(base: Path) -> Experiment:
    """Run to its end without a stop, with a final detector in the end."""
    experiment = begun(base, base / "whole", deliver=True)
    assert go(experiment) == {}
    write_report(experiment)
    return experiment


def test_arms_of_a_seed_share_their_first_frames_and_their_normal_detector(whole: Experiment):
    for seed in (0, 1):
        cells = [cell for cell in whole.cells if cell.seed == seed]
        assert [cell.arm.name for cell in cells] == ["first", "first", "random", "entropy", "cal"]
        cells = [cells[0], *cells[2:]]
        folders = [whole.rounds_folder(cell.name) / "001-random" for cell in cells]
        for name in ("normal.safetensors", "query.json", "normal-boxes.npz"):
            assert len({os.stat(folder / name).st_ino for folder in folders}) == 1
        assert [(f / "cpsp.safetensors").exists() for f in folders] == [False, False, False, True]
        records = [json.loads((folder / "record.json").read_text()) for folder in folders]
        assert len({json.dumps(r["figures"]["models"]["normal"]) for r in records}) == 1
        assert records[3]["settings"]["ssal"]["cpsp"]["value"] is True
    firsts = [cell for cell in whole.cells if cell.arm.kind == "first" and not cell.first]
    asked = [(whole.rounds_folder(c.name) / "001-random/query.json").read_text() for c in firsts]
    assert asked[0] != asked[1]


def test_arms_that_differ_in_what_they_ask_share_their_cpsp(base: Path, tmp_path: Path):
    arms = """
"frozen" = {strategy = "cal", settings = {"ssal.cpsp" = true, "ssal.order" = "frozen"}}
"apart" = {strategy = "cal", settings = {"ssal.cpsp" = true, "ssal.balance" = false}}
"kept" = {strategy = "cal", settings = {"ssal.cpsp" = true, "ssal.del_after" = 9}}
"chance" = "random"
"""
    text = BOX_TINY[: BOX_TINY.index("[arms]")] + f"[arms]{arms}"
    text = text.replace("rounds", 'compare = "kept"\nrounds')
    spec = read_spec(str(box_spec(tmp_path, text)))
    experiment = opened(tmp_path / "out", spec, "equal", base / "scans", [0])
    assert go(experiment) == {}
    inode = {}
    for cell in experiment.arms:
        folder = experiment.rounds_folder(cell.name) / "001-random"
        for name in ("normal.safetensors", "cpsp.safetensors"):
            if (folder / name).exists():
                inode[cell.arm.name, name] = os.stat(folder / name).st_ino
    normal = [inode[arm, "normal.safetensors"] for arm in ("frozen", "apart", "kept", "chance")]
    assert len(set(normal)) == 1
    assert inode["frozen", "cpsp.safetensors"] == inode["apart", "cpsp.safetensors"]
    assert inode["frozen", "cpsp.safetensors"] != inode["kept", "cpsp.safetensors"]
    assert ("chance", "cpsp.safetensors") not in inode
    for cell in experiment.arms:
        record = experiment.rounds_folder(cell.name) / "001-random/record.json"
        own = json.loads(record.read_text())["settings"]["ssal"]
        assert own["balance"]["value"] is (cell.arm.name != "apart")


def test_an_arm_has_its_settings_whatever_it_goes_on_from(base: Path, tmp_path: Path):
    """A first round without CPSP had left its copies without, where the preset alone asked for
    it."""
    text = BOX_TINY.replace("ssal.cpsp = false", "ssal.clusters = 7")
    text = text.replace('settings = {"ssal.cpsp" = true}', 'settings = {"ssal.cpsp" = false}')
    spec = read_spec(str(box_spec(tmp_path, text)))
    experiment = opened(tmp_path / "out", spec, "equal", base / "scans", [0])
    assert go(experiment) == {}
    assert experiment.cells
    for cell in experiment.cells:
        with Project(experiment.cell_folder(cell.name), read_only=True) as project:
            wanted = experiment.settings(cell.arm)
            assert (project.settings.ssal, project.settings.detect) == (wanted.ssal, wanted.detect)
    cpsp = {c.arm: "cpsp" in c.records[1]["figures"]["models"] for c in curves(experiment)}
    assert cpsp == {"random": True, "entropy": True, "cal": False}


@pytest.mark.parametrize("scratch", ["true", "false"])
def test_whether_rounds_are_training_time_is_told_by_the_arms(tmp_path: Path, scratch: str):
    text = BOX_TINY.replace('"ssal.cpsp" = true', f'"detect.from_scratch" = {scratch}')
    spec = read_spec(str(box_spec(tmp_path, text)))
    told = " ".join(notes(opened(tmp_path / "out", spec, "equal", tmp_path, [0])))
    assert ("begin at random weights" in told) is (scratch == "true")
    assert ("is training time too" in told) is (scratch == "false")


def test_where_nothing_more_is_asked_no_pool_is_looked_at(base: Path, tmp_path: Path):
    experiment = begun(base, tmp_path / "out", (0,), rounds=1)
    assert go(experiment) == {}
    for cell in experiment.cells:
        folder = experiment.rounds_folder(cell.name) / "001-random"
        assert (folder / "record.json").exists()
        assert not list(folder.glob("*-boxes.npz"))
    longer = begun(base, tmp_path / "out", (0,))
    assert go(longer) == {}
    assert len(curves(longer)[0].records) == 2


def test_the_hours_of_computing_are_those_of_the_rounds_that_trained(whole: Experiment):
    """By hand: of each seed the shared rounds of the normal detector and of CPSP, and the second
    ones of three arms."""
    hours = 0.0
    for cell in whole.cells:
        first = cell.arm.kind == "first"
        name = "001-random" if first else f"002-{cell.arm.strategy}"
        stored = json.loads((whole.rounds_folder(cell.name) / name / "record.json").read_text())
        hours += stored["wall_s"] / 3600
    page = (whole.out / REPORT).with_suffix(".md").read_text()
    assert f"10 rounds in {hours:.2f} hours of computing." in page


def test_costs_are_those_of_a_slow_count(whole: Experiment):
    """True boxes that hold 5 points, of the frames that were finished, by a loop over label files;
    seconds by hand. The budget is exceeded by one frame at most."""
    for curve in curves(whole):
        project_folder = curve.folders[-1].parents[1]
        with Project(project_folder, read_only=True) as project:
            names = project.classes.names
            boxes, frames, by_class = 0, 0, dict.fromkeys(names, 0)
            for found, record, wanted in zip(
                project.frame_rounds, curve.records, (4, 5), strict=True
            ):
                before, last = boxes, 0
                for scan in found.query.items:
                    if not project.boxes.is_finished(scan):
                        continue
                    own = Truth(project.dataset, names).of(scan)
                    assert own is not None
                    held = points_per_box(project.dataset.scan(scan).points[:, :3], own.box) >= 5
                    frames, last = frames + 1, int(held.sum())
                    boxes += last
                    for label in own.label[held].tolist():
                        by_class[names[label]] += 1
                assert wanted <= boxes - before < wanted + 2, "two boxes a frame"
                costs = record["costs"]
                assert (costs["boxes"], costs["frames"]) == (boxes, frames)
                assert costs["seconds"] == pytest.approx(frames * (4 + 4.1) + 9 * boxes)
                assert costs["classes"] == by_class


def test_the_report_has_the_numbers_of_an_independent_count(whole: Experiment):
    """From results.csv and the files of the detectors alone, with numpy's own means and t."""
    rows = list(csv.DictReader((whole.out / RESULTS).read_text().splitlines()))
    value = {(r["arm"], int(r["seed"]), int(r["round"]), r["metric"]): r["value"] for r in rows}
    page = (whole.out / REPORT).with_suffix(".md").read_text()
    for arm in ("random", "entropy", "cal"):
        means = []
        for seed in (0, 1):
            (cell,) = [c for c in whole.arms if (c.arm.name, c.seed) == (arm, seed)]
            (file,) = whole.rounds_folder(cell.name).glob("002-*/normal-metrics.json")
            stored = json.loads(file.read_text())["classes"]
            means.append(np.mean([stored[name]["loose"] for name in ("car", "pedestrian")]))
            assert float(value[arm, seed, 2, "normal loose"]) == pytest.approx(means[-1])
            assert float(value[arm, seed, 2, "normal loose car"]) == stored["car"]["loose"]
            assert ((arm, seed, 2, "cpsp loose") in value) == (arm == "cal")
            assert ((arm, seed, 1, "final loose") in value) is False
            assert ((arm, seed, 2, "final loose") in value) is True
        half = 12.7062 * np.std(means, ddof=1) / np.sqrt(2)
        cell_text = f"{100 * np.mean(means):.1f} ± {100 * half:.1f}"
        (line,) = [one for one in page.splitlines() if one.startswith(f"| {arm} |")][1:2]
        assert cell_text in line
    assert "loose AP after round 2" in page
    assert "loose AP of the final detector" in page
    assert "the area under loose AP over boxes" in page
    assert "mIoU" not in page
    assert "6 of 6 cells are finished" in page


def test_calibration_is_that_of_all_boxes_together(whole: Experiment):
    """D-ECE of cars and pedestrians from their bins, by a loop."""
    from core.experiment.box_report import pooled_d_ece

    model = curves(whole)[0].records[-1]["figures"]["models"]["normal"]
    total, off = 0, 0.0
    for k in range(10):
        n, right, score = 0, 0.0, 0.0
        for name in ("car", "pedestrian"):
            bins = model["classes"][name]["reliability"]
            if bins["boxes"][k]:
                n += bins["boxes"][k]
                right += bins["boxes"][k] * bins["right"][k]
                score += bins["boxes"][k] * bins["score"][k]
        total, off = total + n, off + abs(right - score)
    assert pooled_d_ece(model, ("car", "pedestrian")) == pytest.approx(off / total)
    one = pooled_d_ece(model, ("car",))
    assert one == pytest.approx(model["classes"]["car"]["d_ece"])


class Killed(BaseException):
    """The process ends here."""


SLOW = [pytest.param(n, marks=pytest.mark.slow) for n in (1, 4, 9, 14, 20, 27, 35, 50)]


@pytest.mark.parametrize("after", [31, *SLOW])
def test_killed_at_any_instant_it_ends_with_the_same_results(
    base: Path, whole: Experiment, tmp_path: Path, monkeypatch, after: int
):
    """Killed at its n-th rename or entry of a journal, resumed, killed a little further on."""
    from core.answers.answers import Answers

    experiment = begun(base, tmp_path / "out", deliver=True)
    real, append, kills = os.replace, Answers.append, 0
    for step in range(60):
        left = iter(range(after + step))

        def die(left=left) -> None:
            if next(left, None) is None:
                raise Killed

        def rename(source, target, die=die):
            die()
            real(source, target)

        def appended(self, entries, die=die):
            made = append(self, entries)
            die()  # what was written is on the disk
            return made

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", rename)
            patch.setattr(Answers, "append", appended)
            try:
                assert go(experiment) == {}
                break
            except Killed:
                kills += 1
    assert kills
    assert results(experiment) == (whole.out / RESULTS).read_bytes()


def test_the_pool_is_looked_at_only_where_a_query_ranks_by_it(whole: Experiment):
    for cell in whole.arms:
        last = next(whole.rounds_folder(cell.name).glob("002-*"))
        assert not (last / "normal-boxes.npz").exists()


def test_a_round_more_ranks_by_the_newest_detector(base: Path, tmp_path: Path):
    experiment = begun(base, tmp_path / "out", (0,))
    assert go(experiment) == {}
    before = results(experiment).decode().splitlines()
    longer = begun(base, tmp_path / "out", (0,), rounds=3)
    assert go(longer) == {}
    rows = results(longer).decode().splitlines()
    assert set(before) < set(rows)
    assert max(int(row.split(",")[2]) for row in rows[1:]) == 3


def test_the_window_and_the_report_follow_it(whole: Experiment):
    seen = Watch(whole.out).look()
    assert [one.state for one in seen.shown] == [FINISHED] * 6
    assert seen.seconds_left == 0
    assert [len(one.rounds) for one in seen.shown] == [2] * 6
    files = ("report.html", "curves-boxes.svg", "differences.svg", "curves.csv", "classes.csv")
    before = {name: (whole.out / name).read_bytes() for name in files}
    write_report(read_experiment(whole.out))
    assert {name: (whole.out / name).read_bytes() for name in files} == before


def test_what_arms_are_compared_by_is_the_reports_own(base: Path, whole: Experiment, tmp_path):
    """Another overlap and detector need no new run: no cell has another name."""
    shutil.copytree(whole.out, tmp_path / "out")
    other = begun(base, tmp_path / "out", deliver=True, overlap="strict", detector="cpsp")
    assert [cell.name for cell in other.cells] == [cell.name for cell in whole.cells]
    page = write_report(other).with_suffix(".md").read_text()
    assert "strict AP by round" in page
    curve = next(c for c in curves(other) if c.arm == "cal")
    stored = json.loads((curve.folders[-1] / "cpsp-metrics.json").read_text())["classes"]
    mean = np.mean([stored[name]["strict"] for name in ("car", "pedestrian")])
    assert curve.figure[-1] == pytest.approx(mean)


def test_which_final_detector_is_told_by_arm(tmp_path: Path):
    """Those of the table were all called as the first arm's."""
    for settings, says in (
        ("", "ssal.final cpsp"),
        (
            ', "ssal.final" = "none"',
            "ssal.final cpsp of random, cpsp of entropy, none of cal",
        ),
    ):
        text = BOX_TINY.replace('"ssal.cpsp" = true', f'"ssal.cpsp" = true{settings}')
        spec = read_spec(str(box_spec(tmp_path, text)))
        found = opened(tmp_path / "out", spec, "equal", tmp_path / "scans", [0])
        assert delivered(found) == says


def test_a_full_reference_has_every_label(base: Path, tmp_path: Path):
    text = BOX_TINY.replace("steps = 3", "steps = 3\nfull = true")
    spec = read_spec(str(box_spec(tmp_path, text)))
    experiment = opened(tmp_path / "out", spec, "equal", base / "scans", [0])
    cells = [cell for cell in experiment.cells if cell.arm.kind == "full"]
    set_up(experiment, Job())
    assert run_cells(experiment, cells, BOX_LEARNING, Job()) == {}
    (curve,) = [c for c in curves(experiment) if c.arm == "full"]
    assert curve.records[0]["costs"]["frames"] == 16
    assert curve.records[0]["training"]["normal"]["steps"] == 15


def test_a_cell_that_fails_is_shown_and_the_rest_goes_on(base: Path, tmp_path: Path):
    experiment = begun(base, tmp_path / "out", (0,))

    def dies(project: Project, job: Job, *, scored: bool) -> None:
        if project.frame_rounds[-1].query.strategy == "entropy":
            raise ZeroDivisionError("a fault")
        learn(project, job, scored=scored)

    (name,) = go(experiment, replace(BOX_LEARNING, train=dies))
    assert name.startswith("entropy-0-")
    assert go(experiment) == {}
    assert failures(experiment) == {}


def test_data_that_cannot_be_compared_are_told_before_anything_runs(base: Path, tmp_path: Path):
    whole_spec = read_spec(str(base / "tiny-boxes.toml"))
    shutil.copytree(base / "scans", tmp_path / "scans")
    bare = tmp_path / "scans/training/label_2/000003.txt"
    bare.unlink()
    for changed, error, said in (
        ({}, DataError, r"000003 has no boxes to answer from\."),
        ({"train": ("training:000004-000015",), "validation": ("training:000016-000019",)},
         DataError, "4 validation frames have boxes"),
        ({"train": ("training:000004-000015",), "classes": ("car", "tramway")}, SettingsError,
         "classes names tramway, which is no class"),
    ):  # fmt: skip
        experiment = opened(
            tmp_path / "out", replace(whole_spec, **changed), "equal", tmp_path / "scans", [0]
        )
        with pytest.raises(error, match=said):
            set_up(experiment, Job())
        shutil.rmtree(tmp_path / "out")


@pytest.mark.parametrize(
    ("old", "new", "said", "do"),
    [
        ('task = "boxes"', 'task = "cubes"', "task is cubes", "points or boxes"),
        ('budget = "5 boxes"', 'budget = "1%"', "budget is '1%', which is not of boxes", "100 box"),
        ('budget = "5 boxes"', 'budget = "0 boxes"', "budget is '0 boxes'", "20 frames"),
        ('first = "2 frames"', 'first = "4"', "first is '4'", "100 boxes"),
        ('entropy = "entropy"', 'entropy = "ent"', "no strategy ent for frames", "entropy, every"),
        ("steps = 3", 'steps = 3\nstart = "cal"', "starts by cal, which ranks", "random"),
        ("steps = 3", 'steps = 3\nover = "points"', "over is points", "boxes or seconds"),
        ("steps = 3", 'steps = 3\noverlap = "half"', "overlap is half", "loose or strict"),
        ("steps = 3", 'steps = 3\ndetector = "final"', "detector is final", "normal or cpsp"),
        ("steps = 3", 'steps = 3\ntable = "cost"', "table is cost, which is of points", "task"),
        ("steps = 3", "steps = 3\ndeliver = 1", "deliver is 1", "true or false"),
        ('classes = ["car", "pedestrian"]', "classes = [1]", "classes is [1]", "quotes"),
        ("ssal.refreshes = 2", "ssal.refresh = 2", "no setting ssal.refresh", "ssal.refreshes"),
        ('task = "boxes"', "", "ssal", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, old, new, said, do):
    assert old in BOX_TINY
    with pytest.raises(SettingsError) as caught:
        read_spec(str(box_spec(tmp_path, BOX_TINY.replace(old, new))))
    if new:
        assert said in caught.value.what
        assert do in caught.value.do


def test_a_spec_that_was_kept_before_there_were_boxes_is_read(tmp_path: Path):
    stored = json.loads(json.dumps(read_spec("town").as_json()))
    for name in ("task", "first", "overlap", "detector", "classes", "deliver"):
        del stored[name]
    assert kept_spec(stored) == read_spec("town")
