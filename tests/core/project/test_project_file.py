"""project.toml of another version: what it lacks comes from the preset, what is unknown is kept."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import tomlkit

from core.base import settings
from core.base.jobs import Job
from core.base.settings import load_preset
from core.base.version import program_version
from core.cli import doctor
from core.project.project import Project
from core.project.project_file import FILE, read_project_file
from core.project.status import status
from tests.places import ROOT

OLD = ROOT / "tests" / "old" / "project"
# What a project of 0.1.0 gains when its file is written.
_NEW = {
    "prepare": {
        "split_points": 0,
        "units": "basal",
    },  # and not what the preset says now: its units stay
    "train": {
        "steps": 0,
        "look_every": 0,
        "from_scratch": False,
        "teacher_weight": 0.0,
        "teacher_threshold": 0.9,
        "teacher_decay": 0.99,
        "teacher_ramp": 300,
        "teacher_scans": 1,
    },
    "label": {"instances": False},
    "rig": {
        "axes": "x,y,z",
        "z_offset_m": 0.0,
        "ground_from_m": 2.7,
        "ego_box": "",
        "drop_reflections": True,
    },
    "detect": {
        "network": "pillar-s",
        "range": "auto",
        "steps": 1500,
        "batch": 2,
        "learning_rate": 0.003,
        "from_scratch": True,
        "score": "heat_iou",
    },
    "ssal": {
        "cpsp": True,
        "clusters": 20,
        "cluster": "score",
        "keep": "centre",
        "bank_min_precision": 0.5,
        "del_after": 1,
        "low": 0.2,
        "low_final": 0.15,
        "false_positives": 3,
        "labelled_share": 0.2,
        "refreshes": 8,
        "ensemble": True,
        "overlap": 0.5,
        "ensemble_from": 0.5,
        "append_from": 0.8,
        "reliable_overlap": 0.2,
        "count_from": 0.3,
        "balance": True,
        "least_share": 0.1,
        "closed_weight": 0.1,
        "class_weights": "",
        "diversity": True,
        "similarity": 0.9,
        "by_frame": False,
        "most_ignored": 2,
        "order": "live",
        "final": "cpsp",
    },
}
GAINED = {
    section: {
        key: {"value": value, "source": "added in version 0.2.0"} for key, value in table.items()
    }
    for section, table in _NEW.items()
}


def with_gained(stored: dict) -> dict:
    """What an old file holds, and the settings that were added since."""
    return {**stored, **{name: {**stored.get(name, {}), **table} for name, table in GAINED.items()}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The settings of tests/old, made from the preset laptop."""
    (tmp_path / FILE).write_bytes((OLD / FILE).read_bytes())
    return tmp_path


@pytest.fixture
def newer(folder: Path) -> Path:
    """The same as this version writes them."""
    read_project_file(folder).write(folder)
    return folder


def change(folder: Path, *, drop: str = "", add: str = "", value: object = None) -> None:
    """Leave out the dotted key `drop`, and give `add` a value; "" stands for neither."""
    document = tomlkit.parse((folder / FILE).read_text(encoding="utf-8"))
    for key in filter(None, (drop, add)):
        *sections, name = key.split(".")
        table = document
        for section in sections:
            table = table.setdefault(section, tomlkit.table())
        if key == add:
            table[name] = value
        else:
            del table[name]
    (folder / FILE).write_text(tomlkit.dumps(document), encoding="utf-8")


KEYS = [f"{s}.{k}" for s, table in load_preset("paper").to_toml().items() for k in table]


@pytest.mark.parametrize("key", KEYS)
def test_a_setting_that_is_missing_comes_from_the_preset(newer: Path, key: str):
    before = read_project_file(newer).settings
    change(newer, drop=key)
    file = read_project_file(newer)
    found, wanted = file.settings.to_toml(), before.to_toml()
    section, _, name = key.partition(".")
    usual = settings.BEFORE.get(key, load_preset("laptop").to_toml()[section][name]["value"])
    wanted[section][name] = {
        "value": usual,
        "source": f"added in version {settings.ADDED.get(key, program_version())}",
    }
    assert found == wanted
    assert file.notes == ()


@pytest.mark.parametrize("section", ["prepare", "query", "train"])
def test_a_whole_section_may_be_missing(folder: Path, section: str):
    change(folder, drop=section)
    file = read_project_file(folder)
    usual = getattr(load_preset("laptop"), section)
    if section == "prepare":
        usual = replace(usual, split_points=0)
    assert getattr(file.settings, section) == usual


def test_the_source_names_the_version_that_added_a_setting(folder: Path, monkeypatch):
    monkeypatch.setattr(settings, "ADDED", {"train.mixed": "0.7.0"})
    change(folder, drop="train.mixed")
    assert read_project_file(folder).settings.sources["train.mixed"] == "added in version 0.7.0"


def test_each_setting_since_0_1_0_says_which_version_added_it():
    first = tomllib.loads((OLD / FILE).read_text(encoding="utf-8"))
    then = {f"{s}.{k}" for s in ("prepare", "query", "train") for k in first[s]}
    assert set(KEYS) - then == set(settings.ADDED)


@pytest.mark.parametrize(("key", "usual"), [("preset", "paper"), ("seed", 0), ("research", False)])
def test_what_every_version_wrote_is_missed_in_words(folder: Path, key: str, usual: object):
    change(folder, drop=key)
    file = read_project_file(folder)
    assert getattr(file, key) == usual
    assert file.notes == (f"{FILE} names no {key}: it is taken to be {str(usual).lower()}.",)


ENTRY = {"value": 3, "source": "ours"}


@pytest.mark.parametrize(
    ("key", "value", "called"),
    [
        ("train.bach", ENTRY, "train.bach (the nearest is train.batch)"),
        ("data.boxes", ["05"], "data.boxes"),
        ("boxes.size", ENTRY, "[boxes]"),
        ("colour", "red", "colour"),
        ("lists", [{"a": 1}, {"b": 2}], "lists"),
    ],
)
def test_what_is_unknown_is_kept_and_told(folder: Path, key: str, value: object, called: str):
    before = read_project_file(folder)
    change(folder, add=key, value=value)
    stored = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    file = read_project_file(folder)
    assert file.settings == before.settings
    assert file.notes == (
        f"{FILE} names what LidarLoop {program_version()} does not know; it is kept and not used: "
        f"{called}.",
    )
    file.write(folder)
    assert tomllib.loads((folder / FILE).read_text(encoding="utf-8")) == with_gained(stored)
    assert read_project_file(folder) == file


def test_the_file_is_written_as_0_1_0_wrote_it(folder: Path):
    before = (folder / FILE).read_text(encoding="utf-8")
    read_project_file(folder).write(folder)
    text = (folder / FILE).read_text(encoding="utf-8")
    left = iter(text.splitlines())
    assert all(line in left for line in before.splitlines())  # lines are added, and none moves
    assert tomllib.loads(text) == with_gained(tomllib.loads(before))


def test_numbers_may_be_written_as_people_write_them(folder: Path):
    for key, value in (("train.batch", 4.0), ("train.width", 1), ("query.fraction", 0.25)):
        change(folder, add=key, value={"value": value, "source": "by hand"})
    found = read_project_file(folder).settings
    assert (found.train.batch, found.train.width, found.query.fraction) == (4, 1.0, "0.25")
    assert isinstance(found.train.batch, int)


def test_status_and_doctor_tell_it(tmp_path: Path, small_street: Path):
    options = {"format": "semantickitti", "root": small_street, "train": ["00"]}
    Project.create(tmp_path / "p", **options).close()
    with Project(tmp_path / "p", read_only=True) as project:
        assert status(project, backend="")["notes"] == []
    change(tmp_path / "p", add="train.bach", value=ENTRY)
    with Project(tmp_path / "p", read_only=True) as project:
        (note,) = status(project, backend="")["notes"]
    assert "train.bach" in note
    assert any(note in str(finding) for finding in doctor.integrity(tmp_path / "p", Job()))
