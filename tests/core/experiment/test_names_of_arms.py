"""An arm is a control or the reference by what it is, whatever it is called."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import SettingsError
from core.experiment.folder import Experiment, opened
from core.experiment.lines import lines_of
from core.experiment.plots import COLOURS, curves_svg
from core.experiment.read_spec import read_spec
from core.experiment.record import RECORD
from core.experiment.report import write_report
from core.experiment.results import curves
from core.experiment.summary import summarise
from core.experiment.watch import Watch
from tests.experiments import TINY, tiny_spec
from tests.made_experiments import CLASSES, record

ARMS = '[arms]\nrandom = "random"\n"control-free" = "ent"\n"full scans" = "margin"\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """One seed, two rounds of 1,000 points and 300 s; control-free comes from 0.4 to 0.8, full
    labels to 0.6."""
    folder = tmp_path_factory.mktemp("names")
    text = TINY.partition("[arms]")[0].replace("full = false", "full = true") + ARMS
    spec = read_spec(str(tiny_spec(folder, text)))
    found = opened(folder / "out", spec, "equal", folder / "scans", [0])
    found.write()
    values = {("control-free", 1): 0.4, ("control-free", 2): 0.8, ("full", 1): 0.6}
    for cell in found.cells:
        for number in range(1, found.rounds(cell.arm) + 1):
            file = record(found, cell, number) / RECORD
            stored = json.loads(file.read_text())
            miou = values.get((cell.arm.name, number), 0.3)
            stored["figures"] |= {"miou": miou, "iou": dict.fromkeys(CLASSES, miou)}
            file.write_text(json.dumps(stored))
    return found


def test_an_arm_that_is_called_like_a_control_costs_what_it_asks(made: Experiment):
    for by_arm in (summarise(made, curves(made)).by_arm, Watch(made.out).look().by_arm):
        lines = {line.arm: line for line in lines_of(by_arm, "points")}
        assert list(lines) == ["random", "control-free", "full scans", "control", "full"]
        assert lines["control-free"].cost.tolist() == [1000, 2000]
        assert lines["full scans"].cost.tolist() == [1000, 2000]
        assert lines["control"].cost.tolist() == [1000, 1000]
        assert [line.arm for line in lines.values() if line.level] == ["full"]


def test_its_cost_and_its_classes_are_told(made: Experiment):
    """By hand: 95 % of 0.6 is 0.57, of 1,000 points from 0.4 to 0.8 the 425th; of 300 s so many."""
    page = write_report(made).with_suffix(".md").read_text()
    assert f"| control-free | 1,425 | {(300 + 0.425 * 300) / 3600:.2f} |" in page
    assert "| control | not reached | not reached |" in page
    asked = list(csv.reader((made.out / "asked.csv").read_text().splitlines()))
    assert asked[0] == ["class", "all points", "random", "control-free", "full scans"]
    reached = summarise(made, curves(made)).reached["points"]
    assert reached == {"random": None, "control-free": pytest.approx(1425), "full scans": None}


def test_only_the_control_is_drawn_grey(made: Experiment):
    svg = curves_svg(summarise(made, curves(made)).by_arm, "points", None).decode()
    assert all(colour in svg for colour in COLOURS[:3])
    only = {"control-free": summarise(made, curves(made)).by_arm["control-free"]}
    assert "#777777" not in curves_svg(only, "points", None).decode()


def test_two_arms_never_have_one_name(tmp_path: Path):
    """A control is called after its start where there are several."""
    cold = '[arms.cold]\nstrategy = "ent"\nstart = "rand-scans"\n'
    text = TINY.replace('ent = "ent"', '"control of rand-scans" = "ent"') + cold
    with pytest.raises(SettingsError, match="'control of rand-scans', as one of its controls"):
        read_spec(str(tiny_spec(tmp_path, text)))
    other = text.replace("control of rand-scans", "control of mine")
    names = [arm.name for arm in read_spec(str(tiny_spec(tmp_path, other))).arms]
    assert len(set(names)) == len(names) == 5
    assert np.isin(["control of mine", "control", "control of rand-scans"], names).all()
