"""Valid JSON with wrong values in an experiment's folder is one sentence, whoever reads it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.experiment import report
from core.experiment.folder import Experiment, opened, read_experiment
from core.experiment.learning import Learning
from core.experiment.read_spec import read_spec
from core.experiment.record import AGAIN, CONFUSIONS
from core.experiment.run import run_cells, set_up
from core.experiment.summary import summarise
from core.experiment.watch import Watch
from tests.box_experiments import BOX_LEARNING, box_spec, scans_at
from tests.damaged import VALUES, leaves, replaced
from tests.experiments import LEARNING, tiny_spec
from tests.made_experiments import made_experiment, record_all
from tests.streets import small_street_at

DELETED = "deleted"
TRIED = 20  # of each file
SPEC = "experiment.json"
BASAL, FULL = "cells/basal-0-*/rounds/002-basal", "cells/full-0-*/rounds/001-full"
CAL = "cells/cal-0-*/frame-rounds/002-cal"


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of two rounds, made without a run; the last cell failed while it trained."""
    base = tmp_path_factory.mktemp("points")
    experiment = made_experiment(
        base / "out", arms=("random", "basal"), seeds=(0, 1), rounds=2, root=base
    )
    record_all(experiment)
    last = next(c for c in experiment.arms if (c.arm.name, c.seed) == ("basal", 1))
    (folder,) = experiment.rounds_folder(last.name).glob("002-*")
    (folder / "record.json").unlink()
    rows = {"epochs": [{"epoch": 1, "loss": 1.0, "steps": 3}]}
    (folder / "log.json").write_text(json.dumps(rows))
    (base / "out/failed").mkdir()
    experiment.failure(last.name).write_text(json.dumps({"why": "A fault.", "trace": ""}))
    return base / "out"


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds run to their end, with final detectors; one cell has lost its last record."""
    base = tmp_path_factory.mktemp("boxes")
    scans_at(base / "scans")
    spec = replace(read_spec(str(box_spec(base))), deliver=True)
    experiment = opened(base / "out", spec, "equal", base / "scans", [0, 1])
    assert failed_cells(experiment, BOX_LEARNING) == {}
    next((base / "out").glob("cells/cal-1-*/frame-rounds/002-cal/record.json")).unlink()
    return base / "out"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One seed of points, run to its end."""
    base = tmp_path_factory.mktemp("ran")
    small_street_at(base / "scans")
    experiment = opened(base / "out", read_spec(str(tiny_spec(base))), "equal", base / "scans", [0])
    assert failed_cells(experiment, LEARNING) == {}
    return base / "out"


def failed_cells(experiment: Experiment, learning: Learning) -> dict[str, str]:
    set_up(experiment, Job(), workers=1)
    return run_cells(experiment, experiment.cells, learning, Job())


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """Drawing would take most of the time, and only draws what the tables have."""
    monkeypatch.setattr(report, "drawable", lambda: False)


def watch(out: Path) -> None:
    """Watch it and sum it up, as the window does."""
    seen = Watch(out).look()
    assert 0 <= seen.share <= 1
    summarise(seen.experiment, seen.curves)


def draw(out: Path) -> None:
    report.write_report(read_experiment(out))


def look(out: Path) -> None:
    watch(out)
    draw(out)


def outcome(read: Callable[[Path], None], out: Path) -> ProjectError | None:
    """What who reads it is told, None for nothing."""
    try:
        read(out)
    except ProjectError as error:
        return error
    return None


def put(file: Path, way: tuple[Any, ...], value: Any) -> None:
    file.write_text(json.dumps(replaced(json.loads(file.read_text()), way, value)))


def without(stored: Any, way: tuple[Any, ...]) -> Any:
    """A copy that lacks a member."""
    place = made = json.loads(json.dumps(stored))
    for key in way[:-1]:
        place = place[key]
    del place[way[-1]]
    return made


def wrong(stored: Any) -> Iterator[Any]:
    """The same with a value replaced or deleted, at random. One member stands for a long list."""
    rng = random.Random(0)
    ways = [way for way in leaves(stored) if not any(isinstance(k, int) and k > 1 for k in way)]
    for _ in range(TRIED):
        way, value = rng.choice(ways), rng.choice((*VALUES, DELETED))
        yield without(stored, way) if value is DELETED and way else replaced(stored, way, value)


@pytest.mark.parametrize(
    ("of", "pattern"),
    [
        ("points", SPEC),
        ("points", f"{BASAL}/record.json"),
        ("points", f"{FULL}/record.json"),
        ("points", "cells/basal-1-*/rounds/002-basal/log.json"),
        ("points", "failed/*.json"),
        ("boxes", SPEC),
        ("boxes", f"{CAL}/record.json"),
        ("boxes", "cells/cal-1-*/frame-rounds/002-cal/cpsp-log.json"),
    ],
)
def test_any_value_is_read_or_told(request, tmp_path: Path, of: str, pattern: str):
    shutil.copytree(request.getfixturevalue(of), tmp_path / "out")
    look(tmp_path / "out")
    (file,) = (tmp_path / "out").glob(pattern)
    needed = file.name in (SPEC, "record.json")
    told = []
    for value in wrong(json.loads(file.read_text())):
        file.write_text(json.dumps(value))
        told.append(outcome(look if needed else watch, tmp_path / "out"))
    said = [error.what for error in told if error is not None]
    assert len(told) == TRIED
    assert bool(said) == needed
    assert all(file.name in what for what in said)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


SAID = {  # of points: file, way, value, what is said
    "no words": (SPEC, ("spec", "title"), 3, "title is 3"),
    "no number": (SPEC, ("spec", "steps"), "many", "steps is 'many'"),
    "a number that is true": (SPEC, ("spec", "partitions"), [True], r"partitions is \[True\]"),
    "for ever": (SPEC, ("spec", "rounds"), 10**30, "rounds is 10+"),
    "no blocks": (SPEC, ("spec", "block"), 0, "block is 0"),
    "no settings": (SPEC, ("spec", "settings"), ["x"], r"settings is \['x'\]"),
    "no setting": (SPEC, ("spec", "settings", "train.width"), 0.1, "settings holds what no spec"),
    "another compare": (SPEC, ("spec", "compare"), "x", "compare is x, which is no arm"),
    "no arm": (SPEC, ("spec", "arms", 0), None, "an arm is no object"),
    "arms of one name": (SPEC, ("spec", "arms", 1, "name"), "random", "arms holds what no spec"),
    "no control": (SPEC, ("spec", "arms", 2, "start"), "random", "arms holds what no spec"),
    "an unknown kind": (SPEC, ("spec", "arms", 0, "kind"), "x", "is damaged"),
    "detectors of points": (SPEC, ("spec", "deliver"), True, "deliver holds what no spec"),
    "an unknown protocol": (SPEC, ("protocol",), "x", "protocol is 'x'"),
    "data anywhere": (SPEC, ("root",), "a/../b", "root is 'a/../b'"),
    "no looks": (SPEC, ("looks",), [], r"looks is \[\]"),
    "a look at nothing": (SPEC, ("looks",), [[0], []], "looks is"),
    "a seed twice": (SPEC, ("looks",), [[0], [0]], "looks is"),
    "no seed": (SPEC, ("looks",), [[-1]], "a seed is no whole number"),
    "no cost": (BASAL, ("costs", "points"), None, "costs.points is no whole number"),
    "a cost below 0": (BASAL, ("costs", "seconds"), -1, "costs.seconds is no number"),
    "a cost without end": (BASAL, ("costs", "seconds"), float("inf"), "costs.seconds is no number"),
    "less than before": (BASAL, ("costs", "units"), 1, "it cost less than the round before it"),
    "no class": (BASAL, ("costs", "classes"), {"road": 1}, "its classes are not the same"),
    "more than all": (BASAL, ("figures", "iou", "car"), 1.5, "figures.iou.car is no share"),
    "another mean": (BASAL, ("figures", "miou"), 0.9, "miou is not the mean"),
    "no figure": (BASAL, ("figures", "official"), {}, "'benchmark' is missing"),
    "no look": (BASAL, ("training", "looks"), ["x"], "a look is no object"),
    "no loss": (BASAL, ("training", "loss"), float("nan"), "training.loss is no number"),
    "another truth": (BASAL, ("truth", "car"), 7, "differ in classes or truth"),
    "another round": (BASAL, ("round",), 1, "it is of round 1, not 2"),
    "no time": (FULL, ("wall_s",), "x", "wall_s is no number"),
    "no program": (FULL, ("made_with", "version"), [1], "made_with.version is no text"),
    "half a character": (FULL, ("made_with", "version"), "\ud800", "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_what_is_wrong_is_said(points: Path, tmp_path: Path, case: str):
    """By the report and by the window, in the same words."""
    shutil.copytree(points, tmp_path / "out")
    place, way, value, said = SAID[case]
    (file,) = (tmp_path / "out").glob(place if place == SPEC else f"{place}/record.json")
    put(file, way, value)
    for read in (watch, draw):
        with pytest.raises(ProjectError, match=said) as caught:
            read(tmp_path / "out")
        assert file.name in caught.value.what
        assert ("Restore it" if place == SPEC else "Delete the cell's folder") in caught.value.do


SAID_OF_BOXES = {
    "of points": (SPEC, ("spec", "budget"), "1%", "budget is '1%', which is not of boxes"),
    "no detector": (CAL, ("figures", "models", "normal"), None, "figures.models.normal. is no"),
    "one that nobody trained": (CAL, ("training", "cpsp"), None, "training.cpsp is no object"),
    "no AP": (CAL, ("figures", "models", "cpsp", "classes", "car", "loose"), None, "car.loose is"),
    "other objects": (CAL, ("truth", "car"), 99, "are not those of truth"),
    "no bins": (CAL, ("figures", "models", "final", "classes", "car", "reliability", "boxes"), [],
                "reliability is not by tenths"),
    "no look": (CAL, ("training", "looks"), "x", "training.looks is no list"),
    "no bank": (CAL, ("bank",), [{}], "'classes' is missing"),
    "no frames": (CAL, ("costs", "frames"), 0.5, "costs.frames is no whole number"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID_OF_BOXES)
def test_what_is_wrong_is_said_of_boxes(boxes: Path, tmp_path: Path, case: str):
    shutil.copytree(boxes, tmp_path / "out")
    place, way, value, said = SAID_OF_BOXES[case]
    (file,) = (tmp_path / "out").glob(place if place == SPEC else f"{place}/record.json")
    put(file, way, value)
    with pytest.raises(ProjectError, match=said):
        look(tmp_path / "out")


def test_a_detector_that_was_taken_out_is_missed(boxes: Path, tmp_path: Path):
    """Else the arm would be compared by its normal one, without a word."""
    shutil.copytree(boxes, tmp_path / "out")
    (file,) = (tmp_path / "out").glob(f"{CAL}/record.json")
    file.write_text(
        json.dumps(without(json.loads(file.read_text()), ("figures", "models", "cpsp")))
    )
    with pytest.raises(ProjectError, match="are not the detectors that were trained"):
        look(tmp_path / "out")


def test_confusions_of_other_scans_are_told(points: Path, tmp_path: Path):
    shutil.copytree(points, tmp_path / "out")
    (folder,) = (tmp_path / "out").glob("cells/random-1-*/rounds/002-random")
    np.savez(
        folder / CONFUSIONS, scans=np.array(["a", "b"]), confusion=np.ones((2, 3, 3), np.int64)
    )
    with pytest.raises(ProjectError, match=r"confusions\.npz is damaged"):
        look(tmp_path / "out")


def test_strategies_that_are_not_installed_are_needed_by_a_run_alone(points: Path, tmp_path: Path):
    """It may have run elsewhere, where a package brings them."""
    shutil.copytree(points, tmp_path / "out")
    put(tmp_path / "out" / SPEC, ("spec", "arms", 0, "strategy"), "theirs")
    look(tmp_path / "out")
    before = (tmp_path / "out" / SPEC).read_bytes()
    with pytest.raises(SettingsError, match="no strategy theirs"):
        set_up(read_experiment(tmp_path / "out"), Job())
    assert (tmp_path / "out" / SPEC).read_bytes() == before


@pytest.mark.parametrize(
    ("name", "way", "value", "said"),
    [
        ("normal-log.json", ("steps",), [], "training.normal.steps is no whole number"),
        ("normal-log.json", ("steps", 0, "loss"), "x", "training.normal.loss is no number"),
        ("cpsp-metrics.json", ("classes", "car"), "x", "classes.car is no object"),
        ("cpsp-metrics.json", ("classes", "car", "strict"), 2, "classes.car.strict is no share"),
    ],
)
def test_a_run_records_no_wrong_values_of_boxes(
    boxes: Path, tmp_path: Path, name: str, way: tuple[Any, ...], value: Any, said: str
):
    shutil.copytree(boxes, tmp_path / "out")
    (file,) = (tmp_path / "out").glob(f"cells/cal-1-*/frame-rounds/002-cal/{name}")
    put(file, way, value)
    (why,) = failed_cells(read_experiment(tmp_path / "out"), BOX_LEARNING).values()
    assert said in why
    assert AGAIN in why, "no fault of ours"
    assert not file.with_name("record.json").exists()


@pytest.mark.parametrize(
    ("name", "way", "value", "said"),
    [
        ("log.json", ("epochs",), [], "training.steps is no whole number"),
        ("log.json", ("epochs", 0, "voxels"), -1, "training.voxels is no whole number"),
        ("log.json", ("looks",), [1], "a look is no object"),
    ],
)
def test_a_run_records_no_wrong_values(
    ran: Path, tmp_path: Path, name: str, way: tuple[Any, ...], value: Any, said: str
):
    shutil.copytree(ran, tmp_path / "out")
    (file,) = (tmp_path / "out").glob(f"cells/ent-0-*/rounds/002-ent/{name}")
    put(file, way, value)
    file.with_name("record.json").unlink()
    (why,) = failed_cells(read_experiment(tmp_path / "out"), LEARNING).values()
    assert said in why
    assert AGAIN in why, "no fault of ours"
    assert not file.with_name("record.json").exists()
