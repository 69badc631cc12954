"""What is typed to start an experiment: each fault one sentence at its field."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import ProjectError
from core.base.files import writer_lock
from gui.experiments.plan import Typed, plan
from gui.experiments.results import told_of
from tests.experiments import TINY, tiny_spec
from tests.made_experiments import made_experiment, record


def typed(spec: Path | str, out: Path | str, root: Path | str = "", seeds: str = "0-1") -> Typed:
    return Typed(str(spec), str(out), str(root), seeds, 1, "equal")


def test_a_spec_with_unknown_names_is_told(tmp_path: Path):
    for text, says in (
        (TINY.replace('ent = "ent"', 'ent = "entt"'), "entt"),
        (TINY.replace("steps = 4", "stepps = 4"), "stepps"),
        ("title = [", "cannot be read"),
    ):
        found = plan(typed(tiny_spec(tmp_path, text), tmp_path / "out"))
        assert says in found.wrong["what"]
        assert found.wrong["what"].endswith(".")
    assert "There is no experiment townn." in plan(typed("townn", tmp_path)).wrong["what"]


@pytest.mark.parametrize(
    ("field", "change", "says"),
    [
        ("seeds", {"seeds": "a"}, "a names no seeds. Write 0-4, or 0,1,2."),
        ("seeds", {"seeds": ""}, "names no seeds"),
        ("out", {"out": " "}, "No folder is named."),
        ("out", {"out": "~nosuchuser/x"}, "~nosuchuser is nobody's folder. Write the path in full"),
        ("root", {"root": "~nosuchuser/x"}, "~nosuchuser is nobody's folder."),
        ("root", {"root": ""}, "Name the folder they lie in."),
        ("root", {"root": "nowhere"}, "nowhere"),
    ],
)
def test_a_fault_is_told_at_its_field(tmp_path, small_street, field, change, says):
    given = {"out": tmp_path / "out", "root": small_street, "seeds": "0-1", **change}
    found = plan(typed(tiny_spec(tmp_path), **given))
    assert says in found.wrong[field]
    assert not (tmp_path / "out").exists()


def test_a_table_that_is_none_is_told(tmp_path: Path):
    experiment = made_experiment(tmp_path / "out", arms=("random",), rounds=1, full=False)
    experiment = replace(experiment, spec=replace(experiment.spec, table="units"))
    file = experiment.out / "units.csv"
    file.write_text("arm,units\nbasal,7\n")
    assert told_of(experiment, []).tables == (("units", ["arm", "units"], [["basal", "7"]]),)
    for content, says in (
        (b"", "units.csv is empty. Take it away"),
        (b"arm\xff\n", "units.csv is no table: 'utf-8' codec"),
        (b'arm\n"' + b"a" * 200_000, "units.csv is no table: field larger"),
    ):
        file.write_bytes(content)
        with pytest.raises(ProjectError) as caught:
            told_of(experiment, [])
        assert says in f"{caught.value.what} {caught.value.do}"


def test_a_folder_is_new_or_holds_this_one(tmp_path: Path, small_street: Path):
    spec = tiny_spec(tmp_path)
    found = plan(typed(spec, tmp_path / "out", small_street))
    assert found.wrong == {}
    assert found.words == (
        "3 arms x 2 seeds = 6 cells; 2 rounds of 10%, 4 steps of training in each."
    )
    assert "holds other things" in plan(typed(spec, tmp_path, small_street)).wrong["out"]


def test_a_folder_that_holds_it_goes_on_or_is_watched(tmp_path: Path, small_street: Path):
    experiment = made_experiment(
        tmp_path / "out", arms=("random", "basal"), rounds=2, full=False, root=small_street
    )
    for cell in experiment.cells:
        if cell.arm.name != "basal":
            for number in range(1, experiment.rounds(cell.arm) + 1):
                record(experiment, cell, number)
    spec = tmp_path / "tiny.toml"
    found = plan(typed(spec, experiment.out, small_street, "0-2"))
    assert found.goes_on
    assert found.words.endswith("6 cells are finished there: it goes on with the others.")
    added = plan(typed(spec, experiment.out, small_street, "0-3"))
    assert added.words.endswith(
        "New seeds are look number 2 at the results: the level becomes 0.025, and over all 2 looks "
        "together an order that is none is claimed in up to 7.5 of 100 experiments."
    )
    replace(experiment, looks=((0, 1), (2,))).write()
    again = plan(typed(spec, experiment.out, small_street, "0-2"))
    assert again.words.endswith("it goes on with the others."), "nothing is new"
    with writer_lock(experiment.out):
        busy = plan(typed(spec, experiment.out, small_street, "0-2"))
    assert busy.goes_on
    assert busy.wrong["out"].startswith("It is being run there by process ")
    assert busy.wrong["out"].endswith("Watch it, or name another folder.")
