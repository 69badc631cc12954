"""Specs: those that come with the program are sound, and what is wrong with one is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.base.errors import SettingsError
from core.experiment.folder import Experiment, seeds_of
from core.experiment.kept_spec import kept_spec
from core.experiment.names import names
from core.experiment.read_spec import read_spec
from core.experiment.spec import kind_of_budget
from tests.box_experiments import BOX_TINY
from tests.experiments import TINY, tiny_spec

MADE = "rounds = 2\nmade = {scans = 1, validation = 1, seed = 0"


@pytest.mark.parametrize("name", names())
def test_those_that_come_with_it_can_be_read_and_kept(name: str):
    spec = read_spec(name)
    assert kept_spec(json.loads(json.dumps(spec.as_json()))) == spec
    assert spec.name == name
    if not spec.table and not spec.boxes:
        assert [arm.name for arm in spec.arms if arm.kind == "control"]


def test_a_control_begins_as_its_arms_do(tmp_path: Path):
    text = TINY + '[arms.cold]\nstrategy = "ent"\nstart = "rand-scans"\n'
    spec = read_spec(str(tiny_spec(tmp_path, text)))
    controls = {arm.name: arm.start for arm in spec.arms if arm.kind == "control"}
    assert controls == {"control": "size", "control of rand-scans": "rand-scans"}


@pytest.mark.parametrize(
    ("old", "new", "said", "do"),
    [
        ('title = "A tiny experiment"', "", "title is missing", "words"),
        ('"A tiny experiment"', '"A\\nrm -rf it"', "title is 'A\\nrm -rf it'", "in one line"),
        ("steps = 4", 'steps = "many"', "steps is 'many'", "whole number"),
        ("steps = 4", "steps = 0", "steps is 0", "from 1"),
        ("steps = 4", "stepps = 4", "nothing is called stepps", "The nearest is steps."),
        ("full = false", "full = 3", "full is 3", "true or false"),
        ('budget = "10%"', 'budget = "0%"', "budget is '0%'", "30 min"),
        ('budget = "10%"', 'budget = "1.5 units"', "budget is '1.5 units'", "200 units"),
        ('budget = "10%"', 'budget = "nan%"', "budget is 'nan%'", "30 min"),
        ("rounds = 2", f"{MADE}, tail = nan}}", "tail is nan", "from 0 to 100"),
        ("rounds = 2", f"{MADE}, step_m = 1{400 * '0'}}}", "step_m is 1000", "from 0.1 to 100"),
        ("rounds = 2", "rounds = 2\nprinted = {car = [inf]}", "printed of car is [inf]", "numbers"),
        ('compare = "random"', 'compare = "rndom"', "compare is rndom", "random, ent"),
        ('compare = "random"', 'compare = "control"', "compare is control", "random, ent."),
        ("train.width = 0.1", "query.fraction = 0.05", "query.fraction is given in settings, but "
         "every arm has that of budget, 10%", "Leave query.fraction out"),
        ('ent = "ent"', 'ent = {strategy = "ent", settings = {"query.fraction" = 0.05}}',
         "query.fraction is given in ent", "Leave query.fraction out"),
        ('ent = "ent"', 'ent = "entropy"', "There is no strategy entropy", "lidarloop strategies"),
        ('ent = "ent"', 'control = "ent"', "an arm is called 'control'", "another name"),
        ('ent = "ent"', 'ent = {strategy = "ent", start = "basal"}', "starts by basal", "size"),
        ('ent = "ent"', 'ent = {strategy = "ent", why = 1}', "is called why", "start and settings"),
        ('ent = "ent"', "ent = 3", "the arm ent is 3", "quotes"),
        ("train.width = 0.1", "train.widht = 0.1", "no setting train.widht", "train.width"),
        ("train.width = 0.1", "train.width = 900", "train.width is 900.0", "from 0.05"),
        ('preset = "laptop"', 'preset = "lap"', "preset is lap", "laptop"),
        ('format = "semantickitti"', 'format = "kitty"', "kitty", ""),
        ('train = ["00"]', "train = [0]", "train is [0]", "quotes"),
        ('train = ["00"]', 'train = "00"', "train is '00'", "a list"),
        ('train = ["00"]', "train = []", "names nothing", "sequences"),
        ("rounds = 2", "rounds = 0", "rounds is 0", "from 1"),
        ("rounds = 2", "rounds =", "cannot be read", "Mend"),
        ("steps = 4", 'over = "hours"', "over is hours", "points or seconds"),
        ("rounds = 2", 'table = "table9"', "table is table9", "table1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(
    tmp_path: Path, old: str, new: str, said: str, do: str
):
    assert old in TINY
    with pytest.raises(SettingsError) as caught:
        read_spec(str(tiny_spec(tmp_path, TINY.replace(old, new))))
    assert said in caught.value.what
    assert do in caught.value.do


def test_full_labels_are_nothing_to_compare_with(tmp_path: Path):
    text = TINY.replace("full = false", "full = true").replace('"random"', '"full"', 1)
    with pytest.raises(SettingsError, match="compare is full, which is no arm that asks"):
        read_spec(str(tiny_spec(tmp_path, text)))


@pytest.mark.parametrize("key", ["train.steps", "train.look_every"])
@pytest.mark.parametrize("where", ["settings", "ent"])
def test_steps_that_equal_steps_would_replace_are_refused(tmp_path: Path, key: str, where: str):
    """By the protocol paper they count: a round has them instead of epochs."""
    arm = f'ent = {{strategy = "ent", settings = {{"{key}" = 40}}}}'
    text = TINY.replace('ent = "ent"', arm)
    if where == "settings":
        text = TINY.replace("train.width = 0.1", f"{key} = 40")
    path = str(tiny_spec(tmp_path, text))
    with pytest.raises(SettingsError) as caught:
        read_spec(path, "equal")
    assert f"{key} is given in {where}, but every arm has that of steps, 4" in caught.value.what
    spec = read_spec(path, "paper")
    made = Experiment(tmp_path, spec, "paper", tmp_path, ((0,),))
    assert made.overrides(spec.arm("ent"))[key] == "40"


def test_an_arms_own_steps_of_boxes_count_and_those_of_all_are_refused(tmp_path: Path):
    own = BOX_TINY.replace("[arms]", '[arms]\nlong = {strategy = "cal", settings = '
                           '{"detect.steps" = 9}}\n')  # fmt: skip
    spec = read_spec(str(tiny_spec(tmp_path / "own", own)), "equal")
    made = Experiment(tmp_path, spec, "equal", tmp_path, ((0,),))
    assert made.overrides(spec.arm("long"))["detect.steps"] == "9"
    text = BOX_TINY.replace("[settings]", "[settings]\ndetect.steps = 9")
    with pytest.raises(SettingsError, match=r"detect\.steps is given in settings"):
        read_spec(str(tiny_spec(tmp_path, text)), "equal")


def test_unknown_names_and_files(tmp_path: Path):
    with pytest.raises(SettingsError, match="no experiment twon") as caught:
        read_spec("twon")
    assert "The nearest is town." in caught.value.do
    with pytest.raises(SettingsError, match="cannot be read"):
        read_spec(str(tmp_path / "none.toml"))


@pytest.mark.parametrize("by", ['budget = "5 min"', 'over = "seconds"\nbudget = "10%"'])
def test_seconds_of_other_units_are_not_known(tmp_path: Path, by: str):
    arm = 'ent = {strategy = "ent", settings = {"prepare.units" = "blocks"}}'
    read_spec(str(tiny_spec(tmp_path / "points", TINY.replace('ent = "ent"', arm))))
    text = TINY.replace('ent = "ent"', arm).replace('budget = "10%"', by)
    with pytest.raises(SettingsError, match="seconds of what the arm ent asks are not known"):
        read_spec(str(tiny_spec(tmp_path, text)))


@pytest.mark.parametrize(("text", "wanted"), [("0-4", [0, 1, 2, 3, 4]), ("3,1,3", [3, 1])])
def test_seeds(text: str, wanted: list[int]):
    assert seeds_of(text) == wanted


@pytest.mark.parametrize("text", ["", "a", "4-0", "1-", "-1", "0-99999"])
def test_seeds_that_are_none(text: str):
    with pytest.raises(SettingsError, match="--seeds is"):
        seeds_of(text)


def test_budgets():
    assert kind_of_budget("1%") == ("points", "0.01")
    assert kind_of_budget("30 min") == ("minutes", "30")
    assert kind_of_budget("200 units") == ("units", "200")


@pytest.mark.parametrize(
    "number", ["nan", "-nan", "snan", "NaN12", "inf", "-inf", "1e999", "1e9999999", "1e-9999999"]
)
@pytest.mark.parametrize("of", ["%", " min", " units", " boxes", " frames"])
def test_budgets_that_are_none(number: str, of: str):
    with pytest.raises(ValueError, match=number):
        kind_of_budget(number + of)
